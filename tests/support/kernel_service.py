"""A small service for the kernel's tests: it stores things and counts them by colour."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import NewTopic, RecordsToDelete
from sqlalchemy import MetaData, text
from support.stack import Postgres
from support.topics import topic_configs

from shared.db.database import Database, UnitOfWork
from shared.db.tables import kernel_tables
from shared.errors import Unprocessable
from shared.events.envelope import Data, Event, Topic
from shared.health import Health
from shared.kafka.kernel import BatchConsumer, Handler, Relay, Subscription
from shared.kafka.kernel.clients import new_admin, new_producer, stop_consumer, stop_producer
from shared.kafka.kernel.dead_letters import dead_letter_topic
from shared.runtime import run_loops

PUBLISHED_TOPIC = "said.v1"
"""The topic on which the handler publishes; all tests share it, none reads it."""


class Thing(Data, frozen=True, kw_only=True):
    id: str
    version: int
    colour: str


def thing_topic(name: str) -> Topic[Thing]:
    return Topic(
        name=name,
        event_type="afterword.thing.changed",
        data=Thing,
        source="/test",
        identity=lambda thing: thing.id,
        version=lambda thing: thing.version,
    )


KEEP_THINGS = """
    INSERT INTO thing AS t
    SELECT * FROM unnest(
        CAST(:tenants AS text[]), CAST(:ids AS text[]), CAST(:versions AS bigint[]), CAST(:colours AS text[])
    ) AS n(tenant, id, version, colour)
    ORDER BY 1, 2
    ON CONFLICT (tenant, id) DO UPDATE SET version = EXCLUDED.version, colour = EXCLUDED.colour
    WHERE t.version < EXCLUDED.version
    RETURNING old.colour AS was, new.colour AS is_now, new.id AS id, new.version AS version,
        new.tenant AS tenant
"""
ADD_TO_TALLY = """
    INSERT INTO tally AS t
    SELECT * FROM unnest(CAST(:colours AS text[]), CAST(:ns AS bigint[]))
    ORDER BY 1
    ON CONFLICT (colour) DO UPDATE SET n = t.n + EXCLUDED.n
