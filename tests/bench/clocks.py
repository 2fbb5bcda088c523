"""Clocks of cases that are all due at once, and how long one of another company waits behind them."""

import asyncio
import time
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec
from bench.results import Result, interleaved
from bench.servers import Servers
from support.http_clients import context_on

from services.alerts.app import SERVICE
from services.alerts.cases.changes import write_changes
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.case_rules import OpeningAnswer, new_case
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.repository import cases
from services.alerts.rules.domain import DEFAULT_RULES, matching_rule
from services.alerts.staff import accounts
from shared.clock import system_clock
from shared.db.database import Database
from shared.db.deadlines import DEADLINES_LOOP
from shared.events import TENANTS, Answer, Tenant
from shared.ids import uuid7
from shared.runtime import run_loops
from shared.tenancy.tenants import keep_tenants

CASE_COUNT = 100_000
STORED_AT_ONCE = 2_000
TENANT, OTHER = "havnbo", "other"
MAX_S, MAX_WAIT_S = 60, 5
WAITED_FROM_S = 1.0
"""So long after the start the clock of the other company is due."""
TAKEN_AT_ONCE = 200
"""By the baseline, as by the loop."""
TAKE_DUE = """
    WITH due AS MATERIALIZED (
        SELECT tenant, kind, about_id FROM clock WHERE due_at <= now() ORDER BY due_at LIMIT $1
        FOR UPDATE SKIP LOCKED
    )
    DELETE FROM clock c USING due d
    WHERE c.tenant = d.tenant AND c.kind = d.kind AND c.about_id = d.about_id
    RETURNING c.tenant, c.about_id
"""
CHANGE_CASES = """
    UPDATE cases c SET version = c.version + 1, contact_steps_done = contact_steps_done + 1, next_step_at = NULL
    FROM unnest($1::text[], $2::uuid[]) AS n (tenant, id)
    WHERE c.tenant = n.tenant AND c.id = n.id
    RETURNING c.tenant, c.id, c.version
"""
ADD_ENTRIES = """
    INSERT INTO timeline (tenant, case_id, seq, at, kind, by_name, facts, answers)
    SELECT *, now(), 'escalated', '', '{"clock": "contact", "level": 1}'::jsonb, '{}'::uuid[]
    FROM unnest($1::text[], $2::uuid[], $3::bigint[])
"""


async def due_at_once(servers: Servers) -> list[Result]:
    """One process fires the clocks of a company; those of another become due meanwhile."""
    count = servers.size(CASE_COUNT)
    waits: list[float] = []

    async def ours() -> float:
        async with servers.database("alerts") as database:
            await _store(database, count)
            seconds, waited = await _fire(database, count)
        waits.append(waited)
        return seconds

    async def bare() -> float:
        async with servers.database("alerts") as database:
            await _store(database, count)
            return await _bare(database)

    found = await interleaved(servers.rounds, {"ours": ours, "bare": bare})
    size = f"{count:,} clocks"
    return [
        Result(
            "clocks", "clocks of cases, all due at once", "s", found["ours"],
            "asyncpg: take, change, write an entry", found["bare"], max_ratio=10, max_value=MAX_S, size=size,
            note="each escalates: who is told is decided, a mail is queued, the case published; the baseline does none "
            "of the three",
        ),
        Result(
            "clocks_other", "a clock of another company meanwhile, from due to done", "s", waits,
            max_value=MAX_WAIT_S, size=size,
        ),
    ]  # fmt: skip


async def _store(database: Database, count: int) -> None:
    """Cases of which the first contact is overdue, each with its clock; the tables are analysed."""
    for tenant in (TENANT, OTHER):
        async with database.transaction() as uow:
            known = Tenant(
                id=tenant,
                version=1,
                name=tenant,
                time_zone="Europe/Copenhagen",
                country="DK",
                postal_address="",
            )
            await keep_tenants(uow, [TENANTS.event(tenant, known, uow.now)])
            for role in ("admin", "leader", "agent"):
                await accounts.create_person(
                    uow, tenant, address=f"{role}@{tenant}.example.com", name=role, role=role
                )
    overdue = system_clock() - timedelta(days=2)
    for first in range(0, count, STORED_AT_ONCE):
        number = min(STORED_AT_ONCE, count - first)
        await _open(database, TENANT, [_a_case(TENANT, overdue, first + n) for n in range(number)])
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.exec_driver_sql("VACUUM ANALYZE")


async def _open(database: Database, tenant: str, files: list[CaseFile]) -> None:
    async with database.transaction() as uow:
        await cases.lock_opening(uow, [tenant])
        await cases.insert_cases(uow, files)
        await write_changes(uow, files, [])


def _a_case(tenant: str, since: datetime, number: int) -> CaseFile:
    """A case whose warning and first escalation are due a day after it began."""
    answer = Answer(
        id=uuid7(),
        version=1,
        state="sent",
        origin="survey",
        score=2,
        customer_id=f"c-{number}",
        touchpoint="checkout",
        segments={"touchpoint": "checkout"},
        answered_at=since,
        changed_at=since,
    )
    match = matching_rule(DEFAULT_RULES, answer, None)
    if match is None:
        raise RuntimeError("the default rules open no case")
    case = new_case(tenant, OpeningAnswer(answer, match), answer, since, CasePolicy(), None)
    return msgspec.structs.replace(case, number=number + 1)


async def _fire(database: Database, count: int) -> tuple[float, float]:
    """The seconds until all are done, and those that the other company's clock waited."""
    loops = {DEADLINES_LOOP: SERVICE.worker_loops(context_on(SERVICE, database))[DEADLINES_LOOP]}
    stopping = asyncio.Event()
    began = time.monotonic()
    task = asyncio.create_task(run_loops(loops, stopping))
    try:
        waiting = asyncio.create_task(_wait_of_other(database, count))
        while await _is_due(database, TENANT):  # noqa: ASYNC110  (the loop does it, as in a worker)
            await asyncio.sleep(0.1)
        return time.monotonic() - began, await waiting
    finally:
        stopping.set()
        await task


async def _wait_of_other(database: Database, count: int) -> float:
    await asyncio.sleep(WAITED_FROM_S)
    began = time.monotonic()
    await _open(database, OTHER, [_a_case(OTHER, system_clock() - timedelta(days=1, hours=1), count)])
    while await _is_due(database, OTHER):  # noqa: ASYNC110  (the loop does it)
        await asyncio.sleep(0.05)
    return time.monotonic() - began


async def _is_due(database: Database, tenant: str) -> bool:
    async with database.reading() as uow:
        found = await uow.execute(
            "SELECT 1 FROM clock WHERE tenant = :tenant AND due_at <= :now LIMIT 1",
            {"tenant": tenant, "now": uow.now},
        )
        return found.one_or_none() is not None


async def _bare(database: Database) -> float:
    url = database.url.replace("postgresql+asyncpg://", "postgresql://")
    connection = await asyncpg.connect(url)
    try:
        began = time.monotonic()
        while await _take(connection):
            pass
        return time.monotonic() - began
    finally:
        await connection.close()


async def _take(connection: "asyncpg.Connection[asyncpg.Record]") -> int:
    async with connection.transaction():
        due = await connection.fetch(TAKE_DUE, TAKEN_AT_ONCE)
        tenants: list[str] = [row["tenant"] for row in due]
        ids: list[UUID] = [row["about_id"] for row in due]
        changed = await connection.fetch(CHANGE_CASES, tenants, ids)
        columns = [[row[name] for row in changed] for name in ("tenant", "id", "version")]
        await connection.execute(ADD_ENTRIES, *columns)
    return len(due)
