"""Entries of the list in a table of comma-separated values, read row by row, however many there are."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple, get_args

from services.dispatcher.csv_tables import MORE_CELLS, BadTable, has_more_cells, open_table
from services.dispatcher.customers.reading import BAD_ADDRESS, BLANK_ID
from services.dispatcher.decisions.addresses import address_quality
from services.dispatcher.suppressions.domain import BAD_COUNTRY, NOT_SURE_NUMBER
from shared.values.csv_cells import plain_cell
from shared.values.customer_ids import is_placeholder_id
from shared.values.messages import Message, message
from shared.values.phone import sure_number
from shared.values.places import country_of
from shared.values.text import normalized_text

Column = Literal["email", "phone", "country", "customer_id", "address_hash", "reason", "since"]
NAMING_COLUMNS: tuple[Column, ...] = ("email", "phone", "customer_id", "address_hash")
"""By which an entry is found; a row has at least one."""
COLUMNS: tuple[Column, ...] = (*NAMING_COLUMNS, "country", "reason", "since")
ImportedReason = Literal["unsubscribed", "complained", "listed", "bounced"]
REASONS_IN: dict[str, ImportedReason] = {"": "listed", **{each: each for each in get_args(ImportedReason)}}
"""As a row has them."""
MAX_ID_LENGTH = 200
MAX_CLOCK_SKEW = timedelta(minutes=5)
_HASH = re.compile(r"[0-9a-f]{64}")
NO_NAME = message("Give email, phone, customer_id or address_hash.")
BAD_HASH = message(
    "Is no hash of an address. Take it from an export of this company, or give email or phone."
)
LONG_ID = message("Has more than %(most)s characters.", most=MAX_ID_LENGTH)
BAD_REASON = message("Write unsubscribed, complained, bounced or listed, or leave it empty: that is listed.")
NO_BOUNCE_OF_NUMBER = message(
    "Mails come back from an address, not from a phone number. Give the address in a row of its own, or "
    "write listed: then neither the number gets a text nor its customer a mail."
)
ERASED_ROW = message("An erased customer needs no import: they stay on the list. Leave this row out.")
BAD_TIME = message("Write the time like 2026-03-02T09:00:00Z, or the day like 2026-03-02.")
IN_FUTURE = message("Lies in the future. Write since when nobody is asked.")
NO_TEXT = message("Has a character that is no text.")
PLACEHOLDER = message("This id stands for nobody: many customers may come under it. Give their addresses.")


class SuppressionFault(NamedTuple):
    """What is wrong with a row."""

    number: int
    column: str
    """Empty: it is in the whole row."""
    detail: Message


class SuppressionRow(NamedTuple):
    """Who is never to be asked, by a row of the table; the row of names is the first."""

    number: int
    email: str
    customer_id: str
    address_hash: str
    reason: ImportedReason
    since: datetime | None
    phone: str = ""
    """In E.164."""
    left_out: SuppressionFault | None = None
    """What is wrong with another cell of the row, which names nobody."""


def read_rows(
    lines: Iterable[str],
    now: datetime,
    placeholder_ids: AbstractSet[str] = frozenset(),
    home: str | None = None,
) -> Iterator[SuppressionRow | SuppressionFault]:
    """Every row of a table, in order; one of them is in memory at a time.

    :param placeholder_ids: the company's own that stand for nobody, folded.
    :param home: the company's country, of which a number without a country's code is where the row has none.
    :raises BadTable: when the first row has no such columns.
    """
    names, rows = open_table(lines)
    _check_names(names)
    for row in rows:
        if row.remedy is not None:
            yield SuppressionFault(row.number, "", row.remedy)
        else:
            yield read_row(row.number, names, row.cells, now, placeholder_ids, home)


def faults_of(rows: Iterable[SuppressionRow | SuppressionFault]) -> list[SuppressionFault]:
    """What is wrong with rows that are refused, and with cells that are left out of others, in order."""
    found = (row.left_out if isinstance(row, SuppressionRow) else row for row in rows)
    return [fault for fault in found if fault is not None]


def _check_names(names: Sequence[str]) -> None:
    for name in names:
        if name not in COLUMNS:
            raise BadTable(
                message(
                    "There is no column “%(column)s”. There may be %(columns)s.",
                    column=name[:100],
                    columns=", ".join(COLUMNS),
                )
            )
    if not set(NAMING_COLUMNS).intersection(names):
        raise BadTable(
            message("The first row names none of the columns %(columns)s.", columns=", ".join(NAMING_COLUMNS))
        )


def read_row(
    number: int,
    names: Sequence[str],
    cells: Sequence[str],
    now: datetime,
    placeholder_ids: AbstractSet[str],
    home: str | None,
) -> SuppressionRow | SuppressionFault:
    """One row, whose cells stand under these names."""
    if has_more_cells(names, cells):
        return SuppressionFault(number, "", MORE_CELLS)
    given = {name: plain_cell(cell.strip()) for name, cell in zip(names, cells, strict=False)}
    if not any(given.get(name) for name in NAMING_COLUMNS):
        return SuppressionFault(number, "", NO_NAME)
    reason, written = REASONS_IN.get(given.get("reason", "").lower()), given.get("since", "")
    since = _time_of(written) if written else None
    is_bounce = reason == "bounced"
    read = _names_of(given, placeholder_ids, home, is_bounce=is_bounce)
    left_out = next((SuppressionFault(number, *fault) for fault in read.faults), None)
    checks: tuple[tuple[bool, Column, Message], ...] = (
        (given.get("reason", "").lower() == "erased", "reason", ERASED_ROW),
        (reason is None, "reason", BAD_REASON),
        (is_bounce and bool(given.get("phone")) and not read.has_address, "reason", NO_BOUNCE_OF_NUMBER),
        (bool(written) and since is None, "since", BAD_TIME),
        (since is not None and since > now + MAX_CLOCK_SKEW, "since", IN_FUTURE),
    )
    if left_out is not None and not read.good:
        return left_out
    fault = next(((column, detail) for wrong, column, detail in checks if wrong), None)
    if fault is not None or reason is None:
        return SuppressionFault(number, *(fault or ("reason", BAD_REASON)))
    email, phone, customer_id, address_hash = (read.good.get(name, "") for name in NAMING_COLUMNS)
    return SuppressionRow(number, email, customer_id, address_hash, reason, since, phone, left_out)


class _NamingCells(NamedTuple):
    """What the cells of a row that name somebody say."""

    good: dict[Column, str]
    faults: list[tuple[Column, Message]]

    @property
    def has_address(self) -> bool:
        return "email" in self.good or "address_hash" in self.good


def _names_of(
    given: Mapping[str, str], placeholder_ids: AbstractSet[str], home: str | None, *, is_bounce: bool
) -> _NamingCells:
    """The cells that name somebody, and what is wrong with the others: one that cannot be read takes no other
    from the list.

    :param is_bounce: whether the number of a row with an address is nobody whom it is about.
    """
    email, customer_id = normalized_text(given.get("email", "")), given.get("customer_id", "")
    typed_phone, typed_country = given.get("phone", ""), given.get("country", "")
    country = country_of(typed_country) if typed_country else home
    address_hash = given.get("address_hash", "")
    phone = sure_number(typed_phone, country) or ""
    no_country = bool(typed_country) and country is None
    checks: tuple[tuple[bool, Column, Message], ...] = (
        (bool(email) and address_quality(email) != "good", "email", BAD_ADDRESS),
        (no_country, "country", BAD_COUNTRY),
        (bool(typed_phone) and not phone, "phone", NOT_SURE_NUMBER),
        (bool(customer_id) and not normalized_text(customer_id), "customer_id", BLANK_ID),
        (len(customer_id) > MAX_ID_LENGTH, "customer_id", LONG_ID),
        ("\0" in customer_id, "customer_id", NO_TEXT),
        (bool(customer_id) and is_placeholder_id(customer_id, placeholder_ids), "customer_id", PLACEHOLDER),
        (bool(address_hash) and not _HASH.fullmatch(address_hash), "address_hash", BAD_HASH),
    )
    faults = [(column, detail) for wrong, column, detail in checks if wrong]
    bad = {column for column, _ in faults} | ({"phone"} if no_country else set())
    cells = zip(NAMING_COLUMNS, (email, phone, customer_id, address_hash), strict=True)
    read = _NamingCells({column: cell for column, cell in cells if cell and column not in bad}, faults)
    if not (is_bounce and read.has_address):
        return read
    good: dict[Column, str] = {column: cell for column, cell in read.good.items() if column != "phone"}
    return _NamingCells(good, [fault for fault in faults if fault[0] not in {"phone", "country"}])


def _time_of(written: str) -> datetime | None:
    """A time with its offset, or a day, which begins in UTC."""
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return None
    if at.tzinfo is None:
        return at.replace(tzinfo=UTC) if len(written) == len("2026-03-02") else None
    try:
        return at.astimezone(UTC)
    except OverflowError:
        return None
