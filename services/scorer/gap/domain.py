"""What customers say after a contact against what they say at any time. Pure.

The two are different questions to different customers, so their scores are told beside each other and never
pooled. Their difference is told by the two-sample z test of the pages, which takes the two as independent: a
customer who answered both questions counts in both.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

from services.scorer.domain import CONFIDENCE, Groups, estimate, impact_of
from shared.values.normal import z_value
from shared.values.score_estimates import PSEUDO_ANSWERS

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


def impact_reach(part: Groups, whole: Groups) -> float:
    """Half the width of the 95 % range of an impact, in points, by the delta method.

    Of N answers the share w is of the part, with the variances v of one answer of it and u of one of the
    others, and with the gap g of the two scores: the impact is w g, and its variance
    (w (1 - w) g² + w v + w² u / (1 - w)) / N. The variances have the pseudo-answers of the adjusted Wald
    interval.

    :param part: some of the answers, but not all.
    """
    others = Groups(
        whole.detractors - part.detractors, whole.passives - part.passives, whole.promoters - part.promoters
    )
    share = part.n / whole.n
    (mean, error), (other_mean, other_error) = estimate(part), estimate(others)
    own, other = (
        error**2 * (part.n + PSEUDO_ANSWERS),
        other_error**2 * (others.n + PSEUDO_ANSWERS),
    )
    gap = mean - other_mean
    variance = (share * (1 - share) * gap**2 + share * own + share**2 / (1 - share) * other) / whole.n
    return 100 * z_value(CONFIDENCE) * sqrt(variance)


def _order(each: TouchpointImpact) -> tuple[bool, Fraction, int, str]:
    impact = each.impact if each.impact is not None else Fraction()
    return each.impact is None, -abs(impact), -each.groups.n, each.segment
