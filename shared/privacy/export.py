"""What a service answers when a customer asks what is kept about them: sections of records.

A service reads its own tables in ``repository/export.py``; the dispatcher asks all of them
(``shared.privacy.export_api``) and puts the sections together.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from shared.db.database import UnitOfWork
from shared.events.envelope import Instant
from shared.privacy.export_records import AnyRecord, ExportKind

ASKED_SERVICES = ("collector", "scorer", "alerts")
"""The services that have something of customers, besides the dispatcher, which asks them."""
MAX_RECORDS_PER_KIND = 200
"""In one answer of one service; a section that is cut says where it goes on."""


class ExportSection(msgspec.Struct, frozen=True, kw_only=True):
    """The records of one kind in one service, newest first."""

    service: str
    kind: ExportKind
    records: tuple[AnyRecord, ...] = ()
    older_before: Instant | None = None
    """There may be older ones; they come when this is given as ``before``."""


class ExportQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Whose records are asked for."""

    tenant: str
    person: str
    contact: str | None = None
    """The keyed hash of the one address that is meant, of a customer with several; None: under every one."""
    kind: ExportKind | None = None
    """Only of this kind; None: of all kinds."""
    before: datetime | None = None
    limit: int = MAX_RECORDS_PER_KIND
    customer_ids: tuple[str, ...] = ()
    """The person's ids in rows that have no pseudonym yet."""

    def values(self) -> dict[str, Any]:
        """The parameters of statements with ``of_person``: one row more than is answered shows a cut."""
        return {
            "tenant": self.tenant,
            "person": self.person,
            "contact": self.contact,
            "customer_ids": list(self.customer_ids),
            "before": self.before,
            "limit": self.limit + 1,
        }


IS_PERSON = """(t.person = :person
            OR t.person IS NULL AND {customer_id} = ANY(CAST(:customer_ids AS text[])))"""
"""Whether a row ``t`` is the person's; ``customer_id``: as its ``PersonalTable`` has it."""


def newest_first(at: str) -> str:
    """The end of a statement of records: those of one time are never parted, and those without one come last.

    So ``before``, which is a time, names a place between records. More rows than ``limit`` are possible only
    where the last of them are of one time, such as those that one transaction stored.

    :param at: the SQL of the time that a record has.
    """
    return f"""(CAST(:before AS timestamptz) IS NULL OR {at} < :before OR {at} IS NULL)
    ORDER BY {at} DESC NULLS LAST
    FETCH FIRST (:limit) ROWS WITH TIES"""


def of_person(at: str, contact: str = "t.contact_key", customer_id: str = "t.customer_id") -> str:
    """The end of a statement behind WHERE: the rows ``t`` of the person, newest first.

    :param at: the SQL of the time that a record has.
    :param contact: the SQL of the keyed hash of the address that a row is about.
    :param customer_id: the SQL of the customer's id, as the table's ``PersonalTable`` has it.
    """
    return f"""t.tenant = :tenant AND {IS_PERSON.format(customer_id=customer_id)}
        AND (CAST(:contact AS text) IS NULL OR {contact} IS NULL OR {contact} = :contact)
        AND {newest_first(at)}"""


def in_body(name: str, kind: str = "text") -> str:
    """The SQL of a field in the encoded ``body`` of a row ``t``."""
    return f"CAST(CAST(convert_from(t.body, 'UTF8') AS jsonb) ->> '{name}' AS {kind})"


class ExportSource(NamedTuple):
    """The records of one kind in one service: how they are found, and what is made of a row."""

    kind: ExportKind
    statement: str
    """It ends with ``of_person`` or ``newest_first``, with the parameters of ``ExportQuery``."""
    record: Callable[[Any], AnyRecord]


async def read_sources(
    uow: UnitOfWork, query: ExportQuery, service: str, sources: Iterable[ExportSource], **more: Any
) -> list[ExportSection]:
    """The sections that are asked for; ``more``: further parameters of the statements."""
    values = {**query.values(), **more}
    sections = []
    for source in sources:
        if query.kind in (None, source.kind):
            rows = await uow.execute(source.statement, values)
            records = [source.record(row) for row in rows]
            sections.append(section_of(query, service, source.kind, records))
    return sections


def section_of(
    query: ExportQuery, service: str, kind: ExportKind, records: Sequence[AnyRecord]
) -> ExportSection:
    """The section with what a statement found, which is cut between two different times.

    Where all that was found is of one time, it is all of that time.
    """
    older_before = None
    if len(records) > query.limit:
        first_left_out = records[query.limit].at
        records = [record for record in records if record.at != first_left_out] or records
        older_before = records[-1].at
    return ExportSection(service=service, kind=kind, records=tuple(records), older_before=older_before)


def encode_sections(sections: Sequence[ExportSection]) -> bytes:
    """The sections as services exchange them."""
    return msgspec.json.encode(sections)
