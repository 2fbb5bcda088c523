"""The relay publishes the outbox in its order and deletes exactly the rows that were acknowledged.

It waits for the notification that each transaction sends when it fills the outbox, and polls every few
seconds in case one is lost.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.database import OUTBOX_CHANNEL, Database, new_engine, statement
from shared.db.notifications import listen
from shared.diagnosis import describe
from shared.errors import is_retryable
from shared.health import Health
from shared.kafka.kernel.clients import new_producer, partition_of, start_producer, stop_producer
from shared.kafka.kernel.dead_letters import decode_headers, place_key
from shared.kafka.kernel.record_batches import RecordBatches
from shared.runtime import Backoff, pause, pause_for_either
from shared.telemetry import metrics

log = structlog.get_logger()

SEQUENCE_HEADER = "afterword-seq"
"""The header with the number of the outbox row."""
RELAY_LOCK = 1
"""Number of the advisory lock in the service's database that the one relay at work holds."""
LOCK_RETRY_INTERVAL_S = 1.0
MAX_ROWS_PER_PASS = 2_000
POLL_INTERVAL_S = 5.0
"""Seconds after which an outbox that was empty is read again without a notification. Shorter than
``IDLE_SESSION_TIMEOUT_S``, so that only the session of a frozen relay is idle for so long."""
MIN_PASS_INTERVAL_S = 0.05
"""Seconds from one pass to the next while they are not full: rows that are written meanwhile share one."""
ACKNOWLEDGE_TIMEOUT_S = 30.0

TRY_LOCK = "SELECT pg_try_advisory_lock(:lock)"
OLDEST_ROWS = "SELECT seq, topic, key, value, headers FROM outbox ORDER BY seq LIMIT :max_rows"
NEWEST_SEQ = "SELECT max(seq) FROM outbox"
DELETE_ROWS = "DELETE FROM outbox WHERE seq = ANY(CAST(:sent AS bigint[]))"
"""Never "up to the last one": a row that commits late has a lower number and was not sent."""


@dataclass
class Relay:
    """Publishes a service's outbox. Of all that run for one service, the one with the lock works."""

    database: Database
    service: str
    bootstrap: str
    health: Health
    _filled: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by a notification: there may be rows."""
    _filled_since: float | None = field(default_factory=time.monotonic)
    """Since when the outbox may hold rows; None while it is known to be empty, or another relay works."""

    async def run(self, stopping: asyncio.Event) -> None:
        """Publish until stopped. When in doubt, publish again by a new producer: readers drop by version."""
        engine = new_engine(self.database.url, name=f"{self.service}-relay", pool_size=None)
        backoff = Backoff()
        metrics.OUTBOX_AGE.labels(self.service).set_function(self._age)
        try:
            while not stopping.is_set():
                self.health.tick("relay")
                producer = new_producer(self.bootstrap, f"{self.service}-relay")
                try:
                    async with engine.connect() as connection:
                        await connection.execution_options(isolation_level="AUTOCOMMIT")
                        # It also ends the session of a frozen process: the lock goes to a living relay.
                        await listen(
                            connection, OUTBOX_CHANNEL, wake=self._filled.set, ended=self._filled.set
                        )
                        if await self._acquire_lock(connection, stopping):
                            await start_producer(producer)
                            self.health.set_ready("relay")
                            backoff.reset()
                            await self._pump(connection, producer, stopping)
                except Exception as error:
                    if not is_retryable(error):
                        raise
                    metrics.RELAY_REPLACED.labels(self.service).inc()
                    self.health.set_unready("relay", describe(error))
                    await pause(stopping, backoff.next())
                finally:
                    await stop_producer(producer)
        finally:
            self.health.forget("relay")
            await engine.dispose()

    def _age(self) -> float:
        """Computed at each scrape: while a send waits for the broker, no code here could set a gauge."""
        return 0.0 if self._filled_since is None else time.monotonic() - self._filled_since

    async def _acquire_lock(self, connection: AsyncConnection, stopping: asyncio.Event) -> bool:
        while not stopping.is_set():
            self.health.tick("relay")
            acquired = await connection.execute(statement(TRY_LOCK), {"lock": RELAY_LOCK})
            if acquired.scalar_one():
                self._filled_since = self._filled_since or time.monotonic()
                return True
            self._filled_since = None
            self.health.set_ready("relay")  # another one works
            await pause(stopping, LOCK_RETRY_INTERVAL_S)
        return False

    async def _pump(
        self, connection: AsyncConnection, producer: AIOKafkaProducer, stopping: asyncio.Event
    ) -> None:
        while not stopping.is_set():
            self.health.tick("relay")
            began = time.monotonic()
            self._filled.clear()
            found = await connection.execute(statement(OLDEST_ROWS), {"max_rows": MAX_ROWS_PER_PASS})
            rows = found.all()
            metrics.OUTBOX_DEPTH.labels(self.service).set(await self._depth(connection, rows))
            if not rows:
                self._filled_since = None
                await pause_for_either(stopping, self._filled, POLL_INTERVAL_S)
                self._filled_since = time.monotonic()
                continue
            await send(producer, rows)
            await connection.execute(statement(DELETE_ROWS), {"sent": [row.seq for row in rows]})
            metrics.RELAYED.labels(self.service).inc(len(rows))
            if len(rows) < MAX_ROWS_PER_PASS:
                await pause(stopping, began + MIN_PASS_INTERVAL_S - time.monotonic())

    async def _depth(self, connection: AsyncConnection, rows: Sequence[Any]) -> int:
        """How many rows wait; behind a full pass an upper bound, from the first and the last number."""
        if len(rows) < MAX_ROWS_PER_PASS:
            return len(rows)
        newest = await connection.execute(statement(NEWEST_SEQ))
        return int(newest.scalar_one() - rows[0].seq + 1)


async def send(producer: AIOKafkaProducer, rows: Sequence[Any]) -> None:
    """Publish outbox rows in their order within each partition; return when all are acknowledged."""
    topics = {topic for _, topic, _, _, _ in rows}
    async with asyncio.timeout(ACKNOWLEDGE_TIMEOUT_S):
        partitions = {topic: len(await producer.partitions_for(topic)) for topic in topics}
    batches = RecordBatches(producer)
    for seq, topic, own_key, value, encoded in rows:
        headers = decode_headers(encoded)
        # A version before gave a dead letter the key of its record, which may have had none.
        key = place_key(headers) if own_key is None else own_key
        headers.append((SEQUENCE_HEADER, b"%d" % seq))
        batches.append(topic, partition_of(key, partitions[topic]), key, value, headers)
    async with asyncio.timeout(ACKNOWLEDGE_TIMEOUT_S):
        await batches.send()
