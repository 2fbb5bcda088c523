"""Tables as files for spreadsheets."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence

from fastapi import Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from services.scorer.csv_files import CSV_TYPE, attached, csv_file
from services.scorer.exports.domain import table_of


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
    return csv_file(lines_of(table_of(document, sections)), f"{name}.csv")


def streamed_file(parts: AsyncIterator[str], name: str, media_type: str = CSV_TYPE) -> StreamingResponse:
    """A file that is written while it is read: it may be longer than memory.

    :param name: of the file, with its ending.
    """
    return StreamingResponse(parts, media_type=media_type, headers=attached(name))
