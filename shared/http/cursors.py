"""Cursors of lists that are ordered by time and id: the one form of them for all services."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from shared.http.instants import in_calendar
from shared.http.problems import Problem
from shared.http.validation_errors import FieldFault
from shared.values.messages import message

MAX_CURSOR_LENGTH = 200
Row = TypeVar("Row")


def encode_cursor(at: datetime, last: UUID) -> str:
    """The cursor behind this row: URL-safe text, opaque to the client."""
    return base64.urlsafe_b64encode(f"{at.isoformat()} {last}".encode()).decode().rstrip("=")


def cut_page(
    rows: Sequence[Row], size: int, place: Callable[[Row], tuple[datetime, UUID]]
) -> tuple[Sequence[Row], str | None]:
    """The rows of a page, and the cursor behind its last row; None where no row follows.

    :param rows: one row more than the page holds, where there is one.
    :param place: a row's time and id, as the list is ordered.
    """
    page = rows[:size]
    return page, encode_cursor(*place(page[-1])) if len(rows) > size else None


def decode_cursor(cursor: str, parameter: str = "after") -> tuple[datetime, UUID] | None:
    """The time and the id of the row behind which the page begins; None for an empty cursor (the first page).

    :raises Problem: 422, naming the parameter, when ``encode_cursor`` does not write such a cursor.
    """
    if not cursor:
        return None
    try:
        written = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        at, _, last = written.decode().partition(" ")
        place = in_calendar(datetime.fromisoformat(at)), UUID(last)
    except (binascii.Error, ValueError):
        place = None
    if place is None or len(cursor) > MAX_CURSOR_LENGTH or encode_cursor(*place) != cursor:
        detail = message("Follow the page's own link, or give “next” of the page before as it stood there.")
        raise Problem(422, errors=[FieldFault(field=f"query/{parameter}", detail=detail)])
    return place
