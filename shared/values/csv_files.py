"""CSV files that people open in spreadsheets: one way to write a cell, a line and the beginning of a file.

What holds of each of them, whichever service gives it: UTF-8 with a byte order mark, once, at the beginning
(without it Excel garbles the ø of "København"); lines end as RFC 4180 has it; numbers as JSON writes them; no
text is taken for a formula. Files that our own programs read alone may leave the mark out.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shared.values.csv_cells import safe_cell

CSV_TYPE = "text/csv; charset=utf-8"
BYTE_ORDER_MARK = "\ufeff"
"""By it spreadsheets know that the file is UTF-8."""
TEXT_SEPARATOR = "; "
"""Between the texts of a list in one cell."""


def cell_of(value: Any) -> str:
    """A value as it stands in a file: a number as JSON has it, None as nothing. A text that begins like a
    formula stands behind an apostrophe; a number is none, though it may begin with a minus.
    """
    if value is None or isinstance(value, str):
        return safe_cell(value or "")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return safe_cell(TEXT_SEPARATOR.join(f"{key}: {each}" for key, each in value.items()))
    if isinstance(value, Sequence):
        return safe_cell(TEXT_SEPARATOR.join(map(str, value)))
    return safe_cell(str(value))


def lines_of(rows: Iterable[Iterable[str | int | None]], separator: str = ",") -> str:
    """Lines of a file, of cells as ``cell_of`` makes them."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=separator).writerows(rows)
    return buffer.getvalue()


def lines_of_values(rows: Iterable[Iterable[Any]]) -> str:
    """Lines of a file, of values."""
    return lines_of(map(cell_of, row) for row in rows)
