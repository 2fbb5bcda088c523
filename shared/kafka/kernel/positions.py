"""The stored position of a partition: claimed once, compared and moved with every batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.db.database import Database, UnitOfWork
from shared.errors import PositionRefused


class Fenced(Exception):
    """Somebody else has moved the position: what we hold is not ours to apply."""


@dataclass(frozen=True)
class Position:
    """Where the next batch begins, and how many dead letters came in a row before it."""

    next_offset: int
    bad_run: int
    pass_until: int


async def claim(database: Database, client: AIOKafkaConsumer, tp: TopicPartition) -> Position:
    """Read where this partition stands, and see that the topic is still the one it was.

    :raises Refused: when the position lies outside the topic (deleted, created again, cut short), or when
        the records before it are younger than they were when we applied them.
    """
    beginning = (await client.beginning_offsets([tp]))[tp]
    end = (await client.end_offsets([tp]))[tp]
    async with database.transaction() as uow:
        await uow.execute(
            "INSERT INTO position (topic, part, next_offset, max_ts) VALUES (:topic, :part, :beginning, 0) "
            "ON CONFLICT DO NOTHING",
            {"topic": tp.topic, "part": tp.partition, "beginning": beginning},
        )
        row = (
            await uow.execute(
                "SELECT next_offset, max_ts, bad_run, pass_until FROM position "
                "WHERE topic = :topic AND part = :part",
                {"topic": tp.topic, "part": tp.partition},
            )
        ).one()
        next_offset = row.next_offset
        if next_offset < beginning <= row.pass_until:  # the operator accepts what retention took
            await uow.execute(
                "UPDATE position SET next_offset = :beginning WHERE topic = :topic AND part = :part "
                "AND next_offset = :at",
                {"topic": tp.topic, "part": tp.partition, "beginning": beginning, "at": next_offset},
            )
            next_offset = beginning
    await check(client, tp, next_offset, row.max_ts, beginning, end)
    return Position(next_offset, row.bad_run, row.pass_until)


async def check(
    client: AIOKafkaConsumer, tp: TopicPartition, next_offset: int, max_ts: int, beginning: int, end: int
) -> None:
    """See that a position belongs to the topic as it is.

    :raises Refused: when it lies outside, or when the records before it are younger than what was applied.
    """
    if not beginning <= next_offset <= end:
        raise PositionRefused(
            f"position {next_offset} lies outside {beginning}..{end}; see afterword recover"
        )
    if max_ts:
        found = (await client.offsets_for_times({tp: max_ts}))[tp]
        if found is not None and found.offset < next_offset and found.timestamp > max_ts:
            raise PositionRefused(
                f"offset {found.offset} is younger than what was applied: the topic was created again; "
                "see afterword recover"
            )


class PositionMove(NamedTuple):
    """A batch of one partition: where it begins and ends, and the time of its youngest record, in ms."""

    at: int
    end: int
    timestamp: int


async def move(uow: UnitOfWork, steps: Mapping[TopicPartition, PositionMove]) -> None:
    """Take these partitions of one topic from where this owner stands to their batches' ends: the first
    statement. Rows are locked in one order, so that two owners of several never wait for each other.

    :raises Fenced: when one of them stands elsewhere.
    """
    (topic,) = {tp.topic for tp in steps}
    moved = await uow.execute(
        "UPDATE position AS p SET next_offset = mine.until, max_ts = greatest(p.max_ts, mine.youngest) FROM ("
        "SELECT q.part, n.until, n.youngest FROM position q JOIN unnest(CAST(:parts AS int[]), "
        "CAST(:ats AS bigint[]), CAST(:ends AS bigint[]), CAST(:youngest AS bigint[])) "
        "AS n(part, at, until, youngest) ON q.part = n.part AND q.next_offset = n.at "
        "WHERE q.topic = :topic ORDER BY q.part FOR UPDATE OF q) AS mine "
        "WHERE p.topic = :topic AND p.part = mine.part RETURNING p.part",
        {
            "topic": topic,
            "parts": [tp.partition for tp in steps],
            "ats": [step.at for step in steps.values()],
            "ends": [step.end for step in steps.values()],
            "youngest": [step.timestamp for step in steps.values()],
        },
    )
    if len(moved.all()) != len(steps):
        raise Fenced


async def note_bad_run(uow: UnitOfWork, tp: TopicPartition, bad_run: int) -> None:
    """Remember how many dead letters came in a row, also over a restart."""
    await uow.execute(
        "UPDATE position SET bad_run = :bad_run WHERE topic = :topic AND part = :part",
        {"topic": tp.topic, "part": tp.partition, "bad_run": bad_run},
    )


async def resume(database: Database, topic: str, partition: int, until: int) -> bool:
    """Let dead letters below ``until`` pass without counting; False if there is no such partition."""
    async with database.transaction() as uow:
        done = await uow.execute(
            "UPDATE position SET pass_until = :until WHERE topic = :topic AND part = :part RETURNING 1",
            {"topic": topic, "part": partition, "until": until},
        )
        return done.one_or_none() is not None


async def restart(database: Database, tp: TopicPartition, at: int, beginning: int) -> bool:
    """Accept the topic as it is and read it from its oldest record; False when the position has moved."""
    async with database.transaction() as uow:
        done = await uow.execute(
            "UPDATE position SET next_offset = :beginning, max_ts = 0, bad_run = 0, pass_until = 0 "
            "WHERE topic = :topic AND part = :part AND next_offset = :at RETURNING 1",
            {"topic": tp.topic, "part": tp.partition, "beginning": beginning, "at": at},
        )
        return done.one_or_none() is not None


async def forget(database: Database, tp: TopicPartition) -> None:
    """Drop the position in a partition that the topic no longer has."""
    async with database.transaction() as uow:
        await uow.execute(
            "DELETE FROM position WHERE topic = :topic AND part = :part",
            {"topic": tp.topic, "part": tp.partition},
        )


StoredPositions = Mapping[TopicPartition, tuple[int, int]]
"""The stored position of each partition, and how young the youngest record before it was."""


async def stored(uow: UnitOfWork, topics: Sequence[str]) -> StoredPositions:
    """Where each partition stands, and how young the youngest record before it was."""
    rows = await uow.execute(
        "SELECT topic, part, next_offset, max_ts FROM position WHERE topic = ANY(CAST(:topics AS text[])) "
        "ORDER BY topic, part",
        {"topics": list(topics)},
    )
    return {TopicPartition(row.topic, row.part): (row.next_offset, row.max_ts) for row in rows}
