"""The relay reading, publishing and removing an outbox, against publishing the same records alone."""

import asyncio
import time

from bench.figures import Figure, interleaved
from bench.ground import Ground, new_topics, send_all
from bench.scorer import answers
from support.topics import PARTITIONS

from shared.db.database import Database, new_engine, statement
from shared.events import ANSWERS
from shared.kafka.kernel import Relay
from shared.kafka.kernel.clients import new_producer

ROWS = 200_000


class _Drained(Relay):
    """Stops when its outbox is empty, and knows how long that took."""

    began = 0.0
    ended = 0.0

    async def _pump(self, connection: object, producer: object, stopping: asyncio.Event) -> None:
        self.began = time.monotonic()
        await super()._pump(connection, producer, stopping)  # type: ignore[arg-type]

    async def _depth(self, connection: object, rows: object) -> int:
        if not rows:
            self.ended = time.monotonic()
            self.stopping.set()
        return await super()._depth(connection, rows)  # type: ignore[arg-type]

    async def drain(self) -> float:
        """Seconds from the first look into the outbox until it is empty."""
        self.stopping = asyncio.Event()
        await self.run(self.stopping)
        return self.ended - self.began


async def publishing(ground: Ground) -> list[Figure]:
    """Answers, of about 700 bytes each."""
    records = answers(ground.size(ROWS))
    await new_topics(ground.state.kafka, ANSWERS.name)
    producer = new_producer(ground.state.kafka, "bench")
    await producer.start()

    async def relayed() -> float:
        async with ground.database("collector") as database:
            await _fill(database, records)
            relay = _Drained(database, "collector", ground.state.kafka, ground.health())
            return len(records) / await relay.drain()

    async def bare() -> float:
        began = time.monotonic()
        await send_all(producer, ANSWERS.name, records, PARTITIONS)
        return len(records) / (time.monotonic() - began)

    try:
        found = await interleaved(ground.rounds, {"relay": relayed, "bare": bare})
    finally:
        await producer.stop()
    return [
        Figure("relay", "relay, outbox to Kafka", "records/s", found["relay"], "bare send_batch",
               found["bare"], least=0.3, size=f"{len(records):,} records"),
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
