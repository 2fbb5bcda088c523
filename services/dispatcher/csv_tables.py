"""Tables of comma-separated values, as spreadsheets write them: their columns, and their rows one by one."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from shared.values.messages import Count, Message, message

SEPARATORS = (",", ";", "\t")
_STATED_SEPARATOR = re.compile(r'"?sep=([,;\t])"?[,;\t]*', re.IGNORECASE)
"""The line by which spreadsheets state what separates the cells; it is no row of the table."""
_END_OF_LINE = "\r\n"
MORE_CELLS = message("This row has more cells than there are columns.")
_OPEN_QUOTE = message("A quote is not closed. Save the table as CSV once more.")


class BadTable(Exception):
    """The text as a whole is no such table."""

    def __init__(self, remedy: Message) -> None:
        super().__init__(str(remedy))
        self.remedy = remedy


class UnreadableRow(BadTable):
    """From this row on the text is no table."""

    def __init__(self, number: int, remedy: Message) -> None:
        super().__init__(remedy)
        self.number = number


class Table(NamedTuple):
    """A table that is read as its rows are taken; one of them is in memory at a time."""

    names: list[str]
    """Of the columns, in lower case. Columns behind the last name are empty ones."""
    rows: Iterator[tuple[int, list[str]]]
    """Each row that is not blank, with its number; the row of names is the first. Taking one raises
    ``UnreadableRow``."""


def open_table(lines: Iterable[str], case_matters_behind: str | None = None) -> Table:
    """Read the names of the columns.

    :param lines: each with its end; a line break in a cell stays.
    :param case_matters_behind: the beginning of names of which the rest is kept as it was written.
    :raises BadTable: when a column has no name, or one name stands there twice.
    """
    separator, left = find_separator(iter(lines))
    rows = _numbered(left, separator)
    _, cells = next(rows, (1, []))
    names = [_name(cell.strip(), case_matters_behind) for cell in cells]
    while names and not names[-1]:
        names.pop()
    _check(names)
    return Table(names, (row for row in rows if any(map(str.strip, row[1]))))


def find_separator(lines: Iterator[str]) -> tuple[str, Iterator[str]]:
    """What separates the cells, and the lines from the names of the columns on."""
    first = _first_line(lines)
    stated = _STATED_SEPARATOR.fullmatch(first.rstrip(_END_OF_LINE))
    if stated is not None:
        first = _first_line(lines)
    separator = stated[1] if stated is not None else max(SEPARATORS, key=first.count)
    return separator, chain([first], lines)


def has_more_cells(names: Sequence[str], cells: Sequence[str]) -> bool:
    """Whether a row says something behind the last column."""
    return any(map(str.strip, cells[len(names) :]))


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


def _numbered(lines: Iterable[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    number = 0
    rows = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        number += 1
        try:
            cells = next(rows, None)
        except csv.Error as error:
            raise UnreadableRow(number, remedy_of(error, number)) from None
        if cells is None:
            return
        yield number, cells


def remedy_of(error: csv.Error, number: int) -> Message:
    """What to do about a row that is no row."""
    if not str(error).startswith("field larger than field limit"):
        return _OPEN_QUOTE
    return message(
        "A cell in row %(row)s has more than %(most)s characters. Shorten it, or close its quote.",
        row=Count(number),
        most=Count(csv.field_size_limit()),
    )
