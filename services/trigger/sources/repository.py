"""``source`` and what hangs on it: positions, the worker that reads it, and its newest dead letters."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Row

from services.trigger.sources.domain import Reading, Source, SourceConnection
from services.trigger.sources.problems import ProblemCode
from shared.db.database import UnitOfWork
from shared.ids import uuid7
from shared.values.messages import Message

_connection, _reading = msgspec.json.Decoder(SourceConnection), msgspec.json.Decoder(Reading)
_encode = msgspec.json.encode
_COLUMNS = """s.tenant, s.id, s.name, s.topic, s.state, s.read_from, s.connection, s.reading, s.sealed,
    s.revision, s.generation, s.created_at, s.changed_at"""

FIND_SOURCE = f"SELECT {_COLUMNS} FROM source s WHERE s.tenant = :tenant AND s.id = :id"
LOCK_SOURCE = f"{FIND_SOURCE} FOR UPDATE"
COUNT_SOURCES = "SELECT count(*) FROM source WHERE tenant = :tenant"
INSERT_SOURCE = """
    INSERT INTO source (
        tenant, id, name, topic, state, read_from, connection, reading, sealed, revision, generation,
        created_at, changed_at
    )
    VALUES (
        :tenant, :id, :name, :topic, :state, :read_from, :connection, :reading, :sealed, :revision,
        :generation, :created_at, :changed_at
    )
    ON CONFLICT DO NOTHING
    RETURNING id
"""
UPDATE_SOURCE = """
    UPDATE source SET name = :name, topic = :topic, state = :state, read_from = :read_from,
        connection = :connection, reading = :reading, sealed = :sealed, revision = :revision,
        generation = :generation, changed_at = :changed_at
    WHERE tenant = :tenant AND id = :id
"""
NAME_TAKEN = "SELECT 1 FROM source WHERE tenant = :tenant AND name = :name AND id <> :id"
DELETE_SOURCE = "DELETE FROM source WHERE tenant = :tenant AND id = :id RETURNING id"


class SourceStatus(NamedTuple):
    """What became of a source's records, and how it stands with its cluster."""

    taken: int
    refused: int
    skipped: int
    lag: int | None
    """Records behind the position; None: not measured yet."""
    problem: ProblemCode | None
    problem_since: datetime | None
    measured_at: datetime | None
    is_held: bool
    """Whether a worker reads it now."""


_STATUS = """
    coalesce(p.taken, 0) AS taken, coalesce(p.refused, 0) AS refused, coalesce(p.skipped, 0) AS skipped,
    r.lag, r.problem, r.problem_since, r.measured_at,
    coalesce(r.held_until > :now, false) AS is_held
"""
_STATUS_TABLES = """
    LEFT JOIN LATERAL (
        SELECT sum(taken) AS taken, sum(refused) AS refused, sum(skipped) AS skipped
        FROM source_position p WHERE p.tenant = s.tenant AND p.source_id = s.id
    ) p ON true
    LEFT JOIN source_run r ON r.tenant = s.tenant AND r.source_id = s.id
"""
LIST_SOURCES = f"""
    SELECT {_COLUMNS}, {_STATUS} FROM source s {_STATUS_TABLES}
    WHERE s.tenant = :tenant AND (CAST(:id AS uuid) IS NULL OR s.id = :id)
    ORDER BY s.name
"""


async def find(uow: UnitOfWork, tenant: str, source_id: UUID, *, lock: bool = False) -> Source | None:
    """A source of a company."""
    sql = LOCK_SOURCE if lock else FIND_SOURCE
    row = (await uow.execute(sql, {"tenant": tenant, "id": source_id})).one_or_none()
    return _source(row) if row is not None else None


async def list_of(
    uow: UnitOfWork, tenant: str, source_id: UUID | None = None
) -> list[tuple[Source, SourceStatus]]:
    """A company's sources by their names, or the one of this id, each with its status."""
    rows = await uow.execute(LIST_SOURCES, {"tenant": tenant, "id": source_id, "now": uow.now})
    return [
        (_source(row), SourceStatus(*(getattr(row, name) for name in SourceStatus._fields))) for row in rows
    ]


async def count_of(uow: UnitOfWork, tenant: str) -> int:
    """How many a company has."""
    return int((await uow.execute(COUNT_SOURCES, {"tenant": tenant})).scalar_one())


