"""``source_worker`` and ``source_run``: which workers there are, which source each reads, and how it goes."""

from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row

from services.trigger.sources.domain import Source
from services.trigger.sources.problems import ProblemCode
from services.trigger.sources.repository.sources import COLUMNS, named, read_source
from shared.db.database import UnitOfWork
from shared.tenancy.closed import IS_OPEN

SEE_WORKER = """
    INSERT INTO source_worker (name, seen_at) VALUES (:name, :now)
    ON CONFLICT (name) DO UPDATE SET seen_at = EXCLUDED.seen_at
"""
FORGET_WORKERS = "DELETE FROM source_worker WHERE name = :name OR seen_at < :before"
COUNT_SHARES = f"""
    SELECT (SELECT count(*) FROM source WHERE state = 'running' AND tenant {IS_OPEN}) AS running,
        (SELECT count(*) FROM source_worker WHERE seen_at >= :before) AS workers
"""
RENEW_LEASES = """
    UPDATE source_run SET held_until = :until
    WHERE holder = :name AND held_until > :now
    RETURNING tenant, source_id
"""
CLAIM_SOURCES = f"""
    WITH free AS (
        SELECT s.tenant, s.id FROM source s
        LEFT JOIN source_run r ON r.tenant = s.tenant AND r.source_id = s.id
        WHERE s.state = 'running' AND s.tenant {IS_OPEN} AND (r.held_until IS NULL OR r.held_until <= :now)
        ORDER BY s.tenant, s.id
        LIMIT :most
        FOR UPDATE OF s SKIP LOCKED
    ), claimed AS (
        INSERT INTO source_run AS r (tenant, source_id, holder, held_until)
        SELECT tenant, id, :name, :until FROM free
        ON CONFLICT (tenant, source_id)
        DO UPDATE SET holder = EXCLUDED.holder, held_until = EXCLUDED.held_until
        WHERE r.held_until IS NULL OR r.held_until <= :now
        RETURNING tenant, source_id
    )
    SELECT {COLUMNS} FROM source s JOIN claimed c ON c.tenant = s.tenant AND c.source_id = s.id
"""
HELD_SOURCES = f"""
    SELECT {COLUMNS} FROM source s
    JOIN source_run r ON r.tenant = s.tenant AND r.source_id = s.id
    WHERE r.holder = :name AND r.held_until > :now AND s.state = 'running' AND s.tenant {IS_OPEN}
"""
RELEASE = """
    UPDATE source_run SET holder = NULL, held_until = NULL
    WHERE tenant = :tenant AND source_id = :id AND holder = :name
"""
WRITE_STATUS = """
    UPDATE source_run SET lag = coalesce(:lag, lag), problem = :problem, measured_at = :now,
        problem_since = CASE WHEN CAST(:problem AS text) IS NULL THEN NULL
            WHEN problem = :problem THEN problem_since ELSE :now END
    WHERE tenant = :tenant AND source_id = :id AND holder = :name
"""
COUNT_STATES = """
    SELECT
        count(*) FILTER (WHERE s.state = 'paused') AS paused,
        count(*) FILTER (WHERE s.state = 'running' AND r.problem IS NULL) AS running,
        count(*) FILTER (WHERE s.state = 'running' AND r.problem IS NOT NULL) AS failing,
        coalesce(sum(r.lag) FILTER (WHERE s.state = 'running'), 0) AS lag
    FROM source s LEFT JOIN source_run r ON r.tenant = s.tenant AND r.source_id = s.id
"""


class Shares(NamedTuple):
    """How many sources run, and how many workers there are to read them."""

    running: int
    workers: int


async def see_worker(uow: UnitOfWork, name: str, lifetime: timedelta) -> Shares:
    """Say that this worker lives; and how much there is to do for how many."""
    before = uow.now - lifetime
    await uow.execute(SEE_WORKER, {"name": name, "now": uow.now})
    await uow.execute(FORGET_WORKERS, {"name": "", "before": before})
    row = (await uow.execute(COUNT_SHARES, {"before": before})).one()
    return Shares(row.running, row.workers)


async def forget_worker(uow: UnitOfWork, name: str) -> None:
    """Say that this worker ends."""
    await uow.execute(FORGET_WORKERS, {"name": name, "before": uow.now - timedelta(days=1)})


async def renew(uow: UnitOfWork, name: str, lease: timedelta) -> list[Source]:
    """Hold what this worker holds for another while: those of it that still run."""
    values = {"name": name, "now": uow.now, "until": uow.now + lease}
    await uow.execute(RENEW_LEASES, values)
    rows = await uow.execute(HELD_SOURCES, values)
    return [read_source(row) for row in rows]


async def claim(uow: UnitOfWork, name: str, lease: timedelta, most: int) -> list[Source]:
    """Take sources that nobody reads."""
    values = {"name": name, "now": uow.now, "until": uow.now + lease, "most": most}
    rows = await uow.execute(CLAIM_SOURCES, values)
    return [read_source(row) for row in rows]


async def release(uow: UnitOfWork, source: Source, name: str) -> None:
    """Leave a source to another worker."""
    await uow.execute(RELEASE, {**named(source), "name": name})


async def write_status(
    uow: UnitOfWork, source: Source, name: str, *, lag: int | None, problem: ProblemCode | None
) -> None:
    """Show how the source stands; nothing, when another worker reads it now."""
    values = {"name": name, "now": uow.now, "lag": lag, "problem": problem}
    await uow.execute(WRITE_STATUS, {**named(source), **values})


async def count_states(uow: UnitOfWork) -> Row[Any]:
    """How many sources of all companies are in which state, and their lag."""
    return (await uow.execute(COUNT_STATES)).one()


COUNT_OUTBOX = "SELECT (SELECT max(seq) FROM outbox) - (SELECT min(seq) FROM outbox) AS waiting"


async def outbox_rows(uow: UnitOfWork) -> int:
    """How many rows wait for the relay at most."""
    return int((await uow.execute(COUNT_OUTBOX)).scalar_one() or 0)
