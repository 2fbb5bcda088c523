"""Every statement about imports."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from services.dispatcher.imports.domain import Import
from services.dispatcher.imports.fields import Kind
from services.dispatcher.imports.items import FaultyRow
from services.dispatcher.imports.mapping import Mapping
from services.dispatcher.imports.remedies import encode_remedy
from services.dispatcher.imports.uploads import Part
from shared.db import UnitOfWork
from shared.privacy.audit import AuditActor
from shared.privacy.erased import Target
from shared.tenancy.closed import IS_OPEN

COLUMNS = """
    j.tenant, j.id, j.kind, j.state, j.name, j.encoding, j.separator, j.columns, j.mapping, j.rows, j.parts,
    j.next_part, j.done_rows, j.taken, j.refused, j.added, j.has_cells, j.language, j.who_kind, j.who_id,
    j.who_name, j.created_at, j.started_at, j.ended_at
"""
ADD_IMPORT = """
    INSERT INTO import_job (
        tenant, id, kind, state, name, digest, encoding, separator, columns, mapping, rows, parts, language,
        who_kind, who_id, who_name, created_at, leased_until
    )
    VALUES (
        :tenant, :id, :kind, 'uploaded', :name, :digest, :encoding, :separator, :columns, :mapping, 0, 0,
        :language, :who_kind, :who_id, :who_name, :now, :now
    )
    ON CONFLICT DO NOTHING
    RETURNING id
"""
ADD_PART = """
    INSERT INTO import_part (tenant, import_id, number, content) VALUES (:tenant, :id, :number, :content)
"""
SET_SIZE = "UPDATE import_job SET rows = :rows, parts = :parts WHERE tenant = :tenant AND id = :id"
FIND_SAME = f"""
    SELECT {COLUMNS} FROM import_job j
    WHERE j.tenant = :tenant AND j.kind = :kind AND j.digest = :digest AND j.state IN ('uploaded', 'running')
"""
FIND_IMPORT = f"SELECT {COLUMNS} FROM import_job j WHERE j.tenant = :tenant AND j.id = :id"
LOCK_IMPORT = f"{FIND_IMPORT} FOR UPDATE"
LIST_IMPORTS = f"""
    SELECT {COLUMNS} FROM import_job j
    WHERE j.tenant = :tenant AND (CAST(:after AS uuid) IS NULL OR j.id < CAST(:after AS uuid))
    ORDER BY j.id DESC
    LIMIT :limit
"""
LIST_WITH_CELLS = f"""
    SELECT {COLUMNS} FROM import_job j
    WHERE j.tenant = :tenant AND j.has_cells
        AND (CAST(:before AS timestamptz) IS NULL OR j.created_at < :before)
    ORDER BY j.created_at DESC, j.id
"""
COUNT_OPEN = "SELECT count(*) FROM import_job WHERE tenant = :tenant AND state IN ('uploaded', 'running')"
BEGIN_IMPORT = """
    UPDATE import_job SET state = 'running', mapping = :mapping, started_at = :now, language = :language,
        who_kind = :who_kind, who_id = :who_id, who_name = :who_name, leased_until = :now
    WHERE tenant = :tenant AND id = :id
"""
END_IMPORT = """
    UPDATE import_job SET state = :state, ended_at = :now WHERE tenant = :tenant AND id = :id
"""
REMEMBER_MAPPING = """
    INSERT INTO import_mapping (tenant, kind, mapping, changed_at) VALUES (:tenant, :kind, :mapping, :now)
    ON CONFLICT (tenant, kind) DO UPDATE SET mapping = EXCLUDED.mapping, changed_at = EXCLUDED.changed_at
"""
FIND_MAPPING = "SELECT mapping FROM import_mapping WHERE tenant = :tenant AND kind = :kind"
READ_PART = """
    SELECT content FROM import_part WHERE tenant = :tenant AND import_id = :id AND number = :number
"""
REMOVE_PART = """
    DELETE FROM import_part WHERE tenant = :tenant AND import_id = :id AND number = :number
