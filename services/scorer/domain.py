"""The statistics of the Net Promoter Score: exact scores, their intervals, and which changes exceed chance.

Sources: Rocks, The American Statistician 70(4), 2016 (adjusted Wald); Benjamini and Hochberg, 1995.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, erfc, hypot, inf, sqrt
from statistics import NormalDist

from shared.events.nps import HIGHEST_DETRACTOR, HIGHEST_PASSIVE
from shared.values.normal import z_value
from shared.values.rounding import half_up
from shared.values.score_estimates import PSEUDO_ANSWERS, answers_for, estimate_of_sums

CONFIDENCE = 0.95
"""Of the intervals that are shown and published."""
INNER_CONFIDENCE = 0.5
"""Of the dark block in the drawings: the score lies within it half the time."""
INNER_PSEUDO_ANSWERS = 1
"""Answers that the range of half the time adds: ¼ detractor, ½ passive, ¼ promoter. With three, as at 95 %,
it holds the score too often near the ends of the scale (`tests/unit/scorer/test_inner_interval.py`)."""
MIN_ANSWERS_SHOWN = 10
"""With fewer answers no score is shown."""
MIN_ANSWERS_COMPARED = 30
"""With fewer answers in one of the two windows no change is computed."""
MAX_FALSE_ALARM_SHARE = 0.10
"""Of the segments that are marked as moved, the share that may be expected to be chance."""
MIN_MOVE_POINTS = 5.0
"""A smaller change is not marked as a move, however certain it is."""
SIGNIFICANT_P = 0.05
TEST_POWER = 0.80


@dataclass(frozen=True, slots=True)
class Groups:
    """How many answers came from detractors (0 to 6), passives (7, 8) and promoters (9, 10)."""

    detractors: int
    passives: int
    promoters: int

    def __add__(self, other: "Groups") -> "Groups":
        return Groups(
            self.detractors + other.detractors,
            self.passives + other.passives,
            self.promoters + other.promoters,
        )

    def __sub__(self, part: "Groups") -> "Groups":
        return Groups(
            self.detractors - part.detractors, self.passives - part.passives, self.promoters - part.promoters
        )

    @property
    def n(self) -> int:
        return self.detractors + self.passives + self.promoters

    @property
    def nps(self) -> Fraction | None:
        """From -100 to +100, exact; None without answers."""
        return Fraction(100 * (self.promoters - self.detractors), self.n) if self.n else None

    @property
    def points(self) -> float:
        """The score as a float, for sorting and comparing; 0 without answers."""
        return 100 * (self.promoters - self.detractors) / self.n if self.n else 0.0

    @property
    def variance(self) -> Fraction | None:
        """Of one answer coded -1, 0, +1: p + d - (p - d)², the population's form."""
        if not self.n:
            return None
        mean = Fraction(self.promoters - self.detractors, self.n)
        return Fraction(self.promoters + self.detractors, self.n) - mean * mean


NO_GROUPS = Groups(0, 0, 0)


def sum_of_groups(groups: Iterable[Groups]) -> Groups:
    """All of them together."""
    return sum(groups, NO_GROUPS)


def groups_of(counts: Sequence[int]) -> Groups:
    """The three groups of the eleven counts."""
    return Groups(
        sum(counts[: HIGHEST_DETRACTOR + 1]),
        sum(counts[HIGHEST_DETRACTOR + 1 : HIGHEST_PASSIVE + 1]),
        sum(counts[HIGHEST_PASSIVE + 1 :]),
    )


def estimate(groups: Groups, pseudo: float = PSEUDO_ANSWERS) -> tuple[float, float]:
    """Mean and standard error from -1 to +1, with ``pseudo`` answers added in the shares ¼ ½ ¼."""
    lead, outspoken = groups.promoters - groups.detractors, groups.promoters + groups.detractors
    return estimate_of_sums(groups.n, lead, outspoken, pseudo)


def wald_interval(
    groups: Groups, confidence: float = CONFIDENCE, pseudo: float = PSEUDO_ANSWERS
) -> tuple[float, float]:
    """The interval in points as the formula gives it; it may exceed the scale."""
    return _interval(estimate(groups, pseudo), confidence)


def _interval(estimated: tuple[float, float], confidence: float) -> tuple[float, float]:
    mean, error = estimated
    reach = z_value(confidence) * error
    return 100 * (mean - reach), 100 * (mean + reach)


def score_interval(groups: Groups, confidence: float = CONFIDENCE) -> tuple[float, float] | None:
    """The adjusted Wald interval, clamped to the scale and stretched to hold the observed score."""
    if groups.nps is None:
        return None
    return clamped_interval(float(groups.nps), estimate(groups), confidence)


def inner_interval(groups: Groups) -> tuple[float, float] | None:
    """The range that holds the score half the time; it lies in the interval of 95 %."""
    if groups.nps is None:
        return None
    return clamped_interval(float(groups.nps), estimate(groups, INNER_PSEUDO_ANSWERS), INNER_CONFIDENCE)


