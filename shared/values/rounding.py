"""Rounding, the same everywhere, so that the numbers on a page add up."""

from fractions import Fraction

ONE_HALF = Fraction(1, 2)


def half_up(value: float | Fraction) -> int:
    """The nearest whole number, halves away from zero."""
    return int(value + ONE_HALF) if value >= 0 else -int(ONE_HALF - value)
