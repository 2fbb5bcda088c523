"""By how much one share differs from another one, with the test of it. Pure."""

from typing import NamedTuple

from services.scorer.domain import MIN_ANSWERS_COMPARED
from services.scorer.improvements.judging import CauseCount, two_share_p
from shared.values.proportions import newcombe


class PlaceShareDifference(NamedTuple):
    """A share less another one, in points of a per cent."""

    points: float
    low: float
    high: float
    p: float


def share_difference(part: int, whole: int, other_part: int, other_whole: int) -> PlaceShareDifference | None:
    """The first share less the second one; None with fewer than 30 on one side, or where the test does not
    hold.
    """
    if min(whole, other_whole) < MIN_ANSWERS_COMPARED:
        return None
    p = two_share_p(CauseCount(part, whole), CauseCount(other_part, other_whole))
    if p is None:
        return None
    low, high = newcombe(part, whole, other_part, other_whole)
    points = 100 * (part / whole - other_part / other_whole)
    return PlaceShareDifference(points, 100 * low, 100 * high, p)
