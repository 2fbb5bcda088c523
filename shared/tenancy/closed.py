"""``closed_company``: the companies that do not run, as each service knows them from their events.

It stands beside the bodies of ``tenant`` so that SQL can ask it, and says how far a service is with erasing a
company that has left.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from time import monotonic
from typing import NamedTuple

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, MetaData, Table, Text

from shared.db.database import Database, UnitOfWork
from shared.events import Tenant

CLOSED_COMPANY_DDL = """
    CREATE TABLE closed_company (
        tenant text NOT NULL,
        version bigint NOT NULL,
        state text NOT NULL,
        leaves_at timestamptz,
        erased_at timestamptz,
        swept_at timestamptz,
        CONSTRAINT pk_closed_company PRIMARY KEY (tenant),
        CONSTRAINT ck_closed_company_state CHECK (state IN ('paused', 'leaving', 'left'))
    )
"""
"""For the migration of a service."""
UNAWARE_END_WITHIN_S = 60.0
"""Longer than a transaction of ours may take."""
UNAWARE_CHECK_INTERVAL_S = 0.1

RUNS = "NOT IN (SELECT tenant FROM closed_company)"
"""Behind a tenant in SQL: its customers may be asked."""
IS_OPEN = "NOT IN (SELECT tenant FROM closed_company WHERE state <> 'paused')"
"""Behind a tenant in SQL: its people work."""
HAS_NOT_LEFT = "NOT IN (SELECT tenant FROM closed_company WHERE state = 'left')"
"""Behind a tenant in SQL: something of it may be stored."""


def closed_company_table(metadata: MetaData) -> None:
    """Add ``closed_company`` to a service's tables."""
    Table(
        "closed_company",
        metadata,
        Column("tenant", Text, primary_key=True),
        Column("version", BigInteger, nullable=False),
        Column("state", Text, nullable=False),
        Column("leaves_at", DateTime(timezone=True)),
        # When this service had erased what it kept of a company that has left, and when it looked once more.
        Column("erased_at", DateTime(timezone=True)),
        Column("swept_at", DateTime(timezone=True)),
        CheckConstraint("state IN ('paused', 'leaving', 'left')", name="state"),
    )


FORGET_RUNNING = """
    DELETE FROM closed_company c
    USING unnest(CAST(:tenants AS text[]), CAST(:versions AS bigint[])) AS n(tenant, version)
    WHERE c.tenant = n.tenant AND c.version < n.version AND c.state <> 'left'
"""
# What has left stays so, whatever comes later, and how far its erasure is.
KEEP_CLOSED = """
    INSERT INTO closed_company AS c (tenant, version, state, leaves_at)
    SELECT * FROM unnest(
        CAST(:tenants AS text[]), CAST(:versions AS bigint[]),
        CAST(:states AS text[]), CAST(:times AS timestamptz[])
    )
    ORDER BY 1
    ON CONFLICT (tenant) DO UPDATE
    SET version = EXCLUDED.version, state = EXCLUDED.state, leaves_at = EXCLUDED.leaves_at
    WHERE c.version < EXCLUDED.version AND c.state <> 'left'
"""


async def keep_closed(uow: UnitOfWork, companies: Sequence[Tenant]) -> None:
    """Keep which of these companies do not run; they are the newest versions that are known."""
    running = [each for each in companies if each.state == "running"]
    closed = [each for each in companies if each.state != "running"]
    if running:
        values = {"tenants": [each.id for each in running], "versions": [each.version for each in running]}
        await uow.execute(FORGET_RUNNING, values)
    if closed:
        await uow.execute(
            KEEP_CLOSED,
            {
                "tenants": [each.id for each in closed],
                "versions": [each.version for each in closed],
                "states": [each.state for each in closed],
                "times": [each.leaves_at for each in closed],
            },
        )


# FOR KEY SHARE locks the table in ROW SHARE mode until the transaction ends, even where no row is found:
# ``wait_for_unaware_of_left`` waits for that.
FIND_LEFT = """
    SELECT tenant FROM closed_company
    WHERE state = 'left' AND tenant = ANY(CAST(:tenants AS text[]))
    FOR KEY SHARE
"""


async def find_left(uow: UnitOfWork, tenants: Iterable[str]) -> set[str]:
    """Those of the companies that have left: nothing of them may be stored any more.

    Whoever is about to store something of a company by an event asks this first, in the same transaction.
    """
    return set((await uow.execute(FIND_LEFT, {"tenants": sorted(set(tenants))})).scalars())


