"""Topics from which records are erased, on a real broker: what replaces a record makes it vanish."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError
from prometheus_client import REGISTRY
from support.eventually import eventually
from support.kernel_service import KernelService, Thing, a_kernel_service, records_of, running
from support.stack import Postgres, new_state
from support.stack import running as a_server
from support.topics import topic_configs

from shared.health import Health
from shared.kafka.kernel.clients import an_admin, new_producer, stop_producer
from shared.kafka.kernel.dead_letters import (
    KEY_HEADER,
    TOPIC_HEADER,
    dead_letter_key,
    dead_letter_topic,
    encode_headers,
)
from shared.kafka.kernel.topic_reader import partitions_of, topic_reader
from shared.kafka.ops import replay
from shared.kafka.ops.drift import apply, compare, describe_topics
from shared.kafka.ops.metrics_loop import MetricsLoop
from shared.kafka.ops.topic_probe import TopicProbe
from shared.kafka.ops.topics import declared
from shared.privacy.rolling import keys_of

pytestmark = pytest.mark.timeout(180)

LAG_MS = 400
COMPACTED_SOON = {"max.compaction.lag.ms": str(LAG_MS)}
"""A thing is erased as soon as a record comes that is so much younger."""
VANISHED_SOON = {**COMPACTED_SOON, "delete.retention.ms": "100"}
"""Tombstones vanish as well."""


@pytest.fixture(scope="module")
def cleaning() -> Iterator[str]:
    """A broker whose cleaner looks ten times a second for what it can compact."""
    with new_state() as state, a_server("kafka", state):
        asyncio.run(clean_soon(state.kafka))
        yield state.kafka


async def clean_soon(bootstrap: str) -> None:
    async with an_admin(bootstrap) as admin:
        await admin.alter_configs(
            [ConfigResource(ConfigResourceType.BROKER, "1", {"log.cleaner.backoff.ms": "100"})]
        )


@pytest.fixture
async def bench(cleaning: str, postgres: Postgres) -> AsyncIterator[KernelService]:
    async with a_kernel_service(cleaning, postgres) as bench:
        yield bench


async def a_topic(bootstrap: str, name: str = "", **configs: str) -> str:
    """A topic of the kind ``erasable``."""
    made = name or f"erasable-{secrets.token_hex(4)}.v1"
    settings = {**topic_configs(compacted=False, dead=True), **configs}
    async with an_admin(bootstrap) as admin:
        await admin.create_topics([NewTopic(made, 1, 1, topic_configs=settings)])
    return made


async def set_configs(bootstrap: str, topic: str, **configs: str) -> None:
    settings = {**topic_configs(compacted=False, dead=True), **configs}
    async with an_admin(bootstrap) as admin:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, settings)])


async def send(bootstrap: str, topic: str, *records: tuple[bytes | None, bytes | None], **more: Any) -> None:
    producer = new_producer(bootstrap, "test")
    await producer.start()
    try:
        for key, value in records:
            await producer.send_and_wait(topic, value, key, partition=0, **more)
    finally:
        await stop_producer(producer)


async def roll(bootstrap: str, topic: str) -> None:
    """What the loop of ``shared.privacy.rolling`` does, once the lag has passed."""
    await asyncio.sleep(2 * LAG_MS / 1000)
    async with topic_reader(bootstrap, "test") as reader:
        keys = list(keys_of(await partitions_of(reader, [topic])))
    await send(bootstrap, topic, *((key, None) for _, key in keys))


async def values_of(bootstrap: str, topic: str) -> list[bytes]:
    return [value for _, value, _ in await records_of(bootstrap, topic) if value is not None]


async def vanished(bootstrap: str, topic: str, *values: bytes) -> None:
    """Return when the topic, read from 0, holds none of them."""

    async def gone() -> bool:
        return not {*values} & {*await values_of(bootstrap, topic)}

    await eventually(gone, within=60)


async def test_the_older_versions_and_what_a_tombstone_is_for_vanish(cleaning: str) -> None:
    topic = await a_topic(cleaning, **COMPACTED_SOON)
    old, new, other, transaction = b"karen, v1", b"nobody, v2", b"bo, v1", b"karen bought"
    await send(
        cleaning, topic, (b"t/1", old), (b"t/2", other), (b"t/3", transaction), (b"t/1", new), (b"t/3", None)
    )
    await roll(cleaning, topic)
    await vanished(cleaning, topic, old, transaction)
    assert await values_of(cleaning, topic) == [other, new]


async def test_on_a_partition_to_which_nobody_writes_the_rolling_alone_makes_it_vanish(cleaning: str) -> None:
    topic = await a_topic(cleaning, **COMPACTED_SOON)
    await send(cleaning, topic, (b"t/1", b"karen"), (b"t/1", None))
    await asyncio.sleep(5 * LAG_MS / 1000)
    # Kafka keeps the segment that is written to as it is, however old it is.
    assert await values_of(cleaning, topic) == [b"karen"]
    await roll(cleaning, topic)
    await vanished(cleaning, topic, b"karen")


def test_the_rolling_writes_to_every_partition() -> None:
    partitions = [TopicPartition("a", n) for n in range(12)] + [TopicPartition("b", 0)]
    keys = list(keys_of(partitions))
    assert len(keys) == len({*keys}) == 13
    assert [topic for topic, _ in keys] == ["a"] * 12 + ["b"]


async def test_a_topic_becomes_one_from_which_records_are_erased_without_force(cleaning: str) -> None:
    (wanted,) = declared(["answers.v1"], partitions=1, replication=1)
    async with an_admin(cleaning) as admin:
        before = {**wanted.configs, "cleanup.policy": "delete"}
        for name in ("max.compaction.lag.ms", "delete.retention.ms"):
            del before[name]
        await admin.create_topics([NewTopic(wanted.name, 1, 1, topic_configs=before)])

        async def drifts() -> list[Any]:
            return compare([wanted], await describe_topics(admin, [wanted.name]))

        await eventually(lambda: exists(drifts))
        found = await drifts()
        assert {drift.what for drift in found} == {
            "cleanup.policy",
            "max.compaction.lag.ms",
            "delete.retention.ms",
        }
        assert not any(drift.stops_us for drift in found)
        refused = [drift for drift in found if drift.refusal]
        assert refused == []
        health = Health()
        probe = TopicProbe(cleaning, health, [wanted])
        await probe._step()
        assert health.unready() == []
        await send(cleaning, wanted.name, (b"t/1", b"karen"))
        await apply(admin, [wanted], await describe_topics(admin, [wanted.name]), found)
        await eventually(lambda: same(drifts))
        await probe._step()
        assert health.unready() == []
        assert await values_of(cleaning, wanted.name) == [b"karen"]


async def exists(drifts: Any) -> bool:
    return "topic" not in {drift.what for drift in await drifts()}


async def same(drifts: Any) -> bool:
    return not await drifts()


async def test_a_record_without_a_key_is_refused_there(cleaning: str) -> None:
    topic = await a_topic(cleaning)
    with pytest.raises(KafkaError):
        await send(cleaning, topic, (None, b"karen"))


async def test_a_dead_letter_without_a_key_of_the_version_before_is_published_all_the_same(
    bench: KernelService,
) -> None:
    dead = dead_letter_topic(bench.topic.name, "test")
    headers = encode_headers(bench.topic.name, 0, 7, None, "unreadable", bench.database.clock(), [])
    async with bench.database.transaction() as uow:
        uow.add_dead_letter(dead, None, b"{", headers)
    async with running(bench.relay()):
        await eventually(lambda: empty(bench), within=20)
    ((key, value, _),) = await records_of(bench.bootstrap, dead)
    assert (key, value) == (dead_letter_key(bench.topic.name, 0, 7), b"{")
    (waiting,) = await replay.waiting(bench.bootstrap, dead)
    assert (waiting.key, waiting.value) == (None, b"{")


async def empty(bench: KernelService) -> bool:
    async with bench.database.reading() as uow:
        return not (await uow.execute("SELECT 1 FROM outbox")).all()


async def test_a_consumer_goes_on_over_what_is_gone_and_its_lag_ends(bench: KernelService) -> None:
    bench.topic, topic = replace(bench.topic, erasable=True), bench.topic.name
    await set_configs(bench.bootstrap, topic, **VANISHED_SOON)
    async with running(bench.consumer()):
        await bench.send(Thing(id="t1", version=1, colour="red"))
        await eventually(lambda: at(bench, 1), within=20)
    first = bench.record(Thing(id="t1", version=2, colour="blue"))
    last = bench.record(Thing(id="t1", version=3, colour="green"))
    await send(bench.bootstrap, topic, *(first for _ in range(5)), last, (b"acme/x", None))
    for _ in range(3):
        await roll(bench.bootstrap, topic)
    await vanished(bench.bootstrap, topic, first[1])
    loop = MetricsLoop(bench.database, "test", [topic], bench.bootstrap, Health())
    async with topic_reader(bench.bootstrap, "test") as reader:
        (tp,) = await partitions_of(reader, [topic])
        end = (await reader.end_offsets([tp]))[tp]
        await loop._measure(reader)
        assert lag(topic) == end - 1
        async with running(bench.consumer()):
            await eventually(lambda: at(bench, end), within=20)
        await loop._measure(reader)
        assert lag(topic) == 0
    assert await bench.tally() == {"green": 1}
    assert await bench.dead_letters() == []


async def at(bench: KernelService, offset: int) -> bool:
    return await bench.position() == offset


def lag(topic: str) -> float | None:
    labels = {"service": "test", "topic": topic, "partition": "0"}
    return REGISTRY.get_sample_value("afterword_lag_records", labels)


async def test_dead_letters_that_were_erased_are_passed_over_by_a_replay(bench: KernelService) -> None:
    dead = dead_letter_topic(bench.topic.name, "test")
    await set_configs(bench.bootstrap, dead, **COMPACTED_SOON)
    good = [bench.record(Thing(id=f"t{n}", version=1, colour="red")) for n in range(4)]
    letters = [(dead_letter_key(bench.topic.name, 0, n), record) for n, record in enumerate(good)]
    for n, (key, (own, value)) in enumerate(letters):
        await send(bench.bootstrap, dead, (key, value), headers=place_headers(bench, n, own))
    # One of the version before: its key is that of the record.
    await send(bench.bootstrap, dead, (good[3][0], None), headers=place_headers(bench, 9, None))
    erased = [letters[0], letters[2]]
    await send(bench.bootstrap, dead, *((key, None) for key, _ in erased))
    assert await left(bench, dead) == [*own_keys(good, 0, 1, 2, 3), good[3][0]]
    await roll(bench.bootstrap, dead)
    await vanished(bench.bootstrap, dead, *(value for _, (_, value) in erased))
    assert await left(bench, dead) == [*own_keys(good, 1, 3), good[3][0]]
    assert await replay.replay(bench.bootstrap, dead, most=1) == 1
    assert await left(bench, dead) == [good[3][0], good[3][0]]
    assert await replay.replay(bench.bootstrap, dead, most=10) == 2
    assert await left(bench, dead) == []
    replayed = await records_of(bench.bootstrap, bench.topic.name)
    assert [(key, value) for key, value, _ in replayed] == [good[1], good[3], (good[3][0], None)]


def place_headers(bench: KernelService, offset: int, own: bytes | None) -> Sequence[tuple[str, bytes]]:
    place = {"topic": bench.topic.name, "partition": "0", "offset": str(offset), "reason": "bug", "at": "now"}
    headers = [(f"afterword-{name}", text.encode()) for name, text in place.items()]
    assert headers[0][0] == TOPIC_HEADER
    return headers if own is None else [*headers, (KEY_HEADER, own)]


def own_keys(records: Sequence[tuple[bytes, bytes]], *which: int) -> list[bytes]:
    return [records[n][0] for n in which]


async def left(bench: KernelService, dead: str) -> list[bytes | None]:
    return [letter.key for letter in await replay.waiting(bench.bootstrap, dead)]
