"""Publish and wait for the acknowledgement: for the one API that has no transaction and no outbox."""

import asyncio
from collections.abc import Sequence

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.diagnosis import describe
from shared.health import Health
from shared.kafka.kernel.clients import new_producer, partition_of, start_producer, stop_producer
from shared.kafka.kernel.record_batches import RecordBatches
from shared.limits import MAX_ACCEPTED_EVENT_BYTES
from shared.runtime import Backoff, pause, pause_for_either
from shared.telemetry import metrics

log = structlog.get_logger()

MIN_BATCH_RECORDS = 20
"""Records of a request from which it gets batches of its own; fewer would make batches of one or two."""
ACKNOWLEDGE_TIMEOUT_S = 15.0
"""Long enough for the loss of one broker of three, which is noticed after nine seconds, and new leaders."""
FINISH_TIMEOUT_S = 4.0
"""When the process stops: less than its server waits for open requests."""
MAX_WAITING_RECORDS = 20_000


class Unavailable(Exception):
    """Kafka has not acknowledged in time: the caller knows nothing, and may publish the same again."""


class Publisher:
    """An idempotent producer that is replaced when it breaks, with a bound on what waits in it."""

    def __init__(
        self,
        bootstrap: str,
        client: str,
        health: Health,
        *,
        acknowledge_timeout_s: float = ACKNOWLEDGE_TIMEOUT_S,
        max_waiting_records: int = MAX_WAITING_RECORDS,
    ) -> None:
        self._bootstrap = bootstrap
        self._client = client
        self._health = health
        self._acknowledge_timeout_s = acknowledge_timeout_s
        self._max_waiting_records = max_waiting_records
        self._waiting = 0
        self._producer: AIOKafkaProducer | None = None
        self._broken = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        health.set_unready("kafka", "not connected yet")

    async def run(self, stopping: asyncio.Event) -> None:
        """Keep a producer connected until stopped; a broken one never heals (aiokafka #1017)."""
        backoff = Backoff()
        while not stopping.is_set():
            self._health.tick("publisher")
            producer = new_producer(self._bootstrap, self._client, largest_batch=MAX_ACCEPTED_EVENT_BYTES)
            try:
                await start_producer(producer)
            except (KafkaError, OSError, TimeoutError) as error:
                self._health.set_unready("kafka", describe(error))
                metrics.REACHABLE.labels(f"{self._client}-api", "kafka").set(0)
                await stop_producer(producer)
                await pause(stopping, backoff.next())
                continue
            backoff.reset()
            self._broken.clear()
            self._producer = producer
            self._health.set_ready("kafka")
            metrics.REACHABLE.labels(f"{self._client}-api", "kafka").set(1)
            await self._watch(stopping)
            self._producer = None
            if not self._broken.is_set():
                await self._finish()
            await stop_producer(producer)

    async def _watch(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set() and not self._broken.is_set():
            self._health.tick("publisher")
            await pause_for_either(stopping, self._broken, 1.0)

    async def _finish(self) -> None:
        """Wait for records that are being published: those that reach a producer while it stops are neither
        sent nor refused.
        """
        try:
            async with asyncio.timeout(FINISH_TIMEOUT_S):
                await self._idle.wait()
        except TimeoutError:
            log.warning("publishing_not_finished", records=self._waiting)

    async def publish(self, topic: str, records: Sequence[tuple[bytes, bytes]]) -> None:
        """Return when every (key, value) is acknowledged.

        :raises Unavailable: when that takes too long; some of them may have been written all the same.
        """
        if any(len(value) > MAX_ACCEPTED_EVENT_BYTES for _, value in records):
            raise ValueError("a record is larger than its topic takes; the API must refuse it")
        producer = self._producer
        if producer is None or self._waiting + len(records) > self._max_waiting_records:
            raise Unavailable
        self._waiting += len(records)
        self._idle.clear()
        try:
            async with asyncio.timeout(self._acknowledge_timeout_s):
                partitions = len(await producer.partitions_for(topic))
                if len(records) < MIN_BATCH_RECORDS:
                    await _send_each(producer, topic, records, partitions)
                else:
                    await _send_batches(producer, topic, records, partitions)
        except (TimeoutError, KafkaError) as error:
            # An idempotent producer keeps for ever what it could not send: its buffers go with it.
            if self._producer is producer:
                log.warning("producer_replaced", error=type(error).__name__)
                self._producer = None
                self._broken.set()
            raise Unavailable from error
        finally:
            self._waiting -= len(records)
            if not self._waiting:
                self._idle.set()


async def _send_each(
    producer: AIOKafkaProducer, topic: str, records: Sequence[tuple[bytes, bytes]], partitions: int
) -> None:
    """Send records one by one: those of simultaneous requests share batches."""
    acknowledgements = []
    for key, value in records:
        future = await producer.send(topic, value, key, partition=partition_of(key, partitions))
        acknowledgements.append(future)
    await asyncio.gather(*acknowledgements)


async def _send_batches(
    producer: AIOKafkaProducer, topic: str, records: Sequence[tuple[bytes, bytes]], partitions: int
) -> None:
    """Send records in batches of their own: sending each alone costs aiokafka ten times as much."""
    batches = RecordBatches(producer)
    for key, value in records:
        batches.append(topic, partition_of(key, partitions), key, value)
    await batches.send()
