"""Whether one share differs from another one by more than chance, by itself and among several. Pure."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from services.scorer.domain import MIN_ANSWERS_COMPARED, SIGNIFICANT_P, benjamini_hochberg
from services.scorer.improvements.judging import CauseCount, two_share_p
from shared.values.proportions import newcombe

T = TypeVar("T")


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


def beyond_chance(
    tests: Sequence[T | None], p: Callable[[T], float], in_question: Callable[[T], bool]
) -> set[int]:
    """The indices of the tests that are beyond chance among all, and go the way that is in question."""
    told = [(number, test) for number, test in enumerate(tests) if test is not None]
    accepted = [told[place] for place in benjamini_hochberg([p(test) for _, test in told])]
    return {number for number, test in accepted if p(test) < SIGNIFICANT_P and in_question(test)}
