"""The stored position of a partition: claimed once, then compared and moved with every batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.db.database import Database, UnitOfWork
from shared.errors import PositionRefused


class Fenced(Exception):
    """Another consumer has moved the position: it has applied the batch, or owns the partition."""


@dataclass(frozen=True)
class Position:
    """The stored position of a partition, as its consumer knows it."""

    next_offset: int
    """Where the next batch begins."""
    bad_run: int
    """How many dead letters in a row came before it."""
    pass_until: int
    """Below this offset dead letters are not counted, and lost records are accepted."""


INSERT_POSITION = """
    INSERT INTO position (topic, part, next_offset, max_ts)
    VALUES (:topic, :part, :beginning, 0)
    ON CONFLICT DO NOTHING
"""
FIND_POSITION = """
    SELECT next_offset, max_ts, bad_run, pass_until FROM position
    WHERE topic = :topic AND part = :part
"""
SKIP_LOST = """
    UPDATE position SET next_offset = :beginning
    WHERE topic = :topic AND part = :part AND next_offset = :next_offset
"""


async def claim(database: Database, client: AIOKafkaConsumer, tp: TopicPartition) -> Position:
    """The position of this partition, stored at the topic's beginning if there was none.

    :raises PositionRefused: when it does not belong to the topic as it is (see :func:`check`).
    """
    beginning = (await client.beginning_offsets([tp]))[tp]
    end = (await client.end_offsets([tp]))[tp]
    place = {"topic": tp.topic, "part": tp.partition}
    async with database.transaction() as uow:
        await uow.execute(INSERT_POSITION, {**place, "beginning": beginning})
        row = (await uow.execute(FIND_POSITION, place)).one()
        next_offset = row.next_offset
        if next_offset < beginning <= row.pass_until:  # the operator accepts what retention deleted
            await uow.execute(SKIP_LOST, {**place, "beginning": beginning, "next_offset": next_offset})
            next_offset = beginning
    await check(client, tp, next_offset, row.max_ts, beginning, end)
    return Position(next_offset, row.bad_run, row.pass_until)


async def check(
    client: AIOKafkaConsumer, tp: TopicPartition, next_offset: int, max_ts: int, beginning: int, end: int
) -> None:
    """Check that a position belongs to the topic as it is.

    :raises PositionRefused: when it lies outside the topic (deleted, created again, truncated), or when the
        records before it are younger than ``max_ts``, the youngest that was applied.
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
    """A batch of one partition: where it begins and ends, and the time of its youngest record in ms."""

    start: int
    end: int
    timestamp: int


MOVE_POSITIONS = """
    UPDATE position AS p SET next_offset = m.until, max_ts = greatest(p.max_ts, m.youngest)
    FROM (
        SELECT q.part, n.until, n.youngest
        FROM position AS q
        JOIN unnest(
            CAST(:parts AS int[]), CAST(:starts AS bigint[]), CAST(:ends AS bigint[]),
            CAST(:youngest AS bigint[])
        ) AS n(part, start, until, youngest) ON q.part = n.part AND q.next_offset = n.start
        WHERE q.topic = :topic
        ORDER BY q.part
        FOR UPDATE OF q
    ) AS m
    WHERE p.topic = :topic AND p.part = m.part
    RETURNING p.part
"""


async def move(uow: UnitOfWork, moves: Mapping[TopicPartition, PositionMove]) -> None:
    """Move the positions of these partitions of one topic over their batches.

    It is the first statement of the transaction. Rows are locked in one order, so that two consumers of
    several partitions never wait for each other.

    :raises Fenced: when a position is not at the beginning of its batch.
    """
    (topic,) = {tp.topic for tp in moves}
    moved = await uow.execute(
        MOVE_POSITIONS,
        {
            "topic": topic,
            "parts": [tp.partition for tp in moves],
            "starts": [each.start for each in moves.values()],
            "ends": [each.end for each in moves.values()],
            "youngest": [each.timestamp for each in moves.values()],
        },
    )
    if len(moved.all()) != len(moves):
        raise Fenced


STORE_BAD_RUN = "UPDATE position SET bad_run = :bad_run WHERE topic = :topic AND part = :part"


async def store_bad_run(uow: UnitOfWork, tp: TopicPartition, bad_run: int) -> None:
    """Store how many dead letters came in a row, so that a restart does not begin to count again."""
    await uow.execute(STORE_BAD_RUN, {"topic": tp.topic, "part": tp.partition, "bad_run": bad_run})


ACCEPT_UNTIL = """
    UPDATE position SET pass_until = :until
    WHERE topic = :topic AND part = :part
    RETURNING 1
"""


async def resume(database: Database, topic: str, partition: int, until: int) -> bool:
    """Let dead letters below ``until`` pass without counting them; False if there is no such partition."""
    async with database.transaction() as uow:
        done = await uow.execute(ACCEPT_UNTIL, {"topic": topic, "part": partition, "until": until})
        return done.one_or_none() is not None


RESTART_POSITION = """
    UPDATE position SET next_offset = :beginning, max_ts = 0, bad_run = 0, pass_until = 0
    WHERE topic = :topic AND part = :part AND next_offset = :next_offset
    RETURNING 1
"""


async def restart(database: Database, tp: TopicPartition, next_offset: int, beginning: int) -> bool:
    """Accept the topic as it is and consume it from its oldest record; False if the position has moved."""
    async with database.transaction() as uow:
        done = await uow.execute(
            RESTART_POSITION,
            {"topic": tp.topic, "part": tp.partition, "beginning": beginning, "next_offset": next_offset},
        )
        return done.one_or_none() is not None


DELETE_POSITION = "DELETE FROM position WHERE topic = :topic AND part = :part"


async def forget(database: Database, tp: TopicPartition) -> None:
    """Delete the position in a partition that the topic no longer has."""
    async with database.transaction() as uow:
        await uow.execute(DELETE_POSITION, {"topic": tp.topic, "part": tp.partition})


StoredPositions = Mapping[TopicPartition, tuple[int, int]]
"""By partition: the next offset, and the time in ms of the youngest record that was applied."""

FIND_POSITIONS = """
    SELECT topic, part, next_offset, max_ts FROM position
    WHERE topic = ANY(CAST(:topics AS text[]))
    ORDER BY topic, part
"""


async def stored(uow: UnitOfWork, topics: Sequence[str]) -> StoredPositions:
    """The stored positions in these topics."""
    rows = await uow.execute(FIND_POSITIONS, {"topics": list(topics)})
    return {TopicPartition(row.topic, row.part): (row.next_offset, row.max_ts) for row in rows}
