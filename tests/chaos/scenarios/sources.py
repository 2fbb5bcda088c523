"""A company's own topics on a cluster of its own, read while the workers are killed, and read again from the beginning."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import cycle
from uuid import UUID

from chaos import topics
from chaos.arena import Arena, Scenario
from chaos.own_topics import (
    FORMATS,
    OwnRecord,
    OwnTopic,
    letters_of,
    reading_of,
    records,
    register_schemas,
)
from chaos.scenarios.processes import RESTARTED
from chaos.watch import until_settled
from support.registry import a_registry
from support.secure_broker import PASSWORD, USER, SecureBroker, a_secure_broker
from support.sources import make_topic

from services.trigger import tenants
from services.trigger.sources.domain import SASL_MECHANISMS, SourceConnection
from services.trigger.sources.repository import sources as source_rows
from services.trigger.sources.source_commands import Wanted, declare, read_again
from shared.db.database import Database
from shared.ids import uuid7
from shared.kafka.kernel.clients import new_producer, start_producer, stop_producer
from shared.kafka.kernel.source_letters import SOURCE_LETTERS, source_place
from shared.privacy.audit import AuditActor

KILLS = 8
PARTITIONS = 3
LEAST_RECORDS = 2_000
SETTLE_TIMEOUT_S = 90.0
MIN_RECORDS_PER_S = 150
"""So fast at the least, with kills and a second reading, on two cores that do all else, too."""
PAUSE_S = (20.0, 40.0)
"""From one kill to the next once all is written: the other worker takes over after the lease of the one that died."""
UNACKNOWLEDGED = 2_000
WHO = AuditActor("command_line", None, "chaos")
DECIDED = "SELECT source, source_id FROM decision WHERE tenant = $1"


@dataclass
class OwnSources:
    """The sources of one company, each of another format, user and topic."""

    arena: Arena
    database: Database
    tenant: str
    topics: Mapping[UUID, OwnTopic]
    bootstrap: str

    async def write(self, each: OwnTopic, some: Sequence[OwnRecord], chance: random.Random) -> None:
        producer = new_producer(self.bootstrap, "chaos")
        await start_producer(producer)
        try:
            for first in range(0, len(some), UNACKNOWLEDGED):
                part = some[first : first + UNACKNOWLEDGED]
                sent = [
                    await producer.send(each.topic, one.value, b"k", partition=chance.randrange(PARTITIONS))
                    for one in part
                ]
                for one, at in zip(part, await asyncio.gather(*sent), strict=True):
                    each.wrote(one, (at.partition, at.offset))
        finally:
            await stop_producer(producer)

    async def kill(self) -> None:
        """Kill one of the two workers, which are ready."""
        workers = [one for one in self.arena.stack.workers if one.name.startswith("trigger")]
        process = self.arena.chance.choice(workers)
        await process.until_ready()
        self.arena.injected += process.kill()

    async def read_again(self, source_id: UUID) -> None:
        async with self.database.transaction() as uow:
            await read_again(uow, self.tenant, source_id, "oldest", another_topic=False, who=WHO)

    async def is_read(self) -> bool:
        """Whether all sources are read up to their ends, and nothing of them waits for the relay."""
        async with self.database.reading() as uow:
            found = await source_rows.list_of(uow, self.tenant)
            waiting = (await uow.execute("SELECT count(*) FROM (SELECT FROM outbox LIMIT 1) o")).scalar_one()
            now = uow.now
        for source, status in found:
            at = status.measured_at
            if at is None or (now - at).total_seconds() > 6 or at <= source.changed_at or status.lag != 0:
                return False
        return not waiting

    async def until_read(self, *, killing: bool) -> None:
        """Return when all is read; workers are killed meanwhile."""
        wanted = sum(len(each.ids) for each in self.topics.values())
        loop = asyncio.get_running_loop()
        kill_at = loop.time() + self.arena.chance.uniform(*PAUSE_S)
        async with asyncio.timeout(SETTLE_TIMEOUT_S + wanted / MIN_RECORDS_PER_S):
            while not await self.is_read():
                await asyncio.sleep(0.5)
                if killing and loop.time() > kill_at:
                    await self.kill()
                    kill_at = loop.time() + self.arena.chance.uniform(*PAUSE_S)


async def sources_read(arena: Arena) -> None:
    """Two workers share the sources; one of them is killed at each moment, and now and then a topic is read again,
    at the end all of them. The company is another one than the load's.
    """
    stack, tenant, chance = arena.stack, f"{arena.tenant}-src", arena.chance
    second = stack.add_worker("trigger", 2)
    await second.until_ready()
    count = max(arena.wanted, LEAST_RECORDS) // len(FORMATS)
    async with a_secure_broker() as own, _trigger(arena) as database:
        await tenants.create_tenant(database, tenant, name="Sources")
        with a_registry() as registry:
            register_schemas(registry)
            found = await _declared(arena, database, tenant, own, registry)
            reading = OwnSources(arena, database, tenant, found, own.plain)
            written = {id_: list(records(each.name, count, chance)) for id_, each in found.items()}
            async for _ in arena.moments(0.3, 1.5, at_least=KILLS):
                for id_, each in found.items():
                    size = -(-count // KILLS)
                    some, written[id_] = written[id_][:size], written[id_][size:]
                    await reading.write(each, some, chance)
                await reading.kill()
                if arena.injected % 3 == 0 and any(written.values()):
                    await reading.read_again(chance.choice(list(found)))
            await stack.until_ready(*stack.ours)
            await reading.until_read(killing=True)
            for source_id in found:
                await reading.read_again(source_id)
            await reading.until_read(killing=True)
            await stack.until_ready(*stack.ours)
            await reading.until_read(killing=False)
    await _judge(arena, tenant, found)
    await stack.remove(second.name)


async def _declared(
    arena: Arena, database: Database, tenant: str, own: SecureBroker, registry: str
) -> dict[UUID, OwnTopic]:
    """A source of each format, which sign in by all mechanisms in turn."""
    found = {}
    for name, sasl in zip(FORMATS, cycle(SASL_MECHANISMS[1:]), strict=False):
        source_id, topic = uuid7(), f"shop.{name}"
        await make_topic(own.plain, topic, PARTITIONS)
        connection = SourceConnection(
            bootstrap=(own.secure,),
            tls=True,
            ca=own.authority,
            client_certificate=own.client.certificate,
            sasl=sasl,
            username=USER,
        )
        wanted = Wanted(
            name=name,
            topic=topic,
            connection=connection,
            reading=reading_of(name, registry),
            state="running",
            password=PASSWORD,
            client_key=own.client.key,
        )
        async with database.transaction() as uow:
            await declare(uow, arena.stack.state.secret, tenant, source_id, wanted, who=WHO)
        found[source_id] = OwnTopic(name, topic)
    return found


@asynccontextmanager
async def _trigger(arena: Arena) -> AsyncIterator[Database]:
    database = Database(arena.stack.state.database_url("trigger"), name="chaos", pool_size=2)
    try:
        yield database
    finally:
        await database.close()


async def _judge(arena: Arena, tenant: str, found: Mapping[UUID, OwnTopic]) -> None:
    """Each event of the topics has one decision, and each record that does not fit one dead letter with its remedy,
    however often it was read.
    """
    wanted = sum(len(each.ids) for each in found.values())
    if why := await until_settled(arena.stack, tenant, wanted, SETTLE_TIMEOUT_S + wanted / MIN_RECORDS_PER_S):
        arena.faults.append(f"not settled: {why}")
    async with arena.stack.connection("dispatcher") as database:
        decided = [tuple(row) for row in await database.fetch(DECIDED, tenant)]
    letters = [
        dict(record.headers)
        for record in await topics.records(arena.stack.kafka, [SOURCE_LETTERS], arena.since)
    ]
    known = {"cloudevents": "/shop"}
    for source_id, each in found.items():
        ids = [id_ for source, id_ in decided if source == known.get(each.name, each.name)]
        own = letters_of(source_place(tenant, str(source_id)), iter(letters))
        arena.faults += each.faults(ids, own)
        arena.dead_letters += len(each.misfits)
        arena.notes.append(
            f"{each.name}: {len(each.ids):,} events, {len(each.misfits):,} misfits, {each.silent:,} without a value"
        )
    if len(decided) != wanted:
        arena.faults.append(f"wrong: {wanted} events of the sources have {len(decided)} decisions")


SCENARIOS = (
    Scenario(
        "sources",
        "a company's own topics in four formats on a cluster with TLS and users, kill -9 of the workers that read them, "
        "read again from their beginning",
        sources_read,
        (RESTARTED,),
        one_in=20,
    ),
)
