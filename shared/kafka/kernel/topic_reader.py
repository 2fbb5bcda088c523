"""Read a part of a topic once, without a consumer group."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.kafka.kernel.clients import new_reader, stop_consumer
from shared.kafka.kernel.handling import Record


@asynccontextmanager
async def topic_reader(bootstrap: str, name: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of no group that is connected while the block runs."""
    reader = new_reader(bootstrap, name)
    try:
        await reader.start()
        yield reader
    finally:
        await stop_consumer(reader)


async def partitions_of(reader: AIOKafkaConsumer, topics: Sequence[str]) -> list[TopicPartition]:
    """The partitions of those of the topics that exist."""
    client = reader._client  # noqa: SLF001  (the public method asks for missing topics for ever)
    known = await client.fetch_all_metadata()
    found = []
    for topic in sorted(topics):
        if partitions := known.partitions_for_topic(topic):
            client.add_topic(topic)  # else each request for offsets fetches the metadata of one topic: 0.1 s
            found += [TopicPartition(topic, partition) for partition in sorted(partitions)]
    return found


async def records_between(
    reader: AIOKafkaConsumer, since: Mapping[TopicPartition, int], until: Mapping[TopicPartition, int]
) -> AsyncIterator[tuple[TopicPartition, Sequence[Record]]]:
    """The records from ``since`` up to ``until`` of each partition, in batches of one partition."""
    left = {tp for tp, offset in since.items() if offset < until[tp]}
    if not left:
        return
    reader.assign(sorted(left))
    for tp in left:
        reader.seek(tp, since[tp])
    while left:
        for tp, records in (await reader.getmany(timeout_ms=500, max_records=500)).items():
            wanted = [record for record in records if record.offset < until[tp]]
            if wanted:
                yield tp, wanted
        for tp in sorted(left):  # by the position: records that compaction removed cannot be counted
            if await reader.position(tp) >= until[tp]:
                left.discard(tp)
                reader.pause(tp)
