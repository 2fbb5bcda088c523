"""Scores over time, by day or by week, as they are drawn."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from services.scorer.domain import MIN_ANSWERS_SHOWN, groups_of
from services.scorer.repository.counts import NO_COUNTS, Counts
from services.scorer.views import drawing_of
from services.scorer.windows import DAYS_PER_WEEK, Window
from shared.pages.svg.trends import Point

MIN_TREND_WEEKS = 26
MIN_TREND_DAYS = 30
"""A longer window is never drawn by day."""
MAX_TREND_POINTS = 120
WEEKS_PER_LONG_STEP = 4


@dataclass(frozen=True, slots=True)
class Trend:
    """Scores of spans of days that do not overlap, from the first with an answer on."""

    points: list[Point]
    by_day: bool

    @property
    def is_drawable(self) -> bool:
        """Whether two of the points have a score that is shown."""
        return sum(bool(each.score and each.score.n >= MIN_ANSWERS_SHOWN) for each in self.points) > 1


def trend_range(now: Window, before: Window) -> Window:
    """The days that a trend can show: half a year, or more where the windows need it; from a Monday on."""
    first = min(now.last - timedelta(days=DAYS_PER_WEEK * MIN_TREND_WEEKS - 1), before.first)
    return Window(first - timedelta(days=first.weekday()), now.last)


def trend_of(days: Mapping[date, Counts], shown: Window, now: Window, before: Window) -> Trend:
    """By day where a short window has enough answers for a score on each day, else by one week or four."""
    enough = sum(map(sum, (days.get(day, NO_COUNTS) for day in now))) >= MIN_ANSWERS_SHOWN * now.days
    if now.days <= MIN_TREND_DAYS and (now.last - before.first).days <= MAX_TREND_POINTS and enough:
        first = min(before.first, now.last - timedelta(days=MIN_TREND_DAYS - 1))
        return Trend(trend_points(days, Window(first, now.last), 1), by_day=True)
    weeks = -(-shown.days // DAYS_PER_WEEK)
    step = DAYS_PER_WEEK * (1 if weeks <= MAX_TREND_POINTS else WEEKS_PER_LONG_STEP)
    return Trend(trend_points(days, shown, step), by_day=False)


def trend_points(days: Mapping[date, Counts], shown: Window, step_days: int = DAYS_PER_WEEK) -> list[Point]:
    """One point for each step, from the first with an answer on; one pass over the days."""
    sums: defaultdict[int, list[Counts]] = defaultdict(list)
    for day, counts in days.items():
        if day in shown:
            sums[(day - shown.first).days // step_days].append(counts)
    points: list[Point] = []
    for number in range(min(sums, default=0), -(-shown.days // step_days) if sums else 0):
        first = shown.first + timedelta(days=number * step_days)
        last = min(first + timedelta(days=step_days - 1), shown.last)
        score = (
            drawing_of(groups_of(tuple(map(sum, zip(*sums[number], strict=True)))))
            if number in sums
            else None
        )
        if points or score is not None:
            points.append(Point(first, last, score))
    return points
