"""Scores with their intervals on the ruler from -100 to +100."""

from markupsafe import Markup

from shared.pages.filters import bound
from shared.pages.language import translated
from shared.pages.svg.primitives import (
    ChartScore,
    block,
    interval_ends,
    large_number,
    number,
    ruler,
    ruler_percent,
    score_interval,
    svg,
    text,
    vertical_line,
)


def main_score(score: ChartScore, label: str) -> Markup:
    """The main score of a page, with its number above."""
    y = 186
    return svg(
        large_number(score.nps, 142)
        + ruler(y)
        + score_interval(score, y - 26, 26)
        + interval_ends(score.low95, score.high95, y - 7),
        218,
        label,
        "hero",
    )


def second_score(score: ChartScore, label: str) -> Markup:
    """The score of a second measurement (relational) below the main one, smaller."""
    y = 74
    body = large_number(score.nps, 44) + ruler(y, labels=False) + score_interval(score, y - 16, 16)
    return svg(body + interval_ends(score.low95, score.high95, y - 4), 88, label, "hero2")


def unknown_score(label: str) -> Markup:
    """The ruler without a score: no answers, so it could be anywhere."""
    y = 92
    return svg(
        block("few", 0, 100, y - 30, 30, hatched=True) + ruler(y) + text("q", 50, 48, "?", "middle"),
        126,
        label,
        "hero any",
    )


def score_row(score: ChartScore, before: float | None = None) -> Markup:
    """The score of one segment in a list; the score of the window before is a small open triangle."""
    body = score_interval(score, 8, 12)
    if before is not None:
        triangle = '<path class="was" d="M0 0l4 7h-8z"/>'
        body += f'<svg x="{number(ruler_percent(before))}%" y="25" overflow="visible">{triangle}</svg>'
    return svg(body, 36, None, "row")


def point_row(score: float) -> Markup:
    """A score in a list of which no range is known: a hollow dot on the row's ruler."""
    dot = f'<circle class="hollow" cx="{number(ruler_percent(score))}%" cy="14" r="4.5"/>'
    return svg(dot, 36, None, "row")


def compared_score(score: ChartScore, label: str | None = None, *, labels: bool = False) -> Markup:
    """One of several scores that are compared, each on a ruler of its own."""
    y = 30
    body = (
        ruler(y, labels=labels)
        + score_interval(score, y - 16, 16)
        + interval_ends(score.low95, score.high95, y - 4)
    )
    return svg(body, 62 if labels else 44, label, "one")


def difference(points: float, low: float, high: float, label: str | None = None) -> Markup:
    """A difference with its 95 % interval, at the same scale as the scores above it."""
    y = 34
    left, right, x = (max(0.0, min(100.0, ruler_percent(value))) for value in (low, high, points))
    body = (
        ruler(y, labels=False)
        + block("b95", left, right, y - 16, 16)
        + vertical_line("cap", left, y - 16, y)
        + vertical_line("cap", right, y - 16, y)
        + vertical_line("pt", x, y - 20, y + 3)
        + interval_ends(low, high, y - 4, bound)
        + text("lbl", 50, y + 27, translated("no difference"), "middle")
    )
    return svg(body, 66, label, "diff")


def contribution(points: float, low: float, high: float, end: float) -> Markup:
    """What one part adds to a difference: a bar from 0, over its 95 % interval. The row says it in words.

    :param end: half the length of the ruler, in points: the same for all parts, since each is a fraction of a
        difference and would hardly be seen beside the whole scale.
    """
    left, right, x = (max(0.0, min(100.0, 50 + 50 * value / end)) for value in (low, high, points))
    body = (
        block("b95", left, right, 6, 24)
        + block("b50", min(50.0, x), max(50.0, x), 12, 12)
        + vertical_line("cap", left, 6, 30)
        + vertical_line("cap", right, 6, 30)
        + vertical_line("pt", x, 8, 28)
    )
    return svg(body, 36, None, "row")
