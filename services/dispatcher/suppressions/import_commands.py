"""Take entries from a table: some thousand rows at a time, each time in one transaction."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple, TypeVar

from services.dispatcher.suppressions import repository
from services.dispatcher.suppressions.csv_rows import ImportedReason, SuppressionRow
from shared.db import UnitOfWork
from shared.privacy.audit import AuditActor, record_audit
from shared.privacy.erased import find_erased
from shared.privacy.persons import person_of
from shared.privacy.subjects import Subject
from shared.secrets import customer_hash

ROWS_AT_ONCE = 2_000
REASONS: tuple[ImportedReason, ...] = ("bounced", "listed", "unsubscribed", "complained")
"""In the order in which they are stored: a later one takes the place of those before it."""


Row = TypeVar("Row")


class NamedRow(NamedTuple):
    """A row with what costs the time of the processor."""

    row: SuppressionRow
    addresses: tuple[str, ...]
    """The keyed hashes of its address and of its phone number."""
    person: str | None
    """The pseudonym of its customer."""


def batches(rows: Iterable[Row], size: int = ROWS_AT_ONCE) -> Iterator[list[Row]]:
    """The rows in parts of this size."""
    stream = iter(rows)
    while batch := list(islice(stream, size)):
        yield batch


def named(secret: str, tenant: str, rows: Iterable[SuppressionRow]) -> list[NamedRow]:
    """The rows with their hashes."""
    return [
        NamedRow(
            row,
            _hashes(secret, tenant, row),
            person_of(secret, tenant, row.customer_id) if row.customer_id else None,
        )
        for row in rows
    ]


def _hashes(secret: str, tenant: str, row: SuppressionRow) -> tuple[str, ...]:
    address = row.address_hash or (customer_hash(secret, tenant, row.email) if row.email else "")
    number = customer_hash(secret, tenant, row.phone) if row.phone else ""
    return tuple(each for each in (address, number) if each)


async def import_rows(uow: UnitOfWork, tenant: str, rows: Sequence[NamedRow], *, who: AuditActor) -> int:
    """Keep them, each once; returns how many entries were not on the list.

    The ids of customers who were erased are not stored: they are never asked.
    """
    erased = await find_erased(uow, [Subject(tenant, each.person, "") for each in rows if each.person])
    added = 0
    for reason in REASONS:
        since: dict[tuple[str, str], datetime | None] = {}
        for each in rows:
            if each.row.reason != reason:
                continue
            for address in each.addresses:
                since["address", address] = each.row.since
            if each.person is not None and Subject(tenant, each.person, "") not in erased:
                since["customer", each.row.customer_id] = each.row.since
        if since:
            added += await repository.add(uow, tenant, since, reason=reason, who=who.name, since=since)
    if added:
        record_audit(uow, tenant, who, "suppression", entries=added)
    return added
