"""Tables of comma-separated values, as spreadsheets write them: their columns, and their rows one by one."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from services.dispatcher.csv_records import Row, rows_of_lines
from shared.values.messages import Message, message

SEPARATORS = (",", ";", "\t")
_STATED_SEPARATOR = re.compile(r'"?sep=([,;\t])"?[,;\t]*', re.IGNORECASE)
"""The line by which spreadsheets state what separates the cells; it is no row of the table."""
_QUOTED = re.compile(r'"[^"]*"')
_END_OF_LINE = "\r\n"
MORE_CELLS = message("This row has more cells than there are columns.")


class BadTable(Exception):
    """The text as a whole is no such table."""

    def __init__(self, remedy: Message) -> None:
        super().__init__(str(remedy))
        self.remedy = remedy


class Table(NamedTuple):
    """A table that is read as its rows are taken; one of them is in memory at a time."""

    names: list[str]
    """Of the columns, in lower case. Columns behind the last name are empty ones."""
    rows: Iterator[Row]
    """Each row that is not blank; one that cannot be read has a remedy."""


def open_table(lines: Iterable[str], case_matters_behind: str | None = None) -> Table:
    """Read the names of the columns.

    :param lines: each with its end; a line break in a cell stays.
    :param case_matters_behind: the beginning of names of which the rest is kept as it was written.
    :raises BadTable: when a column has no name, or one name stands there twice.
    """
    separator, left = find_separator(iter(lines))
    rows = rows_of_lines(left, separator)
    first = next(rows, Row(1, []))
    if first.remedy is not None:
        raise BadTable(first.remedy)
    names = [_name(cell.strip(), case_matters_behind) for cell in first.cells]
    while names and not names[-1]:
        names.pop()
    _check(names)
    return Table(names, filter(is_not_blank, rows))


def find_separator(lines: Iterator[str]) -> tuple[str, Iterator[str]]:
    """What separates the cells, and the lines from the names of the columns on."""
    first = _first_line(lines)
    stated = _STATED_SEPARATOR.fullmatch(first.rstrip(_END_OF_LINE))
    if stated is not None:
        first = _first_line(lines)
    separator = stated[1] if stated is not None else separator_of(first)
    return separator, chain([first], lines)


def separator_of(line: str) -> str:
    """What separates the cells of a line, by itself; what stands in quotes is text."""
    return max(SEPARATORS, key=_QUOTED.sub("", line).count)


def states_separator(line: str) -> bool:
    """Whether a line is none of the table, but says what separates its cells."""
    return _STATED_SEPARATOR.fullmatch(line.removeprefix("\ufeff").rstrip(_END_OF_LINE)) is not None


def has_more_cells(names: Sequence[str], cells: Sequence[str]) -> bool:
    """Whether a row says something behind the last column."""
    return any(map(str.strip, cells[len(names) :]))


def is_not_blank(row: Row) -> bool:
    """Whether a row says anything."""
    return row.remedy is not None or any(map(str.strip, row.cells))


def _first_line(lines: Iterator[str]) -> str:
    return next((line for each in lines if (line := each.removeprefix("\ufeff")).strip()), "")


def _name(name: str, case_matters_behind: str | None) -> str:
    if case_matters_behind is not None and name.lower().startswith(case_matters_behind):
        return case_matters_behind + name[len(case_matters_behind) :]
    return name.lower()


def _check(names: Sequence[str]) -> None:
    if "" in names:
        number = names.index("") + 1
        raise BadTable(message("Column %(number)s has no name in the first row.", number=number))
    for name in names:
        if names.count(name) > 1:
            raise BadTable(message("The column “%(column)s” stands there twice.", column=name[:100]))
