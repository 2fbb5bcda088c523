"""The rows of a file as people and systems save them: nothing of it stops the reading but the first row."""

import csv
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

from services.dispatcher.csv_tables import BadTable, find_separator, remedy_of
from services.dispatcher.imports.decoding import decoded
from shared.values.csv_cells import plain_cell
from shared.values.messages import Message, message

OWN_COLUMNS = ("afterword_row", "afterword_column", "afterword_remedy")
"""Of a file of faults: when it is sent again, mended, they say nothing."""
MAX_COLUMNS = 200
MAX_NAME_LENGTH = 200


class Row(NamedTuple):
    """A row of the file; that of the names is the first. A row that cannot be read has a remedy."""

    number: int
    cells: list[str]
    remedy: Message | None = None


class FileTable(NamedTuple):
    """A table that is read as its rows are taken."""

    encoding: str
    separator: str
    names: list[str]
    """Of the columns: each has one, and no two are equal."""
    rows: Iterator[Row]


def open_file(file: BinaryIO) -> FileTable:
    """Read the names of the columns.

    :raises BadTable: when there are none, or the first row holds a person and no names.
    """
    encoding, lines = decoded(file)
    separator, left = find_separator(lines)
    rows = _rows(left, separator)
    first = next(rows, None)
    if first is None or first.remedy is not None or not any(map(str.strip, first.cells)):
        raise BadTable(message("The file is empty, or its first row has no names of columns."))
    names = _names(first.cells)
    if any("@" in name for name in names):
        raise BadTable(
            message(
                "The first row holds an address. Put a row above it that names the columns, such as email."
            )
        )
    return FileTable(encoding, separator, names, (row for row in rows if _is_not_blank(row)))


def clean_cell(cell: str) -> str:
    """The text of a cell, without what spreadsheets put around it so that it is not computed."""
    text = plain_cell(cell.strip())
    if text.startswith('="') and text.endswith('"') and '"' not in text[2:-1]:
        return text[2:-1].strip()
    return text


def _names(cells: Sequence[str]) -> list[str]:
    """A name for each column: of one without a name its place, of one that stands there again its number."""
    trimmed = list(cells)
    while trimmed and not trimmed[-1].strip():
        trimmed.pop()
    if len(trimmed) > MAX_COLUMNS:
        raise BadTable(message("The file has more than %(most)s columns.", most=MAX_COLUMNS))
    names: list[str] = []
    for place, cell in enumerate(trimmed, 1):
        plain = " ".join(clean_cell(cell).split())[:MAX_NAME_LENGTH] or f"Column {place}"
        name, again = plain, 1
        while name in names:
            again += 1
            name = f"{plain} ({again})"
        names.append(name)
    return names


def _is_not_blank(row: Row) -> bool:
    return row.remedy is not None or any(map(str.strip, row.cells))


def _rows(lines: Iterator[str], separator: str) -> Iterator[Row]:
    number = 0
    rows = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        number += 1
        try:
            cells = next(rows, None)
        except csv.Error as error:
            # The reader goes on behind the line at which it gave up.
            yield Row(number, [], remedy_of(error, number))
            continue
        if cells is None:
            return
        yield Row(number, cells)
