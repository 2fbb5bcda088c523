"""Rows of comma-separated values from lines. A row whose quotes do not fit costs no other row.

A quote closes a cell when a separator, the end of the line or another quote follows. What the standard reader
takes for one row is refused where lines within its quoted cell are rows of the table: then the quote that
opens it is one too many, and another one far below has closed it.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shared.values.messages import Count, Message, message

_END_OF_LINE = "\r\n"
_MIN_LINES_WITHOUT_A_SIGN = 3
"""So many lines of as many cells as there are columns are rows, even when they hold nothing but words."""
_MAX_SIGN = 40
_MAX_LINES_OF_ROW = 10_000
_MAX_LINES_READ_AGAIN = 1_000_000
"""Behind so many a row has only few lines: a file of nothing but stray quotes is read in bounded time."""
_FEW_LINES = 20
_DIGITS, _LETTERS = re.compile(r"\d+"), re.compile(r"[^\W\d_]+")
OPEN_QUOTE = message("A quote is not closed. Save the table as CSV once more.")


class Row(NamedTuple):
    """A row of the file; that of the names is the first. One that cannot be read has a remedy: its cells are
    those of its first line, read as well as can be.
    """

    number: int
    cells: list[str]
    remedy: Message | None = None


def rows_of_lines(lines: Iterator[str], separator: str, above: int = 0) -> Iterator[Row]:
    """Every row, blank ones too. Behind one that cannot be read the next line begins another row.

    :param lines: each with its end; a line break in a cell stays.
    :param above: how many rows of the file come before them.
    """
    ahead: deque[str] = deque()
    number, read_again, before = above, 0, list[str]()
    width: int | None = None
    while True:
        number += 1
        taken: list[str] = []
        most = _MAX_LINES_OF_ROW if read_again < _MAX_LINES_READ_AGAIN else _FEW_LINES
        try:
            cells = next(
                csv.reader(_taking(ahead, lines, taken, most), delimiter=separator, strict=True), None
            )
            remedy = None
        except csv.Error as error:
            cells, remedy = [], _remedy_of(error, number, len(taken))
        if cells is None:
            return
        if remedy is None and len(taken) > 1 and _swallows_rows(taken, cells, separator, width, before):
            remedy = OPEN_QUOTE
        if remedy is not None:
            read_again += len(taken) - 1
            ahead.extendleft(reversed(taken[1:]))
            yield Row(number, _loose_cells(taken[0], separator), remedy)
            continue
        width = len(cells) if width is None else width
        before = cells
        yield Row(number, cells)


def _taking(ahead: deque[str], lines: Iterator[str], taken: list[str], most: int) -> Iterator[str]:
    while len(taken) < most and (line := ahead.popleft() if ahead else next(lines, None)) is not None:
        taken.append(line)
        yield line


def _remedy_of(error: csv.Error, number: int, lines: int) -> Message:
    if lines > 1 or not str(error).startswith("field larger than field limit"):
        return OPEN_QUOTE
    return message(
        "A cell in row %(row)s has more than %(most)s characters. Shorten it, or close its quote.",
        row=Count(number),
        most=Count(csv.field_size_limit()),
    )


def _swallows_rows(
    lines: Sequence[str], cells: Sequence[str], separator: str, width: int | None, before: Sequence[str]
) -> bool:
    """Whether a row of several lines holds other rows, and no text with line breaks.

    :param width: of the table; None: it is the row of names.
    :param before: the row above.
    """
    first, *others = [_loose_cells(line, separator) for line in lines]
    width = len(first) if width is None else width
    if len(trimmed(cells)) > width:
        return True
    if len(first) < width:  # the line of a row that was never closed has all of its cells
        return False
    if width > 1 and len(next(csv.reader(lines[:1], delimiter=separator))) == 1:
        # It opens in the first column: the line in which it ends has as many cells as a row, whatever it is.
        others = others[:-1]
    alike = [other for other in others if len(other) == width]
    signs = [{sign for cell in column if (sign := _sign(cell))} for column in _columns(width, first, before)]
    if any(_sign(cell) in known for other in alike for cell, known in zip(other, signs, strict=True)):
        return True
    return width > 1 and len(alike) == len(others) >= _MIN_LINES_WITHOUT_A_SIGN


def _columns(width: int, *rows: Sequence[str]) -> Iterator[list[str]]:
    return ([row[place] for row in rows if place < len(row)] for place in range(width))


def _sign(cell: str) -> str:
    """The form of an address, a number, a time or an id; empty: it is words, of which many look alike."""
    text = cell.strip().strip('"')
    if "@" in text and not any(map(str.isspace, text)):
        return "@"
    if len(text) > _MAX_SIGN or _DIGITS.search(text) is None:
        return ""
    return _LETTERS.sub("a", _DIGITS.sub("0", text))


def trimmed(cells: Sequence[str]) -> Sequence[str]:
    """The cells of a row without the empty ones at its end."""
    width = len(cells)
    while width and not cells[width - 1].strip():
        width -= 1
    return cells[:width]


def _loose_cells(line: str, separator: str) -> list[str]:
    """The cells of one line whose quotes do not fit: a quote that closes nothing is text, and a single one
    that opens a cell and is not closed is left out.
    """
    line = line.rstrip(_END_OF_LINE)
    cells: list[str] = []
    at, may_close = 0, True
    while True:
        end = _closing(line, at, separator) if may_close and line.startswith('"', at) else None
        if end is not None:
            cells.append(line[at + 1 : end].replace('""', '"'))
            at = end + 1
        else:
            may_close = may_close and not line.startswith('"', at)  # so that a line is searched once
            stop = line.find(separator, at)
            stop = len(line) if stop < 0 else stop
            piece = line[at:stop]
            cells.append(piece[1:] if piece.startswith('"') and piece.count('"') == 1 else piece)
            at = stop
        if at >= len(line):
            return cells
        at += len(separator)


def _closing(line: str, opening: int, separator: str) -> int | None:
    """The place of the quote that closes the cell; None: none does."""
    place = line.find('"', opening + 1)
    while place >= 0:
        if line.startswith('"', place + 1):
            place += 1
        elif place + 1 == len(line) or line.startswith(separator, place + 1):
            return place
        place = line.find('"', place + 1)
    return None