async def is_name_taken(uow: UnitOfWork, source: Source) -> bool:
    """Whether another source of the company has its name."""
    values = {"tenant": source.tenant, "name": source.name, "id": source.id}
    return (await uow.execute(NAME_TAKEN, values)).first() is not None


async def insert(uow: UnitOfWork, source: Source) -> bool:
    """Add a source; False when one of its id or name is there."""
    return (await uow.execute(INSERT_SOURCE, _values(source))).one_or_none() is not None


async def update(uow: UnitOfWork, source: Source) -> None:
    """Write a source that is locked."""
    await uow.execute(UPDATE_SOURCE, _values(source))


async def delete(uow: UnitOfWork, tenant: str, source_id: UUID) -> bool:
    """Delete a source with all that hangs on it; False when there is none."""
    done = await uow.execute(DELETE_SOURCE, {"tenant": tenant, "id": source_id})
    return done.one_or_none() is not None


def _source(row: Row[Any]) -> Source:
    values = {name: getattr(row, name) for name in Source.__struct_fields__}
    return Source(
        **{
            **values,
            "connection": _connection.decode(row.connection),
            "reading": _reading.decode(row.reading),
        }
    )


def _values(source: Source) -> dict[str, Any]:
    values = msgspec.structs.asdict(source)
    return {**values, "connection": _encode(source.connection), "reading": _encode(source.reading)}


# Positions.

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
    rows = await uow.execute(FIND_POSITIONS, _about(source))
    return {row.part: StoredPosition(row.next_offset, row.max_ts, row.bad_run) for row in rows}


async def set_positions(uow: UnitOfWork, source: Source, offsets: Mapping[int, int]) -> None:
    """Store where partitions begin that have no position yet."""
    values = {"parts": list(offsets), "offsets": list(offsets.values())}
    await uow.execute(SET_POSITIONS, {**_about(source), **values})


async def forget_positions(uow: UnitOfWork, source: Source) -> None:
    """Delete the positions and counts: the source has another topic."""
    await uow.execute(FORGET_POSITIONS, _about(source))


async def reset_positions(uow: UnitOfWork, source: Source) -> None:
    """Read again from where the source says; the counts stay."""
    await uow.execute(RESET_POSITIONS, _about(source))


async def reset_bad_runs(uow: UnitOfWork, source: Source) -> None:
    """Let a partition go on that stopped after too many dead letters in a row."""
    await uow.execute(RESET_BAD_RUNS, _about(source))


async def move(uow: UnitOfWork, source: Source, moves: Mapping[int, Move]) -> bool:
    """Move the positions over their batches, as the first statement of the transaction.

    False when the transaction must be rolled back: another worker has moved one of them, or the source was
    paused, changed or deleted. Until the transaction ends neither can happen.
    """
    by_field = zip(*moves.values(), strict=True)
    names = ("starts", "ends", "youngest", "bad_runs", "taken", "refused", "skipped")
    values = dict(zip(names, (list(each) for each in by_field), strict=True))
    moved = await uow.execute(
        MOVE_POSITIONS, {**_about(source), "revision": source.revision, "parts": list(moves), **values}
    )
    return len(moved.all()) == len(moves)


def _about(source: Source) -> dict[str, Any]:
    return {"tenant": source.tenant, "id": source.id}


# Dead letters.

MAX_FAULTS = 200
"""Of a source: the newest are shown; all are on the topic of dead letters."""
INSERT_FAULTS = """
    INSERT INTO source_fault (tenant, source_id, id, at, part, record_offset, field, remedy)
    SELECT :tenant, :id, n.id, :now, n.part, n.record_offset, n.field, n.remedy
    FROM unnest(
        CAST(:ids AS uuid[]), CAST(:parts AS int[]), CAST(:offsets AS bigint[]), CAST(:fields AS text[]),
        CAST(:remedies AS bytea[])
    ) AS n(id, part, record_offset, field, remedy)
"""
TRIM_FAULTS = """
    DELETE FROM source_fault f
    WHERE f.tenant = :tenant AND f.source_id = :id AND f.id < (
        SELECT g.id FROM source_fault g WHERE g.tenant = :tenant AND g.source_id = :id
        ORDER BY g.id DESC OFFSET :most LIMIT 1
    )
"""
LIST_FAULTS = """
    SELECT id, at, part, record_offset, field, remedy FROM source_fault
    WHERE tenant = :tenant AND source_id = :id AND (CAST(:after AS uuid) IS NULL OR id < :after)
    ORDER BY id DESC
    LIMIT :limit
"""
FORGET_FAULTS = "DELETE FROM source_fault WHERE tenant = :tenant AND source_id = :id"
DELETE_OLD_FAULTS = "DELETE FROM source_fault WHERE at < :before"


