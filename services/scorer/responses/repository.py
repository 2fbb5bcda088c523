"""Counts the invitations of a window, with what became of each."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row

from services.scorer.domain import Groups
from services.scorer.repository.answers import WAS_ASKED
from services.scorer.repository.count_columns import IS_DETRACTOR, IS_PASSIVE, IS_PROMOTER
from services.scorer.repository.selection import Selection
from services.scorer.responses.domain import ResponseCounts
from shared.db.database import UnitOfWork

# An answer has the id of its invitation; it is there as soon as the link was followed, and has a score once
# it was answered. Of invitations that an earlier version kept the longest time that a link can work is taken.
_COUNTED = f"""
    count(*) AS asked,
    count(*) FILTER (
        WHERE i.state IS DISTINCT FROM 'bounced' AND i.report IS DISTINCT FROM 'undeliverable'
    ) AS delivered,
    count(a.id) AS opened,
    count(a.score) AS answered,
    count(*) FILTER (WHERE {IS_DETRACTOR}) AS detractors,
    count(*) FILTER (WHERE {IS_PASSIVE}) AS passives,
    count(*) FILTER (WHERE {IS_PROMOTER}) AS promoters,
    max(coalesce(i.expires_at, i.sent_at + interval '365 days')) AS open_until
"""
_WITH_ANSWERS = "invitation AS i LEFT JOIN answer AS a ON a.tenant = i.tenant AND a.id = i.id"

# A quarter of an hour is never cut by a time zone's midnight or full hour.
COUNT_BY_TIME = f"""
    SELECT date_bin('15 minutes', i.sent_at, TIMESTAMPTZ '2000-01-01 00:00:00+00') AS at, i.channel,
        {_COUNTED}
    FROM {_WITH_ANSWERS}
    WHERE {WAS_ASKED}
    GROUP BY 1, 2
    ORDER BY 1, 2
"""


class TimeCounts(NamedTuple):
    """The invitations that were sent in a quarter of an hour by a channel."""

    at: datetime
    channel: str
    """Empty: not known, since an earlier version of the code kept them."""
    counts: ResponseCounts


async def count_by_time(
    uow: UnitOfWork, selection: Selection, measurement: str, first: datetime, until: datetime
) -> list[TimeCounts]:
    """The invitations that were sent from ``first`` to before ``until``."""
    rows = await uow.execute(COUNT_BY_TIME, _values(selection, measurement, first, until))
    return [TimeCounts(row.at, row.channel or "", _counts(row)) for row in rows]


COUNT_BY_SEGMENT = f"""
    SELECT s.segment, {_COUNTED}
    FROM {_WITH_ANSWERS} CROSS JOIN LATERAL unnest(i.segments) AS s(segment)
    WHERE {WAS_ASKED} AND s.segment COLLATE "C" >= :low AND s.segment COLLATE "C" < :high
    GROUP BY s.segment
"""


async def count_by_segment(
    uow: UnitOfWork, selection: Selection, measurement: str, first: datetime, until: datetime, dimension: str
) -> dict[str, ResponseCounts]:
    """The same by each value of a dimension."""
    # The character after the colon is the end of the dimension's names.
    bounds = {"low": f"{dimension}:", "high": f"{dimension};"}
    rows = await uow.execute(COUNT_BY_SEGMENT, _values(selection, measurement, first, until) | bounds)
    return {row.segment: _counts(row) for row in rows}


LIST_DIMENSIONS_ASKED = f"""
    SELECT DISTINCT split_part(s.segment, ':', 1) AS dimension
    FROM invitation AS i CROSS JOIN LATERAL unnest(i.segments) AS s(segment)
    WHERE {WAS_ASKED}
"""


async def list_dimensions_asked(
    uow: UnitOfWork, selection: Selection, measurement: str, first: datetime, until: datetime
) -> set[str]:
    """The dimensions of the invitations that were sent from ``first`` to before ``until``."""
    rows = await uow.execute(LIST_DIMENSIONS_ASKED, _values(selection, measurement, first, until))
    return {row.dimension for row in rows}


def _values(selection: Selection, measurement: str, first: datetime, until: datetime) -> dict[str, object]:
    return selection.values() | {"measurement": measurement, "first": first, "until": until}


def _counts(row: Row[Any]) -> ResponseCounts:
    return ResponseCounts(
        asked=row.asked,
        delivered=row.delivered,
        opened=row.opened,
        answered=row.answered,
        groups=Groups(row.detractors, row.passives, row.promoters),
        open_until=row.open_until,
    )