"""
REMOVE_PARTS = "DELETE FROM import_part WHERE tenant = :tenant AND import_id = :id"
FIND_DUE = f"""
    SELECT tenant, id FROM import_job
    WHERE state = 'running' AND leased_until <= :now AND tenant {IS_OPEN}
    ORDER BY leased_until, tenant, id
    LIMIT :limit
"""
CLAIM_IMPORT = f"""
    UPDATE import_job j SET leased_until = :until
    WHERE j.tenant = :tenant AND j.id = :id AND j.state = 'running' AND j.leased_until <= :now
        AND j.tenant {IS_OPEN}
    RETURNING {COLUMNS}
"""
SET_LEASE = """
    UPDATE import_job SET leased_until = :until WHERE tenant = :tenant AND id = :id AND state = 'running'
"""
MOVE_POSITION = """
    UPDATE import_job SET next_part = next_part + 1, done_rows = done_rows + :rows, taken = taken + :taken,
        refused = refused + :refused, added = added + :added, leased_until = :now
    WHERE tenant = :tenant AND id = :id
"""
ADD_FAULTS = """
    INSERT INTO import_fault (tenant, import_id, row, column_name, remedy, cells)
    SELECT :tenant, CAST(:id AS uuid), *
    FROM unnest(
        CAST(:rows AS integer[]), CAST(:columns AS text[]),
        CAST(:remedies AS bytea[]), CAST(:cells AS bytea[])
    )
"""
LIST_FAULTS = """
    SELECT row, column_name, remedy, cells FROM import_fault
    WHERE tenant = :tenant AND import_id = :id AND row > :after
    ORDER BY row
    LIMIT :limit
"""
COUNT_FAULTS = "SELECT count(*) FROM import_fault WHERE tenant = :tenant AND import_id = :id"
_WAITING_FOR_ERASURE = """
    FROM erased e
    JOIN unnest(CAST(:tenants AS text[]), CAST(:ids AS text[])) AS n(tenant, id) USING (tenant, id)
    JOIN import_job j ON j.tenant = e.tenant AND j.created_at <= e.erased_at
"""
FIND_UNDER_WAY = f"SELECT DISTINCT e.tenant, e.id {_WAITING_FOR_ERASURE} WHERE j.state = 'running'"
_FORGET_GONE = """
    parts AS (
        DELETE FROM import_part p USING gone WHERE p.tenant = gone.tenant AND p.import_id = gone.id
    ), faults AS (
        UPDATE import_fault f SET cells = NULL
        FROM gone WHERE f.tenant = gone.tenant AND f.import_id = gone.id
    )
    UPDATE import_job j SET has_cells = false, name = '',
        state = CASE j.state WHEN 'uploaded' THEN 'expired' ELSE j.state END,
        ended_at = coalesce(j.ended_at, :now)
    FROM gone WHERE j.tenant = gone.tenant AND j.id = gone.id
"""
"""The cells of the imports in ``gone``, and the names of their files."""
FORGET_BEFORE = f"""
    WITH gone AS MATERIALIZED (
        SELECT DISTINCT j.tenant, j.id {_WAITING_FOR_ERASURE} WHERE j.has_cells AND j.state <> 'running'
    ), {_FORGET_GONE}
"""
FORGET_OLD = f"""
    WITH gone AS MATERIALIZED (
        SELECT tenant, id FROM import_job
        WHERE has_cells AND state <> 'running' AND coalesce(ended_at, created_at) < :before
        ORDER BY tenant, id LIMIT 100 FOR UPDATE SKIP LOCKED
    ), {_FORGET_GONE}
"""
REMOVE_OLD = """
    WITH gone AS (
        DELETE FROM import_job WHERE NOT has_cells AND ended_at < :before RETURNING tenant, id
    )
    DELETE FROM import_fault f USING gone WHERE f.tenant = gone.tenant AND f.import_id = gone.id
