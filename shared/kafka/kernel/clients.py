"""Kafka clients with the settings that correctness depends on; none of them is for the operator to choose."""

import asyncio
import contextlib
import zlib
from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from shared.limits import FETCH_BYTES

FETCH_MIN_BYTES = 100_000
"""So many bytes are worth a transaction of their own: the broker answers a fetch at once."""
BATCH_FETCH_WAIT_MS = 333
"""How long a fetch waits at the broker for as much as it asks for."""
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 3.0


def new_consumer(bootstrap: str, group: str, *, prompt: bool = True) -> AIOKafkaConsumer:
    """A consumer that commits no offset to Kafka: the stored position decides.

    :param prompt: whether the broker answers as soon as there is one record, else when there is a good batch.
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
    """A consumer of no group, which reads where it is told to."""
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        client_id=name,
        enable_auto_commit=False,
        max_partition_fetch_bytes=FETCH_BYTES,
        request_timeout_ms=15_000,
    )


def new_producer(bootstrap: str, client: str, *, largest_batch: int = FETCH_BYTES) -> AIOKafkaProducer:
    """An idempotent producer: an acknowledged record is on every replica in sync, once and in order."""
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
        # A fifth of the time of lz4, which aiokafka always uses at its highest level.
        compression_type="snappy",
    )


def new_admin(bootstrap: str) -> AIOKafkaAdminClient:
    """A client for topics and their settings."""
    return AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=15_000)


@contextlib.asynccontextmanager
async def an_admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client that is connected while the block runs."""
    admin = new_admin(bootstrap)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


def partition_of(key: bytes | None, partitions: int) -> int:
    """The partition of a key by librdkafka's "consistent" partitioner, which other clients can use too."""
    return zlib.crc32(key or b"") % partitions


async def start_producer(producer: AIOKafkaProducer) -> None:
    """Start within seconds: aiokafka's own start waits for its producer id for ever.

    :raises TimeoutError: when the broker has not given one in time.
    """
    async with asyncio.timeout(START_TIMEOUT_S):
        await producer.start()


async def stop_producer(producer: AIOKafkaProducer) -> None:
    """Stop within seconds even if the broker is away: aiokafka's own stop waits for it for ever."""
    with contextlib.suppress(Exception, asyncio.CancelledError):
        await asyncio.wait_for(producer.stop(), STOP_TIMEOUT_S)
        return
    with contextlib.suppress(Exception, asyncio.CancelledError):
        if producer._sender.sender_task is not None:  # noqa: SLF001  (no public way; see aiokafka #1101)
            producer._sender.sender_task.cancel()  # noqa: SLF001
        await producer.client.close()


async def stop_consumer(consumer: AIOKafkaConsumer) -> None:
    """Stop within seconds even if the broker is away: aiokafka's own stop then raises CancelledError."""
    with contextlib.suppress(Exception, asyncio.CancelledError):
        await asyncio.wait_for(consumer.stop(), STOP_TIMEOUT_S)
        return
    with contextlib.suppress(Exception, asyncio.CancelledError):
        await consumer._client.close()  # noqa: SLF001