def clamped_interval(
    score: float, estimated: tuple[float, float], confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """The interval of an estimate, clamped to the scale and stretched to hold the score."""
    low, high = _interval(estimated, confidence)
    return min(score, max(-100.0, low)), max(score, min(100.0, high))


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """The change from one window to another that does not overlap it, with its interval and p-value."""

    points: float
    """The difference of the two scores as they are shown, in whole points."""
    adjusted: float
    low: float
    high: float
    error: float
    p: float

    @property
    def is_significant(self) -> bool:
        """Whether chance alone seldom makes such a change."""
        return self.p < SIGNIFICANT_P


def compare_groups(
    before: Groups, now: Groups, confidence: float = CONFIDENCE, pseudo: float = PSEUDO_ANSWERS
) -> ScoreChange | None:
    """The two-sample z test with adjusted means and errors; None when one of the two is empty."""
    if not before.n or not now.n:
        return None
    points = half_up(now.points) - half_up(before.points)
    return compare_estimates(points, estimate(before, pseudo), estimate(now, pseudo), confidence)


def compare_estimates(
    points: float, before: tuple[float, float], now: tuple[float, float], confidence: float = CONFIDENCE
) -> ScoreChange:
    """The same test of two estimates.

    :param points: the difference of the two scores as they are shown.
    """
    (mean_before, error_before), (mean_now, error_now) = before, now
    difference, error = mean_now - mean_before, hypot(error_before, error_now)
    z = abs(difference) / error if error else (0.0 if difference == 0 else inf)
    reach = z_value(confidence) * error
    return ScoreChange(
        points=points,
        adjusted=100 * difference,
        low=100 * (difference - reach),
        high=100 * (difference + reach),
        error=error,
        p=erfc(z / sqrt(2)),
    )


def is_comparable(before: Groups, now: Groups) -> bool:
    """Whether both windows hold enough answers to be compared."""
    return min(before.n, now.n) >= MIN_ANSWERS_COMPARED


def benjamini_hochberg(ps: Sequence[float], share: float = MAX_FALSE_ALARM_SHARE) -> set[int]:
    """The indices of the tests to accept, so that at most this share of them is expected to be false."""
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    last = max((rank for rank, i in enumerate(order, 1) if ps[i] <= share * rank / len(ps)), default=0)
    return set(order[:last])


def impact_of(part: Groups, answers: Groups) -> Fraction | None:
    """n(NPS of the part - NPS) / (N - n): the same as NPS - NPS of the others, and as its share times gap.

    :param part: some of the answers, such as those that name a theme, or of a touchpoint.
    :returns: None where one of the scores would be of fewer than ten answers, or all are of the part.
    """
    others = answers.n - part.n
    if part.n < MIN_ANSWERS_SHOWN or others < MIN_ANSWERS_SHOWN or part.nps is None or answers.nps is None:
        return None
    return part.n * (part.nps - answers.nps) / others


def impact_reach(part: Groups, whole: Groups) -> float:
    """Half the width of the 95 % range of an impact, in points, by the delta method.

    Of N answers the share w is of the part, with the variances v of one answer of it and u of one of the
    others, and with the gap g of the two scores: the impact is w g, and its variance
    (w (1 - w) g² + w v + w² u / (1 - w)) / N. The variances have the pseudo-answers of the adjusted Wald
    interval.

    :param part: some of the answers, but not all.
    """
    others = whole - part
    share = part.n / whole.n
    (mean, error), (other_mean, other_error) = estimate(part), estimate(others)
    own, other = (
        error**2 * (part.n + PSEUDO_ANSWERS),
        other_error**2 * (others.n + PSEUDO_ANSWERS),
    )
    gap = mean - other_mean
    variance = (share * (1 - share) * gap**2 + share * own + share**2 / (1 - share) * other) / whole.n
    return 100 * z_value(CONFIDENCE) * sqrt(variance)


def answers_for_margin(margin: float, variance: float, confidence: float = CONFIDENCE) -> int:
    """How many answers it takes to know a score within ± so many points."""
    return max(0, ceil(answers_for(margin, variance, z_value(confidence))))


def more_answers_for_margin(groups: Groups, margin: float, confidence: float = CONFIDENCE) -> int:
    """How many more answers it takes, if they are like those that are there."""
    return max(0, answers_for_margin(margin, float(groups.variance or 0), confidence) - groups.n)


def answers_for_change(
    change: float, variance: float, confidence: float = CONFIDENCE, power: float = TEST_POWER
) -> int:
    """How many answers each of two windows needs to show a change of so many points."""
    z = z_value(confidence) + NormalDist().inv_cdf(power)
    return max(0, ceil(2 * variance * z**2 / (change / 100) ** 2 - PSEUDO_ANSWERS))
