"""How long a deadline is in a calendar. Without one, time runs around the clock."""

from datetime import datetime, timedelta
from typing import NamedTuple

from services.alerts.calendars.domain import Calendar
from services.alerts.calendars.open_time import open_from
from shared.events.envelope import Data

DAY = timedelta(days=1)


class TimeLimit(Data, frozen=True, kw_only=True, omit_defaults=True):
    """Within how much working time something must be done.

    A day is a working day of the calendar, however many hours that has; an hour is one in which it is open.
    """

    days: int = 0
    hours: int = 0

    def length(self, calendar: Calendar | None) -> timedelta:
        """The working time that it is."""
        day = DAY if calendar is None else calendar.day_length
        return self.days * day + timedelta(hours=self.hours)


def after(calendar: Calendar | None, since: datetime, length: timedelta) -> datetime:
    """The first instant by which so much working time has passed.

    What begins outside of the hours counts from when they begin: a working day from Friday evening on ends
    when Monday's hours end.
    """
    if calendar is None or length <= timedelta():
        return since + length
    left = length
    for start, end in open_from(calendar, since):
        begins = max(start, since)
        if end - begins >= left:
            return begins + left
        left -= end - begins
    raise AssertionError("a calendar never ends")


def between(calendar: Calendar | None, since: datetime, until: datetime) -> timedelta:
    """How much working time there is from one instant to a later one."""
    if calendar is None:
        return max(until - since, timedelta())
    passed = timedelta()
    for start, end in open_from(calendar, since):
        if start >= until:
            break
        passed += min(end, until) - max(start, since)
    return passed


class Pause(NamedTuple):
    """A time in which clocks stood still."""

    since: datetime
    calendar_then: Calendar | None
    """By which the time that was left counted."""
    until: datetime
    calendar_now: Calendar | None
    """By which it counts from then on: the team may have changed its hours."""

    def resumed(self, due: datetime) -> datetime:
        """When something is due that was due then: as much working time is left as was left.

        What was late when it was paused is as late as it was.
        """
        if due <= self.since:
            return due
        return after(self.calendar_now, self.until, between(self.calendar_then, self.since, due))
