"""Each trap of the kernel, against the real broker and database."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from sqlalchemy import text
from support.eventually import eventually
from support.kernel_service import (
    KernelService,
    Thing,
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

from shared.db.database import UnitOfWork
from shared.errors import PositionRefused
from shared.events.envelope import Event
from shared.health import Health
from shared.kafka.kernel import positions
from shared.kafka.kernel.clients import new_consumer, stop_consumer
from shared.kafka.kernel.consumer import MAX_DEAD_LETTERS_IN_A_ROW, PartitionBatch


@pytest.fixture
async def bench(kafka: str, postgres: Postgres) -> AsyncIterator[KernelService]:
    async with a_kernel_service(kafka, postgres) as bench:
        yield bench


def reasons(letters: Sequence[Any]) -> list[str]:
    found = []
    for letter in letters:
        headers = dict(json.loads(letter.headers))
        found.append(base64.b64decode(headers["afterword-reason"]).decode())
    return found


async def test_every_event_is_handled_once_and_the_position_is_at_the_end(bench: KernelService) -> None:
    await bench.send(*things(1_200))
    async with running(bench.consumer()):
        await eventually(lambda: _at(bench, 1_200))
    assert await bench.tally() == {"red": 1_200}
    assert len(await bench.outbox("said.v1")) == 1_200
    assert bench.health.unready() == []


async def test_a_thing_that_changed_is_counted_in_its_new_place_only(bench: KernelService) -> None:
    await bench.send(*things(10), *things(4, "blue", version=2), *things(2, "green", version=1))
    async with running(bench.consumer()):
        await eventually(lambda: _at(bench, 16))
    assert await bench.tally() == {"red": 6, "blue": 4}


async def test_a_topic_read_again_from_the_beginning_changes_nothing(bench: KernelService) -> None:
    await bench.send(*things(50))
    async with running(bench.consumer()):
        await eventually(lambda: _at(bench, 50))
    async with bench.database.transaction() as uow:
        await uow.execute("DELETE FROM position")
    async with running(bench.consumer()):
        await eventually(lambda: _at(bench, 50))
    assert await bench.tally() == {"red": 50}
    assert len(await bench.outbox("said.v1")) == 50


async def test_no_record_before_the_claimed_position_reaches_the_handler(bench: KernelService) -> None:
    await bench.send(*things(1_000))
    async with bench.database.transaction() as uow:
        await uow.execute(
            "INSERT INTO position (topic, part, next_offset, max_ts) VALUES (:t, 0, 900, 0)",
            {"t": bench.topic.name},
        )
    async with running(bench.consumer()):
        await eventually(lambda: _at(bench, 1_000))
    assert await bench.tally() == {"red": 100}


async def test_the_second_owner_of_a_batch_waits_then_gets_no_row(bench: KernelService) -> None:
    tp = TopicPartition(bench.topic.name, 0)
    async with bench.database.transaction() as uow:
        await uow.execute(
            "INSERT INTO position (topic, part, next_offset, max_ts) VALUES (:t, 0, 5, 0)", {"t": tp.topic}
        )
    waits = asyncio.Event()

    async def second() -> str:
        async with bench.database.transaction() as uow:
            waits.set()
            try:
                await positions.move(uow, {tp: positions.PositionMove(5, 9, 0)})
            except positions.Fenced:
                return "fenced"
        return "applied"

    async with bench.database.transaction() as uow:
        await positions.move(uow, {tp: positions.PositionMove(5, 8, 0)})
        task = asyncio.create_task(second())
        await waits.wait()
        await eventually(lambda: _somebody_waits(bench))
    assert await task == "fenced"
    assert await bench.position() == 8


async def test_a_batch_that_another_consumer_applied_is_rolled_back(bench: KernelService) -> None:
    await bench.send(*things(3))
    async with running(bench.consumer()):
        await eventually(lambda: _at(bench, 3))
    late = bench.consumer()
    stale = positions.Position(0, 0, 0)
    records = [_record(bench, offset, thing) for offset, thing in enumerate(things(3))]
    with pytest.raises(positions.Fenced):
        await late.apply({TopicPartition(bench.topic.name, 0): PartitionBatch(stale, records)})
    assert await bench.tally() == {"red": 3}


UNREADABLE = {
    "nothing": None,
    "empty": b"",
    "no JSON": b"{",
    "not UTF-8": b'{"id": "\xff"}',
    "an array": b"[]",
    "another event": b'{"specversion":"1.0","id":"1","source":"s","type":"x","subject":"s","tenant":"a"}',
    "deep": b"[" * 100_000,
    "NaN": b'{"data": NaN}',
}


async def test_unreadable_records_become_dead_letters_with_their_bytes_and_the_rest_goes_on(
    bench: KernelService,
) -> None:
    await bench.send(*things(3), *UNREADABLE.values(), *things(5, "blue", version=2))
    async with running(bench.consumer()):
        await eventually(lambda: _at(bench, 8 + len(UNREADABLE)))
    assert await bench.tally() == {"blue": 5}
    letters = await bench.dead_letters()
    assert [letter.value for letter in letters] == list(UNREADABLE.values())
    assert all(reasons(letters))


async def test_a_nul_character_is_a_dead_letter_and_its_escape_as_text_is_not(bench: KernelService) -> None:
    _, value = bench.record(Thing(id="a", version=1, colour="COLOUR"))
    nul, words = value.replace(b"COLOUR", b"x\\u0000y"), value.replace(b"COLOUR", b"x\\\\u0000y")
    await bench.send(nul, words)
    async with running(bench.consumer()):
        await eventually(lambda: _at(bench, 2))
    assert await bench.tally() == {"x\\u0000y": 1}
    assert len(await bench.dead_letters()) == 1


async def test_an_impossible_event_is_a_dead_letter_alone_and_publishes_nothing(bench: KernelService) -> None:
    batch = things(40)
    batch[17] = Thing(id="t0017", version=1, colour="impossible")
    await bench.send(*batch)
    async with running(bench.consumer()):
        await eventually(lambda: _at(bench, 40))
    assert await bench.tally() == {"red": 39}
    assert reasons(await bench.dead_letters()) == ["there is no such colour"]
    assert len(await bench.outbox("said.v1")) == 39


async def test_a_value_that_the_database_refuses_is_the_events_fault(bench: KernelService) -> None:
    async with bench.database.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE thing ADD CHECK (colour <> 'mauve')"))
    await bench.send(*things(5), Thing(id="m", version=1, colour="mauve"))
    async with running(bench.consumer()):
        await eventually(lambda: _at(bench, 6))
    assert await bench.tally() == {"red": 5}
    assert "23514" in reasons(await bench.dead_letters())[0]


async def test_a_bug_makes_a_dead_letter_without_the_value(bench: KernelService) -> None:
    await bench.send(*things(2), Thing(id="secret", version=1, colour="bug"))
    async with running(bench.consumer()):
        await eventually(lambda: _at(bench, 3))
    assert await bench.tally() == {"red": 2}
    (reason,) = reasons(await bench.dead_letters())
    assert reason.startswith("KeyError")
    assert "secret" not in reason


async def test_an_outage_of_the_database_is_never_a_dead_letter(bench: KernelService) -> None:
    tries = 0

    async def cut_off(uow: UnitOfWork, events: Sequence[Event[Thing]]) -> None:
        nonlocal tries
        tries += 1
        if tries <= 2:
            pid = (await uow.execute("SELECT pg_backend_pid()")).scalar_one()
            async with bench.database.engine.connect() as other:
                await other.execute(text(f"SELECT pg_terminate_backend({pid})"))
        await keep_things(uow, events)

    await bench.send(*things(20))
    async with running(bench.consumer(cut_off)):
        await eventually(lambda: _at(bench, 20), within=30)
    assert tries >= 3
    assert await bench.tally() == {"red": 20}
    assert await bench.dead_letters() == []
    assert bench.health.unready() == []


async def test_a_commit_whose_answer_is_lost_is_read_and_not_guessed(
    bench: KernelService, monkeypatch: pytest.MonkeyPatch
) -> None:
    transaction, handled, lost = bench.database.transaction, 0, 0

    async def counting(uow: UnitOfWork, events: Sequence[Event[Thing]]) -> None:
        nonlocal handled
        handled += len(events)
        await keep_things(uow, events)

    @asynccontextmanager
    async def unanswered() -> AsyncIterator[UnitOfWork]:
        nonlocal lost
        before = handled
        async with transaction() as uow:
            yield uow
        if handled > before and lost < 2:  # it stands in the database, and we do not know
            lost += 1
            raise ConnectionResetError

    monkeypatch.setattr(bench.database, "transaction", unanswered)
    async with running(bench.consumer(counting)):
        for number in range(4):
            await bench.send(*(Thing(id=f"t{number}-{i}", version=1, colour="red") for i in range(20)))
            await eventually(partial(_at, bench, 20 * (number + 1)), within=30)
    assert (lost, handled) == (2, 80)
    assert await bench.tally() == {"red": 80}
    assert len(await bench.outbox("said.v1")) == 80
    assert await bench.dead_letters() == []
    assert bench.health.unready() == []


async def test_too_many_dead_letters_in_a_row_stop_the_partition_until_an_operator_resumes_it(
    bench: KernelService,
) -> None:
    await bench.send(*things(7), *[b"bad"] * (MAX_DEAD_LETTERS_IN_A_ROW + 20), *things(3, "blue", version=2))
    async with running(bench.consumer()):
        await eventually(bench.health.unready)
        assert await bench.position() == 7 + MAX_DEAD_LETTERS_IN_A_ROW
        assert await bench.tally() == {"red": 7}
        assert "dead letters in a row" in bench.health.unready()[0]
        assert await positions.resume(bench.database, bench.topic.name, 0, 7 + MAX_DEAD_LETTERS_IN_A_ROW + 20)
        await eventually(lambda: _at(bench, 7 + MAX_DEAD_LETTERS_IN_A_ROW + 20 + 3), within=30)
    assert await bench.tally() == {"red": 4, "blue": 3}
    assert len(await bench.dead_letters()) == MAX_DEAD_LETTERS_IN_A_ROW + 20
    assert bench.health.unready() == []


async def test_a_position_beyond_the_end_is_an_alarm_and_never_a_reset(bench: KernelService) -> None:
    await bench.send(*things(3))
    async with bench.database.transaction() as uow:
        await uow.execute(
            "INSERT INTO position (topic, part, next_offset, max_ts) VALUES (:t, 0, 77, 0)",
            {"t": bench.topic.name},
        )
    async with running(bench.consumer()):
        await eventually(bench.health.unready)
    assert "outside" in bench.health.unready()[0]
    assert await bench.position() == 77
    assert await bench.tally() == {}


async def test_a_topic_created_again_that_has_grown_past_the_position_is_refused(
    bench: KernelService, kafka: str
) -> None:
    await bench.send(*things(3))
    async with running(bench.consumer()):
        await eventually(lambda: _at(bench, 3))
    await _recreate(kafka, bench.topic.name)
    await bench.send(*things(10, "blue", version=2))
    async with running(bench.consumer()):
        await eventually(bench.health.unready, within=20)
    assert "created again" in bench.health.unready()[0]
    assert await bench.tally() == {"red": 3}


async def test_consumers_that_come_and_go_count_everything_once(kafka: str, postgres: Postgres) -> None:
    async with a_kernel_service(kafka, postgres, partitions=4) as bench:
        sent = 0

        async def stream() -> None:
            nonlocal sent
            for wave in range(12):
                for partition in range(4):
                    ids = [f"p{partition}w{wave}i{i}" for i in range(50)]
                    await bench.send(
                        *(Thing(id=i, version=1, colour="red") for i in ids), partition=partition
                    )
                    sent += 50

        async with asyncio.TaskGroup() as group:
            feeding = group.create_task(stream())
            async with running(bench.consumer(health=Health())):
                async with running(bench.consumer(health=Health())):
                    await feeding
                await eventually(lambda: _counted(bench, sent), within=40)
        assert await bench.tally() == {"red": 2_400}
        assert len(await bench.outbox("said.v1")) == 2_400


async def _at(bench: KernelService, offset: int) -> bool:
    return await bench.position() == offset


async def _counted(bench: KernelService, n: int) -> bool:
    return (await bench.tally()).get("red") == n


async def _recreate(kafka: str, name: str) -> None:
    """Delete a topic and create it again. The broker does both in its own time."""

    async def exists() -> bool:
        return name in await topics(kafka)

    async def is_gone() -> bool:
        return not await exists()

    await delete_topic(kafka, name)
    await eventually(is_gone, within=20)
    await create_topics(kafka, [name])
    await eventually(exists, within=20)


async def _somebody_waits(bench: KernelService) -> bool:
    async with bench.database.engine.connect() as connection:
        waiting = await connection.execute(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
        )
        return bool(waiting.scalar_one())


def _record(bench: KernelService, offset: int, thing: Thing) -> ConsumerRecord[bytes | None, bytes | None]:
    key, value = bench.record(thing)
    return ConsumerRecord(bench.topic.name, 0, offset, 1, 0, key, value, None, len(key), len(value), ())


async def test_records_deleted_before_they_were_applied_are_an_alarm_until_an_operator_accepts_it(
    bench: KernelService, kafka: str
) -> None:
    await bench.send(*things(10))
    tp = TopicPartition(bench.topic.name, 0)
    async with bench.database.transaction() as uow:
        await uow.execute(
            "INSERT INTO position (topic, part, next_offset, max_ts) VALUES (:t, 0, 2, 0)", {"t": tp.topic}
        )
    await delete_records(kafka, tp, before=5)
    async with running(bench.consumer()):
        await eventually(bench.health.unready)
        assert "outside 5..10" in bench.health.unready()[0]
        assert await positions.resume(bench.database, tp.topic, 0, 5)
        await eventually(lambda: _at(bench, 10), within=20)
    assert await bench.tally() == {"red": 5}


async def test_a_gap_of_compaction_is_passed_and_a_gap_of_retention_is_not(
    bench: KernelService, kafka: str
) -> None:
    await bench.send(*things(10))
    tp = TopicPartition(bench.topic.name, 0)
    consumer, client = bench.consumer(), new_consumer(kafka, "test.hole")
    await client.start()
    try:
        later = [_record(bench, 7, things(1)[0])]
        await consumer._check_gaps(client, {tp: PartitionBatch(positions.Position(2, 0, 0), later)})
        await delete_records(kafka, tp, before=5)
        with pytest.raises(PositionRefused):
            await consumer._check_gaps(client, {tp: PartitionBatch(positions.Position(2, 0, 0), later)})
        await consumer._check_gaps(client, {tp: PartitionBatch(positions.Position(2, 0, 5), later)})
    finally:
        await stop_consumer(client)
