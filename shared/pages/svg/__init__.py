"""All charts and icons; `charts` in every template. They are plain functions of numbers."""

from shared.pages.svg.icons import big_clock, brand, clock, glyph, key, marks, place, strip
from shared.pages.svg.primitives import FEW_ANSWERS, TOO_FEW_ANSWERS, DrawnScore, group_of
from shared.pages.svg.scales import anywhere, difference, hero, one, row, second
from shared.pages.svg.trends import Point, flow, histogram, mini, range_of, share, trend

__all__ = [
    "FEW_ANSWERS",
    "TOO_FEW_ANSWERS",
    "DrawnScore",
    "Point",
    "anywhere",
    "big_clock",
    "brand",
    "clock",
    "difference",
    "flow",
    "glyph",
    "group_of",
    "hero",
    "histogram",
    "key",
    "marks",
    "mini",
    "one",
    "place",
    "range_of",
    "row",
    "second",
    "share",
    "strip",
    "trend",
]
