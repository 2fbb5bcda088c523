"""Figures as files for spreadsheets: one way for all rooms of the scorer."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date
from typing import Any

from fastapi import Response
from fastapi.responses import StreamingResponse

from services.scorer.schemas import MarginBody
from shared.values.csv_files import BYTE_ORDER_MARK, CSV_TYPE, lines_of_values

CSV_CONTENT: dict[str, Any] = {"text/csv": {"schema": {"type": "string"}}}
"""Of a file in the document of the API."""

Cell = str | float | bool | date | None


def csv_lines(names: Iterable[str], rows: Iterable[Sequence[Cell]]) -> str:
    """The lines of a file. A text that begins like a formula stands behind an apostrophe."""
    return lines_of_values((tuple(names), *rows))


def ends_of(margin: MarginBody | None) -> tuple[float | None, float | None]:
    """Both ends of a range; None twice where there is none."""
    return (margin.low, margin.high) if margin is not None else (None, None)


def csv_file(lines: str, name: str) -> Response:
    """A file to save under a name, with the mark by which spreadsheets read it."""
    return Response(BYTE_ORDER_MARK + lines, media_type=CSV_TYPE, headers=_attached(name))


def streamed_file(parts: AsyncIterator[str], name: str, media_type: str = CSV_TYPE) -> StreamingResponse:
    """A file that is written while it is read: it may be longer than memory. A table has the mark.

    :param name: of the file, with its ending.
    """
    marked = _marked(parts) if media_type == CSV_TYPE else parts
    return StreamingResponse(marked, media_type=media_type, headers=_attached(name))


async def _marked(parts: AsyncIterator[str]) -> AsyncIterator[str]:
    yield BYTE_ORDER_MARK
    async for part in parts:
        yield part


def _attached(name: str) -> dict[str, str]:
    """By which a browser keeps the answer as a file of this name."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}
