"""The relay, its producer and the dead letters, against the real broker and database."""

import asyncio
import secrets
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from sqlalchemy import text
from support.eventually import eventually
from support.kernel_service import KernelService, Thing, a_kernel_service, records_of, running
from support.stack import Postgres

from shared.db import notifications
from shared.errors import Unprocessable
from shared.health import Health
from shared.kafka.kernel import Publisher, Unavailable
from shared.kafka.kernel import relay as relay_module
from shared.kafka.kernel.dead_letters import dead_letter_topic
from shared.kafka.ops import replay
from shared.limits import MAX_EVENT_BYTES


@pytest.fixture
async def bench(kafka: str, postgres: Postgres) -> AsyncIterator[KernelService]:
    async with a_kernel_service(kafka, postgres) as bench:
        yield bench


async def publish(bench: KernelService, *things: Thing) -> None:
    async with bench.database.transaction() as uow:
        for thing in things:
            uow.publish(bench.topic, "acme", thing)


async def published(bench: KernelService) -> list[str]:
    return [
        bench.topic.decode(value).data.id
        for _, value, _ in await records_of(bench.bootstrap, bench.topic.name)
    ]


async def empty(bench: KernelService) -> bool:
    async with bench.database.reading() as uow:
        waiting: int = (await uow.execute("SELECT count(*) FROM outbox")).scalar_one()
    return waiting == 0


async def test_the_outbox_is_published_in_order_and_emptied(bench: KernelService) -> None:
    await publish(bench, *(Thing(id=f"{i:04}", version=1, colour="red") for i in range(3_000)))
    async with running(bench.relay()):
        await eventually(lambda: empty(bench), within=20)
    assert await published(bench) == [f"{i:04}" for i in range(3_000)]


async def test_a_transaction_that_failed_publishes_nothing(bench: KernelService) -> None:
    with pytest.raises(RuntimeError):  # noqa: PT012  (the failure ends the block that spoke)
        async with bench.database.transaction() as uow:
            uow.publish(bench.topic, "acme", Thing(id="never", version=1, colour="red"))
            raise RuntimeError
    await publish(bench, Thing(id="always", version=1, colour="red"))
    async with running(bench.relay()):
        await eventually(lambda: empty(bench))
    assert await published(bench) == ["always"]


async def test_a_row_that_commits_late_is_published_though_younger_ones_went_before(
    bench: KernelService,
) -> None:
    async with running(bench.relay()):
        async with bench.database.transaction() as late:
            late.publish(bench.topic, "acme", Thing(id="late", version=1, colour="red"))
            await late.flush()
            await publish(bench, Thing(id="early", version=1, colour="red"))
            await eventually(lambda: _are_published(bench, ["early"]))
        await eventually(lambda: _are_published(bench, ["early", "late"]))
    assert await empty(bench)


async def test_of_two_relays_one_publishes_and_the_other_takes_over(bench: KernelService) -> None:
    first, second = bench.relay(), bench.relay()
    async with running(first) as stop_first, running(second):
        await publish(bench, Thing(id="a", version=1, colour="red"))
        await eventually(lambda: empty(bench))
        stop_first.set()
        await publish(bench, Thing(id="b", version=1, colour="red"))
        await eventually(lambda: empty(bench), within=15)
    assert await published(bench) == ["a", "b"]


async def test_a_relay_that_dies_between_acknowledgement_and_deletion_publishes_again(
    bench: KernelService, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaths = 0
    send = relay_module.send

    async def send_and_die(producer: AIOKafkaProducer, rows: Sequence[Any]) -> None:
        nonlocal deaths
        await send(producer, rows)
        if deaths == 0:
            deaths += 1
            raise ConnectionResetError

    monkeypatch.setattr(relay_module, "send", send_and_die)
    await publish(bench, Thing(id="twice", version=1, colour="red"))
    async with running(bench.relay(), bench.consumer()):
        await eventually(lambda: empty(bench), within=15)
        await eventually(lambda: _position(bench, 2))
    assert await published(bench) == ["twice", "twice"]
    assert await bench.tally() == {"red": 1}


async def test_a_relay_whose_session_is_ended_goes_on_by_itself(bench: KernelService) -> None:
    async with running(bench.relay()):
        await publish(bench, Thing(id="a", version=1, colour="red"))
        await eventually(lambda: empty(bench))
        async with bench.database.engine.connect() as connection:
            await connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'test-relay'"
                )
            )
        await publish(bench, Thing(id="b", version=1, colour="red"))
        await eventually(lambda: empty(bench), within=20)
    assert await published(bench) == ["a", "b"]


async def test_an_idle_relay_is_woken_by_the_transaction_that_fills_the_outbox(
    bench: KernelService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "POLL_INTERVAL_S", 60.0)
    async with running(bench.relay()):
        for n in range(3):
            await publish(bench, Thing(id=f"{n}", version=1, colour="red"))
            await eventually(lambda: empty(bench), within=20)
    assert await published(bench) == ["0", "1", "2"]


async def test_a_lost_notification_delays_a_row_until_the_next_poll(bench: KernelService) -> None:
    async with running(bench.relay()):
        await publish(bench, Thing(id="a", version=1, colour="red"))
        await eventually(lambda: empty(bench))
        key, value = bench.record(Thing(id="b", version=1, colour="red"))
        async with bench.database.transaction() as uow:
            await uow.execute(
                "INSERT INTO outbox (topic, key, value) VALUES (:topic, :key, :value)",
                {"topic": bench.topic.name, "key": key, "value": value},
            )
        await eventually(lambda: empty(bench), within=2 * relay_module.POLL_INTERVAL_S)
    assert await published(bench) == ["a", "b"]


