"""Shares and their differences, with 95 % intervals and a test that need no large numbers. Pure.

- The interval of a share is Wilson's score interval: E. B. Wilson, "Probable inference, the law of
  succession, and statistical inference", Journal of the American Statistical Association 22 (1927), 209-212.
- That of a difference of two independent shares is Newcombe's, made of the two score intervals (method 10):
  R. G. Newcombe, "Interval estimation for the difference between independent proportions", Statistics in
  Medicine 17 (1998), 873-890.
- The test is Fisher's exact one, two-sided: the tables that are no more likely than the one that was seen.
"""

from math import exp, lgamma, sqrt
from typing import NamedTuple

from shared.values.normal import Z_95

_ROUNDING = 1e-7
"""Two tables are equally likely when their chances differ by no more than this share."""


class Interval(NamedTuple):
    """The ends of an interval."""

    low: float
    high: float


def wilson(part: int, whole: int) -> Interval:
    """The 95 % interval of a share, both ends between 0 and 1; ``whole`` is at least 1."""
    share, z2 = part / whole, Z_95**2
    centre = (share + z2 / (2 * whole)) / (1 + z2 / whole)
    half = Z_95 * sqrt(share * (1 - share) / whole + z2 / (4 * whole**2)) / (1 + z2 / whole)
    low = 0.0 if part == 0 else max(0.0, centre - half)
    high = 1.0 if part == whole else min(1.0, centre + half)
    return Interval(low, high)


def newcombe(part: int, whole: int, other_part: int, other_whole: int) -> Interval:
    """The 95 % interval of the first share less the second one, both ends between -1 and 1."""
    first, second = part / whole, other_part / other_whole
    own, other = wilson(part, whole), wilson(other_part, other_whole)
    difference = first - second
    below = sqrt((first - own.low) ** 2 + (other.high - second) ** 2)
    above = sqrt((own.high - first) ** 2 + (second - other.low) ** 2)
    return Interval(max(-1.0, difference - below), min(1.0, difference + above))


def fisher(part: int, whole: int, other_part: int, other_whole: int) -> float:
    """How likely tables are that differ at least so much, if both shares are the same."""
    total = part + other_part
    first, last = max(0, total - other_whole), min(total, whole)
    scale = _log_ways(whole + other_whole, total)
    chances = [
        exp(_log_ways(whole, each) + _log_ways(other_whole, total - each) - scale)
        for each in range(first, last + 1)
    ]
    seen = chances[part - first]
    return min(1.0, sum(chance for chance in chances if chance <= seen * (1 + _ROUNDING)))


def _log_ways(whole: int, part: int) -> float:
    """The logarithm of the number of ways to choose so many."""
    return lgamma(whole + 1) - lgamma(part + 1) - lgamma(whole - part + 1)
