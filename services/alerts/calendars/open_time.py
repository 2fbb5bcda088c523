"""Which instants a calendar is open.

An instant is open when the clock of the calendar's zone shows an open time of a working day at it. So both
changes of the clock are right: an hour that comes twice counts twice, one that is left out never.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from services.alerts.calendars.domain import Calendar
from shared.values.public_holidays import is_public_holiday
from shared.values.zones import zone_of

MAX_DAYS_KEPT = 5_000
"""Days in memory whose open times were computed."""
_MAX_CHANGE = timedelta(hours=3)
"""No change of a clock is longer."""

Stretch = tuple[datetime, datetime]
"""Two instants; the second one is not in it."""


@lru_cache(maxsize=MAX_DAYS_KEPT)
def open_stretches(calendar: Calendar, day: date) -> tuple[Stretch, ...]:
    """The open instants of a day of the calendar's clock, in order."""
    openings = calendar.week[day.weekday()]
    if (
        not openings
        or day in calendar.closed
        or (calendar.country and is_public_holiday(day, calendar.country))
    ):
        return ()
    midnight = datetime.combine(day, time(), UTC)
    found: list[Stretch] = []
    for since, until, offset in _constant_offsets(calendar.zone, day):
        for opening in openings:
            start = max(midnight + timedelta(minutes=opening.start) - offset, since)
            end = min(midnight + timedelta(minutes=opening.end) - offset, until)
            if start < end:
                found.append((start, end))
    return tuple(found)


def open_from(calendar: Calendar, since: datetime) -> Iterator[Stretch]:
    """The open stretches that end after an instant, in order, without end."""
    day = (since.astimezone(zone_of(calendar.zone)) - timedelta(days=1)).date()
    while True:
        yield from (stretch for stretch in open_stretches(calendar, day) if stretch[1] > since)
        day += timedelta(days=1)


def _constant_offsets(zone_name: str, day: date) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Stretches that cover the day, in each of which the zone has one offset from UTC."""
    zone = zone_of(zone_name)

    def offset(at: datetime) -> timedelta:
        return at.astimezone(zone).utcoffset() or timedelta()

    first = datetime.combine(day, time(), zone).astimezone(UTC) - _MAX_CHANGE
    last = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC) + _MAX_CHANGE
    if offset(first) == offset(last):
        yield first, last, offset(first)
        return
    before, after = first, last
    while after - before > timedelta(minutes=1):
        middle = before + (after - before) // 2
        middle = middle.replace(second=0, microsecond=0)
        if middle == before:
            break
        before, after = (middle, after) if offset(middle) == offset(first) else (before, middle)
    yield first, after, offset(first)
    yield after, last, offset(last)
