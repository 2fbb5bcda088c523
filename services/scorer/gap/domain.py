"""What customers say after a contact against what they say at any time. Pure.

The two are different questions to different customers, so their scores are told beside each other and never
pooled. Their difference is told by the two-sample z test of the pages, which takes the two as independent: a
customer who answered both questions counts in both.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from services.scorer.domain import Groups, impact_of, impact_reach

MAX_TOUCHPOINTS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class TouchpointImpact:
    """What one touchpoint adds to the transactional score."""

    segment: str
    groups: Groups
    impact: Fraction | None
    """The score less that of all answers of other touchpoints, in points; None where one of the two has fewer
    than ten answers."""
    reach: float | None
    """Half the width of its 95 % range, in points."""


def impacts_of(touchpoints: Iterable[tuple[str, Groups]], whole: Groups) -> list[TouchpointImpact]:
    """Of each touchpoint with answers; those that add the most, up or down, first, those of too few last."""
    found = []
    for segment, groups in touchpoints:
        if groups.n:
            impact = impact_of(groups, whole)
            reach = impact_reach(groups, whole) if impact is not None else None
            found.append(TouchpointImpact(segment, groups, impact, reach))
    return sorted(found, key=_order)


def _order(each: TouchpointImpact) -> tuple[bool, Fraction, int, str]:
    impact = each.impact if each.impact is not None else Fraction()
    return each.impact is None, -abs(impact), -each.groups.n, each.segment
