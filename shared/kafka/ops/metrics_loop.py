"""Gauges that no batch sets: measured by a loop, so that a scrape costs no query."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer

from shared.db.database import Database, UnitOfWork
from shared.errors import is_retryable
from shared.health import Health
from shared.kafka.kernel import positions
from shared.kafka.kernel.topic_reader import partitions_of, topic_reader
from shared.runtime import pause
from shared.telemetry import metrics

MEASURE_INTERVAL_S = 2.0
MEASURE_TIMEOUT_S = 5.0

Gauge = Callable[[UnitOfWork], Awaitable[None]]
"""Sets gauges of a service by a query in its database."""


@dataclass
class MetricsLoop:
    """Measures the lag of each partition, whether database and broker answer, and the service's gauges."""

    database: Database
    service: str
    topics: Sequence[str]
    """The topics that the service consumes."""
    bootstrap: str
    health: Health
    gauges: Sequence[Gauge] = ()

    async def run(self, stopping: asyncio.Event) -> None:
        """Measure until stopped. A server that does not answer is shown as unreachable; nothing else depends
        on this loop.
        """
        while not stopping.is_set():
            self.health.tick("metrics")
            try:
                async with topic_reader(self.bootstrap, f"{self.service}-metrics") as reader:
                    while not stopping.is_set():
                        await self._measure(reader)
                        await pause(stopping, MEASURE_INTERVAL_S)
            except Exception as error:
                if not is_retryable(error):
                    raise
                self._set_reachable("kafka", False)
                await self._measure_database()
                await pause(stopping, MEASURE_INTERVAL_S)
        self.health.forget("metrics")

    async def _measure(self, reader: AIOKafkaConsumer) -> None:
        self.health.tick("metrics")
        async with asyncio.timeout(MEASURE_TIMEOUT_S):
            partitions = await partitions_of(reader, self.topics)
            beginnings = await reader.beginning_offsets(partitions)
            ends = await reader.end_offsets(partitions)
        self._set_reachable("kafka", True)
        stored = await self._measure_database()
        if stored is None:
            return
        for tp in partitions:
            next_offset, _ = stored.get(tp, (beginnings[tp], 0))
            lag = max(ends[tp] - next_offset, 0)
            metrics.LAG.labels(self.service, tp.topic, str(tp.partition)).set(lag)

    async def _measure_database(self) -> positions.StoredPositions | None:
        """Set the service's own gauges, and return the stored positions; None when the database is away."""
        try:
            async with asyncio.timeout(MEASURE_TIMEOUT_S), self.database.reading() as uow:
                stored = await positions.stored(uow, self.topics)
                for gauge in self.gauges:
                    await gauge(uow)
        except Exception as error:
            if not is_retryable(error):
                raise
            self._set_reachable("database", False)
            return None
        self._set_reachable("database", True)
        return stored

    def _set_reachable(self, server: str, answered: bool) -> None:
        metrics.REACHABLE.labels(self.database.name, server).set(answered)
