"""The relay reading, publishing and deleting an outbox, against only publishing the same records."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from bench.results import Result, interleaved
from bench.scorer import answers
from bench.servers import Servers, new_topics, send_all
from sqlalchemy.ext.asyncio import AsyncConnection
from support.topics import PARTITIONS

from shared.db.database import Database, new_engine, statement
from shared.events import ANSWERS
from shared.kafka.kernel import Relay
from shared.kafka.kernel.clients import new_producer

ROW_COUNT = 200_000


class _DrainingRelay(Relay):
    """Stops when its outbox is empty, and measures how long that took."""

    began = 0.0
    ended = 0.0

    async def _pump(
        self, connection: AsyncConnection, producer: AIOKafkaProducer, stopping: asyncio.Event
    ) -> None:
        self.began = time.monotonic()
        await super()._pump(connection, producer, stopping)

    async def _depth(self, connection: AsyncConnection, rows: Sequence[Any]) -> int:
        if not rows:
            self.ended = time.monotonic()
            self.stopping.set()
        return await super()._depth(connection, rows)

    async def drain(self) -> float:
        """Seconds from the first read of the outbox until it is empty."""
        self.stopping = asyncio.Event()
        await self.run(self.stopping)
        return self.ended - self.began


async def publishing(servers: Servers) -> list[Result]:
    """Answers, of about 700 bytes each."""
    records = answers(servers.size(ROW_COUNT))
    await new_topics(servers.state.kafka, ANSWERS.name)
    producer = new_producer(servers.state.kafka, "bench")
    await producer.start()

    async def relayed() -> float:
        async with servers.database("collector") as database:
            await _fill(database, records)
            relay = _DrainingRelay(database, "collector", servers.state.kafka, servers.health())
            return len(records) / await relay.drain()

    async def bare() -> float:
        began = time.monotonic()
        await send_all(producer, ANSWERS.name, records, PARTITIONS)
        return len(records) / (time.monotonic() - began)

    try:
        found = await interleaved(servers.rounds, {"relay": relayed, "bare": bare})
    finally:
        await producer.stop()
    return [
        Result("relay", "relay, outbox to Kafka", "records/s", found["relay"], "bare send_batch",
               found["bare"], min_ratio=0.3, size=f"{len(records):,} records"),
    ]  # fmt: skip


async def _fill(database: Database, records: list[tuple[bytes, bytes]]) -> None:
    engine = new_engine(database.url, name="bench", pool_size=None)
    async with engine.begin() as connection:
        for first in range(0, len(records), 10_000):
            part = records[first : first + 10_000]
            await connection.execute(
                statement(
                    "INSERT INTO outbox (topic, key, value) SELECT :topic, key, value FROM "
                    "unnest(CAST(:keys AS bytea[]), CAST(:values AS bytea[])) AS n(key, value)"
                ),
                {
                    "topic": ANSWERS.name,
                    "keys": [key for key, _ in part],
                    "values": [value for _, value in part],
                },
            )
    await engine.dispose()
