"""All drawings by one name: `charts` in every template, plain functions of plain numbers in tests."""

from shared.pages.svg.icons import big_clock, brand, clock, glyph, key, marks, place, strip
from shared.pages.svg.primitives import FEW_ANSWERS, TOO_FEW_ANSWERS, DrawnScore, group_of
from shared.pages.svg.scales import anywhere, difference, hero, one, row, second
from shared.pages.svg.trends import Point, flow, frame_of, histogram, mini, share, trend

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
    "frame_of",
    "glyph",
    "group_of",
    "hero",
    "histogram",
    "key",
    "marks",
    "mini",
    "one",
    "place",
    "row",
    "second",
    "share",
    "strip",
    "trend",
]