class Fault(NamedTuple):
    """One dead letter: where the record is, and what would make it fit."""

    part: int
    offset: int
    field: str
    remedy: Message | str
    id: UUID | None = None
    at: datetime | None = None


async def add_faults(uow: UnitOfWork, source: Source, faults: Sequence[Fault]) -> None:
    """Keep the newest of a batch's dead letters."""
    newest = faults[-MAX_FAULTS:]
    await uow.execute(
        INSERT_FAULTS,
        {
            **_about(source),
            "now": uow.now,
            "ids": [uuid7() for _ in newest],
            "parts": [each.part for each in newest],
            "offsets": [each.offset for each in newest],
            "fields": [each.field for each in newest],
            "remedies": [_encoded(each.remedy) for each in newest],
        },
    )
    await uow.execute(TRIM_FAULTS, {**_about(source), "most": MAX_FAULTS - 1})


async def faults_of(
    uow: UnitOfWork, tenant: str, source_id: UUID, *, after: UUID | None = None, limit: int = 50
) -> list[Fault]:
    """A source's dead letters, the newest first."""
    values = {"tenant": tenant, "id": source_id, "after": after, "limit": limit}
    rows = await uow.execute(LIST_FAULTS, values)
    return [
        Fault(row.part, row.record_offset, row.field, _decoded(row.remedy), row.id, row.at) for row in rows
    ]


async def forget_faults(uow: UnitOfWork, source: Source) -> None:
    """Delete what is kept of dead letters: the records are read again."""
    await uow.execute(FORGET_FAULTS, _about(source))


async def delete_old_faults(uow: UnitOfWork, before: datetime) -> None:
    """Delete those of all companies that are older."""
    await uow.execute(DELETE_OLD_FAULTS, {"before": before})


def _encoded(remedy: Message | str) -> bytes:
    return _encode(remedy if isinstance(remedy, Message) else Message(remedy.replace("%", "%%")))


def _decoded(remedy: bytes) -> Message:
    return _with_messages(msgspec.json.decode(remedy, type=Message))


def _with_messages(found: Message) -> Message:
    """The message with those among its facts, which JSON has made plain objects."""
    facts = {
        name: _with_messages(msgspec.convert(fact, Message)) if isinstance(fact, dict) else fact
        for name, fact in found.facts.items()
    }
    return msgspec.structs.replace(found, facts=facts)


# Workers.

