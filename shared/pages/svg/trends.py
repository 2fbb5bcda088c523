"""Answers by score, scores by time, shares."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from babel.dates import format_date
from markupsafe import Markup

from shared.events.nps import SCALE
from shared.pages.filters import signed
from shared.pages.language import reading
from shared.pages.svg.primitives import (
    TOO_FEW_ANSWERS,
    DrawnScore,
    block,
    group_of,
    line,
    number,
    svg,
    text,
    upright,
)

_WIDE = 1000
_MOST_LABELS = 12
_FEW_MONTHS = 14


@dataclass(frozen=True, slots=True)
class Point:
    """The score of some days, first and last included; None when nobody answered."""

    first: date
    last: date
    score: DrawnScore | None


@dataclass(frozen=True, slots=True)
class Frame:
    """The part of the scale that a trend shows: all of it, or the half in which every band lies."""

    low: int
    high: int


def frame_of(points: Sequence[Point]) -> Frame:
    """Half the scale where everything drawn lies in it, else all of it: never a fitted axis."""
    drawn = [point.score for point in points if point.score is not None and point.score.n >= TOO_FEW_ANSWERS]
    if drawn and all(score.low95 >= 0 for score in drawn):
        return Frame(0, 100)
    if drawn and all(score.high95 <= 0 for score in drawn):
        return Frame(-100, 0)
    return Frame(-100, 100)


def histogram(counts: Sequence[int], label: str) -> Markup:
    """Eleven columns with their counts above, their scores below, and the three groups bracketed."""
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
    for first, after in pairwise((0, 7, 9, 11)):
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
        """Where a day begins, in per cent of the width."""
        return 100 * (when - self.first).days / self.days

    def middle(self, point: Point) -> float:
        return (self.start(point.first) + self.start(point.last + timedelta(days=1))) / 2


def _band(points: Sequence[Point], axis: _Axis, frame: Frame) -> str:
    """Both bands and the line, in an inner drawing that is stretched to the plot. A gap in the answers is a
    gap.
    """
    runs: list[list[tuple[float, DrawnScore]]] = [[]]
    for point in points:
        if point.score is None or point.score.n < TOO_FEW_ANSWERS:
            runs.append([])
        else:
            runs[-1].append((axis.middle(point) * _WIDE / 100, point.score))

    def at(x: float, value: float) -> str:
        return f"{x:.1f},{100 * (frame.high - value) / (frame.high - frame.low):.2f}"

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
        f'<svg x="0" y="{number(top)}" width="100%" height="{number(height)}" viewBox="0 0 {_WIDE} 100" '
        f'preserveAspectRatio="none" overflow="visible">{inner}</svg>'
    )


def _months(axis: _Axis) -> list[tuple[date, str]]:
    """The first days of months to mark, at most a dozen, with short names; of years when there are many."""
    starts, here = [], axis.first.replace(day=1)
    while here <= axis.last:
        if here > axis.first:
            starts.append(here)
        here = (here + timedelta(days=32)).replace(day=1)
    by_year = len(starts) > _FEW_MONTHS
    if by_year:
        starts = [start for start in starts if start.month == 1]
    step = -(-len(starts) // _MOST_LABELS) or 1
    return [
        (start, format_date(start, "y" if by_year else "LLL", reading().locale)) for start in starts[::step]
    ]


def trend(
    points: Sequence[Point],
    label: str,
    *,
    boxes: Sequence[Point] = (),
    notes: Sequence[tuple[date, str]] = (),
    height: int = 270,
) -> Markup:
    """Points that do not overlap, with both bands; the last one, which still runs, ends in a hollow dot.

    ``boxes`` are the windows that are compared, ``notes`` days on which something happened.
    """
    axis, frame, top = _Axis(points[0].first, points[-1].last), frame_of([*points, *boxes]), 34

    def y(value: float) -> float:
        return top + height * (frame.high - value) / (frame.high - frame.low)

    out = []
    for value in range(frame.low, frame.high + 1, 50):
        out.append(line("zero" if value == 0 else "grid", "0", y(value), "100%", y(value)))
        out.append(text("lbl", 0, y(value) + 4, signed(value), "end", dx=-10))
    out.append(_stretched(_band(points, axis, frame), top, height))
    for start, name in _months(axis):
        out.append(upright("tick", axis.start(start), y(frame.low), y(frame.low) + 8))
        out.append(text("lbl", axis.start(start), y(frame.low) + 22, name, "start", dx=4))
    out.append(_last_dot(points, axis, y))
    out += [
        _window(box, box.score, points, axis, y, last=box is boxes[-1])
        for box in boxes
        if box.score is not None
    ]
    for when, words in notes:
        x = axis.start(when)
        out.append(upright("note", x, top - 14, y(frame.low)))
        after = x < 50  # noqa: PLR2004  (words stay inside the plot on either half)
        out.append(text("notet", x, top - 8, words, "start" if after else "end", dx=6 if after else -6))
    return svg("".join(out), top + height + 30, label, "trend")


def mini(points: Sequence[Point], label: str, height: int = 96) -> Markup:
    """A small trend, always on the whole scale."""
    axis, frame = _Axis(points[0].first, points[-1].last), Frame(-100, 100)
    drawn = (
        line("grid", "0", 0.5, "100%", 0.5)
        + line("grid", "0", height - 0.5, "100%", height - 0.5)
        + _stretched(_band(points, axis, frame), 0, height)
        + line("zero", "0", height / 2, "100%", height / 2)
        + text("lbl", 0, height / 2 + 4, "0", "end", dx=-6)
        + _last_dot(points, axis, lambda value: height * (100 - value) / 200, 4)
    )
    return svg(drawn, height, label, "mini")


def _last_dot(points: Sequence[Point], axis: _Axis, y: Callable[[float], float], radius: float = 4.5) -> str:
    shown = [point for point in points if point.score is not None and point.score.n >= TOO_FEW_ANSWERS]
    if not shown or shown[-1].score is None:
        return ""
    x, at = axis.middle(shown[-1]), y(shown[-1].score.nps)
    return f'<circle class="hollow" cx="{number(x)}%" cy="{number(at)}" r="{radius}"/>'


def _window(
    box: Point,
    score: DrawnScore,
    points: Sequence[Point],
    axis: _Axis,
    y: Callable[[float], float],
    *,
    last: bool,
) -> str:
    """A compared window: as wide as its days, as high as its margin, its score above all that is drawn
    there.
    """
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


def share(part: float, low: float, high: float, top: float = 0.6) -> Markup:
    """A share with its interval, all as fractions of 1; ``top`` is the fraction at the right end."""
    x, left, right = (100 * min(1.0, value / top) for value in (part, low, high))
    drawn = (
        line("track", "0", 10, "100%", 10)
        + line("reach", "0", 10, f"{number(left)}%", 10)
        + block("r95", left, right, 4, 12)
        + upright("rcap", left, 4, 16)
        + upright("rcap", right, 4, 16)
        + upright("pt", x, 1, 19)
    )
    return svg(drawn, 20, None, "share")


def flow(part: int, whole: int, doubtful: int = 0) -> Markup:
    """How many of all came this far; the doubtful among them hatched."""
    width = 100 * part / whole if whole else 0
    unsure = 100 * doubtful / whole if whole else 0
    drawn = block("p", 0, width - unsure, 2, 12)
    if doubtful:
        drawn += block("few", width - unsure, width, 2.5, 11, hatched=True)
    return svg(drawn, 16, None, "flow")
