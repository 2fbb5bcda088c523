"""Lines above the names of the columns: titles, and headings that a spreadsheet had merged over columns."""

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice, pairwise

from services.dispatcher.csv_tables import SEPARATORS, states_separator

MAX_HEADINGS = 5
MAX_HEADING_CHARS = 4_000
"""A longer line is none, and is not looked at."""
MIN_NAMES = 2
_NO_NAME = re.compile(r"[@\d]")
"""What stands in cells of rows, and seldom in names of columns."""
MAX_SHARE_OF_CELLS_WITH_DIGITS = 0.5


def without_headings(lines: Iterator[str]) -> tuple[int, Iterator[str]]:
    """How many lines come before the names of the columns, and the lines from those on.

    A line is a heading when most of its cells are empty and the next one that says something fills every one
    of the same columns with another name. Where that is not sure, the first line has the names.
    """
    beginning = list(islice(lines, MAX_HEADINGS + 1))
    spoken = [place for place, line in enumerate(beginning) if line.strip('\ufeff\r\n\t ,;"')]
    separator = max(SEPARATORS, key="".join(beginning).count)
    rows = {place: _cells(beginning[place], separator) for place in spoken}
    above = 0
    if spoken and states_separator(beginning[spoken[0]]):
        return 0, chain(beginning, lines)
    for place, following in pairwise(spoken):
        if not (_is_heading(rows[place], rows[following]) and _are_names(rows[following])):
            break
        above = following
    return above, chain(beginning[above:], lines)


def _cells(line: str, separator: str) -> Sequence[str]:
    if len(line) > MAX_HEADING_CHARS or line.count('"') % 2:
        return ()
    cells = [
        cell.strip() for cell in next(csv.reader([line.removeprefix("\ufeff")], delimiter=separator), [])
    ]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _is_heading(cells: Sequence[str], names: Sequence[str]) -> bool:
    return 0 < sum(map(bool, cells)) <= len(names) // 2 and len(cells) <= len(names)


def _are_names(cells: Sequence[str]) -> bool:
    """Whether these are names of columns: all there, no two alike, and hardly one with a digit."""
    if len(cells) < MIN_NAMES or not all(cells) or len(set(cells)) < len(cells):
        return False
    like_rows = sum(bool(_NO_NAME.search(cell)) for cell in cells)
    return not any("@" in cell for cell in cells) and like_rows <= len(cells) * MAX_SHARE_OF_CELLS_WITH_DIGITS
