"""What a page of scores shows, computed once from the counts; the templates only write it down."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from services.scorer.access import name_of
from services.scorer.domain import (
    HALF,
    SCORES,
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
from shared.events.segments import ORGANISATION
from shared.pages.drawing import Score
from shared.pages.plots import Point
from shared.zones import zone_of

WEEKS_SHOWN = 26
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
    def drawn(self) -> Score | None:
        return drawn(self.groups)


def drawn(found: Groups) -> Score | None:
    """What is drawn of a score; None when nobody answered."""
    outer, inner = interval(found), interval(found, HALF)
    if found.nps is None or outer is None or inner is None:
        return None
    return Score(found.n, float(found.nps), outer[0], outer[1], inner[0], inner[1])


def total(days: Mapping[date, Counts], window: Window) -> Counts:
    """The counts of a window, summed from its days."""
    found = [counts for day, counts in days.items() if day in window]
    return tuple(map(sum, zip(*found, strict=True))) if found else NOTHING


def range_of_trend(now: Window, before: Window) -> Window:
    """The weeks that a trend shows: half a year, or as many as both windows take; from a Monday on."""
    first = min(now.last - timedelta(days=WEEK * WEEKS_SHOWN - 1), before.first)
    return Window(first - timedelta(days=first.weekday()), now.last)


def trend_points(days: Mapping[date, Counts], shown: Window) -> list[Point]:
    """Weeks (or four weeks at a time) that do not overlap, from the first with an answer on."""
    weeks = -(-shown.days // WEEK)
    step = WEEK * (1 if weeks <= MOST_POINTS else 4)
    points: list[Point] = []
    first = shown.first
    while first <= shown.last:
        week = Window(first, min(first + timedelta(days=step - 1), shown.last))
        score = drawn(groups(total(days, week)))
        if points or score is not None:
            points.append(Point(week.first, week.last, score))
        first += timedelta(days=step)
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
        return name_of(self.part.segment)

    @property
    def now(self) -> Score | None:
        return drawn(self.part.now)

    @property
    def before(self) -> Score | None:
        return drawn(self.part.before)


def directly_below(parts: Iterable[Part], selection: Sequence[str]) -> list[Part]:
    """Of the organisation only the level right below what is selected; of any other dimension all values."""
    paths = [segment for segment in selection if segment.startswith(f"{ORGANISATION}:")]
    above = max(paths, key=len) if paths else ""
    level = above.count("/") + 1 if above else 0
    return [
        part
        for part in parts
        if not part.segment.startswith(f"{ORGANISATION}:")
        or (part.segment.count("/") == level and part.segment.startswith(f"{above}/" if above else ""))
    ]


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
    n = max(1, sum(counts))
    return [
        (str(score), str(count), f"{100 * count / n:.1f}\N{NO-BREAK SPACE}%")
        for score, count in zip(range(SCORES), counts, strict=True)
    ]
