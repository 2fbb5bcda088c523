"""Topics read apart from any group: what stands on them between two offsets, once."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.kafka.kernel.clients import new_reader, stop_consumer
from shared.kafka.kernel.handling import Record


@asynccontextmanager
async def topic_reader(bootstrap: str, name: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of no group, for as long as the block lasts."""
    reader = new_reader(bootstrap, name)
    try:
        await reader.start()
        yield reader
    finally:
        await stop_consumer(reader)


async def partitions_of(reader: AIOKafkaConsumer, topics: Sequence[str]) -> list[TopicPartition]:
    """The partitions of those of the topics that there are."""
    client = reader._client  # noqa: SLF001  (the reader's own way asks for topics for ever)
    known = await client.fetch_all_metadata()
    places = []
    for topic in sorted(topics):
        if partitions := known.partitions_for_topic(topic):
            client.add_topic(topic)  # else whoever asks for offsets makes them known one by one, 0.1 s each
            places += [TopicPartition(topic, partition) for partition in sorted(partitions)]
    return places


async def records_between(
    reader: AIOKafkaConsumer, since: Mapping[TopicPartition, int], until: Mapping[TopicPartition, int]
) -> AsyncIterator[tuple[TopicPartition, Sequence[Record]]]:
    """What stands there, in batches of one partition each."""
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
        for tp in sorted(left):  # by the position, since what compaction took leaves no record to count
            if await reader.position(tp) >= until[tp]:
                left.discard(tp)
                reader.pause(tp)
