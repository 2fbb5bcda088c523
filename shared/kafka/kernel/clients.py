"""Kafka clients with the settings that correctness depends on; none of them is an operator's choice."""

import asyncio
import contextlib
import zlib
from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from shared.limits import FETCH_BYTES

FETCH_MIN_BYTES = 100_000
"""Bytes that are worth a transaction of their own."""
BATCH_FETCH_WAIT_MS = 333
"""Milliseconds that a fetch waits at the broker."""
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 3.0


def new_consumer(bootstrap: str, group: str, *, prompt: bool = True) -> AIOKafkaConsumer:
    """A consumer whose committed offset means nothing: our stored position decides.

    When ``prompt``, the broker answers as soon as there is anything, else when there is a good batch.
    """
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=group,
        client_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
        session_timeout_ms=10_000,
        heartbeat_interval_ms=1_000,
        rebalance_timeout_ms=20_000,
        max_poll_interval_ms=300_000,
        metadata_max_age_ms=30_000,
        request_timeout_ms=15_000,
        fetch_min_bytes=1 if prompt else FETCH_MIN_BYTES,
        fetch_max_wait_ms=BATCH_FETCH_WAIT_MS,
    )


def new_reader(bootstrap: str, name: str) -> AIOKafkaConsumer:
    """A consumer of no group: it reads where it is told to, and nobody counts on it."""
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        client_id=name,
        enable_auto_commit=False,
        max_partition_fetch_bytes=FETCH_BYTES,
        request_timeout_ms=15_000,
    )


def new_producer(bootstrap: str, client: str, *, largest_batch: int = FETCH_BYTES) -> AIOKafkaProducer:
    """An idempotent producer: acknowledged means held by every replica in sync, once and in order."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        client_id=client,
        acks="all",
        enable_idempotence=True,
        linger_ms=0,
        max_batch_size=largest_batch,
        max_request_size=4 * FETCH_BYTES,
        request_timeout_ms=120_000,
        metadata_max_age_ms=30_000,
        compression_type="lz4",
    )


def new_admin(bootstrap: str) -> AIOKafkaAdminClient:
    """For topics and their ends."""
    return AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=15_000)


@contextlib.asynccontextmanager
async def an_admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """One that is connected, and closed however the block ends."""
    admin = new_admin(bootstrap)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


def partition_of(key: bytes | None, partitions: int) -> int:
    """Librdkafka's "consistent" partitioner, so that other clients can agree with us."""
    return zlib.crc32(key or b"") % partitions


async def start_producer(producer: AIOKafkaProducer) -> None:
    """Start, or fail within seconds: aiokafka's own start asks for its id for ever.

    :raises TimeoutError: when the broker has not given one in time.
    """
    async with asyncio.timeout(START_TIMEOUT_S):
        await producer.start()


async def stop_producer(producer: AIOKafkaProducer) -> None:
    """Stop within seconds even if the broker is away: aiokafka's own stop waits for it, for ever."""
    with contextlib.suppress(Exception, asyncio.CancelledError):
        await asyncio.wait_for(producer.stop(), STOP_TIMEOUT_S)
        return
    with contextlib.suppress(Exception, asyncio.CancelledError):
        if producer._sender.sender_task is not None:  # noqa: SLF001  (no public way; see aiokafka #1101)
            producer._sender.sender_task.cancel()  # noqa: SLF001
        await producer.client.close()


async def stop_consumer(consumer: AIOKafkaConsumer) -> None:
    """Stop even if the broker is away: aiokafka's own stop then raises CancelledError half way."""
    with contextlib.suppress(Exception, asyncio.CancelledError):
        await asyncio.wait_for(consumer.stop(), STOP_TIMEOUT_S)
        return
    with contextlib.suppress(Exception, asyncio.CancelledError):
        await consumer._client.close()  # noqa: SLF001
