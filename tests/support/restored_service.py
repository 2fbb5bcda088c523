"""A service whose database is lost: it works, is backed up, restored from the backup, and recovered."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

import pytest
from support.eventually import eventually
from support.http_clients import ORIGIN, SECRET, afterword_settings
from support.stack import Postgres, new_state, running

from services import SERVICES
from services.command import service
from shared.cli.recover import recover
from shared.clock import system_clock
from shared.db.database import Database
from shared.events import Data, Topic
from shared.health import Health
from shared.kafka.kernel import BatchConsumer, Relay
from shared.kafka.kernel.clients import an_admin, new_producer, partition_of, stop_producer
from shared.kafka.kernel.topic_reader import partitions_of, records_between, topic_reader
from shared.kafka.ops.drift import apply, compare
from shared.kafka.ops.restore_guard import RestoreGuard
from shared.kafka.ops.topics import declaration, declared
from shared.runtime import run_loops
from shared.service import Context, Service, open_context

TENANT = "havnbo"
PARTITIONS = 2
"""Fewer than are declared: all topics are created and deleted for each test."""


@pytest.fixture(scope="session")
def own_broker() -> Iterator[str]:
    """A broker apart from that of the other tests: all records of a service's topics come from its database."""
    with new_state() as state, running("kafka", state):
        yield state.kafka


@pytest.fixture
async def broker(own_broker: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The broker, with all topics, empty."""
    for name, value in environment(own_broker).items():
        monkeypatch.setenv(name, value)
    dead = [topic for name in SERVICES for topic in service(name).dead_letter_topics]
    wanted = declared([*declaration().topics, *dead], partitions=PARTITIONS, replication=1)
    async with an_admin(own_broker) as admin:
        await apply(admin, wanted, {}, compare(wanted, {}))
    yield own_broker
    async with an_admin(own_broker) as admin:
        await admin.delete_topics([name for name in await admin.list_topics() if not name.startswith("__")])


@dataclass
class RestoredService:
    """One service, and its present database."""

    service: Service
    postgres: Postgres
    broker: str
    smtp_url: str
    url: str = ""
    health: Health = field(default_factory=Health)

    @classmethod
    async def begin(
        cls, service: Service, postgres: Postgres, broker: str, smtp_url: str
    ) -> "RestoredService":
        return cls(service, postgres, broker, smtp_url, await postgres.migrated_database(service.name))

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Database]:
        """The present database."""
        database = Database(self.url, name="test", pool_size=1)
        try:
            yield database
        finally:
            await database.close()

    async def rows(self, sql: str, **values: Any) -> Sequence[Any]:
        async with self.database() as database, database.reading() as uow:
            return (await uow.execute(sql, values)).all()

    async def backup(self) -> str:
        """A copy of the database, to which nothing may be connected."""
        return await self.postgres.create_database(self.service.name, template=self.url)

    async def restore(self, backup: str) -> None:
        """Drop the database, and replace it by the backup."""
        await self.postgres.drop_database(self.url)
        self.url = await self.postgres.create_database(self.service.name, template=backup)

    @asynccontextmanager
    async def working(
        self, *, relay: bool = True, consuming: bool = True, sending: bool = True
    ) -> AsyncIterator[Context]:
        """Everything that its worker runs, while the block runs."""
        self.health = Health()
        settings = self.service.settings.model_validate({"database_url": self.url})
        afterword = afterword_settings(self.broker, smtp_url=self.smtp_url)
        context = await open_context(self.service, asyncio.Event(), afterword, settings, process="worker")
        context = replace(context, health=self.health)
        loops = dict(self.service.worker_loops(context))
        if data := self.service.personal_data:
            loops |= self.service.erasing(context, data).loops
        if relay:
            loops["relay"] = Relay(context.database, self.service.name, self.broker, self.health).run
        if consuming:
            loops |= {
                subscription.topic.name: BatchConsumer(
                    context.database, self.service.name, subscription, self.broker, self.health
                ).run
                for subscription in self.service.consumed(context)
            }
        if sending and self.service.sender_loops:
            loops |= self.service.sender_loops(context)
        running = asyncio.create_task(run_loops(loops, context.stopping))
        try:
            yield context
        finally:
            context.stopping.set()
            await running
            await context.database.close()

    async def caught_up(self) -> None:
        """Return when all records are consumed, and the outbox is empty."""
        topics = self.service.consumed_topics

        async def done() -> bool:
            async with topic_reader(self.broker, "test") as reader:
                ends = await reader.end_offsets(await partitions_of(reader, topics))
            at = {(row.topic, row.part): row.next_offset for row in await self.rows("SELECT * FROM position")}
            behind = sum(end - at.get((tp.topic, tp.partition), 0) for tp, end in ends.items())
            return not behind and not await self.rows("SELECT 1 FROM outbox")

        await eventually(done, within=40)

    async def recover(
        self, *, yes: bool = True, restored: bool = False, publish_again: bool = False
    ) -> list[str]:
        """Run ``afterword recover``; the lines that it printed."""
        printed: list[str] = []
        with patch.dict(
            os.environ, {**environment(self.broker), f"{self.service.name.upper()}_DATABASE_URL": self.url}
        ):
            await recover(
                self.service, printed.append, yes=yes, restored=restored, publish_again=publish_again
            )
        return printed

    async def is_accepted(self) -> bool:
        """Whether the restore guard lets a process begin on this database."""
        health = Health()
        async with self.database() as database:
            guard = RestoreGuard(database, self.service.name, self.service.own_topics, self.broker, health)
            stopping = asyncio.Event()
            running = asyncio.create_task(guard.run(stopping))
            await eventually(lambda: guard.ready.is_set() or "recover" in str(health.unready()), within=30)
            stopping.set()
            await running
            return guard.ready.is_set()


def environment(broker: str) -> dict[str, str]:
    return {
        "AFTERWORD_KAFKA": broker,
        "AFTERWORD_TOPIC_PARTITIONS": str(PARTITIONS),
        "AFTERWORD_PUBLIC_URL": ORIGIN,
        "AFTERWORD_STAFF_URL": ORIGIN,
        "AFTERWORD_SECRET": SECRET,
        "AFTERWORD_SMTP_URL": "smtp://127.0.0.1:1",
    }


async def publish(broker: str, topic: Topic[Any], *things: Data, tenant: str = TENANT) -> None:
    """Publish as another service would."""
    producer = new_producer(broker, "test")
    await producer.start()
    try:
        partitions = len(await producer.partitions_for(topic.name))
        for thing in things:
            event = topic.event(tenant, thing, system_clock())
            key = topic.record_key(event)
            await producer.send_and_wait(
                topic.name, topic.encode(event), key, partition=partition_of(key, partitions)
            )
    finally:
        await stop_producer(producer)


async def data_on_topic(broker: str, topic: Topic[Any]) -> list[Any]:
    """The data of all events of the topic, in the order of their records in each partition."""
    async with topic_reader(broker, "test") as reader:
        places = await partitions_of(reader, [topic.name])
        ends = await reader.end_offsets(places)
        found = []
        async for _, records in records_between(reader, dict.fromkeys(places, 0), ends):
            found += [topic.decode(record.value).data for record in records]
        return found
