"""Upload a file, begin it by a mapping, stop it."""

import asyncio
from collections.abc import Sequence
from typing import BinaryIO, NamedTuple
from uuid import UUID

import msgspec

from services.dispatcher.csv_records import Row
from services.dispatcher.csv_tables import BadTable
from services.dispatcher.imports import repository
from services.dispatcher.imports.cells import OrderSigns
from services.dispatcher.imports.domain import Import
from services.dispatcher.imports.fields import Kind, find_field
from services.dispatcher.imports.items import FaultyRow, Item, ItemReader
from services.dispatcher.imports.mapping import Mapping, MappingFault, guess_mapping, mapping_faults
from services.dispatcher.imports.tables import clean_cell, open_file
from services.dispatcher.imports.taking import (
    CompanyFacts,
    read_customer_rows,
    read_events,
    read_suppressions,
)
from services.dispatcher.imports.uploads import digest_of_file, parts_of, rows_of_part
from services.dispatcher.sending.sending_commands import find_sending
from services.dispatcher.tenants import tenant_or_placeholder
from shared.db import UnitOfWork
from shared.db.database import Database
from shared.ids import uuid7
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import message
from shared.values.zones import zone_of

MAX_OPEN = 20
"""Imports of one company that have not ended."""
PREVIEW_ROWS = 5
UNCLEAR_DATES = message(
    "It cannot be told whether the day or the month comes first. "
    "Send the file with a mapping whose dates are dmy or mdy."
)
OTHER_DATES = message(
    "Days are not written as in the file before: day and month would be exchanged. "
    "Send the file with a mapping whose dates are as they are written in it."
)
MAX_FILE_NAME_LENGTH = 200


class TooManyOpen(Exception):
    """The company has too many imports that have not ended."""


class BadMapping(Exception):
    """The rows cannot be read by this mapping."""

    def __init__(self, faults: list[MappingFault]) -> None:
        super().__init__(", ".join(fault.field for fault in faults))
        self.faults = faults


class NotWaiting(Exception):
    """The import has begun, or ended: its mapping stands."""


class PreviewRow(NamedTuple):
    """A row of the file and what it becomes, or what is wrong with it."""

    number: int
    cells: list[str]
    item: Item | None
    fault: FaultyRow | None


async def upload(
    database: Database, tenant: str, kind: Kind, file: BinaryIO, who: AuditActor, *, name: str, language: str
) -> tuple[Import, bool]:
    """Store a file's rows; whether it is new. The same file that has not ended is not stored again.

    :raises BadTable: when it is no table.
    :raises TooManyOpen: when the company has many already.
    """
    digest = await asyncio.to_thread(digest_of_file, file)
    table = await asyncio.to_thread(open_file, file)
    parts = parts_of(table)
    async with database.transaction() as uow:
        known = await repository.find_same(uow, tenant, kind, digest)
        if known is not None:
            return known, False
        if await repository.count_open(uow, tenant) >= MAX_OPEN:
            raise TooManyOpen
        id_ = uuid7()
        is_new = await repository.add_import(
            uow,
            tenant,
            id_,
            kind,
            who,
            name=name[:MAX_FILE_NAME_LENGTH],
            digest=digest,
            encoding=table.encoding,
            separator=table.separator,
            columns=table.names,
            language=language,
        )
        if is_new:
            rows = count = 0
            while part := await asyncio.to_thread(next, parts, None):
                await repository.add_part(uow, tenant, id_, part)
                rows, count = rows + part.rows, count + 1
            if not rows:
                raise BadTable(message("There is no row below the names of the columns."))
            await repository.set_size(uow, tenant, id_, rows=rows, parts=count)
            stored = await repository.find(uow, tenant, id_)
        else:  # another request has stored it meanwhile
            stored = await repository.find_same(uow, tenant, kind, digest)
    if stored is None:
        raise TooManyOpen
    return stored, is_new


class Suggestion(NamedTuple):
    """A mapping that nobody has chosen for this file yet."""

    mapping: Mapping
    unclear_dates: bool
    """The first rows leave open whether day or month comes first: whoever begins the file says it."""


async def suggest(uow: UnitOfWork, job: Import) -> Suggestion:
    """The mapping of before, or what the file suggests. Cells that are no times say nothing of how days are
    written: where no column is a time, that is the order in which no day is taken for another.
    """
    remembered = await repository.find_mapping(uow, job.tenant, job.kind)
    rows = [row.cells for row in await first_rows(uow, job)]
    mapping = guess_mapping(job.kind, job.columns, rows, remembered)
    if mapping == remembered:  # somebody has chosen it, for a file that may have written days otherwise
        signs = OrderSigns()
        for cells in rows:
            _add_cells(signs, _time_places(job, mapping), cells)
        return Suggestion(mapping, unclear_dates=signs.contradict(mapping.dates))
    signs = OrderSigns()
    for cells in rows:
        _add_cells(signs, _time_places(job, mapping), cells)
    if signs.order is None:
        return Suggestion(mapping, unclear_dates=True)
    return Suggestion(msgspec.structs.replace(mapping, dates=signs.order), unclear_dates=False)


