"""The arithmetic of the Net Promoter Score: exact counts, honest margins, changes that are more than chance.

Sources: Rocks, The American Statistician 70(4), 2016 (adjusted Wald); Benjamini and Hochberg, 1995.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil, erfc, hypot, inf, sqrt
from statistics import NormalDist

from shared.events.nps import HIGHEST_DETRACTOR, HIGHEST_PASSIVE
from shared.values.rounding import half_up

LEVEL = 0.95
LEVELS = (0.90, 0.95, 0.99)
HALF = 0.5
"""The level of the dark block in the drawings: half the time inside."""
PSEUDO = 3
"""Answers that the adjusted Wald interval adds: ¾ detractor, 1½ passives, ¾ promoter."""
COMPARABLE = 30
"""Answers from which a score is compared."""
SHOWN = 10
"""Answers from which a score is shown at all."""
FALSE_ALARMS = 0.10
SMALLEST_MOVE = 5.0
CHANCE = 0.05
POWER = 0.80


@dataclass(frozen=True, slots=True)
class Groups:
    """How many were detractors (0 to 6), passives (7, 8) and promoters (9, 10)."""

    detractors: int
    passives: int
    promoters: int

    @property
    def n(self) -> int:
        return self.detractors + self.passives + self.promoters

    @property
    def nps(self) -> Fraction | None:
        """From -100 to +100, exact; None when nobody answered."""
        return Fraction(100 * (self.promoters - self.detractors), self.n) if self.n else None

    @property
    def points(self) -> float:
        """The score as a plain number, where many are compared; 0 when nobody answered."""
        return 100 * (self.promoters - self.detractors) / self.n if self.n else 0.0

    @property
    def variance(self) -> Fraction | None:
        """Of one answer coded -1, 0, +1: p + d - (p - d)², the population's form."""
        if not self.n:
            return None
        mean = Fraction(self.promoters - self.detractors, self.n)
        return Fraction(self.promoters + self.detractors, self.n) - mean * mean


def groups(counts: Sequence[int]) -> Groups:
    """The three groups of the eleven counts."""
    return Groups(
        sum(counts[: HIGHEST_DETRACTOR + 1]),
        sum(counts[HIGHEST_DETRACTOR + 1 : HIGHEST_PASSIVE + 1]),
        sum(counts[HIGHEST_PASSIVE + 1 :]),
    )


@lru_cache(maxsize=16)
def z_of(level: float) -> float:
    """Two-sided: 0.95 is 1.959964."""
    return NormalDist().inv_cdf((1 + level) / 2)


def estimate(given: Groups, pseudo: float = PSEUDO) -> tuple[float, float]:
    """Mean and standard error from -1 to +1, with ``pseudo`` answers added in the shares ¼ ½ ¼."""
    n = given.n + pseudo
    mean = (given.promoters - given.detractors) / n
    variance = (given.promoters + given.detractors + pseudo / 2) / n - mean * mean
    return mean, sqrt(max(0.0, variance) / n)


def wald(given: Groups, level: float = LEVEL, pseudo: float = PSEUDO) -> tuple[float, float]:
    """The interval in points as the formula gives it, beyond the ends of the scale if need be."""
    mean, error = estimate(given, pseudo)
    reach = z_of(level) * error
    return 100 * (mean - reach), 100 * (mean + reach)


def interval(given: Groups, level: float = LEVEL) -> tuple[float, float] | None:
    """The adjusted Wald interval, clamped to the scale and stretched to hold the observed score."""
    if given.nps is None:
        return None
    low, high = wald(given, level)
    nps = float(given.nps)
    return min(nps, max(-100.0, low)), max(nps, min(100.0, high))


@dataclass(frozen=True, slots=True)
class Change:
    """From one window to another that does not overlap it: what was seen, and what chance would allow."""

    points: float
    """The difference of the two scores as they are shown, in whole points."""
    adjusted: float
    low: float
    high: float
    error: float
    p: float


def compare(before: Groups, now: Groups, level: float = LEVEL, pseudo: float = PSEUDO) -> Change | None:
    """The two-sample z test with adjusted means and errors; None when one of the two is empty."""
    if not before.n or not now.n:
        return None
    mean_before, error_before = estimate(before, pseudo)
    mean_now, error_now = estimate(now, pseudo)
    difference, error = mean_now - mean_before, hypot(error_before, error_now)
    z = abs(difference) / error if error else (0.0 if difference == 0 else inf)
    reach = z_of(level) * error
    return Change(
        points=half_up(now.points) - half_up(before.points),
        adjusted=100 * difference,
        low=100 * (difference - reach),
        high=100 * (difference + reach),
        error=error,
        p=erfc(z / sqrt(2)),
    )


def is_comparable(before: Groups, now: Groups) -> bool:
    """Whether both windows hold enough answers to be compared."""
    return min(before.n, now.n) >= COMPARABLE


def benjamini_hochberg(ps: Sequence[float], share: float = FALSE_ALARMS) -> set[int]:
    """Which of many tests to believe, so that at most this share of them is expected to be false."""
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    last = max((rank for rank, i in enumerate(order, 1) if ps[i] <= share * rank / len(ps)), default=0)
    return set(order[:last])


def moved(changes: Sequence[Change]) -> set[int]:
    """Which of many compared segments moved: more than chance among so many, and by enough to matter."""
    return {
        i
        for i in benjamini_hochberg([change.p for change in changes])
        if abs(changes[i].points) >= SMALLEST_MOVE
    }


def answers_for(margin: float, variance: float, level: float = LEVEL) -> int:
    """How many answers it takes to know a score within ± so many points."""
    return max(0, ceil(variance * z_of(level) ** 2 / (margin / 100) ** 2 - PSEUDO))


def answers_to_see(change: float, variance: float, level: float = LEVEL, power: float = POWER) -> int:
    """How many answers each of two windows needs to show a change of so many points."""
    z = z_of(level) + NormalDist().inv_cdf(power)
    return max(0, ceil(2 * variance * z**2 / (change / 100) ** 2 - PSEUDO))
