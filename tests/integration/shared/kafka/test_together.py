"""What comes of several partitions is applied in one transaction, and what is wrong with one harms no other."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from support.eventually import eventually
from support.kernel_service import KernelService, Thing, a_kernel_service, keep_things, running
from support.stack import Postgres

from shared.db.database import UnitOfWork
from shared.events.envelope import Event
from shared.kafka.kernel import positions
from shared.kafka.kernel.consumer import MAX_DEAD_LETTERS_IN_A_ROW, PartitionBatch
from shared.kafka.kernel.positions import Position, PositionMove
from shared.telemetry import metrics


@pytest.fixture
async def bench(kafka: str, postgres: Postgres) -> AsyncIterator[KernelService]:
    async with a_kernel_service(kafka, postgres, partitions=2) as bench:
        yield bench


def things(place: str, n: int, version: int = 1) -> list[Thing]:
    return [Thing(id=f"{place}-{number}", version=version, colour=place) for number in range(n)]


def part(bench: KernelService, number: int, given: Sequence[Thing]) -> tuple[TopicPartition, PartitionBatch]:
    topic = bench.topic.name
    records: list[ConsumerRecord[bytes | None, bytes | None]] = []
    for offset, thing in enumerate(given):
        key, value = bench.record(thing)
        records.append(
            ConsumerRecord(topic, number, offset, 7, 0, key, value, None, len(key), len(value), ())
        )
    return TopicPartition(topic, number), PartitionBatch(Position(0, 0, 0), records)


async def stand_at(bench: KernelService, *offsets: int) -> None:
    async with bench.database.transaction() as uow:
        for number, offset in enumerate(offsets):
            await uow.execute(
                "INSERT INTO position (topic, part, next_offset, max_ts) VALUES (:topic, :part, :offset, 0)",
                {"topic": bench.topic.name, "part": number, "offset": offset},
            )


async def at(bench: KernelService, *offsets: int) -> bool:
    return tuple([await bench.position(number) for number in range(len(offsets))]) == offsets


async def test_the_records_of_all_partitions_are_handled_at_once(bench: KernelService) -> None:
    handed: list[int] = []

    async def keep(uow: UnitOfWork, events: Sequence[Event[Thing]]) -> None:
        handed.append(len(events))
        await keep_things(uow, events)

    await stand_at(bench, 0, 0)
    await bench.consumer(keep).apply(
        dict([part(bench, 0, things("left", 3)), part(bench, 1, things("right", 4))])
    )
    assert handed == [7]
    assert await bench.tally() == {"left": 3, "right": 4}
    assert await at(bench, 3, 4)


async def test_when_another_consumer_applied_one_partition_nothing_of_the_others_is_applied(
    bench: KernelService,
) -> None:
    await stand_at(bench, 0, 1)
    both = dict([part(bench, 0, things("left", 3)), part(bench, 1, things("right", 4))])
    with pytest.raises(positions.Fenced):
        await bench.consumer().apply(both)
    assert await bench.tally() == {}
    assert await at(bench, 0, 1)


async def test_a_partition_whose_position_moved_is_claimed_again_and_the_other_goes_on(
    bench: KernelService,
) -> None:
    fenced = metrics.FENCED.labels("test", bench.topic.name)
    async with running(bench.consumer()):
        await bench.send(*things("left", 3), partition=0)
        await bench.send(*things("right", 3), partition=1)
        await eventually(lambda: at(bench, 3, 3))
        async with bench.database.transaction() as uow:
            await uow.execute(
                "UPDATE position SET next_offset = 0 WHERE topic = :topic AND part = 1",
                {"topic": bench.topic.name},
            )
        await bench.send(*things("left", 1, version=2), partition=0)
        await bench.send(*things("right", 1, version=2), partition=1)
        await eventually(lambda: at(bench, 4, 4), within=20)
    assert await bench.tally() == {"left": 3, "right": 3}
    assert fenced._value.get() == 1


async def test_a_fuse_that_blows_stops_its_own_partition_alone(bench: KernelService) -> None:
    await bench.send(*[b"bad"] * (MAX_DEAD_LETTERS_IN_A_ROW + 9), partition=0)
    await bench.send(*things("right", 5), partition=1)
    async with running(bench.consumer()):
        await eventually(lambda: at(bench, MAX_DEAD_LETTERS_IN_A_ROW, 5))
        await eventually(lambda: "dead letters in a row" in "".join(bench.health.unready()))
    assert await bench.tally() == {"right": 5}
    assert len(await bench.dead_letters()) == MAX_DEAD_LETTERS_IN_A_ROW


async def test_two_owners_of_the_same_partitions_never_wait_for_each_other(bench: KernelService) -> None:
    await stand_at(bench, 0, 0)
    left, right = (TopicPartition(bench.topic.name, number) for number in (0, 1))

    async def move(first: TopicPartition, second: TopicPartition, offset: int) -> int:
        try:
            async with bench.database.transaction() as uow:
                step = PositionMove(offset, offset + 1, 0)
                await positions.move(uow, {first: step, second: step})
        except positions.Fenced:
            return 0
        return 1

    for offset in range(30):
        moved = await asyncio.gather(
            *(move(left, right, offset) for _ in range(3)), *(move(right, left, offset) for _ in range(3))
        )
        assert sum(moved) == 1
    assert await at(bench, 30, 30)
