"""Dead letters listed and replayed by an operator, once their cause is mended."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import OffsetAndMetadata

from shared.kafka.kernel.clients import (
    new_producer,
    partition_of,
    start_producer,
    stop_consumer,
    stop_producer,
)
from shared.kafka.kernel.dead_letters import (
    HEADER_PREFIX,
    KEY_HEADER,
    TOPIC_HEADER,
    Headers,
    dead_letter_key,
)


@dataclass(frozen=True)
class DeadLetter:
    """One record that could not be handled."""

    offset: int
    topic: str
    partition: str
    original_offset: str
    reason: str
    at: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    """The record's own headers, without those of the dead letter."""


async def waiting(bootstrap: str, dead_letter_topic: str) -> list[DeadLetter]:
    """The dead letters that have not been replayed, oldest first."""
    async with _reader(bootstrap, dead_letter_topic) as reader:
        return [each async for each in _dead_letters(reader, dead_letter_topic)]


async def replay(bootstrap: str, dead_letter_topic: str, *, most: int) -> int:
    """Publish up to ``most`` of them on their original topic, oldest first; how many it was.

    Every service that consumes the topic gets them again; handlers drop what they have applied.
    """
    producer = new_producer(bootstrap, "afterword-replay")
    replayed = 0
    async with _reader(bootstrap, dead_letter_topic) as reader:
        try:
            await start_producer(producer)
            async for dead_letter in _dead_letters(reader, dead_letter_topic):
                if replayed == most:
                    break
                partitions = len(await producer.partitions_for(dead_letter.topic))
                await producer.send_and_wait(
                    dead_letter.topic,
                    dead_letter.value,
                    dead_letter.key,
                    partition=partition_of(dead_letter.key, partitions),
                    headers=dead_letter.headers,
                )
                tp = TopicPartition(dead_letter_topic, 0)
                await reader.commit({tp: OffsetAndMetadata(dead_letter.offset + 1, "")})
                replayed += 1
        finally:
            await stop_producer(producer)
    return replayed


@asynccontextmanager
async def _reader(bootstrap: str, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A reader of a group whose committed offset says what was replayed."""
    reader = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=f"{topic}.replay",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    try:
        await reader.start()
        reader.assign([TopicPartition(topic, 0)])
        yield reader
    finally:
        await stop_consumer(reader)


async def _dead_letters(reader: AIOKafkaConsumer, topic: str) -> AsyncIterator[DeadLetter]:
    tp = TopicPartition(topic, 0)
    beginning = (await reader.beginning_offsets([tp]))[tp]
    end = (await reader.end_offsets([tp]))[tp]  # dead letters that come from now on wait for the next replay
    next_offset = max(await reader.committed(tp) or 0, beginning)
    reader.seek(tp, next_offset)
    while next_offset < end:
        for records in (await reader.getmany(timeout_ms=500)).values():
            for record in records:
                next_offset = record.offset + 1
                headers = dict(record.headers)
                if next_offset <= end and TOPIC_HEADER in headers:  # else a tombstone: it was erased
                    yield _dead_letter(record.offset, record.key, record.value, list(record.headers))


def _dead_letter(offset: int, key: bytes | None, value: bytes | None, headers: Headers) -> DeadLetter:
    place = {
        name[len(HEADER_PREFIX) :]: text.decode()
        for name, text in headers
        if name.startswith(HEADER_PREFIX) and name != KEY_HEADER
    }
    place_key = dead_letter_key(place["topic"], place["partition"], place["offset"])
    # A version that knew no such header gave the dead letter the key of the record.
    own_key = dict(headers).get(KEY_HEADER, None if key == place_key else key)
    return DeadLetter(
        offset,
        place["topic"],
        place["partition"],
        place["offset"],
        place["reason"],
        place["at"],
        own_key,
        value,
        [(name, text) for name, text in headers if not name.startswith(HEADER_PREFIX)],
    )
