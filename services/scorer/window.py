"""Windows: whole days in the tenant's zone, the first and the last both included."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.values.zones import zone_of

LONGEST = 3650
WEEK = 7
USUAL = 30
_FORM = re.compile(r"([1-9][0-9]{0,3})d", re.ASCII)
EARLIEST = date(1990, 1, 1)
"""Before it nobody asked this question; and no window that ends after it leaves the calendar."""


class BadWindow(ValueError):
    """Not a window. The message says what one looks like."""


@dataclass(frozen=True, slots=True)
class Window:
    """The days from ``first`` to ``last``."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @classmethod
    def ending(cls, last: date, days: int) -> "Window":
        """So many days, the last of which is ``last``."""
        return cls(last - timedelta(days=days - 1), last)

    def before(self) -> "Window":
        """As many days, right before these."""
        return Window.ending(self.first - timedelta(days=1), self.days)

    def last_year(self) -> "Window":
        """As many days, ending on the same date a year earlier (28 February for 29 February)."""
        try:
            last = self.last.replace(year=self.last.year - 1)
        except ValueError:
            last = self.last.replace(year=self.last.year - 1, day=28)
        return Window.ending(last, self.days)

    def shared_days(self, other: "Window") -> int:
        """How many days are in both: windows that touch cannot be compared."""
        return max(0, (min(self.last, other.last) - max(self.first, other.first)).days + 1)

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=number) for number in range(self.days))

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def weeks_and_days(*windows: Window) -> tuple[list[date], list[date]]:
    """What windows can be summed from: the Mondays of the weeks that none of them cuts, and the days of those
    that one does.
    """
    weeks: list[date] = []
    days: list[date] = []
    first, last = min(window.first for window in windows), max(window.last for window in windows)
    monday = first - timedelta(days=first.weekday())
    while monday <= last:
        week = Window.ending(monday + timedelta(days=WEEK - 1), WEEK)
        touching = [window for window in windows if window.shared_days(week)]
        if any(window.shared_days(week) < WEEK for window in touching):
            own = (monday + timedelta(days=number) for number in range(WEEK))
            days += [day for day in own if any(day in window for window in touching)]
        elif touching:
            weeks.append(monday)
        monday += timedelta(days=WEEK)
    return weeks, days


def today_in(zone: str, now: datetime) -> date:
    """The day that it is in a zone."""
    return now.astimezone(zone_of(zone)).date()


def days_of(written: str) -> int:
    """``30d`` is 30.

    :raises BadWindow: for anything else than 1d to 3650d.
    """
    match = _FORM.fullmatch(written)
    if match is None or int(match[1]) > LONGEST:
        raise BadWindow(f"Write a number of days from 1d to {LONGEST}d, such as 30d.")
    return int(match[1])


def day_of(written: str, today: date) -> date:
    """A day such as 2026-11-22, not after tomorrow: somewhere on earth it is already that day.

    :raises BadWindow: for anything else.
    """
    try:
        day = date.fromisoformat(written) if len(written) == len("2026-11-22") else None
    except ValueError:
        day = None
    if day is None or not EARLIEST <= day <= today + timedelta(days=1):
        raise BadWindow(f"Write a day such as {today.isoformat()}, from {EARLIEST.isoformat()} until today.")
    return day
