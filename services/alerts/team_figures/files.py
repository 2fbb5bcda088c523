"""The figures as a file for spreadsheets: a row for all, for each team and for each person."""

from fastapi import Response

from services.alerts.team_figures.domain import FiguresOf
from services.alerts.team_figures.reading import FiguresRead
from services.alerts.team_figures.schemas import FiguresOut, NamedFiguresOut, SpreadOut
from shared.values.csv_files import BYTE_ORDER_MARK, CSV_TYPE, lines_of_values

_NUMBERS = tuple(
    name for name, field in FiguresOut.model_fields.items() if field.annotation in {int, float | None}
)
_TIME_FIELDS = ("time_to_contact", "time_to_contact_working", "time_to_close", "time_to_close_working")


def csv_of_figures(read: FiguresRead) -> str:
    """The rows of the file. A cell that begins like a formula stands behind an apostrophe."""
    outcomes = tuple(read.figures.total.outcomes)
    spreads = [f"{name}_{part}" for name in _TIME_FIELDS for part in SpreadOut.model_fields]
    lines: list[tuple[object, ...]] = [("from", "to", "of", "id", "name", *_NUMBERS, *outcomes, *spreads)]
    rows = [("all", FiguresOf(id=None, figures=read.figures.total), "")]
    rows += [("team", one, read.team_names.get(one.id, "") if one.id else "") for one in read.figures.teams]
    rows += [
        ("person", one, read.people_names.get(one.id, "") if one.id else "") for one in read.figures.people
    ]
    for kind, one, name in rows:
        told = NamedFiguresOut.of(one, {})
        numbers = [getattr(told, number) for number in _NUMBERS]
        times = [
            getattr(getattr(told, time), part) for time in _TIME_FIELDS for part in SpreadOut.model_fields
        ]
        counts = [told.outcomes[outcome] for outcome in outcomes]
        cells = [_number(value) for value in (*numbers, *counts, *times)]
        own = (read.days.first, read.days.last, kind, one.id or "", name)
        lines.append((*own, *cells))
    return lines_of_values(lines)


def csv_answer(read: FiguresRead) -> Response:
    """The file."""
    name = f"team-figures-{read.days.first}-{read.days.last}.csv"
    return Response(
        BYTE_ORDER_MARK + csv_of_figures(read),
        media_type=CSV_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.2f}"