"""


async def add_import(
    uow: UnitOfWork,
    tenant: str,
    id_: UUID,
    kind: Kind,
    who: AuditActor,
    *,
    name: str,
    digest: bytes,
    encoding: str,
    separator: str,
    columns: Sequence[str],
    language: str,
) -> bool:
    """Add an import without rows; False when the same file is on its way."""
    added = await uow.execute(
        ADD_IMPORT,
        {
            **_key(tenant, id_),
            **_actor(who),
            "kind": kind,
            "name": name,
            "digest": digest,
            "encoding": encoding,
            "separator": separator,
            "columns": msgspec.json.encode(columns),
            "mapping": msgspec.json.encode(Mapping()),
            "language": language,
            "now": uow.now,
        },
    )
    return added.one_or_none() is not None


async def add_part(uow: UnitOfWork, tenant: str, id_: UUID, part: Part) -> None:
    """Add some rows."""
    await uow.execute(ADD_PART, {**_key(tenant, id_), "number": part.number, "content": part.content})


async def set_size(uow: UnitOfWork, tenant: str, id_: UUID, *, rows: int, parts: int) -> None:
    """Write how many rows the file has."""
    await uow.execute(SET_SIZE, {**_key(tenant, id_), "rows": rows, "parts": parts})


async def find_same(uow: UnitOfWork, tenant: str, kind: Kind, digest: bytes) -> Import | None:
    """The import of the same file that has not ended."""
    row = (await uow.execute(FIND_SAME, {"tenant": tenant, "kind": kind, "digest": digest})).one_or_none()
    return _import(row) if row else None


async def find(uow: UnitOfWork, tenant: str, id_: UUID) -> Import | None:
    """One import."""
    row = (await uow.execute(FIND_IMPORT, _key(tenant, id_))).one_or_none()
    return _import(row) if row else None


async def lock(uow: UnitOfWork, tenant: str, id_: UUID) -> Import | None:
    """One import, locked until the transaction ends."""
    row = (await uow.execute(LOCK_IMPORT, _key(tenant, id_))).one_or_none()
    return _import(row) if row else None


async def list_imports(uow: UnitOfWork, tenant: str, after: UUID | None, limit: int) -> list[Import]:
    """The newest imports behind one."""
    rows = await uow.execute(LIST_IMPORTS, {"tenant": tenant, "after": after, "limit": limit})
    return [_import(row) for row in rows]


async def list_with_cells(uow: UnitOfWork, tenant: str, before: datetime | None) -> list[Import]:
    """The imports, newest first, of which rows are still there; ``before``: that came before this time."""
    rows = await uow.execute(LIST_WITH_CELLS, {"tenant": tenant, "before": before})
    return [_import(row) for row in rows]


async def count_open(uow: UnitOfWork, tenant: str) -> int:
    """How many imports of a company have not ended."""
    count: int = (await uow.execute(COUNT_OPEN, {"tenant": tenant})).scalar_one()
    return count


async def begin(
    uow: UnitOfWork, tenant: str, id_: UUID, mapping: Mapping, who: AuditActor, language: str
) -> None:
    """Let the workers take its rows."""
    values = {**_key(tenant, id_), **_actor(who), "mapping": msgspec.json.encode(mapping), "now": uow.now}
    await uow.execute(BEGIN_IMPORT, {**values, "language": language})


async def end(uow: UnitOfWork, tenant: str, id_: UUID, state: str) -> None:
    """Nothing more of it is taken; what was not taken is removed."""
    await uow.execute(END_IMPORT, {**_key(tenant, id_), "state": state, "now": uow.now})
    await uow.execute(REMOVE_PARTS, _key(tenant, id_))


async def remember(uow: UnitOfWork, tenant: str, kind: Kind, mapping: Mapping) -> None:
    """Keep the mapping for the next file of this kind."""
    values = {"tenant": tenant, "kind": kind, "mapping": msgspec.json.encode(mapping), "now": uow.now}
    await uow.execute(REMEMBER_MAPPING, values)


async def find_mapping(uow: UnitOfWork, tenant: str, kind: Kind) -> Mapping | None:
    """The mapping of the last file of this kind."""
    row = (await uow.execute(FIND_MAPPING, {"tenant": tenant, "kind": kind})).one_or_none()
    return _mapping.decode(row.mapping) if row else None


async def read_part(uow: UnitOfWork, tenant: str, id_: UUID, number: int) -> bytes | None:
    """Some rows; None behind the last part."""
    row = (await uow.execute(READ_PART, {**_key(tenant, id_), "number": number})).one_or_none()
    return bytes(row.content) if row else None


async def find_due(uow: UnitOfWork, limit: int) -> Sequence[Row[Any]]:
    """Imports of all companies that no worker holds; who waits longest comes first."""
    return (await uow.execute(FIND_DUE, {"now": uow.now, "limit": limit})).all()


async def claim(uow: UnitOfWork, tenant: str, id_: UUID, lease: timedelta) -> Import | None:
    """Hold an import for one worker; None when another one holds it, or it has ended."""
    values = {**_key(tenant, id_), "now": uow.now, "until": uow.now + lease}
    row = (await uow.execute(CLAIM_IMPORT, values)).one_or_none()
    return _import(row) if row else None


async def set_lease(uow: UnitOfWork, tenant: str, id_: UUID, until: datetime) -> None:
    """Let no worker take it before this time."""
    await uow.execute(SET_LEASE, {**_key(tenant, id_), "until": until})


async def move(
    uow: UnitOfWork, tenant: str, id_: UUID, part: int, *, taken: int, refused: int, added: int = 0
) -> None:
    """The part is done with: the position moves behind it."""
    values = {"rows": taken + refused, "taken": taken, "refused": refused, "added": added, "now": uow.now}
    await uow.execute(MOVE_POSITION, {**_key(tenant, id_), **values})
    await uow.execute(REMOVE_PART, {**_key(tenant, id_), "number": part})


async def add_faults(
    uow: UnitOfWork, tenant: str, id_: UUID, faults: Sequence[tuple[FaultyRow, Sequence[str] | None]]
) -> None:
    """Keep what is wrong with rows, each with its cells, or without them where they are not to be kept."""
    if not faults:
        return
    await uow.execute(
        ADD_FAULTS,
        {
            **_key(tenant, id_),
            "rows": [fault.number for fault, _ in faults],
            "columns": [fault.column for fault, _ in faults],
            "remedies": [encode_remedy(fault.remedy) for fault, _ in faults],
            "cells": [None if cells is None else msgspec.json.encode(cells) for _, cells in faults],
        },
    )


async def count_faults(uow: UnitOfWork, tenant: str, id_: UUID) -> int:
    """How many rows are faulty: refused, or taken without a cell."""
    count: int = (await uow.execute(COUNT_FAULTS, _key(tenant, id_))).scalar_one()
    return count


async def list_faults(uow: UnitOfWork, tenant: str, id_: UUID, after: int, limit: int) -> Sequence[Row[Any]]:
    """The next faulty rows behind a row."""
    return (await uow.execute(LIST_FAULTS, {**_key(tenant, id_), "after": after, "limit": limit})).all()


async def forget_before_erasure(uow: UnitOfWork, targets: Collection[Target]) -> set[tuple[str, str]]:
    """Remove the cells of all files that came before these erasures: whose a row is, nobody can tell.

    Returns tenant and id of those targets for whom such a file is still being read.
    """
    values = {"tenants": [each.tenant for each in targets], "ids": [each.id for each in targets]}
    await uow.execute(FORGET_BEFORE, {**values, "now": uow.now})
    return {(row.tenant, row.id) for row in await uow.execute(FIND_UNDER_WAY, values)}


async def forget_old(uow: UnitOfWork, cells: timedelta, lines: timedelta) -> None:
    """Remove the cells of files that ended, or waited, for so long, and at last that there was an import."""
    await uow.execute(FORGET_OLD, {"before": uow.now - cells, "now": uow.now})
    await uow.execute(REMOVE_OLD, {"before": uow.now - lines})


def _key(tenant: str, id_: UUID) -> dict[str, Any]:
    return {"tenant": tenant, "id": id_}


def _actor(who: AuditActor) -> dict[str, Any]:
    return {"who_kind": who.kind, "who_id": who.id, "who_name": who.name}


def _import(row: Row[Any]) -> Import:
    values = row._asdict()
    who = AuditActor(values.pop("who_kind"), values.pop("who_id"), values.pop("who_name"))
    columns: list[str] = msgspec.json.decode(values.pop("columns"))
    return Import(**values | {"columns": columns, "mapping": _mapping.decode(values["mapping"]), "who": who})


_mapping = msgspec.json.Decoder(Mapping)
