"""Deadlines: rows of the table ``clock``, each with the time at which something must happen, and their loop.

A service that has deadlines adds the table to its own, and declares for each kind the function that fires it.

Locks: whoever sets, moves or clears a deadline has locked before what the deadline is about, such as a case.
The loop locks due deadlines first and what they are about afterwards, which is the other order; so it never
waits while it holds them. It skips deadlines that are locked; a function that fires deadlines locks what they
are about with ``SKIP LOCKED``, and leaves those whose thing is in use for the next round.
What several things share, such as the digest of a person, both lock last: a handler sets all deadlines before
it writes there, and so does a function that fires deadlines; each locks what it needs there by one call, in
one order. The functions of several kinds follow each other in the transaction of a round, so there a round
and a handler can wait for each other all the same: the database ends one of both, which is then done again as
a whole. Kinds fire in the order in which they are declared: first those whose function sets deadlines of
another kind.
"""

import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import Column, DateTime, Index, MetaData, Table, Text, Uuid

from shared.db.database import Database, UnitOfWork
from shared.errors import is_infrastructure_error
from shared.health import Health
from shared.runtime import Loop, Periodic
from shared.telemetry import metrics

log = structlog.get_logger()

DEADLINES_LOOP = "deadlines"
FIRE_INTERVAL_S = 1.0
MAX_DEADLINES_PER_ROUND = 200
OTHERS_INTERVAL_S = 1.0
"""While more is due than a round fires, the companies that fill it are passed over so often: those that have
little due wait no longer than this, and a few rounds."""
MAX_ROUNDS_OF_OTHERS = 20
RETRY_DELAY = timedelta(minutes=1)
"""Until a deadline whose function failed is due again: meanwhile it does not stand before the others."""

CLOCK_DDL = (
    """
    CREATE TABLE clock (
        tenant text NOT NULL,
        kind text NOT NULL,
        about_id uuid NOT NULL,
        due_at timestamptz NOT NULL,
        CONSTRAINT pk_clock PRIMARY KEY (tenant, kind, about_id)
    )
    """,
    "CREATE INDEX ix_clock_due_at ON clock (due_at)",
)
"""For the migration of a service that gets deadlines."""

AboutKey = tuple[str, UUID]
"""Tenant and id of what a deadline is about."""


class Deadline(NamedTuple):
    """A time at which something must happen; of each kind, a thing has one at most."""

    tenant: str
    kind: str
    about_id: UUID
    due_at: datetime

    @property
    def about(self) -> AboutKey:
        """What it is about."""
        return self.tenant, self.about_id


FireDeadlines = Callable[[UnitOfWork, Sequence[Deadline]], Awaitable[Collection[Deadline]]]
"""Do what is due for deadlines of one kind, which are locked; returns those that fired and can be deleted.

The others come again in the next round. It may set the same deadline anew, for a later time.
"""


def clock_table(metadata: MetaData) -> None:
    """Add ``clock`` to a service's tables."""
    Table(
        "clock",
        metadata,
        Column("tenant", Text, primary_key=True),
        Column("kind", Text, primary_key=True),
        Column("about_id", Uuid, primary_key=True),
        Column("due_at", DateTime(timezone=True), nullable=False),
        Index(None, "due_at"),
    )


DEADLINE_ROWS = """
    SELECT * FROM unnest(
        CAST(:tenants AS text[]), CAST(:kinds AS text[]), CAST(:ids AS uuid[]), CAST(:times AS timestamptz[])
    ) AS n (tenant, kind, about_id, due_at)
"""
"""Deadlines from the parameters that ``_columns`` makes."""

SET_DEADLINES = f"""
    INSERT INTO clock AS t (tenant, kind, about_id, due_at)
    {DEADLINE_ROWS}
    ORDER BY tenant, kind, about_id
    ON CONFLICT (tenant, kind, about_id) DO UPDATE SET due_at = EXCLUDED.due_at
    WHERE t.due_at <> EXCLUDED.due_at
"""


async def set_deadlines(uow: UnitOfWork, deadlines: Iterable[Deadline]) -> None:
    """Set deadlines, each in place of the one of its kind that its thing has; of several the last counts."""
    latest = {(one.kind, one.about): one for one in deadlines}
    if latest:
        await uow.execute(SET_DEADLINES, _columns(latest.values()))


MOVE_DEADLINES = f"""
    UPDATE clock t SET due_at = n.due_at
    FROM ({DEADLINE_ROWS}) n
    WHERE t.tenant = n.tenant AND t.kind = n.kind AND t.about_id = n.about_id AND t.due_at <> n.due_at
"""


async def move_deadlines(uow: UnitOfWork, deadlines: Collection[Deadline]) -> None:
    """Move deadlines that are set; one that has fired or was cleared stays so."""
    if deadlines:
        await uow.execute(MOVE_DEADLINES, _columns(deadlines))


CLEAR_DEADLINES = """
    DELETE FROM clock
    WHERE kind = :kind
        AND (tenant, about_id) IN (SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])))
    RETURNING tenant, about_id
"""


async def clear_deadlines(uow: UnitOfWork, kind: str, about: Collection[AboutKey]) -> set[AboutKey]:
    """Clear the deadlines of one kind of these things; returns the things that had one."""
    if not about:
        return set()
    tenants, ids = zip(*about, strict=True)
    rows = await uow.execute(CLEAR_DEADLINES, {"kind": kind, "tenants": list(tenants), "ids": list(ids)})
    return {(row.tenant, row.about_id) for row in rows}


CLEAR_DUE_DEADLINES = """
    DELETE FROM clock WHERE kind = :kind AND due_at <= :now
"""


