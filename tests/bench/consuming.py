"""The batch consumer catching up on a topic, and the two baselines of it."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from bench.figures import Figure, interleaved
from bench.ground import Ground, Record, partitions_at
from bench.replaying import Transaction, recording, replay

from shared.db.database import Database
from shared.events import Topic
from shared.kafka.kernel import BatchConsumer, Subscription
from shared.kafka.kernel.consumer import MAX_BATCH_RECORDS, PartitionBatches


class _Timed(BatchConsumer[Any]):
    """Notes when its first batch began and how far it is."""

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
    ground: Ground, database: Database, service: str, subscription: Subscription[Any], count: int
) -> float:
    """Seconds from the first batch's beginning to the last one's commit, by the product's own consumer."""
    consumer = _Timed(database, service, subscription, ground.state.kafka, ground.health())
    over, stopping = consumer.watch(count), asyncio.Event()
    running = asyncio.create_task(consumer.run(stopping))
    ended = asyncio.create_task(over.wait())
    await asyncio.wait({running, ended}, return_when=asyncio.FIRST_COMPLETED)
    stopping.set()
    await running
    return consumer.ended - consumer.began


async def only_read(ground: Ground, topic: Topic[Any]) -> float:
    """Seconds for getmany and decode alone, from the first batch on."""
    reader, count = await partitions_at(ground.state.kafka, topic.name)
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
    ground: Ground,
    service: str,
    subscription: Subscription[Any],
    records: Sequence[Record],
    prepare: Any,
    *,
    what: str,
    unit: str,
    least: float,
) -> list[Figure]:
    """Ours, the same statements without us, and reading alone."""
    topic, count = subscription.topic, len(records)
    await ground.fill(topic.name, records)
    told: list[Transaction] = []

    async def ours() -> float:
        async with ground.database(service) as database:
            await prepare(database)
            return count / await catch_up(ground, database, service, subscription, count)

    async def again() -> float:
        async with ground.database(service) as database:
            await prepare(database)
            return count / await replay(database.url, told)

    async def read() -> float:
        return count / await only_read(ground, topic)

    async with ground.database(service) as database:
        await prepare(database)
        with recording(database) as heard:
            await catch_up(ground, database, service, subscription, count)
        told = heard
    found = await interleaved(ground.rounds, {service: ours, "statements": again, "getmany": read})
    size = f"{count:,} {unit.partition('/')[0]}"
    return [
        Figure(service, what, unit, found[service], "its own statements replayed without us",
               found["statements"], least=least, size=size),
        Figure(f"{service}_read", what, unit, found[service], "bare getmany and decode",
               found["getmany"], size=size),
    ]  # fmt: skip