"""


async def keep_things(uow: UnitOfWork, events: Sequence[Event[Thing]]) -> None:
    """Keep the newest of each thing, count by colour the rows that were written, and publish them."""
    for event in events:
        if event.data.colour == "impossible":
            raise Unprocessable("there is no such colour")
        if event.data.colour == "bug":
            raise KeyError(event.data.id)
    newest = {(event.tenant, event.data.id): event for event in events}
    rows = await uow.execute(
        KEEP_THINGS,
        {
            "tenants": [tenant for tenant, _ in newest],
            "ids": [thing for _, thing in newest],
            "versions": [event.data.version for event in newest.values()],
            "colours": [event.data.colour for event in newest.values()],
        },
    )
    difference: dict[str, int] = {}
    for row in rows:
        if row.was is not None:
            difference[row.was] = difference.get(row.was, 0) - 1
        difference[row.is_now] = difference.get(row.is_now, 0) + 1
        uow.publish(
            thing_topic(PUBLISHED_TOPIC), row.tenant, Thing(id=row.id, version=row.version, colour=row.is_now)
        )
    await uow.execute(
        ADD_TO_TALLY,
        {"colours": sorted(difference), "ns": [difference[colour] for colour in sorted(difference)]},
    )


@dataclass
class KernelService:
    """A service with its own topic and its own database, and as many consumers as a test needs."""

    bootstrap: str
    database: Database
    topic: Topic[Thing]
    health: Health = field(default_factory=Health)

    def consumer(
        self, handle: Handler[Thing] = keep_things, health: Health | None = None
    ) -> BatchConsumer[Thing]:
        return BatchConsumer(
            self.database, "test", Subscription(self.topic, handle), self.bootstrap, health or self.health
        )

    def relay(self) -> Relay:
        return Relay(self.database, "test", self.bootstrap, self.health)

    def record(self, thing: Thing, tenant: str = "acme") -> tuple[bytes, bytes]:
        event = self.topic.event(tenant, thing, self.database.clock())
        return self.topic.record_key(event), self.topic.encode(event)

    async def send(self, *things: Thing | bytes | None, partition: int = 0) -> None:
        producer = new_producer(self.bootstrap, "test")
        await producer.start()
        try:
            for thing in things:
                key, value = self.record(thing) if isinstance(thing, Thing) else (b"acme/x", thing)
                await producer.send(self.topic.name, value, key, partition=partition)
            await producer.flush()
        finally:
            await stop_producer(producer)

    async def tally(self) -> dict[str, int]:
        async with self.database.reading() as uow:
            return {row.colour: row.n for row in await uow.execute("SELECT * FROM tally WHERE n <> 0")}

    async def position(self, partition: int = 0) -> int | None:
        async with self.database.reading() as uow:
            rows = await uow.execute(
                "SELECT next_offset FROM position WHERE topic = :t AND part = :p",
                {"t": self.topic.name, "p": partition},
            )
            return rows.scalar_one_or_none()

    async def outbox(self, topic: str) -> list[Any]:
        async with self.database.reading() as uow:
            rows = await uow.execute(
                "SELECT * FROM outbox WHERE topic = :topic ORDER BY seq", {"topic": topic}
            )
            return list(rows.all())

    async def dead_letters(self) -> list[Any]:
        return await self.outbox(dead_letter_topic(self.topic.name, "test"))


async def records_of(bootstrap: str, topic: str) -> list[tuple[bytes | None, bytes | None, dict[str, bytes]]]:
    """All records of a topic: key, value and headers."""
    reader = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await reader.start()
    try:
        places = sorted(reader.assignment())
        await reader.seek_to_beginning(*places)
        ends = await reader.end_offsets(places)
        found = []
        while any([await reader.position(place) < ends[place] for place in places]):
            for records in (await reader.getmany(timeout_ms=200)).values():
                found += [(record.key, record.value, dict(record.headers)) for record in records]
        return found
    finally:
        await stop_consumer(reader)


async def create_topics(bootstrap: str, names: Sequence[str], partitions: int = 1) -> None:
    """Create those that are missing."""
    admin = new_admin(bootstrap)
    await admin.start()
    try:
        missing = set(names) - set(await admin.list_topics())
        await admin.create_topics(
            [
                NewTopic(
                    name,
                    1 if name.endswith(".dlq") else partitions,
                    1,
                    topic_configs=topic_configs(compacted=False, dead=name.endswith(".dlq")),
                )
                for name in sorted(missing)
            ]
        )
    finally:
        await admin.close()


async def topics(bootstrap: str) -> list[str]:
    admin = new_admin(bootstrap)
    await admin.start()
    try:
        return list(await admin.list_topics())
    finally:
        await admin.close()


async def delete_topic(bootstrap: str, name: str) -> None:
    admin = new_admin(bootstrap)
    await admin.start()
    try:
        await admin.delete_topics([name])
    finally:
        await admin.close()


async def delete_records(bootstrap: str, tp: TopicPartition, *, before: int) -> None:
    """Delete records as retention would."""
    admin = new_admin(bootstrap)
    await admin.start()
    try:
        await admin.delete_records({tp: RecordsToDelete(before_offset=before)})
    finally:
        await admin.close()


def things(n: int, colour: str = "red", version: int = 1) -> list[Thing]:
    """So many things that differ in their ids alone."""
    return [Thing(id=f"t{i:04}", version=version, colour=colour) for i in range(n)]


@asynccontextmanager
async def a_kernel_service(
    kafka: str, postgres: Postgres, *, partitions: int = 1
) -> AsyncIterator[KernelService]:
    name = f"things-{secrets.token_hex(4)}.v1"
    await create_topics(kafka, [name, PUBLISHED_TOPIC, dead_letter_topic(name, "test")], partitions)
    url = await postgres.create_database("scorer")
    database = Database(url)
    metadata = MetaData()
    kernel_tables(metadata)
    try:
        async with database.engine.begin() as connection:
            await connection.run_sync(metadata.create_all)
            await connection.execute(
                text(
                    "CREATE TABLE thing (tenant text, id text, version bigint, colour text, PRIMARY KEY (tenant, id))"
                )
            )
            await connection.execute(
                text("CREATE TABLE tally (colour text PRIMARY KEY, n bigint CHECK (n < 1000000))")
            )
        yield KernelService(kafka, database, thing_topic(name))
    finally:
        await database.close()


class Loop(Protocol):
    """What a process runs until it is to stop."""

    async def run(self, stopping: asyncio.Event) -> None: ...


@asynccontextmanager
async def running(*loops: Loop) -> AsyncIterator[asyncio.Event]:
    """Run loops while the block runs; they end as they do in production."""
    stopping = asyncio.Event()
    named = {f"{type(loop).__name__} {i}": loop.run for i, loop in enumerate(loops)}
    task = asyncio.create_task(run_loops(named, stopping))
    try:
        yield stopping
    finally:
        stopping.set()
        await task