async def suggest_to_begin(uow: UnitOfWork, job: Import) -> Mapping:
    """The same where nobody looks at it before the rows are taken: all of them say how days are written.

    :raises BadMapping: when that cannot be told, or is not as it was in the file before.
    """
    remembered = await repository.find_mapping(uow, job.tenant, job.kind)
    mapping = (await suggest(uow, job)).mapping
    places = _time_places(job, mapping)
    signs = OrderSigns()
    for number in range(job.parts):
        content = await repository.read_part(uow, job.tenant, job.id, number)
        if content is not None:
            await asyncio.to_thread(_add_signs, signs, places, content)
    if mapping == remembered:
        if signs.contradict(mapping.dates):
            raise BadMapping([MappingFault("/dates", OTHER_DATES)])
        return mapping
    if signs.order is None:
        raise BadMapping([MappingFault("/dates", UNCLEAR_DATES)])
    return msgspec.structs.replace(mapping, dates=signs.order)


def _time_places(job: Import, mapping: Mapping) -> list[int]:
    """The places of the columns that are times."""
    return [
        job.columns.index(column)
        for name, column in mapping.fields.items()
        if (known := find_field(job.kind, name)) is not None and known.form == "time"
    ]


def _add_signs(signs: OrderSigns, places: Sequence[int], content: bytes) -> None:
    for row in rows_of_part(content):
        if row.remedy is None:
            _add_cells(signs, places, row.cells)


def _add_cells(signs: OrderSigns, places: Sequence[int], cells: Sequence[str]) -> None:
    for place in places:
        if place < len(cells):
            signs.add(clean_cell(cells[place]))


async def first_rows(uow: UnitOfWork, job: Import, most: int = 100) -> list[Row]:
    """The first rows of a file that has not begun."""
    content = await repository.read_part(uow, job.tenant, job.id, 0)
    return rows_of_part(content)[:most] if content is not None else []


async def preview(uow: UnitOfWork, secret: str, job: Import, mapping: Mapping) -> list[PreviewRow]:
    """What the first rows become by a mapping that holds; nothing is stored."""
    rows = (await first_rows(uow, job))[:PREVIEW_ROWS]
    reader, facts = await reading_of(uow, secret, job, mapping)
    reads = [reader.read(row) for row in rows]
    items = [each for each in reads if isinstance(each, Item)]
    faults = {each.number: each for each in reads if isinstance(each, FaultyRow)}
    found: list[FaultyRow] = []  # of answers only the cells are checked here: the rest is the collector's
    match job.kind:
        case "events":
            found = read_events(facts, mapping, items, uow.now)[1]
        case "customers":
            found = read_customer_rows(facts, mapping, items)[1]
        case "suppressions":
            found = read_suppressions(facts, mapping, items, uow.now)[1]
    faults |= {each.number: each for each in found}
    by_number = {item.number: item for item in items}
    return [
        PreviewRow(row.number, row.cells, by_number.get(row.number), faults.get(row.number)) for row in rows
    ]


async def reading_of(
    uow: UnitOfWork, secret: str, job: Import, mapping: Mapping
) -> tuple[ItemReader, CompanyFacts]:
    """The reader of a file's rows, and what is to be known of its company."""
    tenant = await tenant_or_placeholder(uow, job.tenant)
    placeholder_ids = (await find_sending(uow, job.tenant)).placeholder_ids
    zone = zone_of(mapping.time_zone, tenant.time_zone)
    reader = ItemReader(job.kind, mapping, job.columns, zone)
    return reader, CompanyFacts(secret, job.tenant, tenant.country, placeholder_ids)


async def begin(
    uow: UnitOfWork,
    job: Import,
    mapping: Mapping,
    who: AuditActor,
    *,
    language: str,
    remembered: bool = True,
) -> Import | None:
    """Let the workers take the rows, and remember the mapping. The same again changes nothing.

    :param remembered: whether the next file of this kind is likely to have the same columns.

    :raises BadMapping: naming all that is wrong with it.
    :raises NotWaiting: when it has begun by another mapping, or ended.
    """
    faults = mapping_faults(job.kind, mapping, job.columns)
    if faults:
        raise BadMapping(faults)
    locked = await repository.lock(uow, job.tenant, job.id)
    if locked is None:
        return None
    if locked.state == "uploaded":
        await repository.begin(uow, job.tenant, job.id, mapping, who, language)
        if remembered:
            await repository.remember(uow, job.tenant, job.kind, mapping)
        record_audit(uow, job.tenant, who, "import", str(job.id), kind=job.kind, rows=locked.rows)
    elif locked.mapping != mapping:
        raise NotWaiting
    return await repository.find(uow, job.tenant, job.id)


async def stop(uow: UnitOfWork, tenant: str, id_: UUID) -> Import | None:
    """Take no more rows of it; those before stay taken. Of one that has ended nothing changes."""
    job = await repository.lock(uow, tenant, id_)
    if job is not None and job.state in {"uploaded", "running"}:
        await repository.end(uow, tenant, id_, "stopped")
    return await repository.find(uow, tenant, id_)
