"""Customers in a table of comma-separated values, as spreadsheets write it."""

import re
from collections.abc import Sequence
from io import StringIO
from typing import Any, NamedTuple

import msgspec

from services.dispatcher.csv_records import Row
from services.dispatcher.csv_tables import MORE_CELLS, BadTable, has_more_cells, open_table
from services.dispatcher.customers.basis_in import BASIS_COLUMNS, basis_of_cells
from services.dispatcher.customers.reading import CustomerIn, ReadCustomer, checked, refuse_contradictions
from shared.events.segments import TOUCHPOINT
from shared.http.json_errors import fault_of
from shared.http.validation_errors import FieldFault
from shared.values.messages import Count, message
from shared.values.text import normalized_text

MAX_ROWS = 10_000
ID = "id"
REACHING = ("email", "phone")
"""Of these columns one at the least is there."""
PLAIN = (ID, *REACHING, "locale", "country", "time_zone")
COLUMNS = (*PLAIN, *BASIS_COLUMNS)
SEGMENT = "segments."
"""The beginning of the name of a column with the values of a dimension."""
_POINTER = re.compile(r"/segments/(.*)", re.DOTALL)


class TableRow(NamedTuple):
    """A customer, and in which row of the table they stand; the row of names is the first."""

    number: int
    read: ReadCustomer


def read_table(text: str, home: str | None = None) -> list[TableRow]:
    """Every customer of a table, in order.

    :param home: in whose form phone numbers are read where the customer has no country.
    :raises BadTable: when it has no such columns, too many rows, or one that cannot be read.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    names, found = open_table(StringIO(text, newline=""), case_matters_behind=SEGMENT)
    _check_names(names)
    rows = list(found)
    for row in rows:
        if row.remedy is not None:
            raise BadTable(row.remedy)
    if len(rows) > MAX_ROWS:
        raise BadTable(message("More than %(most)s rows. Take them in parts.", most=Count(MAX_ROWS)))
    if not rows:
        raise BadTable(message("There is no row below the names of the columns."))
    reads = refuse_contradictions([_read(names, row, home) for row in rows])
    return [TableRow(row.number, read) for row, read in zip(rows, reads, strict=True)]


def _check_names(names: Sequence[str]) -> None:
    if ID not in names:
        raise BadTable(message("There is no column “%(column)s” in the first row.", column=ID))
    if not set(REACHING).intersection(names):
        raise BadTable(message("There is no column “email” and none “phone” in the first row."))
    for name in names:
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


def _read(names: Sequence[str], row: Row, home: str | None) -> ReadCustomer:
    cells = row.cells
    if has_more_cells(names, cells):
        return ReadCustomer(cells[0][:200], None, [FieldFault(field="/", detail=MORE_CELLS)])
    given = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if cell.strip()}
    segments = {name.removeprefix(SEGMENT): cell for name, cell in given.items() if name.startswith(SEGMENT)}
    customer: dict[str, Any] = {name: given.get(name) for name in PLAIN if name in given}
    customer |= {"basis": basis_of_cells(given)}
    customer.setdefault(ID, "")
    try:
        return checked(msgspec.convert({**customer, "segments": segments}, CustomerIn), home)
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
