"""Customers in a table of comma-separated values, as spreadsheets write it."""

import csv
import re
from collections.abc import Sequence
from io import StringIO
from typing import Any, NamedTuple

import msgspec

from services.dispatcher.customers.basis_in import BASIS_COLUMNS, basis_of_cells
from services.dispatcher.customers.reading import CustomerIn, ReadCustomer, checked, refuse_contradictions
from shared.events.segments import TOUCHPOINT
from shared.http.json_errors import fault_of
from shared.http.validation_errors import FieldFault
from shared.values.messages import Count, Message, message
from shared.values.text import normalized_text

MAX_ROWS = 10_000
REQUIRED = ("id", "email")
PLAIN = (*REQUIRED, "locale", "country", "time_zone")
COLUMNS = (*PLAIN, *BASIS_COLUMNS)
SEGMENT = "segments."
"""The beginning of the name of a column with the values of a dimension."""
SEPARATORS = (",", ";", "\t")
_STATED_SEPARATOR = re.compile(r'"?sep=([,;\t])"?[,;\t]*(?:\n|$)', re.IGNORECASE)
"""The line by which spreadsheets state what separates the cells; it is no row of the table."""
_POINTER = re.compile(r"/segments/(.*)", re.DOTALL)


class BadTable(Exception):
    """The text as a whole is no such table."""

    def __init__(self, remedy: Message) -> None:
        super().__init__(str(remedy))
        self.remedy = remedy


class TableRow(NamedTuple):
    """A customer, and in which row of the table they stand; the row of names is the first."""

    number: int
    read: ReadCustomer


def read_table(text: str) -> list[TableRow]:
    """Every customer of a table, in order.

    :raises BadTable: when it has no such columns, or too many rows.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\ufeff\n")
    stated = _STATED_SEPARATOR.match(lines)
    if stated is not None:
        lines = lines[stated.end() :].lstrip("\n")
    first = lines.partition("\n")[0]
    table = _cells(lines, stated[1] if stated is not None else max(SEPARATORS, key=first.count))
    names = _names(table[0]) if table else []
    _check_names(names)
    rows = [(number, cells) for number, cells in enumerate(table[1:], 2) if any(map(str.strip, cells))]
    if len(rows) > MAX_ROWS:
        raise BadTable(message("More than %(most)s rows. Take them in parts.", most=Count(MAX_ROWS)))
    if not rows:
        raise BadTable(message("There is no row below the names of the columns."))
    reads = refuse_contradictions([_read(names, cells) for _, cells in rows])
    return [TableRow(number, read) for (number, _), read in zip(rows, reads, strict=True)]


def _cells(lines: str, separator: str) -> list[list[str]]:
    """The cells of each row; a line break in a cell stays.

    :raises BadTable: when a quote is wrong, or a cell is too long to be read.
    """
    rows: list[list[str]] = []
    try:
        for cells in csv.reader(StringIO(lines, newline=""), delimiter=separator, strict=True):
            rows.append(cells)  # noqa: PERF402  (those before a fault tell in which row it is)
    except csv.Error as error:
        if str(error).startswith("field larger than field limit"):
            remedy = message(
                "A cell in row %(row)s has more than %(most)s characters. Shorten it, or close its quote.",
                row=Count(len(rows) + 1),
                most=Count(csv.field_size_limit()),
            )
            raise BadTable(remedy) from None
        raise BadTable(message("A quote is not closed. Save the table as CSV once more.")) from None
    return rows


def _names(cells: Sequence[str]) -> list[str]:
    """The names of the columns, whose case means nothing but in that of a dimension.

    Columns behind the last name are empty ones.
    """
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    return [
        SEGMENT + name[len(SEGMENT) :] if name.lower().startswith(SEGMENT) else name.lower() for name in names
    ]


def _check_names(names: Sequence[str]) -> None:
    if "" in names:
        number = names.index("") + 1
        raise BadTable(message("Column %(number)s has no name in the first row.", number=number))
    for name in REQUIRED:
        if name not in names:
            raise BadTable(message("There is no column “%(column)s” in the first row.", column=name))
    for name in names:
        if names.count(name) > 1:
            raise BadTable(message("The column “%(column)s” stands there twice.", column=name[:100]))
        if name.startswith(SEGMENT) and normalized_text(name.removeprefix(SEGMENT)) == TOUCHPOINT:
            raise BadTable(
                message(
                    "The column “%(column)s” says what an event is about, and nothing of a customer. "
                    "Leave it out.",
                    column=name[:100],
                )
            )
        if name not in COLUMNS and not (name.startswith(SEGMENT) and name != SEGMENT):
            raise BadTable(
                message(
                    "There is no column “%(column)s”. There may be %(columns)s, and “segments.” with a name.",
                    column=name[:100],
                    columns=", ".join(COLUMNS),
                )
            )


def _read(names: Sequence[str], cells: Sequence[str]) -> ReadCustomer:
    if len(cells) > len(names) and any(map(str.strip, cells[len(names) :])):
        detail = message("This row has more cells than there are columns.")
        return ReadCustomer(cells[0][:200], None, [FieldFault(field="/", detail=detail)])
    given = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if cell.strip()}
    segments = {name.removeprefix(SEGMENT): cell for name, cell in given.items() if name.startswith(SEGMENT)}
    customer: dict[str, Any] = {name: given.get(name) for name in PLAIN if name in given}
    customer |= {"basis": basis_of_cells(given)}
    customer |= {name: "" for name in REQUIRED if name not in given}
    try:
        return checked(msgspec.convert({**customer, "segments": segments}, CustomerIn))
    except msgspec.ValidationError as error:
        return ReadCustomer(given.get("id", "")[:200] or None, None, [fault_of(str(error))])


def column_of(fault: FieldFault) -> str:
    """The column that a fault is in; empty where it is in the whole row."""
    segment = _POINTER.fullmatch(fault["field"])
    if segment is not None:
        return SEGMENT + segment[1].replace("~1", "/").replace("~0", "~")
    field = fault["field"].strip("/")
    of_basis = {f"basis/{part}": column for column, part in BASIS_COLUMNS.items()}
    return of_basis.get(field, field)
