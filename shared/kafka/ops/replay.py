"""Dead letters, looked at and sent again: by an operator, when what made them is mended."""

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
from shared.kafka.kernel.dead_letters import HEADER_PREFIX, Headers


@dataclass(frozen=True)
class DeadLetter:
    """One record that was put aside."""

    offset: int
    topic: str
    partition: str
    original_offset: str
    reason: str
    at: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    """The record's own, without ours."""


async def waiting(bootstrap: str, dead_letter_topic: str) -> list[DeadLetter]:
    """The dead letters that have not been sent again, oldest first."""
    async with _reader(bootstrap, dead_letter_topic) as reader:
        return [letter async for letter in _dead_letters(reader, dead_letter_topic)]


async def replay(bootstrap: str, dead_letter_topic: str, *, most: int) -> int:
    """Send up to ``most`` of them to the topic they came from, oldest first, and return how many.

    Every service that hears the topic reads them again; handlers drop what they have had.
    """
    producer = new_producer(bootstrap, "afterword-replay")
    sent = 0
    async with _reader(bootstrap, dead_letter_topic) as reader:
        try:
            await start_producer(producer)
            async for letter in _dead_letters(reader, dead_letter_topic):
                if sent == most:
                    break
                partitions = len(await producer.partitions_for(letter.topic))
                await producer.send_and_wait(
                    letter.topic,
                    letter.value,
                    letter.key,
                    partition=partition_of(letter.key, partitions),
                    headers=letter.headers,
                )
                place = TopicPartition(dead_letter_topic, 0)
                await reader.commit({place: OffsetAndMetadata(letter.offset + 1, "")})
                sent += 1
        finally:
            await stop_producer(producer)
    return sent


@asynccontextmanager
async def _reader(bootstrap: str, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A reader whose committed offset says what was sent again."""
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
    place = TopicPartition(topic, 0)
    beginning = (await reader.beginning_offsets([place]))[place]
    end = (await reader.end_offsets([place]))[place]  # what is put aside from now on waits for the next time
    at = max(await reader.committed(place) or 0, beginning)
    reader.seek(place, at)
    while at < end:
        for records in (await reader.getmany(timeout_ms=500)).values():
            for record in records:
                at = record.offset + 1
                if at <= end:
                    yield _dead_letter(record.offset, record.key, record.value, list(record.headers))


def _dead_letter(offset: int, key: bytes | None, value: bytes | None, headers: Headers) -> DeadLetter:
    place = {
        name[len(HEADER_PREFIX) :]: text.decode() for name, text in headers if name.startswith(HEADER_PREFIX)
    }
    return DeadLetter(
        offset,
        place["topic"],
        place["partition"],
        place["offset"],
        place["reason"],
        place["at"],
        key,
        value,
        [(name, text) for name, text in headers if not name.startswith(HEADER_PREFIX)],
    )
