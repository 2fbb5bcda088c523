"""Whether a score or a share changed by more than chance, from the days before an improvement to those after.

Scores are compared by the two-sample z test of the scorer's pages (:func:`compare_groups`), shares by the
"N - 1" chi-squared test. Nothing is called an improvement before the second window is over, with too few
answers, or where chance alone makes such a change in five of a hundred cases.
"""

from dataclasses import dataclass
from math import erfc, sqrt
from typing import Literal

from services.scorer.domain import MIN_ANSWERS_SHOWN, SIGNIFICANT_P, Groups, ScoreChange, compare_groups
from services.scorer.verdicts import direction_of

ImprovementVerdict = Literal["running", "too_few", "no_change", "improved", "worse"]
MIN_CASES_SHOWN = 5
"""Of fewer cases nothing is told: as with anonymous answers, each number would be about somebody."""
MIN_EXPECTED_CASES = 1
"""In each of the four fields; with fewer the test of two shares does not hold."""


@dataclass(frozen=True, slots=True)
class ScoreComparison:
    """Two windows that do not overlap, and what can be said of them."""

    before: Groups
    after: Groups
    change: ScoreChange | None
    """None where one of them has fewer than ten answers."""
    verdict: ImprovementVerdict


def judge(before: Groups, after: Groups, *, running: bool) -> ScoreComparison:
    """Compare the answers of two windows.

    :param running: whether the second one is not over yet.
    """
    change = compare_groups(before, after) if min(before.n, after.n) >= MIN_ANSWERS_SHOWN else None
    return ScoreComparison(before, after, change, _verdict(change, running=running))


def _verdict(change: ScoreChange | None, *, running: bool) -> ImprovementVerdict:
    if running:
        return "running"
    if change is None:
        return "too_few"
    direction = direction_of(change)
    return "improved" if direction == "higher" else "worse" if direction == "lower" else "no_change"


@dataclass(frozen=True, slots=True)
class CauseCount:
    """Of closed cases whose cause is known, how many have a certain one."""

    with_cause: int
    cases: int

    @property
    def is_shown(self) -> bool:
        """Whether there are enough cases to tell of them."""
        return self.cases >= MIN_CASES_SHOWN

    @property
    def has_share(self) -> bool:
        """Whether there are enough for a share, as for a score."""
        return self.cases >= MIN_ANSWERS_SHOWN

    @property
    def share(self) -> float:
        """From 0 to 1; 0 without cases."""
        return self.with_cause / self.cases if self.cases else 0.0


@dataclass(frozen=True, slots=True)
class ShareComparison:
    """The share of a cause in two windows."""

    before: CauseCount
    after: CauseCount
    p: float | None
    """None where there are too few cases."""
    verdict: ImprovementVerdict


def judge_shares(before: CauseCount, after: CauseCount, *, running: bool) -> ShareComparison:
    """Compare the shares of a cause: a lower one is the improvement.

    :param running: whether the second window is not over yet.
    """
    p = two_share_p(before, after) if before.has_share and after.has_share else None
    if running:
        verdict: ImprovementVerdict = "running"
    elif p is None:
        verdict = "too_few"
    elif p < SIGNIFICANT_P:
        verdict = "improved" if after.share < before.share else "worse"
    else:
        verdict = "no_change"
    return ShareComparison(before, after, p, verdict)


def two_share_p(before: CauseCount, after: CauseCount) -> float | None:
    """The p-value, two-sided, of the "N - 1" chi-squared test of two shares.

    With a of m cases in one window, c of n in the other, N = m + n, r = a + c and s = N - r:

        x² = (N - 1) (a (n - c) - c (m - a))² / (m n r s),    one degree of freedom

    Source: Campbell, Chi-squared and Fisher-Irwin tests of two-by-two tables with small sample
    recommendations, Statistics in Medicine 26(19), 2007: it holds where at least one case is expected in each
    of the four fields.

    :returns: None where fewer are expected; 1 where all have the cause, or none has.
    """
    m, n = before.cases, after.cases
    a, c = before.with_cause, after.with_cause
    total, having = m + n, a + c
    lacking = total - having
    if not m or not n:
        return None
    if not having or not lacking:
        return 1.0
    if min(m, n) * min(having, lacking) < MIN_EXPECTED_CASES * total:
        return None
    squared = (total - 1) * (a * (n - c) - c * (m - a)) ** 2 / (m * n * having * lacking)
    return erfc(sqrt(squared / 2))
