"""The rows of a file as people and systems save them: nothing of it stops the reading but the first row."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

from services.dispatcher.csv_records import Row, rows_of_lines
from services.dispatcher.csv_tables import BadTable, find_separator, is_not_blank
from services.dispatcher.imports.decoding import decoded
from services.dispatcher.imports.headings import without_headings
from shared.values.csv_cells import plain_cell
from shared.values.messages import message

OWN_COLUMNS = ("afterword_row", "afterword_column", "afterword_remedy")
"""Of a file of faults: when it is sent again, mended, they say nothing."""
MAX_COLUMNS = 200
MAX_NAME_LENGTH = 200


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
    above, lines = without_headings(lines)
    separator, left = find_separator(lines)
    rows = rows_of_lines(left, separator, above)
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
    return FileTable(encoding, separator, names, filter(is_not_blank, rows))


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
