"""The figures as a file for spreadsheets: a row for each place, with the figures of the API."""

import csv
import io

from fastapi import Response
from pydantic import BaseModel

from services.scorer.responses.schemas import AskedShareOut
from services.scorer.unbegged.reading import UnbeggedRead
from services.scorer.unbegged.schemas import (
    PlaceOut,
    PlaceScoreDifferenceOut,
    PlaceShareDifferenceOut,
    SelectionEffectOut,
    UnbeggedOut,
)
from shared.values.csv_cells import safe_cell

_NESTED: dict[str, type[BaseModel]] = {
    **dict.fromkeys(("asked_share", "answered_share", "quick_share"), AskedShareOut),
    **dict.fromkeys(("asked_difference", "quick_difference", "happier_difference"), PlaceShareDifferenceOut),
    "difference": PlaceScoreDifferenceOut,
    "selection": SelectionEffectOut,
}


def csv_of_unbegged(read: UnbeggedRead) -> str:
    """The rows of the file. A text that begins like a formula stands behind an apostrophe."""
    told = UnbeggedOut.of(read)
    names = [
        name
        for field in PlaceOut.model_fields
        for name in (
            [f"{field}_{part}" for part in _NESTED[field].model_fields] if field in _NESTED else [field]
        )
    ]
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(("by", "from", "until", "time_zone", *names))
    own = (safe_cell(told.by), told.window.from_, told.window.until, told.window.time_zone)
    writer.writerows((*own, *_cells(place)) for place in told.places)
    return buffer.getvalue()


def unbegged_file(read: UnbeggedRead) -> Response:
    """The file."""
    name = f"unbegged-{read.window.first}-{read.window.last}.csv"
    return Response(
        csv_of_unbegged(read),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _cells(place: PlaceOut) -> list[str]:
    cells: list[object] = []
    for field in PlaceOut.model_fields:
        value = getattr(place, field)
        if field in _NESTED:
            parts = _NESTED[field].model_fields
            cells += [None if value is None else getattr(value, part) for part in parts]
        else:
            cells.append(" ".join(value) if isinstance(value, list) else value)
    return [_cell(cell) for cell in cells]


def _cell(cell: object) -> str:
    """A number is written as a program is answered it; it is no formula, though it may begin with a minus."""
    if cell is None:
        return ""
    return repr(cell) if isinstance(cell, int | float) else safe_cell(str(cell))
