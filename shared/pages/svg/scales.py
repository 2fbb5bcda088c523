"""Scores on the ruler from -100 to +100, each under its margin."""

from markupsafe import Markup

from shared.pages.filters import bound
from shared.pages.language import translated
from shared.pages.svg.primitives import (
    DrawnScore,
    big,
    block,
    ends,
    interval,
    number,
    place_of,
    scale,
    svg,
    text,
    upright,
)


def hero(score: DrawnScore, label: str) -> Markup:
    """The one score of a page, its number hung above its place."""
    y = 186
    return svg(
        big(score.nps, 142) + scale(y) + interval(score, y - 26, 26) + ends(score.low95, score.high95, y - 7),
        218,
        label,
        "hero",
    )


def second(score: DrawnScore, label: str) -> Markup:
    """A measurement of its own under the first (relational), smaller."""
    y = 74
    drawn = big(score.nps, 44) + scale(y, labels=False) + interval(score, y - 16, 16)
    return svg(drawn + ends(score.low95, score.high95, y - 4), 88, label, "hero2")


def anywhere(label: str) -> Markup:
    """Nothing is counted: the whole ruler is doubt."""
    y = 92
    return svg(
        block("few", 0, 100, y - 30, 30, hatched=True) + scale(y) + text("q", 50, 48, "?", "middle"),
        126,
        label,
        "hero any",
    )


def row(score: DrawnScore, before: float | None = None) -> Markup:
    """One line of a list of segments; the window before as a small open triangle."""
    drawn = interval(score, 8, 12)
    if before is not None:
        mark = '<path class="was" d="M0 0l4 7h-8z"/>'
        drawn += f'<svg x="{number(place_of(before))}%" y="25" overflow="visible">{mark}</svg>'
    return svg(drawn, 36, None, "row")


def one(score: DrawnScore, label: str | None = None, *, labels: bool = False) -> Markup:
    """One score on a ruler of its own, for comparisons."""
    y = 30
    drawn = scale(y, labels=labels) + interval(score, y - 16, 16) + ends(score.low95, score.high95, y - 4)
    return svg(drawn, 62 if labels else 44, label, "one")


def difference(points: float, low: float, high: float, label: str | None = None) -> Markup:
    """A difference with its 95 % interval, the same length per point as the scores above it."""
    y = 34
    left, right, x = (max(0.0, min(100.0, place_of(value))) for value in (low, high, points))
    drawn = (
        scale(y, labels=False)
        + block("b95", left, right, y - 16, 16)
        + upright("cap", left, y - 16, y)
        + upright("cap", right, y - 16, y)
        + upright("pt", x, y - 20, y + 3)
        + ends(low, high, y - 4, bound)
        + text("lbl", 50, y + 27, translated("no difference"), "middle")
    )
    return svg(drawn, 66, label, "diff")
