"""What a page of scores shows, computed once from the counts; the templates only write it down."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from services.scorer.domain import (
    HALF,
    SHOWN,
    Change,
    Groups,
    compare,
    groups,
    interval,
    is_comparable,
    moved,
)
from services.scorer.repository.figures import NOTHING, Counts, Part
from services.scorer.window import WEEK, Window
from shared.events.segments import ORGANISATION, dimension_of
from shared.pages.filters import percent, segment_name
from shared.pages.svg.primitives import DrawnScore
from shared.pages.svg.trends import Point
from shared.values.zones import zone_of

WEEKS_SHOWN = 26
DAYS_SHOWN = 30
MOST_POINTS = 120


@dataclass(frozen=True, slots=True)
class Figure:
    """A score with all that is written and drawn of it."""

    window: Window
    counts: Counts

    @property
    def groups(self) -> Groups:
        return groups(self.counts)

    @property
    def n(self) -> int:
        return sum(self.counts)

    @property
    def drawn(self) -> DrawnScore | None:
        return drawn(self.groups)


def drawn(found: Groups) -> DrawnScore | None:
    """What is drawn of a score; None when nobody answered."""
    outer, inner = interval(found), interval(found, HALF)
    if found.nps is None or outer is None or inner is None:
        return None
    return DrawnScore(found.n, float(found.nps), outer[0], outer[1], inner[0], inner[1])


def total(days: Mapping[date, Counts], window: Window) -> Counts:
    """The counts of a window, summed from its days."""
    found = [counts for day, counts in days.items() if day in window]
    return tuple(map(sum, zip(*found, strict=True))) if found else NOTHING


def range_of_trend(now: Window, before: Window) -> Window:
    """What a trend can show: half a year, or as much as both windows take; from a Monday on."""
    first = min(now.last - timedelta(days=WEEK * WEEKS_SHOWN - 1), before.first)
    return Window(first - timedelta(days=first.weekday()), now.last)


@dataclass(frozen=True, slots=True)
class Trend:
    """Scores of spans of days that do not overlap, from the first with an answer on."""

    points: list[Point]
    by_day: bool


def trend_of(days: Mapping[date, Counts], shown: Window, now: Window, before: Window) -> Trend:
    """By day where a short window has answers enough for a score on each, else by week, or four weeks."""
    enough = sum(map(sum, (days.get(day, NOTHING) for day in now))) >= SHOWN * now.days
    if now.days <= DAYS_SHOWN and (now.last - before.first).days <= MOST_POINTS and enough:
        first = min(before.first, now.last - timedelta(days=DAYS_SHOWN - 1))
        return Trend(trend_points(days, Window(first, now.last), 1), by_day=True)
    weeks = -(-shown.days // WEEK)
    return Trend(trend_points(days, shown, WEEK * (1 if weeks <= MOST_POINTS else 4)), by_day=False)


def trend_points(days: Mapping[date, Counts], shown: Window, step: int = WEEK) -> list[Point]:
    """So many days at a time, from the first with an answer on: in one pass over the days."""
    sums: defaultdict[int, list[Counts]] = defaultdict(list)
    for day, counts in days.items():
        if day in shown:
            sums[(day - shown.first).days // step].append(counts)
    points: list[Point] = []
    for number in range(min(sums, default=0), -(-shown.days // step) if sums else 0):
        first = shown.first + timedelta(days=number * step)
        last = min(first + timedelta(days=step - 1), shown.last)
        score = drawn(groups(tuple(map(sum, zip(*sums[number], strict=True))))) if number in sums else None
        if points or score is not None:
            points.append(Point(first, last, score))
    return points


@dataclass(frozen=True, slots=True)
class Row:
    """A part in the table: compared only when both windows hold enough."""

    part: Part
    change: Change | None
    moved: bool = False

    @property
    def segment(self) -> str:
        return self.part.segment

    @property
    def name(self) -> str:
        return segment_name(self.part.segment)

    @property
    def now(self) -> DrawnScore | None:
        return drawn(self.part.now)

    @property
    def before(self) -> DrawnScore | None:
        return drawn(self.part.before)


def directly_below(parts: Iterable[Part], selection: Sequence[str]) -> list[Part]:
    """Of the organisation the first level below what is selected that has two parts with answers, or the last
    that has one; of any other dimension all values.
    """
    parts = list(parts)
    own = [part for part in parts if dimension_of(part.segment) == ORGANISATION]
    if not own:
        return parts
    paths = [segment for segment in selection if dimension_of(segment) == ORGANISATION]
    above = max(paths, key=len) if paths else ""
    level, found = above.count("/") + 1 if above else 0, list[Part]()
    while len([part for part in found if part.now.n]) <= 1:
        below = [
            part
            for part in own
            if part.segment.count("/") == level and part.segment.startswith(f"{above}/" if above else "")
        ]
        if not any(part.now.n for part in below):
            return found or below
        found, level = below, level + 1
    return found


def rows_of(parts: Iterable[Part]) -> list[Row]:
    """Those that moved first, then by score; few answers last, and those without any not at all."""
    answered = [part for part in parts if part.now.n]
    compared = [part for part in answered if is_comparable(part.before, part.now)]
    changes = [change for part in compared if (change := compare(part.before, part.now)) is not None]
    believed = moved(changes)
    by_segment = {
        part.segment: Row(part, change, i in believed)
        for i, (part, change) in enumerate(zip(compared, changes, strict=True))
    }
    rows = [by_segment.get(part.segment, Row(part, None)) for part in answered]
    return sorted(rows, key=_order)


def _order(row: Row) -> tuple[bool, bool, bool, float, str]:
    n = row.part.now.n
    by = row.change.p if row.moved and row.change else -row.part.now.points
    return (not row.moved, n < SHOWN, n < 3 * SHOWN, by, row.segment)


@dataclass(frozen=True, slots=True)
class LastAnswer:
    """The news line: what came in last and what it changed."""

    score: int
    was: int | None
    at: datetime
    before: Groups
    after: Groups


def last_answer(row: Any, month: Figure) -> LastAnswer:
    """What the last answer did to the rolling score: counted back from how it stands now."""
    counts = list(month.counts)
    if row.day in month.window:
        counts[row.score] -= 1
        if row.was is not None:
            counts[row.was] += 1
    return LastAnswer(row.score, row.was, row.answered_at, groups(counts), month.groups)


def instants(window: Window, zone: str) -> tuple[datetime, datetime]:
    """When a window's first day begins and when its last day is over."""
    place = zone_of(zone)
    return (
        datetime.combine(window.first, time(), place),
        datetime.combine(window.last + timedelta(days=1), time(), place),
    )


def shares(counts: Sequence[int]) -> list[tuple[str, str, str]]:
    """The eleven counts as rows of a table: score, answers, share."""
    n = sum(counts)
    return [(str(score), str(count), percent(count, n)) for score, count in enumerate(counts)]
