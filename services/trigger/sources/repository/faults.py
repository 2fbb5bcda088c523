"""``source_fault``: the newest dead letters of each source."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from services.trigger.sources.domain import Source
from services.trigger.sources.repository.sources import named
from shared.db.database import UnitOfWork
from shared.ids import uuid7
from shared.values.messages import Message

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
            **named(source),
            "now": uow.now,
            "ids": [uuid7() for _ in newest],
            "parts": [each.part for each in newest],
            "offsets": [each.offset for each in newest],
            "fields": [each.field for each in newest],
            "remedies": [_encoded(each.remedy) for each in newest],
        },
    )
    await uow.execute(TRIM_FAULTS, {**named(source), "most": MAX_FAULTS - 1})


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
    await uow.execute(FORGET_FAULTS, named(source))


async def delete_old_faults(uow: UnitOfWork, before: datetime) -> None:
    """Delete those of all companies that are older."""
    await uow.execute(DELETE_OLD_FAULTS, {"before": before})


def _encoded(remedy: Message | str) -> bytes:
    return msgspec.json.encode(remedy if isinstance(remedy, Message) else Message(remedy.replace("%", "%%")))


def _decoded(remedy: bytes) -> Message:
    return _with_messages(msgspec.json.decode(remedy, type=Message))


def _with_messages(found: Message) -> Message:
    """The message with those among its facts, which JSON has made plain objects."""
    facts = {
        name: _with_messages(msgspec.convert(fact, Message)) if isinstance(fact, dict) else fact
        for name, fact in found.facts.items()
    }
    return msgspec.structs.replace(found, facts=facts)
