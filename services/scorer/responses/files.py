"""The figures as a file for spreadsheets: a row for all, and one for each part of them."""

from fastapi import Response

from services.scorer.csv_files import Cell, csv_file, csv_lines
from services.scorer.responses.reading import ResponsesRead
from services.scorer.responses.schemas import (
    AskedShareOut,
    ResponseCountsOut,
    ResponsePartOut,
    ResponsesOut,
)

_COUNTS = ("asked", "delivered", "opened", "answered")
_SHARES = ("delivered_share", "opened_share", "answered_share")
_ENDS = tuple(AskedShareOut.model_fields)


def csv_of_responses(read: ResponsesRead) -> str:
    """The rows of the file, with the figures of the API. A cell that begins like a formula stands behind an
    apostrophe.
    """
    told = ResponsesOut.of(read)
    shares = [f"{share}_{end}" for share in _SHARES for end in _ENDS]
    names = ("from", "to", "is_over", "of", "key", *_COUNTS, *shares)
    rows: list[tuple[str, str, ResponseCountsOut]] = [("all", told.segment or "", told.total)]
    groups: tuple[tuple[str, list[ResponsePartOut]], ...] = (
        ("segment", told.segments),
        ("channel", told.channels),
        ("hour", told.hours),
        ("weekday", told.weekdays),
    )
    rows += [(kind, part.key, part) for kind, parts in groups for part in parts]
    over = "yes" if told.is_over else "no"
    own = (read.window.first, read.window.last, over)
    return csv_lines(
        names,
        (
            (*own, kind, key, *(getattr(counts, name) for name in _COUNTS), *_share_cells(counts))
            for kind, key, counts in rows
        ),
    )


def csv_answer(read: ResponsesRead) -> Response:
    """The file."""
    name = f"responses-{read.window.first}-{read.window.last}.csv"
    return csv_file(csv_of_responses(read), name)


def _share_cells(counts: ResponseCountsOut) -> list[Cell]:
    shares = [getattr(counts, name) for name in _SHARES]
    return [None if share is None else getattr(share, end) for share in shares for end in _ENDS]
