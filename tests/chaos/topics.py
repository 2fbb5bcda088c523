"""Reads the topics with a client of the harness, independent of the product's consumers."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from services import SERVICES
from services.command import service
from shared.kafka.kernel.clients import stop_consumer

CONSUMED_TOPICS = {name: service(name).consumed_topics for name in SERVICES}
"""The topics that each service consumes."""
DEAD_LETTER_TOPICS = [topic for name in SERVICES for topic in service(name).dead_letter_topics]

Offsets = Mapping[TopicPartition, int]


@asynccontextmanager
async def a_reader(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    reader = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, max_partition_fetch_bytes=4_000_000,
        request_timeout_ms=10_000,
    )  # fmt: skip
    await reader.start()
    try:
        yield reader
    finally:
        await stop_consumer(reader)


async def _places(reader: AIOKafkaConsumer, topics: Sequence[str]) -> list[TopicPartition]:
    known = await reader._client.fetch_all_metadata()
    found = []
    for topic in topics:
        reader._client.add_topic(topic)  # else each is made known when it is first asked for, 0.1 s each
        found += [TopicPartition(topic, part) for part in known.partitions_for_topic(topic) or ()]
    return found


async def end_offsets(bootstrap: str, topics: Sequence[str]) -> Offsets:
    """The end offset of each partition."""
    async with a_reader(bootstrap) as reader:
        return dict(await reader.end_offsets(await _places(reader, topics)))


async def records(
    bootstrap: str, topics: Sequence[str], since: Offsets
) -> list[ConsumerRecord[bytes | None, bytes | None]]:
    """All records from these offsets to the end, each partition in order."""
    async with a_reader(bootstrap) as reader:
        places = await _places(reader, topics)
        until = await reader.end_offsets(places)
        reader.assign(places)
        for place in places:
            reader.seek(place, since.get(place, 0))
        found: list[ConsumerRecord[bytes | None, bytes | None]] = []
        while any([await reader.position(place) < until[place] for place in places]):
            for batch in (await reader.getmany(timeout_ms=200)).values():
                found += batch
        return found


class PublishedRecord(msgspec.Struct):
    """The fields of a record that the judge compares."""

    tenant: str
    data: "PublishedThing"


class PublishedThing(msgspec.Struct):
    id: str
    version: int
    event_id: str | None = None


decode = msgspec.json.Decoder(PublishedRecord).decode
