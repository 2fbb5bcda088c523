"""How figures are rounded: everywhere in the same way, so that what is shown adds up."""

from fractions import Fraction

ONE_HALF = Fraction(1, 2)


def half_up(value: float | Fraction) -> int:
    """Rounded once, halves away from zero, and never a minus before 0."""
    return int(value + ONE_HALF) if value >= 0 else -int(ONE_HALF - value)
