"""Tenths of points that add up. Pure."""

from collections.abc import Sequence
from fractions import Fraction
from math import floor

from shared.values.rounding import half_up


def tenths_of(points: Fraction) -> int:
    """A score in whole tenths of points, halves away from zero."""
    return half_up(10 * points)


def apportion(exact: Sequence[Fraction], total: int) -> list[int]:
    """Whole numbers next to the exact ones that add up to a total: the method of the largest remainders.

    Each number is rounded down, and those with the largest remainders up, as many as it takes; a whole number
    stays. The total is the difference of two rounded numbers, so it is at most 1 from the exact sum: no
    number is 1 or more away from its exact value. Only where all are whole, and both halves were rounded
    apart (from -0.5 to +0.5 is 2, though it is 1), the largest one is 1 away.

    :param exact: numbers whose sum is at most 1 from the total.
    """
    rounded = [floor(value) for value in exact]
    missing = total - sum(rounded)
    order = sorted(range(len(exact)), key=lambda i: (-(exact[i] - rounded[i]), -abs(exact[i]), i))
    step = 1 if missing > 0 else -1
    for number in order[: abs(missing)]:
        rounded[number] += step
    return rounded
