"""Figures as files for spreadsheets: one way for all rooms of the scorer."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from fastapi import Response

from services.scorer.schemas import MarginBody
from shared.values.csv_cells import safe_cell

CSV_TYPE = "text/csv; charset=utf-8"
CSV_CONTENT: dict[str, Any] = {"text/csv": {"schema": {"type": "string"}}}
"""Of a file in the document of the API."""

Cell = str | float | bool | date | None


def csv_lines(names: Iterable[str], rows: Iterable[Sequence[Cell]]) -> str:
    """The text of a file. A text that begins like a formula stands behind an apostrophe."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(names)
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return buffer.getvalue()


def _cell(cell: Cell) -> str:
    """A number is written as a program is answered it; it is no formula, though it may begin with a minus."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return repr(cell)
    return safe_cell(str(cell))


def ends_of(margin: MarginBody | None) -> tuple[float | None, float | None]:
    """Both ends of a range; None twice where there is none."""
    return (margin.low, margin.high) if margin is not None else (None, None)


def csv_file(text: str, name: str) -> Response:
    """A file to save under a name."""
    return Response(text, media_type=CSV_TYPE, headers=attached(name))


def attached(name: str) -> dict[str, str]:
    """By which a browser keeps the answer as a file of this name."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}
