"""What something adds to a change, with its range and how easily chance would make it. Pure."""

from dataclasses import dataclass
from fractions import Fraction
from math import erfc, sqrt

from services.scorer.domain import CONFIDENCE
from shared.values.normal import z_value


@dataclass(frozen=True, slots=True)
class Effect:
    """What something adds to the change."""

    exact: Fraction
    """In points."""
    tenths: int
    """In tenths of points as they are shown: these add up."""
    reach: float
    """Half the width of its 95 % range, in points."""

    @property
    def points(self) -> float:
        """As it is shown."""
        return self.tenths / 10

    @property
    def p(self) -> float:
        """Two-sided: how easily chance makes such an effect, by the same standard error as its range."""
        if not self.reach:
            return 1.0 if self.exact == 0 else 0.0
        return erfc(z_value(CONFIDENCE) * abs(float(self.exact)) / self.reach / sqrt(2))

    @property
    def low(self) -> float:
        return float(self.exact) - self.reach

    @property
    def high(self) -> float:
        return float(self.exact) + self.reach
