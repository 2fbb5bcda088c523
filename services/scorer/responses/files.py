"""The figures as a file for spreadsheets: a row for all, and one for each part of them."""

import csv
import io

from fastapi import Response

from services.scorer.responses.reading import ResponsesRead
from services.scorer.responses.schemas import (
    AskedShareOut,
    ResponseCountsOut,
    ResponsePartOut,
    ResponsesOut,
)
from shared.values.csv_cells import safe_cell

_COUNTS = ("asked", "delivered", "opened", "answered")
_SHARES = ("delivered_share", "opened_share", "answered_share")
_ENDS = tuple(AskedShareOut.model_fields)


def csv_of_responses(read: ResponsesRead) -> str:
    """The rows of the file, with the figures of the API. A cell that begins like a formula stands behind an
    apostrophe.
    """
    told = ResponsesOut.of(read)
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    shares = [f"{share}_{end}" for share in _SHARES for end in _ENDS]
    writer.writerow(("from", "to", "is_over", "of", "key", *_COUNTS, *shares))
    rows: list[tuple[str, str, ResponseCountsOut]] = [("all", told.segment or "", told.total)]
    groups: tuple[tuple[str, list[ResponsePartOut]], ...] = (
        ("segment", told.segments),
        ("channel", told.channels),
        ("hour", told.hours),
        ("weekday", told.weekdays),
    )
    rows += [(kind, part.key, part) for kind, parts in groups for part in parts]
    over = "yes" if told.is_over else "no"
    for kind, key, counts in rows:
        own = (read.window.first, read.window.last, over, kind, safe_cell(key))
        writer.writerow((*own, *(getattr(counts, name) for name in _COUNTS), *_share_cells(counts)))
    return buffer.getvalue()


def csv_answer(read: ResponsesRead) -> Response:
    """The file."""
    name = f"responses-{read.window.first}-{read.window.last}.csv"
    return Response(
        csv_of_responses(read),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _share_cells(counts: ResponseCountsOut) -> list[str]:
    shares = [getattr(counts, name) for name in _SHARES]
    return ["" if share is None else str(getattr(share, end)) for share in shares for end in _ENDS]
