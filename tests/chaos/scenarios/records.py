"""Records that no handler can read: of many kinds, scattered over every topic, and many in a row."""

import asyncio
from collections.abc import Sequence
from math import ceil

from aiokafka import AIOKafkaProducer
from chaos import topics
from chaos.arena import Arena, Scenario
from chaos.operator import Sign

from shared.events import TOPICS
from shared.kafka.kernel.clients import new_producer, stop_producer

RECORDS_IN_A_ROW = 500
PARTITION = 0
MIN_POISON_SHARE = 0.01
RECORDS_PER_MOMENT = 12
"""Scattered records of a moment: more might be a hundred in a row on a quiet topic."""
TOPICS_WITH_TOMBSTONES = {topic.name for topic in TOPICS if topic.has_tombstones}
EVENT_TYPES = {topic.name: topic.event_type for topic in TOPICS}


def kinds(topic: str) -> Sequence[bytes | None]:
    """The bad records of a topic; on one with tombstones an empty record is no fault."""
    head = f'{{"specversion":"1.0","id":"x","source":"/x","subject":"x","type":"{EVENT_TYPES[topic]}","tenant":"poison",'
    event = head + '"time":"2026-01-01T00:00:00Z",'
    found: list[bytes | None] = [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b"null",
        b"\xff\xfe\xfd",
        b'"\xed\xa0\x80"',
        b"[" * 20_000,
        b'{"a":' * 20_000,
        b'{"data":1e999}',
        (event + '"data":null}').encode(),
        (event + '"data":{}}').encode(),
        (event + '"data":{"id":"\\u0000"}}').encode(),
        (event + '"data":{"id":{"id":1},"version":"one"}}').encode(),
        (event + '"data":{"version":-1e30}}').encode(),
        (head + '"time":"yesterday","data":{}}').encode(),
        event.replace("1.0", "9.9").encode() + b'"data":{}}',
        event.replace(EVENT_TYPES[topic], "somebody.elses.event").encode() + b'"data":{}}',
        b"\x00" * 1_000,
        b"x" * 100_000,
    ]
    return found if topic in TOPICS_WITH_TOMBSTONES else [*found, None]


def consumer_count(topic: str) -> int:
    """How many services put a bad record of this topic aside, each in a dead-letter topic of its own."""
    return sum(topic in consumed for consumed in topics.CONSUMED_TOPICS.values())


def _deck(arena: Arena) -> list[tuple[str, bytes | None]]:
    """Every kind for every topic with a consumer; for the busiest often enough to be one record in a hundred."""
    deck = []
    for topic in sorted({topic for one in topics.CONSUMED_TOPICS.values() for topic in one}):
        found = kinds(topic)
        often = ceil(MIN_POISON_SHARE * arena.events / len(found)) if topic == "transactions.v1" else 1
        deck += [(topic, bad) for bad in found] * often
    arena.chance.shuffle(deck)
    return deck


async def scattered(arena: Arena) -> None:
    """One in a hundred at the least."""
    deck = _deck(arena)
    producer = await _producer(arena)
    try:
        async for _ in arena.moments(0.05, 0.3, at_least=len(deck)):
            for topic, bad in deck[arena.injected : arena.injected + RECORDS_PER_MOMENT]:
                partition = arena.chance.randrange(6)
                await producer.send_and_wait(topic, bad, b"poison/x", partition=partition)
                arena.injected += 1
                arena.dead_letters += consumer_count(topic)
    finally:
        await stop_producer(producer)


async def in_a_row(arena: Arena) -> None:
    """Five hundred into one partition of two topics: each service that hears them stops there and says so."""
    producer = await _producer(arena)
    try:
        async for _ in arena.moments(3.0, 4.0):
            if not arena.injected:
                for topic in ("transactions.v1", "answers.v1"):
                    for number in range(RECORDS_IN_A_ROW):
                        bad = kinds(topic)[number % 10]
                        await producer.send(topic, bad, b"poison/x", partition=PARTITION)
                    arena.injected += RECORDS_IN_A_ROW
                    arena.dead_letters += RECORDS_IN_A_ROW * consumer_count(topic)
                await producer.flush()
    finally:
        await stop_producer(producer)
    await _until_stuck(arena)
    await _resume(arena)


async def resumed(arena: Arena) -> None:
    """No partition is stuck any more, after the customers that were asked late have answered."""
    stuck = await _stuck(arena)
    if stuck:
        arena.faults.append(f"wrong: after resume these are stuck: {stuck}")


async def _until_stuck(arena: Arena) -> None:
    expected = {
        (name, topic)
        for name, consumed in topics.CONSUMED_TOPICS.items()
        for topic in consumed
        if topic in ("transactions.v1", "answers.v1")
    }
    async with asyncio.timeout(60):
        while await _stuck(arena) != expected:  # noqa: ASYNC110  (other processes get stuck: there is nothing here to wait on)
            await asyncio.sleep(0.3)
    await arena.operator.next_poll()


async def _stuck(arena: Arena) -> set[tuple[str, str]]:
    """Services and topics with as many dead letters in a row as stop a partition."""
    found = set()
    for service, consumed in topics.CONSUMED_TOPICS.items():
        if consumed:
            async with arena.stack.connection(service) as database:
                rows = await database.fetch("SELECT topic FROM position WHERE bad_run >= 100")
            found |= {(service, row["topic"]) for row in rows}
    return found


async def _resume(arena: Arena) -> None:
    ends = await topics.end_offsets(arena.stack.kafka, ["transactions.v1", "answers.v1"])
    for service, topic in sorted(await _stuck(arena)):
        until = next(end for tp, end in ends.items() if tp == (topic, PARTITION))
        await arena.stack.run("resume", service, topic, str(PARTITION), "--until", str(until))


async def _producer(arena: Arena) -> AIOKafkaProducer:
    producer = new_producer(arena.stack.kafka, "poison")
    await producer.start()
    return producer


SCENARIOS = (
    Scenario(
        "poison", "1 % of poison in every topic", scattered, (Sign("afterword_dead_letters_total", 10),)
    ),
    Scenario(
        "fuse",
        "500 bad records in a row",
        in_a_row,
        (Sign("afterword_stuck_partitions", labels={"why": "fused"}),),
        after=resumed,
    ),
)
