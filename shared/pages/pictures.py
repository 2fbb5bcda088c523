"""Drawings as PNG, for mail programs, which show no SVG. They hold no text: no font is needed for them."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby

import resvg_py

from shared.pages.svg.primitives import TOO_FEW_ANSWERS
from shared.pages.svg.trends import Point, range_of

TREND_WIDTH, TREND_HEIGHT = 640, 220
"""Pixels. At half the width, on a phone, each line is still one pixel and a half."""
_EDGE = 10
_GROUND, _GRID, _ZERO, _COULD, _LIKELY, _LINE = (
    *("#ffffff", "#d9d7ce", "#8a8880", "#d3e4e4", "#9fc6c7", "#0b5a60"),
)
"""The ground is painted, so that a dark mail program leaves lines that can be seen."""


def trend_place(points: Sequence[Point], boxes: Sequence[Point], point: Point) -> tuple[float, float]:
    """Where the score of a point stands in the picture, in pixels from its top left corner.

    :param boxes: the windows that are compared, which belong to the same scale.
    """
    if point.score is None:
        raise ValueError("a point without a score has no place")
    return _across(points, point), _down(points, boxes, point.score.nps)


def trend_picture(points: Sequence[Point], boxes: Sequence[Point] = ()) -> bytes:
    """The trend of :func:`shared.pages.svg.trends.trend`: both bands and the line, with gaps where there are
    too few answers, on the same scale. The last point is a hollow dot.
    """
    drawn = resvg_py.svg_to_bytes(
        svg_string=_trend_svg(points, boxes), background=_GROUND, skip_system_fonts=True
    )
    return bytes(drawn)


def _trend_svg(points: Sequence[Point], boxes: Sequence[Point]) -> str:
    scale = range_of([*points, *boxes])
    out = []
    for value in range(scale.low, scale.high + 1, 50):
        y, colour = _down(points, boxes, value), _ZERO if value == 0 else _GRID
        out.append(f'<path d="M{_EDGE} {y:.1f}H{TREND_WIDTH - _EDGE}" stroke="{colour}" stroke-width="1.5"/>')
    for shown, run in groupby(points, key=_is_shown):
        scored = [(_across(points, point), point.score) for point in run if point.score is not None]
        if not shown:
            continue
        for low, high, colour in (("low95", "high95", _COULD), ("low50", "high50", _LIKELY)):
            there = [(x, getattr(score, high)) for x, score in scored]
            back = [(x, getattr(score, low)) for x, score in reversed(scored)]
            corners = _corners(points, boxes, [*there, *back])
            out.append(f'<polygon points="{corners}" fill="{colour}"/>')
        middle = _corners(points, boxes, [(x, score.nps) for x, score in scored])
        out.append(
            f'<polyline points="{middle}" fill="none" stroke="{_LINE}" stroke-width="3" '
            'stroke-linejoin="round" stroke-linecap="round"/>'
        )
    last = [point for point in points if _is_shown(point)][-1:]
    for point in last:
        x, y = trend_place(points, boxes, point)
        out.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{_GROUND}" stroke="{_LINE}" stroke-width="3"/>'
        )
    size = f'width="{TREND_WIDTH}" height="{TREND_HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(out)}</svg>'


def _is_shown(point: Point) -> bool:
    return point.score is not None and point.score.n >= TOO_FEW_ANSWERS


def _across(points: Sequence[Point], point: Point) -> float:
    first = points[0].first
    days = (points[-1].last - first).days + 1
    middle = ((point.first - first).days + (point.last + timedelta(days=1) - first).days) / 2
    return _EDGE + (TREND_WIDTH - 2 * _EDGE) * middle / days


def _down(points: Sequence[Point], boxes: Sequence[Point], value: float) -> float:
    scale = range_of([*points, *boxes])
    return _EDGE + (TREND_HEIGHT - 2 * _EDGE) * (scale.high - value) / (scale.high - scale.low)


def _corners(points: Sequence[Point], boxes: Sequence[Point], places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{_down(points, boxes, value):.1f}" for x, value in places)
