"""What the rows of each kind become: by the same code as when the API takes them one by one."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from services.dispatcher.customers.customer_commands import keep_customers
from services.dispatcher.customers.reading import (
    CustomerIn,
    ReadCustomer,
    read_customer,
    refuse_contradictions,
)
from services.dispatcher.imports.domain import Import
from services.dispatcher.imports.fields import Kind
from services.dispatcher.imports.items import FaultyRow, Item
from services.dispatcher.imports.mapping import Mapping, column_of
from services.dispatcher.imports.row_customers import customer_of
from services.dispatcher.suppressions.csv_rows import SuppressionRow, faults_of, read_row
from services.dispatcher.suppressions.import_commands import import_rows, named
from shared.api_keys import ApiKey
from shared.db import UnitOfWork
from shared.errors import Unprocessable
from shared.events import TRANSACTIONS, Transaction
from shared.http.json_items import BadItem, read_item
from shared.intake.accepting import accepted_event
from shared.intake.errors import Unacceptable
from shared.intake.refusals import OTHER_CONTENT
from shared.intake.schemas import HINTS, EventIn
from shared.privacy.erased import find_erased
from shared.privacy.persons import identity_of, person_or_nobody
from shared.privacy.service_client import read_answer
from shared.privacy.subjects import Subject
from shared.values.messages import message

OWN_SOURCE = "import"
"""Of events whose file names none."""
TOO_LARGE = message("Is more than an event may hold. Shorten its cells.")


class ReadEvent(NamedTuple):
    """A row as an event."""

    number: int
    transaction: Transaction


class ReadCustomerRow(NamedTuple):
    """A row as a customer."""

    number: int
    customer: CustomerIn


class CompanyFacts(NamedTuple):
    """What the reading of rows needs to know of the company."""

    secret: str
    tenant: str
    country: str | None
    placeholder_ids: AbstractSet[str]


def encode_item(content: dict[str, Any]) -> bytes:
    """An item as the API gets it."""
    return msgspec.json.encode(content)


def read_events(
    facts: CompanyFacts, mapping: Mapping, items: Sequence[Item], now: datetime
) -> tuple[list[ReadEvent], list[FaultyRow]]:
    """The events of rows. Of one that stands there twice with other content the first counts."""
    key = ApiKey(facts.tenant, OWN_SOURCE, OWN_SOURCE, frozenset(), facts.country or None, OWN_SOURCE)
    events: list[ReadEvent] = []
    faults: list[FaultyRow] = []
    digests: dict[tuple[str, str], Any] = {}
    for item in items:
        try:
            event, spoilt = read_item(_event, encode_item(item.content), helps=HINTS)
            new = accepted_event(facts.secret, key, event, now, spoilt).transaction
        except BadItem as bad:
            first = bad.faults[0]
            faults.append(FaultyRow(item.number, column_of(mapping, first["field"]), first["detail"]))
        except Unacceptable as bad:
            faults.append(FaultyRow(item.number, column_of(mapping, bad.field), bad.remedy))
        else:
            if digests.setdefault((new.source, new.id), new.digest) != new.digest:
                faults.append(FaultyRow(item.number, column_of(mapping, "/id"), OTHER_CONTENT))
            else:
                events.append(ReadEvent(item.number, new))
    return events, faults


def publish_events(uow: UnitOfWork, tenant: str, events: Sequence[ReadEvent]) -> list[FaultyRow]:
    """Publish them, if and when the transaction commits; returns those that no topic takes."""
    faults = []
    for event in events:
        try:
            uow.publish(TRANSACTIONS, tenant, event.transaction)
        except Unprocessable:
            faults.append(FaultyRow(event.number, "", TOO_LARGE))
    return faults


def read_customer_rows(
    facts: CompanyFacts, mapping: Mapping, items: Sequence[Item]
) -> tuple[list[ReadCustomerRow], list[FaultyRow]]:
    """The customers of rows. Of one who stands there twice with other content the first counts."""
    reads = refuse_contradictions(
        [read_customer(encode_item(item.content), facts.country or None) for item in items]
    )
    rows: list[ReadCustomerRow] = []
    faults: list[FaultyRow] = []
    for item, read in zip(items, reads, strict=True):
        if read.customer is None:
            first = read.faults[0]
            faults.append(FaultyRow(item.number, column_of(mapping, first["field"]), first["detail"]))
        else:
            rows.append(ReadCustomerRow(item.number, read.customer))
    return rows, faults


async def keep_customer_rows(
    uow: UnitOfWork, secret: str, job: Import, rows: Sequence[ReadCustomerRow]
) -> list[FaultyRow]:
    """Keep them; returns those who were erased."""
    reads = await keep_customers(
        uow,
        secret,
        job.tenant,
        [ReadCustomer(row.customer.id, row.customer, []) for row in rows],
        who=job.who,
    )
    return [
        FaultyRow(row.number, column_of(job.mapping, "/id"), read.faults[0]["detail"])
        for row, read in zip(rows, reads, strict=True)
        if read.customer is None
    ]


def read_suppressions(
    facts: CompanyFacts, mapping: Mapping, items: Sequence[Item], now: datetime
) -> tuple[list[SuppressionRow], list[FaultyRow]]:
    """Whom rows list. A row of which a cell is left out is among both: it is taken, and is to be mended."""
    rows: list[SuppressionRow] = []
    faults: list[FaultyRow] = []
    for item in items:
        names, cells = list(item.content), list(item.content.values())
        read = read_row(item.number, names, cells, now, facts.placeholder_ids, facts.country or None)
        is_taken = isinstance(read, SuppressionRow)
        if isinstance(read, SuppressionRow):
            rows.append(read)
        for fault in faults_of([read]):
            column = column_of(mapping, f"/{fault.column}")
            faults.append(FaultyRow(item.number, column, fault.detail, is_taken))
    return rows, faults


async def keep_suppressions(
    uow: UnitOfWork, secret: str, job: Import, rows: Sequence[SuppressionRow]
) -> None:
    """Put them on the list."""
    await import_rows(uow, job.tenant, named(secret, job.tenant, rows), who=job.who)


class _AnswerFault(msgspec.Struct):
    field: str
    detail: str


class _AnswerResult(msgspec.Struct):
    status: str
    errors: list[_AnswerFault]


class _AnswerResults(msgspec.Struct):
    results: list[_AnswerResult]
    new: int = 0


def answers_body(items: Sequence[Item]) -> bytes:
    """The request by which the collector takes answers."""
    return msgspec.json.encode({"answers": [item.content for item in items]})


class SentAnswers(NamedTuple):
    """What became of answers that were sent to the collector."""

    faults: list[FaultyRow]
    """What it has refused."""
    new: int
    """How many it did not know."""


def sent_answers(mapping: Mapping, items: Sequence[Item], answered: bytes) -> SentAnswers:
    """What the collector has answered.

    :raises ServiceUnavailable: when it is something else.
    """
    read = read_answer("collector", answered, _AnswerResults)
    faults = [
        FaultyRow(item.number, column_of(mapping, result.errors[0].field), result.errors[0].detail)
        for item, result in zip(items, read.results, strict=True)
        if result.status != "accepted"
    ]
    return SentAnswers(faults, read.new)


async def erased_rows(
    uow: UnitOfWork, facts: CompanyFacts, kind: Kind, named_rows: Sequence[tuple[int, dict[str, str]]]
) -> set[int]:
    """The numbers of those rows whose customer was erased: nothing of them is kept.

    :param named_rows: the texts of each row by field.
    """
    subjects = {number: _subject(facts, kind, values) for number, values in named_rows}
    erased = await find_erased(uow, [each for each in subjects.values() if each is not None])
    return {number for number, subject in subjects.items() if subject in erased}


def _subject(facts: CompanyFacts, kind: Kind, values: dict[str, str]) -> Subject | None:
    customer = customer_of(kind, values, facts.country or None)
    if customer is None:
        return None
    identity = identity_of(facts.secret, facts.tenant, customer)
    # Under whatever address: that of a faulty row may be what is wrong with it.
    return Subject(facts.tenant, person_or_nobody(facts.secret, facts.tenant, identity), None)


_event = msgspec.json.Decoder(EventIn)
