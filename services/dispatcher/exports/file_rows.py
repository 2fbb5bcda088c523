"""The rows of a company's files that are a customer's: not taken yet, or faulty and kept to be mended.

Whose a row is says what it would become: the id, else the address or number, as of an event. Nothing tells it
but the row, so each is looked at, unless the customer has ids and none of them is in a part. A process makes
few exports at once, and files are soon forgotten.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import msgspec

from services.dispatcher.exports.repository import SERVICE, find_contacts
from services.dispatcher.imports import repository as imports
from services.dispatcher.imports.domain import Import
from services.dispatcher.imports.fields import Kind
from services.dispatcher.imports.row_customers import HASH_FIELD, customer_of, mapping_of, texts_of
from services.dispatcher.imports.uploads import rows_of_part
from services.dispatcher.repository.known_names import list_ids
from services.dispatcher.sending.domain import Sending
from services.dispatcher.sending.sending_commands import find_sending
from services.dispatcher.tenants import tenant_or_placeholder
from shared.db import UnitOfWork
from shared.privacy.export import ExportQuery, ExportSection, section_of
from shared.privacy.export_records import FileRowRecord, FileRowState
from shared.privacy.persons import identity_of, person_or_nobody
from shared.secrets import customer_hash

FAULTS_PER_PAGE = 1_000
_PLAIN = re.compile(r"[A-Za-z0-9._:/@+-]+")
Cells = Sequence[str]


@dataclass(frozen=True)
class _Seeker:
    """Finds the rows of one person."""

    secret: str
    query: ExportQuery
    sending: Sending
    home: str | None
    contacts: frozenset[str]
    words: tuple[bytes, ...]
    """One of these is in each row of the person; empty: a row may name them in other words."""

    def may_be_in(self, content: bytes) -> bool:
        """Whether one of the rows in this JSON may be the person's."""
        return not self.words or any(word in content for word in self.words)

    def records(
        self, job: Import, state: FileRowState, rows: Sequence[tuple[int, Cells]]
    ) -> list[FileRowRecord]:
        """Those of the rows that are the person's."""
        mapping = mapping_of(job)
        return [
            FileRowRecord(
                at=job.created_at,
                obtained_from="company",
                file_kind=job.kind,
                row=number,
                state=state,
                cells={name: cell for name, cell in zip(job.columns, cells, strict=False) if cell.strip()},
            )
            for number, cells in rows
            if self._is_theirs(job.kind, texts_of(mapping, job.columns, cells))
        ]

    def _is_theirs(self, kind: Kind, texts: dict[str, str]) -> bool:
        if texts.get(HASH_FIELD) in self.contacts:
            return True
        customer = customer_of(kind, texts, self.home)
        if customer is None:
            return False
        tenant, ids = self.query.tenant, self.sending.placeholder_ids
        identity = identity_of(self.secret, tenant, customer, ids)
        if person_or_nobody(self.secret, tenant, identity) != self.query.person:
            return False
        address = customer.email or customer.phone
        return (
            self.query.contact is None
            or address is None
            or customer_hash(self.secret, tenant, address) == self.query.contact
        )


async def read_file_rows(uow: UnitOfWork, secret: str, query: ExportQuery) -> list[ExportSection]:
    """The section of the person's rows, newest file first; none where another kind is asked for."""
    if query.kind not in (None, "file_row"):
        return []
    seeker: _Seeker | None = None
    found: list[FileRowRecord] = []
    for job in await imports.list_with_cells(uow, query.tenant, query.before):
        seeker = seeker or await _seeker(uow, secret, query)
        async for state, rows in _rows_of(uow, job, seeker):
            found += await asyncio.to_thread(seeker.records, job, state, rows)
        if len(found) > query.limit:
            break
    return [section_of(query, SERVICE, "file_row", found)]


async def _seeker(uow: UnitOfWork, secret: str, query: ExportQuery) -> _Seeker:
    contacts = await find_contacts(uow, query)
    ids = await list_ids(uow, query.tenant, query.person)
    # An id in plain letters stands in a file as it is; of who has none, the id is the hash of an address.
    has_plain_ids = bool(ids) and all(_PLAIN.fullmatch(id_) and id_ not in contacts for id_ in ids)
    return _Seeker(
        secret,
        query,
        await find_sending(uow, query.tenant),
        (await tenant_or_placeholder(uow, query.tenant)).country or None,
        frozenset(contacts),
        tuple(word.encode() for word in (*ids, *contacts)) if has_plain_ids else (),
    )


async def _rows_of(
    uow: UnitOfWork, job: Import, seeker: _Seeker
) -> AsyncIterator[tuple[FileRowState, list[tuple[int, Cells]]]]:
    """The rows of a file that are still there, some at a time."""
    for number in range(job.next_part, job.parts):
        content = await imports.read_part(uow, job.tenant, job.id, number)
        if content is not None and seeker.may_be_in(content):
            rows = await asyncio.to_thread(rows_of_part, content)
            yield "waiting", [(row.number, row.cells) for row in rows]
    after = 0
    while faults := await imports.list_faults(uow, job.tenant, job.id, after, FAULTS_PER_PAGE):
        yield (
            "faulty",
            [
                (row.row, _cells.decode(row.cells))
                for row in faults
                if row.cells is not None and seeker.may_be_in(bytes(row.cells))
            ],
        )
        after = faults[-1].row


_cells = msgspec.json.Decoder(list[str])
