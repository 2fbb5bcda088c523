"""What an operator asks for and no batch tells: measured by a loop, so that a scrape costs no query."""

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
"""Sets a service's own gauges by one look into its database."""


@dataclass
class MetricsLoop:
    """How far behind each partition is, whether database and broker answer, and what the service measures."""

    database: Database
    service: str
    topics: Sequence[str]
    """What it hears."""
    bootstrap: str
    health: Health
    own: Sequence[Gauge] = ()

    async def run(self, stopping: asyncio.Event) -> None:
        """Measure until stopped; who does not answer is told as such, and waited for by others."""
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
                self._reached("kafka", False)
                await self._stands()
                await pause(stopping, MEASURE_INTERVAL_S)
        self.health.forget("metrics")

    async def _measure(self, reader: AIOKafkaConsumer) -> None:
        self.health.tick("metrics")
        async with asyncio.timeout(MEASURE_TIMEOUT_S):
            places = await partitions_of(reader, self.topics)
            beginnings = await reader.beginning_offsets(places)
            ends = await reader.end_offsets(places)
        self._reached("kafka", True)
        stands = await self._stands()
        if stands is None:
            return
        for tp in places:
            at, _ = stands.get(tp, (beginnings[tp], 0))
            behind = max(ends[tp] - at, 0)
            metrics.LAG.labels(self.service, tp.topic, str(tp.partition)).set(behind)

    async def _stands(self) -> positions.StoredPositions | None:
        """Look into the database; None when it does not answer."""
        try:
            async with asyncio.timeout(MEASURE_TIMEOUT_S), self.database.reading() as uow:
                stands = await positions.stored(uow, self.topics)
                for measure in self.own:
                    await measure(uow)
        except Exception as error:
            if not is_retryable(error):
                raise
            self._reached("database", False)
            return None
        self._reached("database", True)
        return stands

    def _reached(self, server: str, answered: bool) -> None:
        metrics.REACHABLE.labels(self.database.name, server).set(answered)
