"""A company's own topic, read while its workers are killed and the topic is read again from its beginning."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from chaos.arena import Arena, Scenario
from chaos.scenarios.processes import RESTARTED
from support.sources import make_topic

from services.trigger import tenants
from services.trigger.sources.domain import SourceConnection
from services.trigger.sources.repository import sources as source_rows
from services.trigger.sources.source_commands import Wanted, declare, read_again
from shared.db.database import Database
from shared.ids import uuid7
from shared.kafka.kernel.clients import new_producer, start_producer, stop_producer
from shared.privacy.audit import AuditActor

RECORDS_PER_MOMENT = 200
KILLS = 8
MISFIT_SHARE = 0.02
PARTITIONS = 3
SETTLE_TIMEOUT_S = 90.0
WHO = AuditActor("command_line", None, "chaos")
COUNT_DECISIONS = "SELECT count(*) FROM decision WHERE tenant = $1"


async def sources_read(arena: Arena) -> None:
    """Two workers share the source; one of them is killed at each moment, and now and then the topic is read
    again. The company is another one than the load's.
    """
    stack, tenant, source_id = arena.stack, f"{arena.tenant}-src", uuid7()
    topic = f"sources.{tenant}.orders"
    await make_topic(stack.state.kafka, topic, PARTITIONS)
    second = stack.add_worker("trigger", 2)
    await second.until_ready()
    good = bad = 0
    async with _trigger(arena) as database:
        await tenants.create_tenant(database, tenant, name="Sources")
        wanted = Wanted(
            name="orders",
            topic=topic,
            connection=SourceConnection(bootstrap=(stack.state.kafka,)),
            state="running",
        )
        async with database.transaction() as uow:
            await declare(uow, stack.state.secret, tenant, source_id, wanted, who=WHO)
        producer = new_producer(stack.state.kafka, "chaos")
        await start_producer(producer)
        try:
            async for _ in arena.moments(0.3, 1.5, at_least=KILLS):
                for _ in range(RECORDS_PER_MOMENT):
                    misfit = arena.chance.random() < MISFIT_SHARE
                    value = b"{" if misfit else _order(named=arena.chance.random() < 0.5)
                    good, bad = good + (not misfit), bad + misfit
                    await producer.send(topic, value, partition=arena.chance.randrange(PARTITIONS))
                workers = [one for one in stack.workers if one.name.startswith("trigger")]
                process = arena.chance.choice(workers)
                await process.until_ready()
                arena.injected += process.kill()
                if arena.injected % 3 == 0:
                    async with database.transaction() as uow:
                        await read_again(uow, tenant, source_id, "oldest", another_topic=False, who=WHO)
            await producer.flush()
        finally:
            await stop_producer(producer)
        await stack.until_ready(*stack.ours)
        await _until_read(database, tenant)
    await _judge(arena, tenant, good)
    arena.dead_letters += bad
    arena.notes.append(f"{good:,} events and {bad:,} misfits of a company's own topic")
    await stack.remove(second.name)


def _order(*, named: bool) -> bytes:
    event = {
        "type": "order.delivered",
        "occurred_at": datetime.now(UTC).isoformat(),
        "customer": {"id": secrets.token_hex(4)},
    }
    return json.dumps(event | ({"id": secrets.token_hex(8)} if named else {})).encode()


@asynccontextmanager
async def _trigger(arena: Arena) -> AsyncIterator[Database]:
    database = Database(arena.stack.state.database_url("trigger"), name="chaos", pool_size=2)
    try:
        yield database
    finally:
        await database.close()


async def _until_read(database: Database, tenant: str) -> None:
    """Return when the source is read up to its end, and nothing of it waits for the relay."""
    async with asyncio.timeout(SETTLE_TIMEOUT_S):
        while not await _is_read(database, tenant):  # noqa: ASYNC110  (other processes do it)
            await asyncio.sleep(0.5)


async def _is_read(database: Database, tenant: str) -> bool:
    async with database.reading() as uow:
        ((source, status),) = await source_rows.list_of(uow, tenant)
        waiting = (await uow.execute("SELECT count(*) FROM (SELECT FROM outbox LIMIT 1) o")).scalar_one()
        measured = status.measured_at is not None and (uow.now - status.measured_at).total_seconds() < 6
    is_new = status.measured_at is not None and status.measured_at > source.changed_at
    return measured and is_new and status.lag == 0 and not waiting


async def _judge(arena: Arena, tenant: str, wanted: int) -> None:
    """Each event of the topic has one decision, however often it was read."""
    found = -1
    for _ in range(60):
        async with arena.stack.connection("dispatcher") as database:
            found = await database.fetchval(COUNT_DECISIONS, tenant)
        if found >= wanted:
            break
        await asyncio.sleep(0.5)
    if found != wanted:
        arena.faults.append(f"{wanted} events of the source have {found} decisions")


SCENARIOS = (
    Scenario(
        "sources",
        "a company's own topic, kill -9 of the workers that read it, read again from its beginning",
        sources_read,
        (RESTARTED,),
    ),
)
