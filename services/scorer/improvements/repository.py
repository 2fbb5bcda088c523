"""``improvement``: one row for each action; and of the cases, what those that are closed were closed with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Row

from services.scorer.improvements.domain import OPEN_STATUSES, KeptImprovement
from services.scorer.improvements.judging import CauseCount
from services.scorer.models import improvement as improvement_table
from services.scorer.repository.selection import Selection
from shared.db.bulk import keep_newest_events
from shared.db.database import UnitOfWork
from shared.db.locks import lock_name
from shared.events import Event, Improvement
from shared.kafka.ops.recovery import Cursor

_COLUMNS = "i.tenant, i.id, i.due, i.owner, i.step_names, i.body"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Improvement).decode

FIND_IMPROVEMENT = f"SELECT {_COLUMNS} FROM improvement i WHERE i.tenant = :tenant AND i.id = :id"
LOCK_IMPROVEMENT = f"{FIND_IMPROVEMENT} FOR UPDATE"


async def find_improvement(
    uow: UnitOfWork, tenant: str, key: UUID, *, lock: bool = False
) -> KeptImprovement | None:
    """One action of a company."""
    statement = LOCK_IMPROVEMENT if lock else FIND_IMPROVEMENT
    row = (await uow.execute(statement, {"tenant": tenant, "id": key})).one_or_none()
    return None if row is None else _kept(row)


INSERT_IMPROVEMENT = """
    INSERT INTO improvement (
        tenant, id, version, status, due, segment, cause, theme, opened_at, changed_at, owner, step_names,
        body
    )
    VALUES (
        :tenant, :id, :version, :status, :due, :segment, :cause, :theme, :opened_at, :changed_at, :owner,
        :step_names, :body
    )
    ON CONFLICT (tenant, id) DO NOTHING
    RETURNING id
"""


async def insert_improvement(uow: UnitOfWork, tenant: str, kept: KeptImprovement) -> bool:
    """Add an action; False: one of this id is there already."""
    return (await uow.execute(INSERT_IMPROVEMENT, _values(tenant, kept))).one_or_none() is not None


# What was opened stays: segment, cause and theme.
UPDATE_IMPROVEMENT = """
    UPDATE improvement
    SET version = :version, status = :status, due = :due, changed_at = :changed_at, owner = :owner,
        step_names = :step_names, body = :body
    WHERE tenant = :tenant AND id = :id
"""


async def update_improvement(uow: UnitOfWork, tenant: str, kept: KeptImprovement) -> None:
    """Write an action that is locked."""
    values = _values(tenant, kept)
    for fixed in ("segment", "cause", "theme", "opened_at"):
        del values[fixed]
    await uow.execute(UPDATE_IMPROVEMENT, values)


COUNT_IMPROVEMENTS = "SELECT count(*) FROM improvement WHERE tenant = :tenant"


async def count_improvements(uow: UnitOfWork, tenant: str) -> int:
    """How many actions a company has. Until the transaction ends, nobody else adds one."""
    await lock_name(uow, "improvements", tenant)
    return int((await uow.execute(COUNT_IMPROVEMENTS, {"tenant": tenant})).scalar_one())


@dataclass(frozen=True, kw_only=True)
class ImprovementFilter:
    """Which actions a list holds."""

    statuses: Sequence[str] = ()
    """Empty: all."""
    owner: str = ""
    theme: str = ""
    """A cause's code or theme, or the theme in free words."""
    late: bool = False
    latest_first: bool = False
    """By the day on which they are due: else the first ones first."""


