"""Windows: whole days in the tenant's time zone, the first and the last both included."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from shared.values.messages import Message, message
from shared.values.zones import zone_of

DEFAULT_WINDOW_DAYS = 30
MAX_WINDOW_DAYS = 3650
DAYS_PER_WEEK = 7
EARLIEST_DAY = date(1990, 1, 1)
"""The last day of a window may not be earlier: so no window leaves the calendar."""
_NUMBER_OF_DAYS = re.compile(r"([1-9][0-9]{0,3})d", re.ASCII)


class BadWindow(Exception):
    """Not a window. The remedy describes one."""

    def __init__(self, remedy: Message) -> None:
        super().__init__(str(remedy))
        self.remedy = remedy


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
        """The window of so many days that ends with ``last``."""
        return cls(last - timedelta(days=days - 1), last)

    def before(self) -> "Window":
        """The window of as many days right before this one."""
        return Window.ending(self.first - timedelta(days=1), self.days)

    def last_year(self) -> "Window":
        """The window of as many days that ends a year earlier (on 28 February for 29 February)."""
        try:
            last = self.last.replace(year=self.last.year - 1)
        except ValueError:
            last = self.last.replace(year=self.last.year - 1, day=28)
        return Window.ending(last, self.days)

    def shared_days(self, other: "Window") -> int:
        """How many days are in both; windows that share days cannot be compared."""
        return max(0, (min(self.last, other.last) - max(self.first, other.first)).days + 1)

    def bounds(self, zone: str) -> tuple[datetime, datetime]:
        """The instants at which the first day begins and the last day is over."""
        tz = zone_of(zone)
        return (
            datetime.combine(self.first, time(), tz),
            datetime.combine(self.last + timedelta(days=1), time(), tz),
        )

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=number) for number in range(self.days))

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def weeks_and_days(*windows: Window) -> tuple[list[date], list[date]]:
    """What the windows can be summed from: the Mondays of the weeks that none of them cuts, and the single
    days of the other weeks.
    """
    weeks: list[date] = []
    days: list[date] = []
    first, last = min(window.first for window in windows), max(window.last for window in windows)
    monday = first - timedelta(days=first.weekday())
    while monday <= last:
        week = Window.ending(monday + timedelta(days=DAYS_PER_WEEK - 1), DAYS_PER_WEEK)
        touching = [window for window in windows if window.shared_days(week)]
        if any(window.shared_days(week) < DAYS_PER_WEEK for window in touching):
            days += [day for day in week if any(day in window for window in touching)]
        elif touching:
            weeks.append(monday)
        monday += timedelta(days=DAYS_PER_WEEK)
    return weeks, days


def today_in(zone: str, now: datetime) -> date:
    """The current day in a time zone."""
    return now.astimezone(zone_of(zone)).date()


def parse_days(written: str) -> int:
    """The number of days of a parameter such as ``30d``.

    :raises BadWindow: for anything else than 1d to 3650d.
    """
    match = _NUMBER_OF_DAYS.fullmatch(written)
    if match is None or int(match[1]) > MAX_WINDOW_DAYS:
        raise BadWindow(
            message("Write a number of days from 1d to %(most)sd, such as 30d.", most=MAX_WINDOW_DAYS)
        )
    return int(match[1])


def parse_day(written: str, today: date) -> date:
    """The day of a parameter such as ``2026-11-22``; at most tomorrow, which has begun somewhere on earth.

    :raises BadWindow: for anything else.
    """
    try:
        day = date.fromisoformat(written) if len(written) == len("2026-11-22") else None
    except ValueError:
        day = None
    if day is None or not EARLIEST_DAY <= day <= today + timedelta(days=1):
        raise BadWindow(
            message(
                "Write a day such as %(today)s, from %(earliest)s until today.",
                today=today.isoformat(),
                earliest=EARLIEST_DAY.isoformat(),
            )
        )
    return day