SEE_WORKER = """
    INSERT INTO source_worker (name, seen_at) VALUES (:name, :now)
    ON CONFLICT (name) DO UPDATE SET seen_at = EXCLUDED.seen_at
"""
FORGET_WORKERS = "DELETE FROM source_worker WHERE name = :name OR seen_at < :before"
COUNT_SHARES = """
    SELECT (SELECT count(*) FROM source WHERE state = 'running') AS running,
        (SELECT count(*) FROM source_worker WHERE seen_at >= :before) AS workers
"""
RENEW_LEASES = """
    UPDATE source_run SET held_until = :until
    WHERE holder = :name AND held_until > :now
    RETURNING tenant, source_id
"""
CLAIM_SOURCES = f"""
    WITH free AS (
        SELECT s.tenant, s.id FROM source s
        LEFT JOIN source_run r ON r.tenant = s.tenant AND r.source_id = s.id
        WHERE s.state = 'running' AND (r.held_until IS NULL OR r.held_until <= :now)
        ORDER BY s.tenant, s.id
        LIMIT :most
        FOR UPDATE OF s SKIP LOCKED
    ), claimed AS (
        INSERT INTO source_run AS r (tenant, source_id, holder, held_until)
        SELECT tenant, id, :name, :until FROM free
        ON CONFLICT (tenant, source_id)
        DO UPDATE SET holder = EXCLUDED.holder, held_until = EXCLUDED.held_until
        WHERE r.held_until IS NULL OR r.held_until <= :now
        RETURNING tenant, source_id
    )
    SELECT {_COLUMNS} FROM source s JOIN claimed c ON c.tenant = s.tenant AND c.source_id = s.id
"""
HELD_SOURCES = f"""
    SELECT {_COLUMNS} FROM source s
    JOIN source_run r ON r.tenant = s.tenant AND r.source_id = s.id
    WHERE r.holder = :name AND r.held_until > :now AND s.state = 'running'
"""
RELEASE = """
    UPDATE source_run SET holder = NULL, held_until = NULL
    WHERE tenant = :tenant AND source_id = :id AND holder = :name
"""
WRITE_STATUS = """
    UPDATE source_run SET lag = coalesce(:lag, lag), problem = :problem, measured_at = :now,
        problem_since = CASE WHEN CAST(:problem AS text) IS NULL THEN NULL
            WHEN problem = :problem THEN problem_since ELSE :now END
    WHERE tenant = :tenant AND source_id = :id AND holder = :name
"""
COUNT_STATES = """
    SELECT
        count(*) FILTER (WHERE s.state = 'paused') AS paused,
        count(*) FILTER (WHERE s.state = 'running' AND r.problem IS NULL) AS running,
        count(*) FILTER (WHERE s.state = 'running' AND r.problem IS NOT NULL) AS failing,
        coalesce(sum(r.lag) FILTER (WHERE s.state = 'running'), 0) AS lag
    FROM source s LEFT JOIN source_run r ON r.tenant = s.tenant AND r.source_id = s.id
"""


class Shares(NamedTuple):
    """How many sources run, and how many workers there are to read them."""

    running: int
    workers: int


async def see_worker(uow: UnitOfWork, name: str, lifetime: timedelta) -> Shares:
    """Say that this worker lives; and how much there is to do for how many."""
    before = uow.now - lifetime
    await uow.execute(SEE_WORKER, {"name": name, "now": uow.now})
    await uow.execute(FORGET_WORKERS, {"name": "", "before": before})
    row = (await uow.execute(COUNT_SHARES, {"before": before})).one()
    return Shares(row.running, row.workers)


async def forget_worker(uow: UnitOfWork, name: str) -> None:
    """Say that this worker ends."""
    await uow.execute(FORGET_WORKERS, {"name": name, "before": uow.now - timedelta(days=1)})


async def renew(uow: UnitOfWork, name: str, lease: timedelta) -> list[Source]:
    """Hold what this worker holds for another while: those of it that still run."""
    values = {"name": name, "now": uow.now, "until": uow.now + lease}
    await uow.execute(RENEW_LEASES, values)
    rows = await uow.execute(HELD_SOURCES, values)
    return [_source(row) for row in rows]


async def claim(uow: UnitOfWork, name: str, lease: timedelta, most: int) -> list[Source]:
    """Take sources that nobody reads."""
    values = {"name": name, "now": uow.now, "until": uow.now + lease, "most": most}
    rows = await uow.execute(CLAIM_SOURCES, values)
    return [_source(row) for row in rows]


async def release(uow: UnitOfWork, source: Source, name: str) -> None:
    """Leave a source to another worker."""
    await uow.execute(RELEASE, {**_about(source), "name": name})


async def write_status(
    uow: UnitOfWork, source: Source, name: str, *, lag: int | None, problem: ProblemCode | None
) -> None:
    """Show how the source stands; nothing, when another worker reads it now."""
    values = {"name": name, "now": uow.now, "lag": lag, "problem": problem}
    await uow.execute(WRITE_STATUS, {**_about(source), **values})


async def count_states(uow: UnitOfWork) -> Row[Any]:
    """How many sources of all companies are in which state, and their lag."""
    return (await uow.execute(COUNT_STATES)).one()


COUNT_OUTBOX = "SELECT (SELECT max(seq) FROM outbox) - (SELECT min(seq) FROM outbox) AS waiting"


async def outbox_rows(uow: UnitOfWork) -> int:
    """How many rows wait for the relay at most."""
    return int((await uow.execute(COUNT_OUTBOX)).scalar_one() or 0)