_LISTED = f"""
    SELECT {_COLUMNS} FROM improvement i
    WHERE i.tenant = :tenant
        AND (cardinality(CAST(:statuses AS text[])) = 0 OR i.status = ANY(CAST(:statuses AS text[])))
        AND (CAST(:owner AS text) = '' OR lower(i.owner) = lower(:owner))
        AND (CAST(:theme AS text) = '' OR i.cause = :theme OR starts_with(i.cause, :theme || '.')
            OR lower(i.theme) = lower(:theme))
        AND (NOT :late OR i.status = ANY(CAST(:open AS text[])) AND i.due < :today)
        AND (cardinality(CAST(:limited_to AS text[])) = 0 OR EXISTS (
            SELECT FROM unnest(CAST(:limited_to AS text[])) AS l(top)
            WHERE i.segment = l.top OR starts_with(i.segment, l.top || '/')))
"""
LIST_FIRST_DUE = f"""
    {_LISTED} AND (CAST(:due AS date) IS NULL OR (i.due, i.id) > (CAST(:due AS date), CAST(:id AS uuid)))
    ORDER BY i.due, i.id
    LIMIT :limit
"""
LIST_LAST_DUE = f"""
    {_LISTED} AND (CAST(:due AS date) IS NULL OR (i.due, i.id) < (CAST(:due AS date), CAST(:id AS uuid)))
    ORDER BY i.due DESC, i.id DESC
    LIMIT :limit
"""


async def list_improvements(
    uow: UnitOfWork,
    tenant: str,
    only: ImprovementFilter,
    *,
    limited_to: Sequence[str],
    today: date,
    after: tuple[date, UUID] | None,
    limit: int,
) -> list[KeptImprovement]:
    """The next actions behind a place, by the day on which they are due.

    :param limited_to: segments; those of others are left out. Empty: none are.
    """
    due, last = after or (None, None)
    values = {
        "tenant": tenant,
        "statuses": list(only.statuses),
        "owner": only.owner,
        "theme": only.theme,
        "late": only.late,
        "open": list(OPEN_STATUSES),
        "today": today,
        "limited_to": list(limited_to),
        "due": due,
        "id": last,
        "limit": limit,
    }
    statement = LIST_LAST_DUE if only.latest_first else LIST_FIRST_DUE
    return [_kept(row) for row in await uow.execute(statement, values)]


LIST_OWNERS = """
    SELECT owner FROM (
        SELECT owner, max(opened_at) AS latest FROM improvement WHERE tenant = :tenant GROUP BY owner
        UNION ALL
        SELECT owner, max(opened_at) FROM case_copy
        WHERE tenant = :tenant AND due_at >= :since GROUP BY owner
    ) AS o
    WHERE owner IS NOT NULL
    GROUP BY owner
    ORDER BY max(latest) DESC, owner
    LIMIT :limit
"""


async def list_owners(uow: UnitOfWork, tenant: str, since: datetime, limit: int) -> list[str]:
    """Names of colleagues who have had an action, or a case that was due since then."""
    rows = await uow.execute(LIST_OWNERS, {"tenant": tenant, "since": since, "limit": limit})
    return [str(row.owner) for row in rows]


FIND_SEGMENT = "SELECT segment FROM segment WHERE tenant = :tenant AND segment = :segment"


async def has_segment(uow: UnitOfWork, tenant: str, segment: str) -> bool:
    """Whether an answer ever counted for a segment."""
    found = await uow.execute(FIND_SEGMENT, {"tenant": tenant, "segment": segment})
    return found.one_or_none() is not None


# A case of an anonymous answer is in no count: unlike the scores, these counts have no bundles.
WITH_A_CAUSE = """
    c.tenant = :tenant AND c.state = 'closed' AND c.cause IS NOT NULL AND NOT c.anonymous
    AND c.segments @> CAST(:selection AS text[])
"""
_COUNTED = "SELECT count(*) FILTER (WHERE c.cause = :cause) AS with_cause, count(*) AS cases FROM case_copy c"
COUNT_CLOSED = f"{_COUNTED} WHERE {WITH_A_CAUSE} AND c.closed_at >= :since AND c.closed_at < :until"
# A case is closed after it was opened: so the index by the closing serves here, too.
COUNT_OPENED = f"""
    {_COUNTED} WHERE {WITH_A_CAUSE} AND c.closed_at >= :since
    AND c.opened_at >= :since AND c.opened_at < :until
"""


