"""Topics on a real broker: differences are reported, safe ones are ended, and services wait for the rest."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import InvalidReplicationFactorError
from support.eventually import eventually
from support.kernel_service import delete_topic, running

from shared.diagnosis import describe
from shared.health import Health
from shared.kafka.kernel.clients import an_admin
from shared.kafka.ops.drift import Drift, apply, compare, describe_topics
from shared.kafka.ops.topic_probe import TopicProbe
from shared.kafka.ops.topics import TopicSpec
from shared.runtime import after

CONFIGS = {
    "message.timestamp.type": "LogAppendTime",
    "max.message.bytes": "557056",
    "cleanup.policy": "delete",
    "retention.ms": "1000000",
}


def a_topic(partitions: int = 2, replication: int = 1, name: str = "", **changes: str) -> TopicSpec:
    configs = CONFIGS | {key.replace("_", "."): value for key, value in changes.items()}
    return TopicSpec(name or f"declared-{secrets.token_hex(4)}.v1", partitions, replication, configs)


@pytest.fixture
async def admin(kafka: str) -> AsyncIterator[AIOKafkaAdminClient]:
    async with an_admin(kafka) as admin:
        yield admin


async def drifts(admin: AIOKafkaAdminClient, *wanted: TopicSpec) -> list[Drift]:
    return compare(wanted, await describe_topics(admin, [topic.name for topic in wanted]))


async def make_so(
    admin: AIOKafkaAdminClient, *wanted: TopicSpec, only: Sequence[Drift] | None = None
) -> None:
    found = await describe_topics(admin, [topic.name for topic in wanted])
    await apply(admin, wanted, found, compare(wanted, found) if only is None else only)


async def test_what_is_missing_is_created_as_declared(admin: AIOKafkaAdminClient) -> None:
    topics = [a_topic(), a_topic(3, cleanup_policy="compact")]
    assert [drift.what for drift in await drifts(admin, *topics)] == ["topic", "topic"]
    await make_so(admin, *topics)
    await eventually(lambda: same(admin, *topics))


async def same(admin: AIOKafkaAdminClient, *wanted: TopicSpec) -> bool:
    return not await drifts(admin, *wanted)


async def test_a_changed_setting_leaves_the_others_of_the_topic_alone(admin: AIOKafkaAdminClient) -> None:
    was = a_topic(message_timestamp_type="CreateTime", segment_ms="3600000")
    await make_so(admin, was)
    await eventually(lambda: same(admin, was))
    wanted = a_topic(name=was.name)
    (drift,) = await drifts(admin, wanted)
    assert (drift.what, drift.declared, drift.there) == (
        "message.timestamp.type",
        *("LogAppendTime", "CreateTime"),
    )
    await make_so(admin, wanted)
    await eventually(lambda: same(admin, a_topic(name=was.name, segment_ms="3600000")))


async def test_partitions_are_added_by_force(admin: AIOKafkaAdminClient) -> None:
    was = a_topic(1)
    await make_so(admin, was)
    await eventually(lambda: same(admin, was))
    wanted = a_topic(4, name=was.name)
    (drift,) = await drifts(admin, wanted)
    assert drift.stops_us
    assert "--force" in drift.refusal
    await make_so(admin, wanted, only=[drift])
    await eventually(lambda: same(admin, wanted))


async def test_more_copies_than_brokers_are_refused_in_words(admin: AIOKafkaAdminClient) -> None:
    with pytest.raises(InvalidReplicationFactorError) as refused:
        await make_so(admin, a_topic(1, 3))
    assert "AFTERWORD_TOPIC_REPLICATION" in describe(refused.value)


async def test_missing_or_wrong_topics_are_reported_and_waited_for(
    kafka: str, admin: AIOKafkaAdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.kafka.ops.topic_probe.PROBE_INTERVAL_S", 0.1)
    narrow = a_topic(1)
    await make_so(admin, narrow)
    await eventually(lambda: same(admin, narrow))
    wanted, missing, health, begun = a_topic(2, name=narrow.name), a_topic(), Health(), asyncio.Event()
    probe = TopicProbe(kafka, health, [wanted, missing])

    class Worker:
        async def run(self, stopping: asyncio.Event) -> None:
            async def work(stop: asyncio.Event) -> None:
                begun.set()
                await stop.wait()

            await after(probe.ready, work)(stopping)

    async with running(probe, Worker()):
        await eventually(lambda: bool(health.unready()))
        (told,) = health.unready()
        assert f"{narrow.name} has partitions 1, declared is 2" in told
        assert f"{missing.name} is missing" in told
        assert "afterword topics apply" in told
        assert not begun.is_set()
        await make_so(admin, wanted, missing)
        await eventually(begun.is_set)
        await eventually(lambda: not health.unready())
        await delete_topic(kafka, missing.name)
        await eventually(lambda: bool(health.unready()))