FIND_NOT_OPEN = """
    SELECT tenant FROM closed_company WHERE tenant = :tenant AND state <> 'paused' FOR KEY SHARE
"""


async def is_open(uow: UnitOfWork, tenant: str) -> bool:
    """Whether the company's people work; asked first, as ``find_left`` is, in the transaction that stores."""
    return (await uow.execute(FIND_NOT_OPEN, {"tenant": tenant})).one_or_none() is None


FIND_UNAWARE = """
    SELECT DISTINCT virtualtransaction FROM pg_locks
    WHERE locktype = 'relation' AND relation = CAST('closed_company' AS regclass)
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND mode = 'RowShareLock' AND granted AND pid <> pg_backend_pid()
"""


async def wait_for_unaware_of_left(database: Database, tick: Callable[[], None]) -> bool:
    """Wait until no transaction is left that has looked before now for companies that have left.

    Nobody waits for this: it locks nothing. PostgreSQL locks the table for a statement before it takes the
    snapshot, so that whoever has no lock when this begins finds all that was committed before.

    :param tick: called again and again.
    :returns: False when one of them does not end.
    """
    began = monotonic()
    unaware = await _unaware(database)
    while unaware:
        if monotonic() - began > UNAWARE_END_WITHIN_S:
            return False
        tick()
        await asyncio.sleep(UNAWARE_CHECK_INTERVAL_S)  # a transaction tells nobody that it has ended
        unaware &= await _unaware(database)
    return True


async def _unaware(database: Database) -> set[str]:
    async with database.reading() as uow:
        return set((await uow.execute(FIND_UNAWARE)).scalars())


class ClosedCompany(NamedTuple):
    """A company that does not run, and how far its erasure here is."""

    tenant: str
    state: str
    leaves_at: datetime | None
    erased_at: datetime | None
    swept_at: datetime | None


_TO_ERASE = "state = 'left' AND (erased_at IS NULL OR swept_at IS NULL AND erased_at < :before)"
_COLUMNS = "tenant, state, leaves_at, erased_at, swept_at"
FIND_CLOSED = f"SELECT {_COLUMNS} FROM closed_company WHERE tenant = :tenant"
FIND_TO_ERASE = f"""
    SELECT {_COLUMNS} FROM closed_company
    WHERE {_TO_ERASE} AND tenant <> ALL(CAST(:passed AS text[]))
    ORDER BY tenant
    LIMIT 1
"""
COUNT_TO_ERASE = f"SELECT count(*) FROM closed_company WHERE {_TO_ERASE}"
FIND_LEAVING = """
    SELECT tenant FROM closed_company WHERE state = 'leaving' AND leaves_at <= :now ORDER BY tenant LIMIT 100
"""
STORE_ERASED = """
    UPDATE closed_company
    SET erased_at = coalesce(erased_at, :now), swept_at = CASE WHEN :swept THEN :now ELSE swept_at END
    WHERE tenant = :tenant AND state = 'left'
"""


async def find_closed(uow: UnitOfWork, tenant: str) -> ClosedCompany | None:
    """The company, unless it runs."""
    row = (await uow.execute(FIND_CLOSED, {"tenant": tenant})).one_or_none()
    return ClosedCompany._make(row) if row else None


async def find_to_erase(
    uow: UnitOfWork, erased_before: datetime, passed: Collection[str] = ()
) -> ClosedCompany | None:
    """A company that has left and is not erased yet, or was before this time and not looked for again.

    :param passed: companies that have no turn now.
    """
    row = (await uow.execute(FIND_TO_ERASE, {"before": erased_before, "passed": list(passed)})).one_or_none()
    return ClosedCompany._make(row) if row else None


async def count_to_erase(uow: UnitOfWork, erased_before: datetime) -> int:
    """How many companies ``find_to_erase`` would find."""
    count: int = (await uow.execute(COUNT_TO_ERASE, {"before": erased_before})).scalar_one()
    return count


async def find_leaving(uow: UnitOfWork) -> Collection[str]:
    """Companies whose days of grace are over."""
    return list((await uow.execute(FIND_LEAVING, {"now": uow.now})).scalars())


async def store_company_erased(uow: UnitOfWork, found: ClosedCompany) -> None:
    """Nothing of the company is stored here any more.

    :param found: the company as it was when the work began: of one that was erased by then this is the sweep.
    """
    swept = found.erased_at is not None
    await uow.execute(STORE_ERASED, {"tenant": found.tenant, "now": uow.now, "swept": swept})