async def count_closed(
    uow: UnitOfWork, selection: Selection, cause: str, since: datetime, until: datetime
) -> CauseCount:
    """The cases of a selection that were closed in a time."""
    values = {"cause": cause, "since": since, "until": until}
    row = (await uow.execute(COUNT_CLOSED, selection.values() | values)).one()
    return CauseCount(row.with_cause, row.cases)


async def count_opened(
    uow: UnitOfWork, selection: Selection, cause: str, since: datetime, until: datetime
) -> CauseCount:
    """The cases of a selection that were opened in a time, as far as they are closed by now."""
    values = {"cause": cause, "since": since, "until": until}
    row = (await uow.execute(COUNT_OPENED, selection.values() | values)).one()
    return CauseCount(row.with_cause, row.cases)


LIST_CAUSES = """
    SELECT c.cause, count(*) AS n
    FROM case_copy c
    WHERE c.tenant = :tenant AND c.state = 'closed' AND c.cause IS NOT NULL AND NOT c.anonymous
        AND (cardinality(CAST(:within AS text[])) = 0 OR c.segments && CAST(:within AS text[]))
        AND c.closed_at >= :since
    GROUP BY c.cause
    ORDER BY n DESC, c.cause
"""


class CauseFrequency(NamedTuple):
    """How many closed cases have a cause."""

    cause: str
    n: int


async def list_causes(
    uow: UnitOfWork, tenant: str, within: Sequence[str], since: datetime
) -> list[CauseFrequency]:
    """The causes of the cases that were closed since then, the most frequent first.

    :param within: segments in any of which they lie; empty: those of the company.
    """
    rows = await uow.execute(LIST_CAUSES, {"tenant": tenant, "within": list(within), "since": since})
    return [CauseFrequency(row.cause, row.n) for row in rows]


async def restore(uow: UnitOfWork, events: Sequence[Event[Improvement]]) -> None:
    """Keep what was published since the backup. Names of the staff are in no event: known ones stay."""
    bodies = [_encode(event.data) for event in events]
    await keep_newest_events(uow, improvement_table, events, body=bodies)


SHARE_IMPROVEMENTS = f"""
    SELECT {_COLUMNS} FROM improvement i
    WHERE CAST(:tenant AS text) IS NULL OR (i.tenant, i.id) > (:tenant, CAST(:id AS uuid))
    ORDER BY i.tenant, i.id
    LIMIT :limit
    FOR SHARE
"""


async def share_after(uow: UnitOfWork, after: Cursor | None, limit: int) -> list[tuple[str, Improvement]]:
    """The next actions behind a cursor, each with its company."""
    tenant, last = after or (None, None)
    rows = await uow.execute(SHARE_IMPROVEMENTS, {"tenant": tenant, "id": last, "limit": limit})
    return [(row.tenant, _decode(row.body)) for row in rows]


IMPROVEMENT_STATES = ("open", "late", "done", "dropped")
COUNT_BY_STATE = """
    SELECT CASE WHEN status IN ('done', 'dropped') THEN status
        WHEN due < CAST(CAST(:now AS timestamptz) AS date) THEN 'late' ELSE 'open' END AS state, count(*) AS n
    FROM improvement
    GROUP BY 1
"""


async def count_by_state(uow: UnitOfWork) -> dict[str, int]:
    """How many actions of all companies are open in time, late, done and dropped."""
    return {row.state: row.n for row in await uow.execute(COUNT_BY_STATE, {"now": uow.now})}


def _kept(row: Row[Any]) -> KeptImprovement:
    return KeptImprovement(improvement=_decode(row.body), owner=row.owner, step_names=tuple(row.step_names))


def _values(tenant: str, kept: KeptImprovement) -> dict[str, Any]:
    improvement = kept.improvement
    return {
        "tenant": tenant,
        "id": improvement.id,
        "version": improvement.version,
        "status": improvement.status,
        "due": improvement.due,
        "segment": improvement.segment,
        "cause": improvement.cause,
        "theme": improvement.theme,
        "opened_at": improvement.opened_at,
        "changed_at": improvement.changed_at,
        "owner": kept.owner,
        "step_names": list(kept.step_names),
        "body": _encode(improvement),
    }
