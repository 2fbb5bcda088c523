"""``source``: what companies have declared, and how each stands."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Row

from services.trigger.sources.domain import Reading, Source, SourceConnection
from services.trigger.sources.problems import ProblemCode
from shared.db.database import UnitOfWork
from shared.db.locks import lock_name

_connection, _reading = msgspec.json.Decoder(SourceConnection), msgspec.json.Decoder(Reading)
_encode = msgspec.json.encode
COLUMNS = """s.tenant, s.id, s.name, s.topic, s.state, s.read_from, s.connection, s.reading, s.sealed,
    s.revision, s.generation, s.created_at, s.changed_at"""
"""Of ``source s``: what :func:`read_source` reads."""

FIND_SOURCE = f"SELECT {COLUMNS} FROM source s WHERE s.tenant = :tenant AND s.id = :id"
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
    SELECT {COLUMNS}, {_STATUS} FROM source s {_STATUS_TABLES}
    WHERE s.tenant = :tenant AND (CAST(:id AS uuid) IS NULL OR s.id = :id)
    ORDER BY s.name
"""


async def find(uow: UnitOfWork, tenant: str, source_id: UUID, *, lock: bool = False) -> Source | None:
    """A source of a company."""
    sql = LOCK_SOURCE if lock else FIND_SOURCE
    row = (await uow.execute(sql, {"tenant": tenant, "id": source_id})).one_or_none()
    return read_source(row) if row is not None else None


async def list_of(
    uow: UnitOfWork, tenant: str, source_id: UUID | None = None
) -> list[tuple[Source, SourceStatus]]:
    """A company's sources by their names, or the one of this id, each with its status."""
    rows = await uow.execute(LIST_SOURCES, {"tenant": tenant, "id": source_id, "now": uow.now})
    return [
        (read_source(row), SourceStatus(*(getattr(row, name) for name in SourceStatus._fields)))
        for row in rows
    ]


async def count_of(uow: UnitOfWork, tenant: str) -> int:
    """How many a company has. Until the transaction ends, nobody else adds one."""
    await lock_name(uow, "sources", tenant)
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


def read_source(row: Row[Any]) -> Source:
    """The source of a row with the columns of ``COLUMNS``."""
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


def named(source: Source) -> dict[str, Any]:
    """The values by which statements about a source name it."""
    return {"tenant": source.tenant, "id": source.id}
