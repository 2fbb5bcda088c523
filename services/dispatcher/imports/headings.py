"""Lines above the names of the columns: titles, and headings that a spreadsheet had merged over columns."""

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice, takewhile

from services.dispatcher.csv_records import rows_of_lines, trimmed
from services.dispatcher.csv_tables import separator_of, states_separator
from services.dispatcher.imports.fields import is_known_name

MAX_HEADINGS = 5
MAX_HEADING_CHARS = 4_000
"""A longer line is none, and nothing behind it is looked at."""
_MAX_LINES = 100
"""So many are looked at: rows may be of several lines."""
_MAX_ROWS = 5
MIN_NAMES = 2
MIN_KNOWN_NAMES = 2
"""One word may stand in a row by chance."""
_OF_ROWS = re.compile(r"[@\d]")
"""What stands in cells of rows, and seldom in names of columns."""
_CODE = re.compile(r"[a-z0-9]+(?:[_.][a-z0-9]+)+|[a-z]+[A-Z]\w*|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
"""Such as ``customer_tier``: a name that a system has given a column."""
MAX_SHARE_OF_CELLS_WITH_DIGITS = 0.5


def without_headings(lines: Iterator[str]) -> tuple[int, Iterator[str]]:
    """How many lines come before the names of the columns, and the lines from those on.

    They are passed over only where that is sure: most of their cells are empty and none is a name that a
    column may have; the line below fills every column with another name, of which some are known, and is as
    wide as the rows behind it, which hold what no names do. Else the first line has the names.
    """
    beginning: list[str] = []
    for line in lines:
        beginning.append(line)
        if len(beginning) == _MAX_LINES or len(line) > MAX_HEADING_CHARS:
            break
    spoken = [place for place, line in enumerate(beginning) if line.strip('\ufeff\r\n\t ,;"')]
    above = 0
    if spoken and not states_separator(beginning[spoken[0]]):
        candidates = spoken[1 : MAX_HEADINGS + 1]
        found = (
            place
            for number, place in enumerate(candidates, 1)
            if _stands_below(beginning, spoken[:number], place)
        )
        above = next(found, 0)
    return above, chain(beginning[above:], lines)


def _stands_below(lines: Sequence[str], headings: Sequence[int], place: int) -> bool:
    """Whether the names of the columns are in the line at this place, below nothing but headings."""
    separator = separator_of(lines[place])
    written = _cells(lines[place], separator)
    names = trimmed(written)
    found = islice(rows_of_lines(iter(lines[place:]), separator), 1, _MAX_ROWS + 1)
    # Behind a row that cannot be read, or is cut off here, stand the lines of its cells.
    readable = takewhile(lambda row: row.remedy is None, found)
    rows = [row.cells for row in readable if any(map(str.strip, row.cells))]
    if not rows or any(len(row) != len(written) for row in rows):
        return False
    above = [trimmed(_cells(lines[heading], separator)) for heading in headings]
    return all(_is_heading(cells, names) for cells in above) and _are_names(names, rows)


def _cells(line: str, separator: str) -> Sequence[str]:
    if len(line) > MAX_HEADING_CHARS or line.count('"') % 2:
        return ()
    reader = csv.reader([line.removeprefix("\ufeff")], delimiter=separator)
    return [cell.strip() for cell in next(reader, [])]


def _is_heading(cells: Sequence[str], names: Sequence[str]) -> bool:
    few = 0 < sum(map(bool, cells)) <= len(names) // 2 and len(cells) <= len(names)
    return few and not any(is_known_name(cell) or _CODE.fullmatch(cell) for cell in cells)


def _are_names(cells: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether these are names of columns, and no row like those behind: all there, no two alike, hardly one
    with a digit, some of them known; none stands in a row as well, which have what stands in rows alone.
    """
    if len(cells) < MIN_NAMES or not all(cells) or len(set(cells)) < len(cells):
        return False
    if any("@" in cell for cell in cells) or sum(map(is_known_name, cells)) < MIN_KNOWN_NAMES:
        return False
    with_digits = sum(bool(_OF_ROWS.search(cell)) for cell in cells)
    if with_digits > len(cells) * MAX_SHARE_OF_CELLS_WITH_DIGITS:
        return False
    return all(_is_row(list(zip(cells, map(str.strip, row), strict=False))) for row in rows)


def _is_row(columns: Sequence[tuple[str, str]]) -> bool:
    """Whether the cells of a row, each with what may be its name, are no names."""
    if any(name == cell for name, cell in columns):
        return False
    if sum(is_known_name(cell) for _, cell in columns) >= MIN_KNOWN_NAMES:
        return False
    return any(_OF_ROWS.search(cell) and not _OF_ROWS.search(name) for name, cell in columns)
