"""All charts and icons; `charts` in every template. They are plain functions of numbers."""

from shared.pages.svg.icons import (
    big_clock,
    clock,
    glyph,
    legend_sample,
    logo,
    score_place,
    score_strip,
    single_answers,
)
from shared.pages.svg.primitives import FEW_ANSWERS, TOO_FEW_ANSWERS, ChartScore, group_of
from shared.pages.svg.scales import (
    compared_score,
    contribution,
    difference,
    main_score,
    point_row,
    score_row,
    second_score,
    unknown_score,
)
from shared.pages.svg.trends import (
    Point,
    funnel_step,
    histogram,
    range_of,
    share_with_interval,
    small_trend,
    trend,
)

__all__ = [
    "FEW_ANSWERS",
    "TOO_FEW_ANSWERS",
    "ChartScore",
    "Point",
    "big_clock",
    "clock",
    "compared_score",
    "contribution",
    "difference",
    "funnel_step",
    "glyph",
    "group_of",
    "histogram",
    "legend_sample",
    "logo",
    "main_score",
    "point_row",
    "range_of",
    "score_place",
    "score_row",
    "score_strip",
    "second_score",
    "share_with_interval",
    "single_answers",
    "small_trend",
    "trend",
    "unknown_score",
]
