"""A topic that is not the one it was: refused until ``recover``, then read whole, and nothing counts twice."""

from collections.abc import AsyncIterator

import pytest
from aiokafka import TopicPartition
from support.eventually import eventually
from support.kernel_service import (
    KernelService,
    a_kernel_service,
    create_topics,
    delete_records,
    delete_topic,
    keep_things,
    running,
    things,
    topics,
)
from support.stack import Postgres

from shared.kafka.kernel import Subscription
from shared.kafka.ops.recovery import Recoverer, Recovery, RecoveryRefused


@pytest.fixture
async def bench(kafka: str, postgres: Postgres) -> AsyncIterator[KernelService]:
    async with a_kernel_service(kafka, postgres) as bench:
        yield bench


def recoverer(bench: KernelService, told: list[str] | None = None) -> Recoverer:
    subscription = Subscription(bench.topic, keep_things)
    tell = (told if told is not None else []).append
    return Recoverer(
        bench.database,
        "test",
        [subscription.topic.name],
        Recovery(),
        bench.bootstrap,
        tell,
        stop_timeout_s=1.0,
    )


async def consumed(bench: KernelService, position: int) -> None:
    async def there() -> bool:
        return await bench.position() == position

    async with running(bench.consumer()):
        await eventually(there)


async def refused(bench: KernelService) -> None:
    async with running(bench.consumer()):
        await eventually(lambda: "see afterword recover" in str(bench.health.unready()))


async def create_again(bench: KernelService) -> None:
    await delete_topic(bench.bootstrap, bench.topic.name)

    async def gone() -> bool:
        return bench.topic.name not in await topics(bench.bootstrap)

    async def there() -> bool:
        return bench.topic.name in await topics(bench.bootstrap)

    await eventually(gone)
    await create_topics(bench.bootstrap, [bench.topic.name])
    await eventually(there)


async def test_a_topic_created_again_is_refused_then_recovered_and_read_from_its_beginning(
    bench: KernelService,
) -> None:
    await bench.send(*things(20))
    await consumed(bench, 20)
    await create_again(bench)
    await bench.send(*things(5, "blue", version=2))
    await refused(bench)
    (position,) = (await recoverer(bench).inspect()).refused
    assert (position.next_offset, position.beginning) == (20, 0)
    assert await bench.position() == 20
    await recoverer(bench).recover(restored=False)
    await consumed(bench, 5)
    assert await bench.tally() == {"red": 15, "blue": 5}
    assert (await recoverer(bench).inspect()).refused == []


async def test_a_topic_that_has_grown_past_the_old_position_is_read_from_its_beginning_too(
    bench: KernelService,
) -> None:
    await bench.send(*things(5))
    await consumed(bench, 5)
    await create_again(bench)
    await bench.send(*things(5), *things(10, "blue", version=2))
    await refused(bench)
    assert await bench.tally() == {"red": 5}
    await recoverer(bench).recover(restored=False)
    await consumed(bench, 15)
    assert await bench.tally() == {"blue": 10}


async def test_a_second_recovery_finds_nothing_to_do_and_changes_nothing(bench: KernelService) -> None:
    await bench.send(*things(8))
    await consumed(bench, 8)
    await create_again(bench)
    for _ in range(2):
        await recoverer(bench).recover(restored=False)
        assert await bench.position() == 0
    await bench.send(*things(3, "blue", version=2))
    await consumed(bench, 3)
    found = await recoverer(bench).recover(restored=False)
    assert (found.refused, found.missing_rows) == ([], 0)
    assert await bench.position() == 3


async def test_records_deleted_before_they_were_applied_are_reported_and_the_rest_is_read(
    bench: KernelService,
) -> None:
    await bench.send(*things(4))
    await consumed(bench, 4)
    await bench.send(*things(10, "blue", version=2))
    await delete_records(bench.bootstrap, TopicPartition(bench.topic.name, 0), before=9)
    (position,) = (await recoverer(bench).recover(restored=False)).refused
    assert position.beginning is not None
    assert position.beginning - position.next_offset == 5
    await consumed(bench, 14)
    assert await bench.tally() == {"red": 4, "blue": 5}


async def test_nothing_is_recovered_beside_a_worker(bench: KernelService) -> None:
    async with running(bench.relay()):
        await eventually(lambda: _relay_holds_its_lock(bench))
        with pytest.raises(RecoveryRefused, match="A worker of test runs"):
            await recoverer(bench).recover(restored=False)


async def _relay_holds_its_lock(bench: KernelService) -> bool:
    async with bench.database.reading() as uow:
        found = await uow.execute(
            "SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
            "WHERE l.locktype = 'advisory' AND d.datname = current_database()"
        )
        return found.one_or_none() is not None
