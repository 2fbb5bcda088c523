"""Times in query parameters and cursors: with a time zone, and inside the calendar in every zone."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime

from shared.http.problems import Problem
from shared.http.validation_errors import FieldFault
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


def begin_of_day(text: str, field: str, zone: ZoneInfo) -> datetime | None:
    """When a day such as 2026-11-28 begins in a time zone; None for no text.

    :raises Problem: 422, naming the field, when it is no day.
    """
    if not text:
        return None
    fault = FieldFault(field=field, detail=message("Write a day like 2026-11-28."))
    try:
        begin = datetime.combine(date.fromisoformat(text), datetime.min.time(), zone)
        if not MIN_INSTANT <= begin <= MAX_INSTANT:
            raise Problem(422, errors=[fault])
        return begin.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Problem(422, errors=[fault]) from None


def end_of_day(text: str, field: str, zone: ZoneInfo) -> datetime | None:
    """When a day ends in a time zone: after 23, 24 or 25 hours; else as :func:`begin_of_day`."""
    begin = begin_of_day(text, field, zone)
    # By the zone's own clock, which says the same again on the next day whatever its length.
    return (begin.astimezone(zone) + timedelta(days=1)).astimezone(UTC) if begin is not None else None
