"""``source_fault``: the newest dead letters of each source."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from services.trigger.sources.domain import Source
from services.trigger.sources.repository.sources import named
from shared.db.database import UnitOfWork
from shared.ids import uuid7
from shared.values.messages import Count, Message

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
            "remedies": [encode_remedy(each.remedy) for each in newest],
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
        Fault(row.part, row.record_offset, row.field, decode_remedy(row.remedy), row.id, row.at)
        for row in rows
    ]


async def forget_faults(uow: UnitOfWork, source: Source) -> None:
    """Delete what is kept of dead letters: the records are read again."""
    await uow.execute(FORGET_FAULTS, named(source))


async def delete_old_faults(uow: UnitOfWork, before: datetime) -> None:
    """Delete those of all companies that are older."""
    await uow.execute(DELETE_OLD_FAULTS, {"before": before})


def encode_remedy(remedy: Message | str) -> bytes:
    """The remedy with its facts, so that each reader gets it in their own language."""
    return _encoder.encode(remedy if isinstance(remedy, Message) else Message(remedy))


def decode_remedy(remedy: bytes) -> Message:
    """The remedy again."""
    return _with_facts(msgspec.json.decode(remedy, type=Message))


def _with_facts(found: Message) -> Message:
    """The message with the messages and counts among its facts, which JSON has made plain objects."""
    return msgspec.structs.replace(found, facts={name: _fact(fact) for name, fact in found.facts.items()})


def _fact(fact: Any) -> Any:
    if not isinstance(fact, dict):
        return fact
    return Count(fact["count"]) if "count" in fact else _with_facts(msgspec.convert(fact, Message))


def _plain(fact: Any) -> Any:
    """What JSON has in place of a count, and of a fact that is none of its types."""
    return {"count": int(fact)} if isinstance(fact, Count) else str(fact)


_encoder = msgspec.json.Encoder(enc_hook=_plain)
