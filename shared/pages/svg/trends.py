"""Answers by score, scores over time, and shares."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from babel.dates import format_date
from markupsafe import Markup

from shared.events.nps import HIGHEST_DETRACTOR, HIGHEST_PASSIVE, SCALE
from shared.pages.filters import signed
from shared.pages.language import reader_locale
from shared.pages.svg.primitives import (
    TOO_FEW_ANSWERS,
    ChartScore,
    block,
    group_of,
    line,
    number,
    svg,
    text,
    vertical_line,
)

_GROUP_STARTS = (0, HIGHEST_DETRACTOR + 1, HIGHEST_PASSIVE + 1, len(SCALE))
_BAND_WIDTH = 1000
"""Of the coordinates in which bands are drawn before they are stretched."""
_MAX_LABELS = 12
_MAX_LABELLED_MONTHS = 14
"""In a longer time, years are labelled instead."""


@dataclass(frozen=True, slots=True)
class Point:
    """The score of some days, first and last included; None when there are no answers."""

    first: date
    last: date
    score: ChartScore | None


@dataclass(frozen=True, slots=True)
class ScoreRange:
    """The part of the scale that a trend shows: all of it, or the half in which all bands lie."""

    low: int
    high: int


def range_of(points: Sequence[Point]) -> ScoreRange:
    """Half the scale when everything lies in it, else the whole scale: axes are never fitted more closely."""
    scores = [point.score for point in points if point.score is not None and point.score.n >= TOO_FEW_ANSWERS]
    if scores and all(score.low95 >= 0 for score in scores):
        return ScoreRange(0, 100)
    if scores and all(score.high95 <= 0 for score in scores):
        return ScoreRange(-100, 0)
    return ScoreRange(-100, 100)


def histogram(counts: Sequence[int], label: str) -> Markup:
    """Eleven columns with counts above, scores below, and brackets around the three groups."""
    if len(counts) != len(SCALE):
        raise ValueError("a histogram has the eleven counts of 0 to 10")
    base, tallest, width = 176, 148, 100 / len(SCALE)
    most = max(*counts, 1)
    out = []
    for score, count in enumerate(counts):
        height = tallest * count / most
        left, middle = score * width, (score + 0.5) * width
        out.append(block(group_of(score), left + width * 0.16, left + width * 0.84, base - height, height))
        out.append(text("cnt", middle, base - height - 7, str(count), "middle"))
        out.append(text("key", middle, base + 22, str(score), "middle"))
    out.append(line("ax", "0", base, "100%", base))
    for first, after in pairwise(_GROUP_STARTS):
        start, end = first * width + width * 0.16, after * width - width * 0.16
        out.append(
            line(f"brk {group_of(first)}", f"{number(start)}%", base + 34, f"{number(end)}%", base + 34)
        )
    return svg("".join(out), base + 38, label, "hist")


@dataclass(frozen=True, slots=True)
class _Axis:
    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def start(self, when: date) -> float:
        """The beginning of a day, in per cent of the width."""
        return 100 * (when - self.first).days / self.days

    def middle(self, point: Point) -> float:
        return (self.start(point.first) + self.start(point.last + timedelta(days=1))) / 2


def _band(points: Sequence[Point], axis: _Axis, scores: ScoreRange) -> str:
    """Both bands and the line, to be stretched to the plot; with gaps where there are too few answers."""
    runs: list[list[tuple[float, ChartScore]]] = [[]]
    for point in points:
        if point.score is None or point.score.n < TOO_FEW_ANSWERS:
            runs.append([])
        else:
            runs[-1].append((axis.middle(point) * _BAND_WIDTH / 100, point.score))

    def at(x: float, value: float) -> str:
        return f"{x:.1f},{100 * (scores.high - value) / (scores.high - scores.low):.2f}"

    out = []
    for run in filter(None, runs):
        outer = [at(x, s.high95) for x, s in run] + [at(x, s.low95) for x, s in reversed(run)]
        inner = [at(x, s.high50) for x, s in run] + [at(x, s.low50) for x, s in reversed(run)]
        middle = [at(x, s.nps) for x, s in run]
        out.append(
            f'<polygon class="b95" points="{" ".join(outer)}"/>'
            f'<polygon class="b50" points="{" ".join(inner)}"/>'
        )
        out.append(f'<polyline class="line" points="{" ".join(middle)}"/>')
    return "".join(out)


def _stretched(inner: str, top: float, height: float) -> str:
    return (
        f'<svg x="0" y="{number(top)}" width="100%" height="{number(height)}" '
        f'viewBox="0 0 {_BAND_WIDTH} 100" preserveAspectRatio="none" overflow="visible">{inner}</svg>'
    )


def _months(axis: _Axis) -> list[tuple[date, str]]:
    """The first days of months to label, at most a dozen, with short names; of years when there are many."""
    starts, here = [], axis.first.replace(day=1)
    while here <= axis.last:
        if here > axis.first:
            starts.append(here)
        here = (here + timedelta(days=32)).replace(day=1)
    by_year = len(starts) > _MAX_LABELLED_MONTHS
    if by_year:
        starts = [start for start in starts if start.month == 1]
    step = -(-len(starts) // _MAX_LABELS) or 1
    return [
        (start, format_date(start, "y" if by_year else "LLL", reader_locale().locale))
        for start in starts[::step]
    ]


def trend(
    points: Sequence[Point],
    label: str,
    *,
    boxes: Sequence[Point] = (),
    notes: Sequence[tuple[date, str]] = (),
    height: int = 270,
) -> Markup:
    """Scores over time with both bands. The last point, which may still change, is a hollow dot.

    :param boxes: the windows that are compared.
    :param notes: the days of events, with their labels.
    """
    axis, scores, top = _Axis(points[0].first, points[-1].last), range_of([*points, *boxes]), 34

    def y(value: float) -> float:
        return top + height * (scores.high - value) / (scores.high - scores.low)

    out = []
    for value in range(scores.low, scores.high + 1, 50):
        out.append(line("zero" if value == 0 else "grid", "0", y(value), "100%", y(value)))
        out.append(text("lbl", 0, y(value) + 4, signed(value), "end", dx=-10))
    out.append(_stretched(_band(points, axis, scores), top, height))
    for start, name in _months(axis):
        out.append(vertical_line("tick", axis.start(start), y(scores.low), y(scores.low) + 8))
        out.append(text("lbl", axis.start(start), y(scores.low) + 22, name, "start", dx=4))
    out.append(_last_dot(points, axis, y))
    out += [
        _window(box, box.score, points, axis, y, last=box is boxes[-1])
        for box in boxes
        if box.score is not None
    ]
    for when, note in notes:
        x = axis.start(when)
        out.append(vertical_line("note", x, top - 14, y(scores.low)))
        after = x < 50  # noqa: PLR2004  (labels stay inside the plot)
        out.append(text("notet", x, top - 8, note, "start" if after else "end", dx=6 if after else -6))
    return svg("".join(out), top + height + 30, label, "trend")


def small_trend(points: Sequence[Point], label: str, height: int = 96) -> Markup:
    """A small trend on the whole scale."""
    axis, scores = _Axis(points[0].first, points[-1].last), ScoreRange(-100, 100)
    body = (
        line("grid", "0", 0.5, "100%", 0.5)
        + line("grid", "0", height - 0.5, "100%", height - 0.5)
        + _stretched(_band(points, axis, scores), 0, height)
        + line("zero", "0", height / 2, "100%", height / 2)
        + text("lbl", 0, height / 2 + 4, "0", "end", dx=-6)
        + _last_dot(points, axis, lambda value: height * (100 - value) / 200, 4)
    )
    return svg(body, height, label, "mini")


def _last_dot(points: Sequence[Point], axis: _Axis, y: Callable[[float], float], radius: float = 4.5) -> str:
    shown = [point for point in points if point.score is not None and point.score.n >= TOO_FEW_ANSWERS]
    if not shown or shown[-1].score is None:
        return ""
    x, at = axis.middle(shown[-1]), y(shown[-1].score.nps)
    return f'<circle class="hollow" cx="{number(x)}%" cy="{number(at)}" r="{radius}"/>'


def _window(
    box: Point,
    score: ChartScore,
    points: Sequence[Point],
    axis: _Axis,
    y: Callable[[float], float],
    *,
    last: bool,
) -> str:
    """A compared window: as wide as its days, as high as its interval, with the score above the bands."""
    left, right = max(0.0, axis.start(box.first)), min(100.0, axis.start(box.last + timedelta(days=1)))
    beside = [
        point.score.high95
        for point in points
        if point.score is not None
        and point.score.n >= TOO_FEW_ANSWERS
        and left - 3 <= axis.middle(point) <= right + 3
    ]
    over = y(max([score.high95, *beside]))
    return (
        block("win", left, right, y(score.high95), y(score.low95) - y(score.high95))
        + line("winl", f"{number(left)}%", y(score.nps), f"{number(right)}%", y(score.nps))
        + text("winn", right if last else left, over - 10, signed(score.nps), "end" if last else "start")
    )


def share_with_interval(part: float, low: float, high: float, top: float = 0.6) -> Markup:
    """A share with its interval, as fractions of 1; ``top`` is the fraction at the right end."""
    x, left, right = (100 * min(1.0, value / top) for value in (part, low, high))
    body = (
        line("track", "0", 10, "100%", 10)
        + line("reach", "0", 10, f"{number(left)}%", 10)
        + block("r95", left, right, 4, 12)
        + vertical_line("rcap", left, 4, 16)
        + vertical_line("rcap", right, 4, 16)
        + vertical_line("pt", x, 1, 19)
    )
    return svg(body, 20, None, "share")


def funnel_step(part: int, whole: int, doubtful: int = 0) -> Markup:
    """The part of a whole that reached a stage; the doubtful ones among them are hatched."""
    width = 100 * part / whole if whole else 0
    unsure = 100 * doubtful / whole if whole else 0
    body = block("p", 0, width - unsure, 2, 12)
    if doubtful:
        body += block("few", width - unsure, width, 2.5, 11, hatched=True)
    return svg(body, 16, None, "flow")
