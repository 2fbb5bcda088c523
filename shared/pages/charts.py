"""All drawings by one name: `charts` in every template, plain functions of plain numbers in tests."""

from shared.pages.drawing import FEW, NONE, Score, group_of
from shared.pages.marks import big_clock, brand, clock, glyph, key, marks, place, strip
from shared.pages.plots import Point, flow, frame_of, histogram, mini, share, trend
from shared.pages.rulers import anywhere, difference, hero, one, row, second

__all__ = [
    "FEW",
    "NONE",
    "Point",
    "Score",
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
