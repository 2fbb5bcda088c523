"""The servers of a run: a Kafka and a PostgreSQL of its own, with databases as a service migrates them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from support.eventually import eventually
from support.stack import Postgres, new_state, running
from support.topics import PARTITIONS, topic_configs

from deploy.local.state import State
from shared.db.database import Database
from shared.db.migrations import migrate
from shared.events import TOPICS
from shared.health import Health
from shared.kafka.kernel.clients import new_admin, new_producer, partition_of

Record = tuple[bytes, bytes]
RECORDS_PER_PORTION = 1_000


@dataclass
class Servers:
    """Kafka and PostgreSQL, with the size of the run."""

    state: State
    rounds: int
    scale: float
    server_pids: dict[str, int]
    """The process of each server by its name."""
    _templates: dict[str, str] = field(default_factory=dict)

    def size(self, whole: int) -> int:
        """The scaled size of a measure; ``whole`` at full scale."""
        return max(int(whole * self.scale), 500)

    @asynccontextmanager
    async def database(self, service: str) -> AsyncIterator[Database]:
        """A new, empty database, dropped at the end."""
        postgres = Postgres(self.state)
        if service not in self._templates:
            url = await postgres.create_database(service)
            await migrate(service, url)
            self._templates[service] = url
        url = await postgres.create_database(service, template=self._templates[service])
        database = Database(url, name="bench")
        try:
            yield database
        finally:
            await database.close()
            await postgres.drop_database(url)

    async def fill(self, topic: str, records: Sequence[Record]) -> None:
        """Create the topic anew with the product's settings and write these records, by key."""
        await new_topics(self.state.kafka, topic)
        producer = new_producer(self.state.kafka, "bench")
        await producer.start()
        try:
            await send_all(producer, topic, records, PARTITIONS)
        finally:
            await producer.stop()

    def health(self) -> Health:
        return Health()


async def new_topics(bootstrap: str, *names: str) -> None:
    """Create empty topics with the product's partitions and settings."""
    admin = new_admin(bootstrap)
    await admin.start()
    try:
        await remove_topics(admin, *names)
        # A baseline's topic takes records without a key, which compaction would refuse.
        configs = topic_configs(compacted=False)
        bare = {**configs, "cleanup.policy": "delete"}
        known = {topic.name for topic in TOPICS}
        response = await admin.create_topics(
            [
                NewTopic(name, PARTITIONS, 1, topic_configs=configs if name in known else bare)
                for name in names
            ]
        )
        if failed := [error for error in response.topic_errors if error[1]]:  # type: ignore[attr-defined]
            raise RuntimeError(f"topics were not made: {failed}")
    finally:
        await admin.close()


async def remove_topics(admin: AIOKafkaAdminClient, *names: str) -> None:
    """Delete those that exist, and return when they are gone."""
    if old := sorted(set(await admin.list_topics()) & set(names)):
        await admin.delete_topics(old)

        async def gone() -> bool:
            return not set(await admin.list_topics()) & set(names)

        # The broker deletes on after its response.
        await eventually(gone, within=60)


async def send_all(
    producer: AIOKafkaProducer, topic: str, records: Sequence[Record], partitions: int
) -> None:
    """Publish without our code: batches for each partition, sent and acknowledged portion by portion."""
    for first in range(0, len(records), RECORDS_PER_PORTION):
        await send_portion(producer, topic, records[first : first + RECORDS_PER_PORTION], partitions)


async def send_portion(
    producer: AIOKafkaProducer, topic: str, records: Sequence[Record], partitions: int
) -> None:
    """Send one portion as aiokafka's documentation sends a batch, and wait for its acknowledgement."""
    batches = {}
    for key, value in records:
        partition = partition_of(key, partitions)
        if partition not in batches:
            batches[partition] = producer.create_batch()
        if batches[partition].append(key=key, value=value, timestamp=None) is None:
            raise RuntimeError("a portion is larger than a batch")
    sent = [await producer.send_batch(batch, topic, partition=at) for at, batch in batches.items()]
    await asyncio.gather(*sent)


async def topic_reader(bootstrap: str, topic: str) -> tuple[AIOKafkaConsumer, int]:
    """An aiokafka consumer at the beginning of the topic, and how many records the topic has."""
    reader = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=1_100_000,
    )
    await reader.start()
    places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    reader.assign(places)
    ends = await reader.end_offsets(places)
    return reader, sum(ends.values())


@asynccontextmanager
async def running_servers(rounds: int, scale: float) -> AsyncIterator[Servers]:
    """Kafka and PostgreSQL while the context lasts; their data are deleted at the end."""
    with (
        new_state() as state,
        running("kafka", state) as kafka,
        running("postgres", state) as postgres,
    ):
        yield Servers(state, rounds, scale, {"Kafka": kafka.pid, "PostgreSQL": postgres.pid})
