"""The pairs as a file for spreadsheets."""

from collections.abc import Iterable

from fastapi import Response

from services.scorer.csv_files import csv_file, csv_lines
from services.scorer.pairs.domain import PairProgress
from services.scorer.pairs.schemas import PairOut

_COLUMNS = ("id", "first", "second", "state", "percent", "walked", "left_out", "created_at")


def pairs_file(pairs: Iterable[PairProgress]) -> Response:
    """A row for each, as a program is answered it."""
    told = [PairOut.of(each) for each in pairs]
    rows = ([*(getattr(each, name) for name in _COLUMNS[:-1]), each.created_at.isoformat()] for each in told)
    return csv_file(csv_lines(_COLUMNS, rows), "pairs.csv")
