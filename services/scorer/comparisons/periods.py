"""Days, weeks and months, windows that roll, and the counts of any of them. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from operator import add, sub
from typing import Literal

from services.scorer.windows import DAYS_PER_WEEK, Window
from shared.events.nps import SCALE

PeriodUnit = Literal["day", "week", "month"]
MAX_PERIODS = 800
USUAL_DAYS: dict[PeriodUnit, int] = {"day": 30, "week": 26 * DAYS_PER_WEEK, "month": 365}
"""How many days a trend has that begins nowhere."""


class TooManyPeriods(Exception):
    """More than ``MAX_PERIODS``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A day, a week from Monday on, or a month, as far as it lies within what is asked for."""

    window: Window
    partial: bool
    """Whether days of it are missing: they were not asked for, or are not over."""


def whole_period(day: date, unit: PeriodUnit) -> Window:
    """The day, week or month in which a day lies."""
    if unit == "day":
        return Window(day, day)
    if unit == "week":
        monday = day - timedelta(days=day.weekday())
        return Window(monday, monday + timedelta(days=DAYS_PER_WEEK - 1))
    first = day.replace(day=1)
    return Window(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def periods_of(asked: Window, unit: PeriodUnit, today: date) -> list[Period]:
    """The periods from the first day to the last, in order.

    :raises TooManyPeriods: where there are too many.
    """
    found: list[Period] = []
    first = asked.first
    while first <= asked.last:
        if len(found) == MAX_PERIODS:
            raise TooManyPeriods
        whole = whole_period(first, unit)
        window = Window(first, min(whole.last, asked.last))
        found.append(Period(window=window, partial=window != whole or whole.last >= today))
        first = whole.last + timedelta(days=1)
    return found


class RunningCounts:
    """The counts of days, added up once, so that those of any window are one subtraction."""

    def __init__(self, days: Mapping[date, tuple[int, ...]]) -> None:
        """:param days: eleven counts of each day that has answers."""
        self._days = sorted(days)
        self._sums: list[tuple[int, ...]] = [(0,) * len(SCALE)]
        for day in self._days:
            self._sums.append(tuple(map(add, self._sums[-1], days[day])))

    def of(self, window: Window) -> tuple[int, ...]:
        """The eleven counts of a window."""
        before = self._sums[bisect_left(self._days, window.first)]
        return tuple(map(sub, self._sums[bisect_right(self._days, window.last)], before))


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingWindow:
    """The window of so many days that ends with a period."""

    window: Window
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedPeriod:
    """A period with its eleven counts."""

    period: Period
    counts: tuple[int, ...]
    rolling: RollingWindow | None
    """None: no windows that roll are asked for."""


def days_needed(asked: Window, rolling_days: int | None) -> Window:
    """The days that are counted for a trend: with windows that roll, those before it too."""
    if rolling_days is None:
        return asked
    return Window(asked.first - timedelta(days=rolling_days - 1), asked.last)


def counted_periods(
    periods: list[Period], days: Mapping[date, tuple[int, ...]], rolling_days: int | None
) -> list[CountedPeriod]:
    """Each period with its counts, and those of the window that ends with it.

    :param days: the counts of :func:`days_needed`.
    """
    running = RunningCounts(days)
    found = []
    for period in periods:
        rolling = None
        if rolling_days is not None:
            window = Window.ending(period.window.last, rolling_days)
            rolling = RollingWindow(window=window, counts=running.of(window))
        found.append(CountedPeriod(period=period, counts=running.of(period.window), rolling=rolling))
    return found
