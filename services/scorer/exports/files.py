"""Tables as files for spreadsheets."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from fastapi import Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from services.scorer.exports.domain import table_of

CSV_TYPE = "text/csv; charset=utf-8"
CSV_CONTENT: dict[str, Any] = {"text/csv": {"schema": {"type": "string"}}}
"""Of a file in the document of the API."""


def lines_of(rows: Iterable[Sequence[str | int | None]]) -> str:
    """The rows as lines of a file."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()


def file_of(document: BaseModel, name: str, sections: Sequence[str] = ()) -> Response:
    """A document as a file.

    :param name: of the file, without its ending.
    :param sections: fields of the document whose parts have rows of their own.
    """
    return Response(
        lines_of(table_of(document, sections)), media_type=CSV_TYPE, headers=attached(f"{name}.csv")
    )


def streamed_file(parts: AsyncIterator[str], name: str, media_type: str = CSV_TYPE) -> StreamingResponse:
    """A file that is written while it is read: it may be longer than memory.

    :param name: of the file, with its ending.
    """
    return StreamingResponse(parts, media_type=media_type, headers=attached(name))


def attached(name: str) -> dict[str, str]:
    """By which a browser keeps the answer as a file of this name."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}
