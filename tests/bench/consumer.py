"""The batch consumer catching up on a topic, and its two baselines."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from bench.results import Result, interleaved
from bench.servers import Record, Servers, topic_reader
from bench.statement_replay import Transaction, recording, replay

from shared.db.database import Database
from shared.events import Topic
from shared.kafka.kernel import BatchConsumer, Subscription
from shared.kafka.kernel.consumer import MAX_BATCH_RECORDS, PartitionBatches


class _TimedConsumer(BatchConsumer[Any]):
    """Measures the time from its first batch to the last wanted record."""

    began = 0.0
    ended = 0.0
    applied = 0
    wanted = 0

    def watch(self, wanted: int) -> asyncio.Event:
        self.wanted, self.over = wanted, asyncio.Event()
        return self.over

    async def apply(self, parts: PartitionBatches) -> None:
        self.began = self.began or time.monotonic()
        await super().apply(parts)
        self.applied += sum(len(part.records) for part in parts.values())
        if self.applied >= self.wanted:
            self.ended = time.monotonic()
            self.over.set()


async def catch_up(
    servers: Servers, database: Database, service: str, subscription: Subscription[Any], count: int
) -> float:
    """Seconds from the begin of the first batch to the commit of the last, by the product's consumer."""
    consumer = _TimedConsumer(database, service, subscription, servers.state.kafka, servers.health())
    over, stopping = consumer.watch(count), asyncio.Event()
    running = asyncio.create_task(consumer.run(stopping))
    ended = asyncio.create_task(over.wait())
    await asyncio.wait({running, ended}, return_when=asyncio.FIRST_COMPLETED)
    stopping.set()
    await running
    return consumer.ended - consumer.began


async def read_only(servers: Servers, topic: Topic[Any]) -> float:
    """Seconds for getmany and decode alone, from the first batch on."""
    reader, count = await topic_reader(servers.state.kafka, topic.name)
    try:
        began, done = 0.0, 0
        while done < count:
            for records in (await reader.getmany(timeout_ms=200, max_records=MAX_BATCH_RECORDS)).values():
                began = began or time.monotonic()
                for record in records:
                    topic.decode(record.value)
                done += len(records)
        return time.monotonic() - began
    finally:
        await reader.stop()


async def measure(
    servers: Servers,
    service: str,
    subscription: Subscription[Any],
    records: Sequence[Record],
    prepare: Any,
    *,
    what: str,
    unit: str,
    min_ratio: float,
) -> list[Result]:
    """Ours, against the same statements without our code, and against reading alone."""
    topic, count = subscription.topic, len(records)
    await servers.fill(topic.name, records)
    recorded: list[Transaction] = []

    async def ours() -> float:
        async with servers.database(service) as database:
            await prepare(database)
            return count / await catch_up(servers, database, service, subscription, count)

    async def again() -> float:
        async with servers.database(service) as database:
            await prepare(database)
            return count / await replay(database.url, recorded)

    async def read() -> float:
        return count / await read_only(servers, topic)

    async with servers.database(service) as database:
        await prepare(database)
        with recording(database) as transactions:
            await catch_up(servers, database, service, subscription, count)
        recorded = transactions
    found = await interleaved(servers.rounds, {service: ours, "statements": again, "getmany": read})
    size = f"{count:,} {unit.partition('/')[0]}"
    return [
        Result(service, what, unit, found[service], "its own statements replayed without us",
               found["statements"], min_ratio=min_ratio, size=size),
        Result(f"{service}_read", what, unit, found[service], "bare getmany and decode",
               found["getmany"], size=size),
    ]  # fmt: skip