def test_only_the_session_of_a_frozen_relay_is_idle_until_postgresql_ends_it() -> None:
    assert relay_module.POLL_INTERVAL_S < notifications.IDLE_SESSION_TIMEOUT_S / 2
    assert notifications.KEEPALIVE_INTERVAL_S < notifications.IDLE_SESSION_TIMEOUT_S / 2


async def test_records_as_large_as_allowed_pass_together_and_larger_ones_are_refused(
    bench: KernelService,
) -> None:
    largest = "x" * (MAX_EVENT_BYTES - 600)
    await publish(bench, *(Thing(id=f"{i}", version=1, colour=largest) for i in range(4)))
    async with running(bench.relay()):
        await eventually(lambda: empty(bench), within=20)
    assert await published(bench) == ["0", "1", "2", "3"]
    with pytest.raises(Unprocessable):
        await publish(bench, Thing(id="too large", version=1, colour="x" * MAX_EVENT_BYTES))


async def test_dead_letters_are_listed_and_replayed_once_their_cause_is_mended(
    bench: KernelService, kafka: str
) -> None:
    dead = dead_letter_topic(bench.topic.name, "test")
    await bench.send(
        Thing(id="a", version=1, colour="impossible"), b"\xff", Thing(id="b", version=1, colour="red")
    )
    async with running(bench.consumer(), bench.relay()):
        await eventually(lambda: _position(bench, 3))
        await eventually(lambda: empty(bench))
    waiting = await replay.waiting(kafka, dead)
    assert [(letter.topic, letter.original_offset) for letter in waiting] == [
        (bench.topic.name, "0"),
        (bench.topic.name, "1"),
    ]
    assert waiting[1].value == b"\xff"
    assert waiting[0].reason == "there is no such colour"

    assert await replay.replay(kafka, dead, most=1) == 1

    assert [letter.value for letter in await replay.waiting(kafka, dead)] == [b"\xff"]
    again = await records_of(bench.bootstrap, bench.topic.name)
    assert again[-1][1] == waiting[0].value


async def test_the_publisher_returns_when_the_broker_has_acknowledged(bench: KernelService) -> None:
    publisher = Publisher(bench.bootstrap, "test", bench.health)
    async with running(publisher):
        await eventually(lambda: publisher._producer)
        await publisher.publish(bench.topic.name, [bench.record(Thing(id="a", version=1, colour="red"))])
        assert await published(bench) == ["a"]


@pytest.mark.parametrize("count", [1, 50])
async def test_records_that_are_published_while_it_stops_are_acknowledged(
    bench: KernelService, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    publisher, looking, go_on = (
        Publisher(bench.bootstrap, "test", bench.health), asyncio.Event(), asyncio.Event()
    )  # fmt: skip
    records = [bench.record(Thing(id=f"{n:02}", version=1, colour="red")) for n in range(count)]
    async with running(publisher):
        producer = await eventually(lambda: publisher._producer)
        look: Callable[[str], Awaitable[set[int]]] = producer.partitions_for

        async def slowly(topic: str) -> set[int]:
            looking.set()
            await go_on.wait()
            return await look(topic)

        monkeypatch.setattr(producer, "partitions_for", slowly)
        publishing = asyncio.create_task(publisher.publish(bench.topic.name, records))
        await looking.wait()
        asyncio.get_running_loop().call_later(0.5, go_on.set)
    await publishing
    assert await published(bench) == [f"{n:02}" for n in range(count)]


async def test_many_records_at_once_are_all_acknowledged_in_the_order_of_each_key(
    bench: KernelService,
) -> None:
    publisher = Publisher(bench.bootstrap, "test", bench.health)
    versions = range(1, 51)
    records = [
        bench.record(Thing(id=name, version=at, colour="red" * 5_000)) for at in versions for name in "ab"
    ]
    async with running(publisher):
        await eventually(lambda: publisher._producer)
        await publisher.publish(bench.topic.name, records)
        things = [
            bench.topic.decode(value).data
            for _, value, _ in await records_of(bench.bootstrap, bench.topic.name)
        ]
    for name in "ab":
        assert [thing.version for thing in things if thing.id == name] == list(versions)


async def test_many_large_records_at_once_share_no_batch_that_the_topic_refuses(bench: KernelService) -> None:
    publisher = Publisher(bench.bootstrap, "test", bench.health)
    large = [
        bench.record(Thing(id=f"{i}", version=1, colour=secrets.token_urlsafe(75_000))) for i in range(40)
    ]
    async with running(publisher):
        await eventually(lambda: publisher._producer)
        await asyncio.gather(*(publisher.publish(bench.topic.name, [record]) for record in large))
    assert len(await published(bench)) == 40


async def test_without_a_broker_the_publisher_refuses_at_once_and_stops_at_once() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = f"127.0.0.1:{free.getsockname()[1]}"
    health = Health()
    publisher = Publisher(nowhere, "test", health)
    async with running(publisher):
        await eventually(health.unready)
        with pytest.raises(Unavailable):
            await publisher.publish("things.v1", [(b"k", b"v")])
        stopped_at = time.monotonic()
    assert time.monotonic() - stopped_at < 10


async def test_a_topic_that_does_not_exist_is_no_acknowledgement(kafka: str) -> None:
    health = Health()
    publisher = Publisher(kafka, "test", health, acknowledge_timeout_s=1.0)
    async with running(publisher):
        await eventually(lambda: publisher._producer)
        with pytest.raises(Unavailable):
            await publisher.publish(f"missing-{secrets.token_hex(4)}", [(b"k", b"v")])


async def _are_published(bench: KernelService, ids: list[str]) -> bool:
    return await published(bench) == ids


async def _position(bench: KernelService, at: int) -> bool:
    return await bench.position() == at
