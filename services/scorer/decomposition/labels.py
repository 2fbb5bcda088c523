"""Words of what adds the most to a change. A part is never said to be why a score moved."""

from fractions import Fraction

from services.scorer.decomposition.domain import Split
from services.scorer.decomposition.standing_out import part_standing_out
from services.scorer.labels import one_decimal
from shared.pages.filters import dimension_name, segment_name
from shared.pages.language import translated


def standing_out_words(dimension: str, split: Split) -> str:
    """Which part adds the most to the change, with its range; or that none stands out."""
    change = one_decimal(Fraction(split.change_tenths, 10))
    part = part_standing_out(split)
    if part is None:
        words = translated(
            "By %(dimension)s, no part stands out: each could add by chance what it adds to the difference "
            "of %(change)s points."
        )
        return words % {"dimension": dimension_name(dimension), "change": change}
    words = translated(
        "By %(dimension)s, %(name)s adds the most to the difference of %(change)s points: %(points)s, "
        "somewhere from %(low)s to %(high)s."
    )
    return words % {
        "dimension": dimension_name(dimension),
        "name": segment_name(part.groups.segment),
        "change": change,
        "points": one_decimal(Fraction(part.both.tenths, 10)),
        "low": one_decimal(part.both.low),
        "high": one_decimal(part.both.high),
    }
