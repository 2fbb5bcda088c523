"""Customers of cases who were asked again: the copies of their invitations and answers, by case."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.alerts.cases.domain.closing import CLOSING_OUTCOMES, ClosingOutcome
from services.alerts.cases.repository.conditions import WHOLLY_READABLE
from services.alerts.re_asks.domain import ReAskCounts
from services.alerts.team_figures.domain import FigureScope
from services.alerts.team_figures.repository import IN_SCOPE, scope_values
from shared.db.database import UnitOfWork
from shared.events.nps import HIGHEST_DETRACTOR, HIGHEST_PASSIVE

# Asked is whose first mail has left; of several surveys that asked about a case the first one counts.
_ASKED = """
    SELECT DISTINCT ON (i.recovery_of) i.tenant, i.recovery_of AS case_id, i.id AS answer_id,
        CAST(b.body ->> 'sent_at' AS timestamptz) AS asked_at
    FROM invitation i
    CROSS JOIN LATERAL (SELECT CAST(convert_from(i.body, 'UTF8') AS jsonb) AS body OFFSET 0) b
    WHERE i.tenant = :tenant AND i.recovery_of IS NOT NULL {only}
        AND b.body ->> 'state' = 'sent' AND b.body ->> 'test' IS DISTINCT FROM 'true'
    ORDER BY i.recovery_of, asked_at, i.id
"""
# What a machine gave is no answer.
_ANSWER = """
    answer a ON a.tenant = s.tenant AND a.id = s.answer_id
        AND CAST(convert_from(a.body, 'UTF8') AS jsonb) ->> 'judgement' IS DISTINCT FROM 'machine'
"""
COUNT_RE_ASKS = f"""
    WITH asked AS MATERIALIZED ({_ASKED.format(only="")}),
    counted AS (
        SELECT
            c.first_contact_at IS NOT NULL AND c.first_contact_at <= s.asked_at AS reached,
            CASE WHEN c.closed_at <= s.asked_at AND (
                CAST(:segments AS text[]) = '{{}}' OR {WHOLLY_READABLE}
            ) THEN c.outcome END AS outcome,
            c.score AS first_score,
            a.score
        FROM asked s
        JOIN cases c ON c.tenant = s.tenant AND c.id = s.case_id
        LEFT JOIN {_ANSWER}
        WHERE s.asked_at >= :since AND s.asked_at < :until AND c.score <= {HIGHEST_DETRACTOR} AND {IN_SCOPE}
    )
    SELECT reached, outcome,
        count(*) AS asked,
        count(score) AS answered,
        count(*) FILTER (WHERE score > {HIGHEST_DETRACTOR}) AS better,
        count(*) FILTER (WHERE score > {HIGHEST_PASSIVE}) AS promoters,
        coalesce(sum(score - first_score), 0) AS change
    FROM counted
    GROUP BY 1, 2
"""


class CountedReAsks(NamedTuple):
    """What was counted of those whom we reached, in all and by outcome, and of the others."""

    reached: ReAskCounts
    not_reached: ReAskCounts
    outcomes: dict[ClosingOutcome, ReAskCounts]


async def count_re_asks(
    uow: UnitOfWork,
    tenant: str,
    segments: Sequence[str],
    since: datetime,
    until: datetime,
    scope: FigureScope,
) -> CountedReAsks:
    """Of the customers whose first mail left within some time, whose cases a reader may see.

    Reached is whom somebody had spoken to by then, and an outcome is that by then: what came later is no
    cause of the answer.
    """
    values = scope_values(tenant, segments, since, until, scope)
    reached, not_reached = ReAskCounts(), ReAskCounts()
    outcomes = dict.fromkeys(CLOSING_OUTCOMES, ReAskCounts())
    for row in await uow.execute(COUNT_RE_ASKS, values):
        counts = ReAskCounts(
            asked=row.asked,
            answered=row.answered,
            better=row.better,
            promoters=row.promoters,
            change=int(row.change),
        )
        if row.reached:
            reached += counts
            if row.outcome in outcomes:
                outcomes[row.outcome] += counts
        else:
            not_reached += counts
    return CountedReAsks(reached, not_reached, outcomes)


FIND_OF_CASE = f"""
    SELECT s.asked_at, a.score
    FROM ({_ASKED.format(only="AND i.recovery_of = :case")}) s
    LEFT JOIN {_ANSWER}
"""


class ReAsk(NamedTuple):
    """That the customer of a case was asked again."""

    asked_at: datetime
    score: int | None
    """None: no answer has come."""


async def find_of_case(uow: UnitOfWork, tenant: str, case: UUID) -> ReAsk | None:
    """When the customer of a case was asked again, and what they said; None: they were not."""
    row: Any = (await uow.execute(FIND_OF_CASE, {"tenant": tenant, "case": case})).one_or_none()
    return ReAsk(row.asked_at, row.score) if row is not None else None