async def clear_due_deadlines(uow: UnitOfWork, kind: str) -> int:
    """Clear those that are due, after a restore: they may have fired since the backup. Returns how many."""
    return (await uow.execute(CLEAR_DUE_DEADLINES, {"kind": kind, "now": uow.now})).rowcount


# Kinds of a newer version, which may run beside this one, stay for it.
LOCK_DUE_DEADLINES = """
    SELECT tenant, kind, about_id, due_at FROM clock
    WHERE due_at <= :now AND kind = ANY(CAST(:kinds AS text[])) AND tenant <> ALL(CAST(:passed AS text[]))
    ORDER BY due_at
    LIMIT :limit
    FOR UPDATE SKIP LOCKED
"""
DELETE_FIRED = f"""
    DELETE FROM clock t
    USING ({DEADLINE_ROWS}) n
    WHERE t.tenant = n.tenant AND t.kind = n.kind AND t.about_id = n.about_id AND t.due_at = n.due_at
"""
POSTPONE_DEADLINES = f"""
    UPDATE clock t SET due_at = :retry_at
    FROM ({DEADLINE_ROWS}) n
    WHERE t.tenant = n.tenant AND t.kind = n.kind AND t.about_id = n.about_id
"""


class FiredRound(NamedTuple):
    """What one transaction did."""

    fired: int
    full: bool
    """Whether more may be due."""
    tenants: frozenset[str]
    """Of the deadlines that were due."""


async def fire_due(service: str, kinds: Mapping[str, FireDeadlines], database: Database) -> int:
    """Fire due deadlines, the oldest first, in one transaction; returns how many fired."""
    return (await fire_round(service, kinds, database)).fired


async def fire_round(
    service: str, kinds: Mapping[str, FireDeadlines], database: Database, passed: Collection[str] = ()
) -> FiredRound:
    """Fire due deadlines, the oldest first, and delete them in the same transaction.

    A function that fails is called with each half of its deadlines, down to a single one, which is postponed.

    :param passed: companies whose deadlines are left for another round.
    """
    fired: list[Deadline] = []
    failed: list[Deadline] = []
    async with database.transaction() as uow:
        by_kind: dict[str, list[Deadline]] = {}
        wanted = {"now": uow.now, "kinds": list(kinds), "limit": MAX_DEADLINES_PER_ROUND}
        found = await uow.execute(LOCK_DUE_DEADLINES, {**wanted, "passed": sorted(passed)})
        due = [Deadline._make(row) for row in found]
        for one in due:
            by_kind.setdefault(one.kind, []).append(one)
        for kind, fire in kinds.items():
            if kind in by_kind:
                await _fire(uow, fire, by_kind[kind], fired, failed)
        if fired:
            await uow.execute(DELETE_FIRED, _columns(fired))
        if failed:
            await uow.execute(POSTPONE_DEADLINES, {**_columns(failed), "retry_at": uow.now + RETRY_DELAY})
    for outcome, deadlines in (("fired", fired), ("failed", failed)):
        for one in deadlines:
            metrics.DEADLINES.labels(service, one.kind, outcome).inc()
    tenants = frozenset(one.tenant for one in due)
    return FiredRound(len(fired), len(due) == MAX_DEADLINES_PER_ROUND, tenants)


async def _fire(
    uow: UnitOfWork,
    fire: FireDeadlines,
    due: Sequence[Deadline],
    fired: list[Deadline],
    failed: list[Deadline],
) -> None:
    try:
        async with uow.savepoint():
            done = await fire(uow, due)
    except Exception as error:
        if is_infrastructure_error(error):
            raise
        if len(due) == 1:
            (one,) = due
            failed.append(one)
            log.warning(
                "deadline_failed",
                tenant=one.tenant,
                kind=one.kind,
                about=str(one.about_id),
                error=type(error).__name__,
            )
            return
        middle = len(due) // 2
        await _fire(uow, fire, due[:middle], fired, failed)
        await _fire(uow, fire, due[middle:], fired, failed)
    else:
        fired += done


def deadline_loop(
    service: str, kinds: Mapping[str, FireDeadlines], database: Database, health: Health
) -> Loop:
    """The loop that fires the deadlines of these kinds, each kind by its function."""
    others_at = -OTHERS_INTERVAL_S

    async def step() -> float | None:
        nonlocal others_at
        done = await fire_round(service, kinds, database)
        if done.full and time.monotonic() - others_at >= OTHERS_INTERVAL_S:
            await _fire_of_others(service, kinds, database, done.tenants)
            others_at = time.monotonic()
        return 0 if done.fired else None  # there may be more

    return Periodic(DEADLINES_LOOP, step, FIRE_INTERVAL_S, health).run


async def _fire_of_others(
    service: str, kinds: Mapping[str, FireDeadlines], database: Database, passed: frozenset[str]
) -> None:
    """A round for each company, the oldest deadline first, as long as rounds are filled."""
    for _ in range(MAX_ROUNDS_OF_OTHERS):
        done = await fire_round(service, kinds, database, passed)
        if not done.full:
            return
        passed |= done.tenants


COUNT_OVERDUE = """
    SELECT kind, count(*) AS n FROM clock WHERE due_at <= :now GROUP BY kind
"""


async def measure_deadlines(uow: UnitOfWork, service: str, kinds: Iterable[str]) -> None:
    """Set the gauge of the deadlines that are due and have not fired."""
    found = {row.kind: row.n for row in await uow.execute(COUNT_OVERDUE, {"now": uow.now})}
    for kind in kinds:
        metrics.OVERDUE_DEADLINES.labels(service, kind).set(found.get(kind, 0))


def _columns(deadlines: Iterable[Deadline]) -> dict[str, Any]:
    tenants, kinds, ids, times = zip(*deadlines, strict=True)
    return {"tenants": list(tenants), "kinds": list(kinds), "ids": list(ids), "times": list(times)}
