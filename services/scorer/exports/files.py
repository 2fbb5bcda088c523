"""Documents as files for spreadsheets."""

from collections.abc import Sequence

from fastapi import Response
from pydantic import BaseModel

from services.scorer.csv_files import csv_file
from services.scorer.exports.domain import table_of
from shared.values.csv_files import lines_of


def file_of(document: BaseModel, name: str, sections: Sequence[str] = ()) -> Response:
    """A document as a file.

    :param name: of the file, without its ending.
    :param sections: fields of the document whose parts have rows of their own.
    """
    return csv_file(lines_of(table_of(document, sections)), f"{name}.csv")
