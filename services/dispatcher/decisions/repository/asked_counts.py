"""Counts the decisions about a company's events by what became of each: asked, or why not."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from services.dispatcher.decisions.repository.decisions import OF_CLIENTS
from services.dispatcher.decisions.values import SurveyRefusal
from shared.db.database import UnitOfWork

NO_ADDRESS: tuple[SurveyRefusal, ...] = ("no_address", "bad_address", "nobody", "undeliverable", "channel")
"""There was no address, or none that a survey could write to."""
UNWILLING: tuple[SurveyRefusal, ...] = (
    *("complained", "opted_out", "suppressed", "paused_by_customer", "erased", "no_basis"),
)
"""The customer or the law did not want it."""
RESTED: tuple[SurveyRefusal, ...] = ("relational_first", "quarantine", "relational_distance", "cap")
"""The customer was asked not long before."""
OTHERWISE: tuple[SurveyRefusal, ...] = (
    "countered",
    "case_open",
    "too_old",
    "quiet_dropped",
    "first_day",
    "mail_pace",
)
"""The event was taken back or came too late, or a case was open."""
MATCHED = ("invited", *NO_ADDRESS, *UNWILLING, *RESTED, *OTHERWISE)
"""A survey matched the event and ran. Whom its draw left out is not among them: a draw selects nobody."""

COUNT_ASKED = f"""
    SELECT s.segment,
        count(*) AS matched,
        count(*) FILTER (WHERE d.reason = 'invited') AS asked,
        count(*) FILTER (WHERE d.reason = ANY(CAST(:no_address AS text[]))) AS no_address,
        count(*) FILTER (WHERE d.reason = ANY(CAST(:unwilling AS text[]))) AS unwilling,
        count(*) FILTER (WHERE d.reason = ANY(CAST(:rested AS text[]))) AS rested
    FROM decision d
    LEFT JOIN invitation i ON i.tenant = d.tenant AND i.id = d.invitation_id
    CROSS JOIN LATERAL unnest(d.segments) AS s(segment)
    WHERE d.tenant = :tenant AND d.decided_at >= :first AND d.decided_at < :until
        AND d.reason = ANY(CAST(:matched AS text[])) AND {OF_CLIENTS}
        AND NOT coalesce(i.test OR i.beyond_draw, false) AND d.channel IS DISTINCT FROM 'link'
        AND s.segment COLLATE "C" >= :low AND s.segment COLLATE "C" < :high
    GROUP BY s.segment
"""


class MatchedEvents(NamedTuple):
    """How many events of a segment a survey matched, and what became of them."""

    matched: int
    asked: int
    no_address: int
    unwilling: int
    rested: int


async def count_asked(
    uow: UnitOfWork, tenant: str, dimension: str, first: datetime, until: datetime
) -> dict[str, MatchedEvents]:
    """Of the company's own events that were decided from ``first`` to before ``until``, by each value of a
    dimension. Tests, links that the company shows itself and who is asked beyond a draw are left out.
    """
    rows = await uow.execute(
        COUNT_ASKED,
        {
            "tenant": tenant,
            "first": first,
            "until": until,
            # The character after the colon is the end of the dimension's names.
            "low": f"{dimension}:",
            "high": f"{dimension};",
            "matched": _texts(MATCHED),
            "no_address": _texts(NO_ADDRESS),
            "unwilling": _texts(UNWILLING),
            "rested": _texts(RESTED),
        },
    )
    return {row.segment: MatchedEvents._make(row[1:]) for row in rows}


def _texts(reasons: Sequence[str]) -> list[str]:
    return list(reasons)
