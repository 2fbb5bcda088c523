"""``source_position``: up to where each partition was taken in, and how many records of which kind."""

from collections.abc import Mapping
from typing import NamedTuple

from services.trigger.sources.domain import Source
from services.trigger.sources.repository.sources import named
from shared.db.database import UnitOfWork

FORGET_POSITIONS = "DELETE FROM source_position WHERE tenant = :tenant AND source_id = :id"
RESET_POSITIONS = """
    UPDATE source_position SET next_offset = NULL, max_ts = 0, bad_run = 0
    WHERE tenant = :tenant AND source_id = :id
"""
RESET_BAD_RUNS = "UPDATE source_position SET bad_run = 0 WHERE tenant = :tenant AND source_id = :id"
FIND_POSITIONS = """
    SELECT part, next_offset, max_ts, bad_run FROM source_position
    WHERE tenant = :tenant AND source_id = :id
"""
SET_POSITIONS = """
    INSERT INTO source_position AS p (tenant, source_id, part, next_offset)
    SELECT :tenant, :id, n.part, n.next_offset
    FROM unnest(CAST(:parts AS int[]), CAST(:offsets AS bigint[])) AS n(part, next_offset)
    ORDER BY n.part
    ON CONFLICT (tenant, source_id, part) DO UPDATE SET next_offset = EXCLUDED.next_offset
    WHERE p.next_offset IS NULL
"""
MOVE_POSITIONS = """
    WITH live AS (
        SELECT FROM source
        WHERE tenant = :tenant AND id = :id AND state = 'running' AND revision = :revision
        FOR SHARE
    )
    UPDATE source_position AS p SET next_offset = m.until, max_ts = greatest(p.max_ts, m.youngest),
        bad_run = m.bad_run, taken = p.taken + m.taken, refused = p.refused + m.refused,
        skipped = p.skipped + m.skipped
    FROM (
        SELECT q.part, n.until, n.youngest, n.bad_run, n.taken, n.refused, n.skipped
        FROM source_position AS q
        JOIN unnest(
            CAST(:parts AS int[]), CAST(:starts AS bigint[]), CAST(:ends AS bigint[]),
            CAST(:youngest AS bigint[]), CAST(:bad_runs AS int[]), CAST(:taken AS bigint[]),
            CAST(:refused AS bigint[]), CAST(:skipped AS bigint[])
        ) AS n(part, start, until, youngest, bad_run, taken, refused, skipped)
            ON q.part = n.part AND q.next_offset = n.start
        WHERE q.tenant = :tenant AND q.source_id = :id
        ORDER BY q.part
        FOR UPDATE OF q
    ) AS m
    WHERE p.tenant = :tenant AND p.source_id = :id AND p.part = m.part AND EXISTS (SELECT FROM live)
    RETURNING p.part
"""


class StoredPosition(NamedTuple):
    """Up to where a partition was taken in."""

    next_offset: int | None
    """None: to be found by the source's ``read_from``."""
    max_ts: int
    """Of the youngest record that was taken in, in ms."""
    bad_run: int
    """How many dead letters in a row came before it."""


class Move(NamedTuple):
    """A batch of one partition: where it begins and ends, and what became of its records."""

    start: int
    end: int
    youngest: int
    bad_run: int
    taken: int
    refused: int
    skipped: int


async def positions_of(uow: UnitOfWork, source: Source) -> dict[int, StoredPosition]:
    """The stored positions of a source, by partition."""
    rows = await uow.execute(FIND_POSITIONS, named(source))
    return {row.part: StoredPosition(row.next_offset, row.max_ts, row.bad_run) for row in rows}


async def set_positions(uow: UnitOfWork, source: Source, offsets: Mapping[int, int]) -> None:
    """Store where partitions begin that have no position yet."""
    values = {"parts": list(offsets), "offsets": list(offsets.values())}
    await uow.execute(SET_POSITIONS, {**named(source), **values})


async def forget_positions(uow: UnitOfWork, source: Source) -> None:
    """Delete the positions and counts: the source has another topic."""
    await uow.execute(FORGET_POSITIONS, named(source))


async def reset_positions(uow: UnitOfWork, source: Source) -> None:
    """Read again from where the source says; the counts stay."""
    await uow.execute(RESET_POSITIONS, named(source))


async def reset_bad_runs(uow: UnitOfWork, source: Source) -> None:
    """Let a partition go on that stopped after too many dead letters in a row."""
    await uow.execute(RESET_BAD_RUNS, named(source))


async def move(uow: UnitOfWork, source: Source, moves: Mapping[int, Move]) -> bool:
    """Move the positions over their batches, as the first statement of the transaction.

    False when the transaction must be rolled back: another worker has moved one of them, or the source was
    paused, changed or deleted. Until the transaction ends neither can happen.
    """
    by_field = zip(*moves.values(), strict=True)
    names = ("starts", "ends", "youngest", "bad_runs", "taken", "refused", "skipped")
    values = dict(zip(names, (list(each) for each in by_field), strict=True))
    moved = await uow.execute(
        MOVE_POSITIONS, {**named(source), "revision": source.revision, "parts": list(moves), **values}
    )
    return len(moved.all()) == len(moves)
