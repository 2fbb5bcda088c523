"""Reads the cases, of which the scorer keeps a replica."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from services.scorer.repository.selection import Selection
from shared.db.database import UnitOfWork


class OpenCaseRow(NamedTuple):
    """An open case with its answer's comment."""

    id: UUID
    number: int
    score: int
    touchpoint: str | None
    owner: str | None
    opened_at: datetime
    due_at: datetime
    comment: str | None
    language: str | None

    def elapsed_percent(self, now: datetime) -> float:
        """How much of the time until it is due is over."""
        length = self.due_at - self.opened_at
        return 100 * ((now - self.opened_at) / length) if length > timedelta() else 100.0


LIST_OPEN_CASES = """
    SELECT c.id, c.number, c.score, c.touchpoint, c.owner, c.opened_at, c.due_at, a.comment, a.language
    FROM case_copy AS c
    LEFT JOIN answer AS a ON a.tenant = c.tenant AND a.id = c.answer_id
    WHERE c.tenant = :tenant AND c.segments @> CAST(:selection AS text[]) AND c.state <> 'closed'
    ORDER BY c.due_at, c.number
    LIMIT :limit
"""


async def list_open_cases(uow: UnitOfWork, selection: Selection, limit: int) -> list[OpenCaseRow]:
    """The open cases that are due first."""
    rows = await uow.execute(LIST_OPEN_CASES, selection.values() | {"limit": limit})
    return [OpenCaseRow._make(row) for row in rows]


class CaseCounts(NamedTuple):
    """How many cases are open, how many of those are late, and how many were closed in a time."""

    open: int
    late: int
    closed: int
    in_time: int
    """Of those that were closed: closed before they were late."""


COUNT_CASES = """
    SELECT count(*) FILTER (WHERE state <> 'closed') AS open,
           count(*) FILTER (WHERE state <> 'closed' AND due_at < :now) AS late,
           count(*) FILTER (WHERE state = 'closed' AND closed_at >= :first AND closed_at < :until) AS closed,
           count(*) FILTER (WHERE state = 'closed' AND closed_at >= :first AND closed_at < :until
                                AND closed_at <= due_at) AS in_time
    FROM case_copy
    WHERE tenant = :tenant AND segments @> CAST(:selection AS text[])
"""


async def count_cases(uow: UnitOfWork, selection: Selection, first: datetime, until: datetime) -> CaseCounts:
    """The cases of a selection; closed ones count if they were closed from ``first`` to before ``until``."""
    row = await uow.execute(
        COUNT_CASES, selection.values() | {"first": first, "until": until, "now": uow.now}
    )
    return CaseCounts._make(row.one())


COUNT_OPEN_CASES = """
    SELECT count(*)
    FROM case_copy
    WHERE tenant = :tenant AND state <> 'closed'
      AND (cardinality(CAST(:within AS text[])) = 0 OR segments && CAST(:within AS text[]))
"""


async def count_open_cases(uow: UnitOfWork, tenant: str, within: Sequence[str]) -> int:
    """How many cases are open in any of these segments; without segments in the whole company."""
    row = await uow.execute(COUNT_OPEN_CASES, {"tenant": tenant, "within": list(within)})
    return int(row.scalar_one())
