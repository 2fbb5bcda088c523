"""Where a page of a list ends: one form for every list that is read by time and id."""

import base64
import binascii
from datetime import datetime
from uuid import UUID

from shared.http.instants import in_calendar
from shared.http.problems import Problem
from shared.http.validation_errors import FieldFault

MAX_CURSOR_LENGTH = 200


def cursor_of(at: datetime, last: UUID) -> str:
    """The place behind this row, as text that is safe in an address and opaque to its reader."""
    return base64.urlsafe_b64encode(f"{at.isoformat()} {last}".encode()).decode().rstrip("=")


def place_of(cursor: str, parameter: str = "after") -> tuple[datetime, UUID] | None:
    """The place that a cursor names; None for an empty one, which begins at the beginning.

    :raises Problem: 422, naming the parameter, when it is none that ``cursor_of`` writes.
    """
    if not cursor:
        return None
    try:
        written = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        at, _, last = written.decode().partition(" ")
        place = in_calendar(datetime.fromisoformat(at)), UUID(last)
    except (binascii.Error, ValueError):
        place = None
    if place is None or len(cursor) > MAX_CURSOR_LENGTH or cursor_of(*place) != cursor:
        detail = "Follow the page's own link, or give “next” of the page before as it stood there."
        raise Problem(422, errors=[FieldFault(field=f"query/{parameter}", detail=detail)])
    return place
