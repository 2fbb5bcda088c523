"""Times in query parameters and cursors: with a time zone, and inside the calendar in every zone."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

from shared.values.messages import message

MIN_INSTANT = datetime(1, 1, 2, tzinfo=UTC)
MAX_INSTANT = datetime(9999, 12, 30, tzinfo=UTC)
"""A day from the calendar's ends, so that a time within these bounds has a date in each time zone."""


def in_calendar(at: datetime) -> datetime:
    """The time itself.

    :raises ValueError: when it has no zone, or lies outside ``MIN_INSTANT`` to ``MAX_INSTANT``.
    """
    if at.tzinfo is None:
        raise ValueError(message("Needs its time zone: 2026-11-22T05:00:00Z or 2026-11-22T06:00:00+01:00."))
    # Compared without conversion: in UTC the times that are refused here would leave the calendar.
    if not MIN_INSTANT <= at <= MAX_INSTANT:
        raise ValueError(message("Must lie between the years 1 and 9999. Leave it out to ask for all."))
    return at


Instant = Annotated[AwareDatetime, AfterValidator(in_calendar)]
"""A query parameter that is a time."""
