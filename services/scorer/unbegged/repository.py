"""Counts the invitations of a window by place, with how soon each was answered."""

from datetime import datetime
from typing import NamedTuple

from services.scorer.asked.repository import COUNTS_IN_SHARES
from services.scorer.domain import Groups
from services.scorer.repository.count_columns import IS_DETRACTOR, IS_PASSIVE, IS_PROMOTER
from services.scorer.repository.counts import range_of_dimension
from services.scorer.repository.selection import Selection
from services.scorer.unbegged.domain import BURST_MINUTES, QUICK_MINUTES, SHARED_FROM
from shared.db.database import UnitOfWork

MEASUREMENT = "transactional"
_IS_QUICK = f"a.answered_at < i.sent_at + interval '{QUICK_MINUTES} minutes'"
# An answer has the id of its invitation. The last column looks ten minutes ahead from each answer.
COUNT_INVITED_BY_PLACE = f"""
    SELECT segment, count(*) AS sent, count(score) AS answered,
        count(*) FILTER (WHERE {IS_DETRACTOR}) AS detractors,
        count(*) FILTER (WHERE {IS_PASSIVE}) AS passives,
        count(*) FILTER (WHERE {IS_PROMOTER}) AS promoters,
        count(score) FILTER (WHERE quick) AS quick,
        count(*) FILTER (WHERE quick AND {IS_PROMOTER}) AS quick_promoters,
        count(score) FILTER (WHERE staff_network IS NOT NULL) AS of_known_network,
        count(score) FILTER (WHERE staff_network) AS of_staff_network,
        count(score) FILTER (WHERE device_ordinal IS NOT NULL) AS of_known_device,
        count(score) FILTER (WHERE device_ordinal >= {SHARED_FROM}) AS of_shared_device,
        max(soon) AS burst
    FROM (
        SELECT s.segment, a.score, a.staff_network, a.device_ordinal, {_IS_QUICK} AS quick,
            count(a.score) OVER (
                PARTITION BY s.segment ORDER BY a.answered_at
                RANGE BETWEEN CURRENT ROW AND interval '{BURST_MINUTES} minutes' FOLLOWING
            ) AS soon
        FROM invitation AS i
        LEFT JOIN answer AS a ON a.tenant = i.tenant AND a.id = i.id AND a.score IS NOT NULL
        CROSS JOIN LATERAL unnest(i.segments) AS s(segment)
        WHERE {COUNTS_IN_SHARES} AND i.sent_at >= :begin AND i.sent_at < :end
            AND s.segment COLLATE "C" >= :low AND s.segment COLLATE "C" < :high
    ) AS n
    GROUP BY segment
"""


class PlaceInvitations(NamedTuple):
    """Invitations of a place, and how they were answered."""

    sent: int
    answered: int
    groups: Groups
    quick: int
    quick_promoters: int
    of_known_network: int
    of_staff_network: int
    of_known_device: int
    of_shared_device: int
    burst: int


async def count_invited_by_place(
    uow: UnitOfWork, tenant: str, dimension: str, first: datetime, until: datetime
) -> dict[str, PlaceInvitations]:
    """Those that were sent from ``first`` to before ``until``, by each value of a dimension: those
    of which the page of responses tells, while the company keeps its time zone.
    """
    rows = await uow.execute(COUNT_INVITED_BY_PLACE, _values(tenant, dimension, first, until))
    return {
        row.segment: PlaceInvitations(
            row.sent,
            row.answered,
            Groups(row.detractors, row.passives, row.promoters),
            row.quick,
            row.quick_promoters,
            row.of_known_network,
            row.of_staff_network,
            row.of_known_device,
            row.of_shared_device,
            row.burst,
        )
        for row in rows
    }


COUNT_BY_LINKS = """
    SELECT s.segment, count(*) AS answers
    FROM answer AS a CROSS JOIN LATERAL unnest(a.segments) AS s(segment)
    WHERE a.tenant = :tenant AND a.measurement = :measurement AND a.segments @> CAST(:selection AS text[])
        AND a.origin = 'link' AND a.answered_at >= :begin AND a.answered_at < :end
        AND s.segment COLLATE "C" >= :low AND s.segment COLLATE "C" < :high
    GROUP BY s.segment
"""


async def count_by_links(
    uow: UnitOfWork, tenant: str, dimension: str, first: datetime, until: datetime
) -> dict[str, int]:
    """Answers by open links, which count in no score, by each value of a dimension."""
    rows = await uow.execute(COUNT_BY_LINKS, _values(tenant, dimension, first, until))
    return {row.segment: row.answers for row in rows}


def _values(tenant: str, dimension: str, first: datetime, until: datetime) -> dict[str, object]:
    values = Selection(tenant).values() | {"measurement": MEASUREMENT, "begin": first, "end": until}
    return values | range_of_dimension(dimension)
