"""The figures as a file for spreadsheets: a row for each place, with the figures of the API."""

from fastapi import Response
from pydantic import BaseModel

from services.scorer.csv_files import Cell, csv_file, csv_lines
from services.scorer.responses.schemas import AskedShareOut
from services.scorer.unbegged.reading import UnbeggedRead
from services.scorer.unbegged.schemas import (
    PlaceOut,
    PlaceScoreDifferenceOut,
    PlaceShareDifferenceOut,
    SelectionEffectOut,
    UnbeggedOut,
)

_NESTED: dict[str, type[BaseModel]] = {
    **dict.fromkeys(("asked_share", "answered_share", "quick_share", "staff_network_share"), AskedShareOut),
    "shared_device_share": AskedShareOut,
    **dict.fromkeys(("asked_difference", "quick_difference", "happier_difference"), PlaceShareDifferenceOut),
    "staff_network_difference": PlaceShareDifferenceOut,
    "shared_device_difference": PlaceShareDifferenceOut,
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
    own = (told.by, told.window.from_, told.window.until, told.window.time_zone)
    rows = ((*own, *_cells(place)) for place in told.places)
    return csv_lines(("by", "from", "until", "time_zone", *names), rows)


def unbegged_file(read: UnbeggedRead) -> Response:
    """The file."""
    name = f"unbegged-{read.window.first}-{read.window.last}.csv"
    return csv_file(csv_of_unbegged(read), name)


def _cells(place: PlaceOut) -> list[Cell]:
    cells: list[Cell] = []
    for field in PlaceOut.model_fields:
        value = getattr(place, field)
        if field in _NESTED:
            parts = _NESTED[field].model_fields
            cells += [None if value is None else getattr(value, part) for part in parts]
        else:
            cells.append(" ".join(value) if isinstance(value, list) else value)
    return cells
