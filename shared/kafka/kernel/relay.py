"""The relay publishes the outbox in its order and deletes exactly the rows that were acknowledged."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.database import Database, new_engine, statement
from shared.diagnosis import describe
from shared.errors import is_retryable
from shared.health import Health
from shared.kafka.kernel.clients import new_producer, partition_of, start_producer, stop_producer
from shared.kafka.kernel.dead_letters import read_headers
from shared.kafka.kernel.record_batches import RecordBatches
from shared.runtime import Backoff, pause
from shared.telemetry import metrics

log = structlog.get_logger()

SEQUENCE_HEADER = "afterword-seq"
"""The header with the number of the outbox row."""
RELAY_LOCK = 1
"""Advisory lock of the service's database; a second relay waits for it."""
MAX_ROWS_PER_PASS = 2_000
POLL_INTERVAL_S = 0.1
MIN_PASS_INTERVAL_S = 0.05
"""Seconds from one portion to the next while they are not full: what is written meanwhile shares it."""
ACKNOWLEDGE_TIMEOUT_S = 30.0


@dataclass
class Relay:
    """One per service at a time, wherever it runs."""

    database: Database
    service: str
    bootstrap: str
    health: Health
    _empty_at: float | None = field(default_factory=time.monotonic)
    """When the outbox was last seen empty; None while another relay is the one to say."""

    async def run(self, stopping: asyncio.Event) -> None:
        """Publish until stopped. On any doubt: a new producer, and all again; readers drop by version."""
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
                        # The server ends our session when we freeze: the lock goes to a living relay.
                        await connection.execute(statement("SET idle_session_timeout = '45s'"))
                        if await self._locked(connection, stopping):
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
        """Told at the moment of asking: while a send waits for the broker, nothing else would tell."""
        return 0.0 if self._empty_at is None else time.monotonic() - self._empty_at

    async def _locked(self, connection: AsyncConnection, stopping: asyncio.Event) -> bool:
        while not stopping.is_set():
            self.health.tick("relay")
            got = await connection.execute(
                statement("SELECT pg_try_advisory_lock(:lock)"), {"lock": RELAY_LOCK}
            )
            if got.scalar_one():
                self._empty_at = self._empty_at or time.monotonic()
                return True
            self._empty_at = None
            self.health.set_ready("relay")  # another one does the work
            await pause(stopping, 1.0)
        return False

    async def _pump(
        self, connection: AsyncConnection, producer: AIOKafkaProducer, stopping: asyncio.Event
    ) -> None:
        while not stopping.is_set():
            self.health.tick("relay")
            began = time.monotonic()
            self.database.outbox_filled.clear()
            rows = (
                await connection.execute(
                    statement(
                        "SELECT seq, topic, key, value, headers FROM outbox ORDER BY seq LIMIT :at_once"
                    ),
                    {"at_once": MAX_ROWS_PER_PASS},
                )
            ).all()
            if not rows:
                self._empty_at = time.monotonic()
            metrics.OUTBOX_DEPTH.labels(self.service).set(await self._depth(connection, rows))
            if not rows:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.database.outbox_filled.wait(), POLL_INTERVAL_S)
                continue
            await send(producer, rows)
            await connection.execute(
                # Never "up to the last": a row that commits late has a lower number and was not sent.
                statement("DELETE FROM outbox WHERE seq = ANY(CAST(:sent AS bigint[]))"),
                {"sent": [row.seq for row in rows]},
            )
            metrics.RELAYED.labels(self.service).inc(len(rows))
            if len(rows) < MAX_ROWS_PER_PASS:
                await pause(stopping, began + MIN_PASS_INTERVAL_S - time.monotonic())

    async def _depth(self, connection: AsyncConnection, rows: Sequence[Any]) -> int:
        """How many rows wait; of a full batch the upper bound that two looks into the index give."""
        if len(rows) < MAX_ROWS_PER_PASS:
            return len(rows)
        newest = await connection.execute(statement("SELECT max(seq) FROM outbox"))
        return int(newest.scalar_one() - rows[0].seq + 1)


async def send(producer: AIOKafkaProducer, rows: Sequence[Any]) -> None:
    """Publish outbox rows, in their order within each partition; return when all are acknowledged."""
    async with asyncio.timeout(ACKNOWLEDGE_TIMEOUT_S):
        partitions = {
            topic: len(await producer.partitions_for(topic)) for topic in {row.topic for row in rows}
        }
    batches = RecordBatches(producer)
    for row in rows:
        partition = partition_of(row.key, partitions[row.topic])
        headers = [*read_headers(row.headers), (SEQUENCE_HEADER, b"%d" % row.seq)]
        batches.append(row.topic, partition, row.key, row.value, headers)
    async with asyncio.timeout(ACKNOWLEDGE_TIMEOUT_S):
        await batches.send()
