"""Which differences are called beyond chance: one rule for scores and shares, for one and for several. Pure.

A difference is called higher or lower where all of this holds:

- p < 0.05,
- Benjamini and Hochberg accept it among all that are told at once (:func:`benjamini_hochberg`); of one alone
  that is no further demand,
- its 95 % interval lies on one side of zero, on which the difference that is shown lies, too. Of scores the
  interval and p are of the same standard error, so the first demand is this one; of shares the test is the
  "N - 1" chi-squared one and the interval Newcombe's, which may differ near 0.05.

So nothing is called beyond chance whose interval holds zero, and nothing that is shown as no difference.
"""

from collections.abc import Sequence
from typing import Literal, Protocol

from services.scorer.domain import MIN_MOVE_POINTS, SIGNIFICANT_P, benjamini_hochberg

Direction = Literal["higher", "lower"]


class JudgedDifference(Protocol):
    """A difference as it is shown, with the ends of its 95 % interval and its p-value."""

    @property
    def points(self) -> float: ...

    @property
    def low(self) -> float: ...

    @property
    def high(self) -> float: ...

    @property
    def p(self) -> float: ...


def beyond_chance(tests: Sequence[JudgedDifference | None]) -> list[Direction | None]:
    """Of each of several differences that are told at once, what it is called; None: it could be chance.

    :param tests: None where nothing was tested; what is tested counts, whichever way it goes.
    """
    told = [(number, test) for number, test in enumerate(tests) if test is not None]
    accepted = [told[place] for place in benjamini_hochberg([test.p for _, test in told])]
    found: list[Direction | None] = [None] * len(tests)
    for number, test in accepted:
        found[number] = direction_of(test)
    return found


def direction_of(test: JudgedDifference) -> Direction | None:
    """What a difference is called that is told by itself; None: it could be chance."""
    if test.p >= SIGNIFICANT_P:
        return None
    if test.low > 0 and test.points > 0:
        return "higher"
    if test.high < 0 and test.points < 0:
        return "lower"
    return None


def indices_of_moved(changes: Sequence[JudgedDifference]) -> set[int]:
    """The indices of the changes that are beyond chance among so many, and large enough to matter."""
    return {
        number
        for number, direction in enumerate(beyond_chance(changes))
        if direction is not None and abs(changes[number].points) >= MIN_MOVE_POINTS
    }
