"""The broker stops and returns while everything runs: that is reported, and nothing is lost or counted twice."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaTimeoutError
from support.eventually import eventually
from support.kernel_service import KernelService, Thing, a_kernel_service, running
from support.stack import Postgres, new_state
from support.stack import running as a_part

from deploy.local.state import State
from shared.kafka.kernel import Publisher, Unavailable
from shared.kafka.kernel import consumer as consumer_module
from shared.kafka.kernel.clients import new_consumer
from shared.kafka.kernel.consumer import BatchConsumer
from shared.kafka.ops.topic_probe import TopicProbe

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def state() -> AsyncIterator[State]:
    with new_state() as state:
        yield state


def red(*ids: str) -> list[Thing]:
    return [Thing(id=each, version=1, colour="red") for each in ids]


async def test_a_broker_outage_is_reported_and_all_go_on_when_it_returns(
    state: State, postgres: Postgres
) -> None:
    with a_part("kafka", state):
        bench_opened = a_kernel_service(state.kafka, postgres)
        bench = await bench_opened.__aenter__()
    try:
        publisher = Publisher(state.kafka, "test", bench.health, acknowledge_timeout_s=2.0)
        loops = (bench.consumer(), bench.relay(), publisher, TopicProbe(state.kafka, bench.health))
        async with running(*loops):
            await eventually(lambda: _says(bench, "broker"), within=30)
            with pytest.raises(Unavailable):
                await publisher.publish(bench.topic.name, [bench.record(red("lost")[0])])
            for round_ in range(2):
                with a_part("kafka", state):
                    await eventually(lambda: not bench.health.unready(), within=60)
                    await _publish(bench, publisher, f"r{round_}")
                    await eventually(partial(_counted, bench, round_ + 1), within=60)
                await eventually(lambda: _says(bench, "broker"), within=30)
                assert bench.health.stalled() == []
    finally:
        await bench_opened.__aexit__(None, None, None)


async def test_publishing_while_the_broker_restarts_waits_and_is_not_refused(
    state: State, postgres: Postgres
) -> None:
    with a_part("kafka", state):
        bench_opened = a_kernel_service(state.kafka, postgres)
        bench = await bench_opened.__aenter__()
    try:
        publisher = Publisher(state.kafka, "test", bench.health)
        async with running(publisher):
            with a_part("kafka", state):
                await _publish(bench, publisher, "before")
            meanwhile = asyncio.create_task(
                publisher.publish(bench.topic.name, [bench.record(red("meanwhile")[0])])
            )
            with a_part("kafka", state):
                await meanwhile
    finally:
        await bench_opened.__aexit__(None, None, None)


async def test_a_lost_partition_is_not_reported_as_unready_for_ever(kafka: str, postgres: Postgres) -> None:
    async with a_kernel_service(kafka, postgres) as bench:
        consumer: BatchConsumer[Thing] = bench.consumer()
        async with running(consumer):
            await bench.send(*red("a"))
            await eventually(lambda: _counted(bench, 1))
            lost = next(iter(consumer._owned))._replace(partition=77)
            consumer._set_unready(lost, "OperationalError")
            assert bench.health.unready()
            await eventually(lambda: not bench.health.unready())


async def test_a_client_that_no_broker_answers_any_more_is_replaced(
    kafka: str, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients: list[AIOKafkaConsumer] = []

    def deaf_at_first(*given: Any, **named: Any) -> AIOKafkaConsumer:
        clients.append(new_consumer(*given, **named))
        if len(clients) == 1:
            monkeypatch.setattr(clients[0], "beginning_offsets", _unanswered)
        return clients[-1]

    monkeypatch.setattr(consumer_module, "new_consumer", deaf_at_first)
    async with a_kernel_service(kafka, postgres) as bench:
        await bench.send(*red("a"))
        async with running(bench.consumer()):
            await eventually(lambda: _counted(bench, 1), within=30)
    assert len(clients) == 2


async def _unanswered(_: object) -> None:
    raise KafkaTimeoutError


def _says(bench: KernelService, what: str) -> bool:
    return any(line.startswith(what) for line in bench.health.unready())


async def _publish(bench: KernelService, publisher: Publisher, id_: str) -> None:
    async def published() -> bool:
        try:
            await publisher.publish(bench.topic.name, [bench.record(red(id_)[0])])
        except Unavailable:
            return False
        return True

    await eventually(published, within=60)


async def _counted(bench: KernelService, n: int) -> bool:
    return (await bench.tally()).get("red") == n
