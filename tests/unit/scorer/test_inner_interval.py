"""How often the range of half the time holds a score, exactly: over all outcomes of so many answers."""

from collections.abc import Callable, Iterator
from functools import cache
from math import lgamma, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.benchmarks.domain import widest_inner_interval, widest_interval
from services.scorer.domain import INNER_CONFIDENCE, Groups, inner_interval, score_interval

STEPS = 20
Method = Callable[[Groups], tuple[float, float] | None]
Shares = tuple[int, int, int]
"""Of detractors, passives and promoters, in twentieths of all customers."""
COVERED = {
    # Answers: the mean, the lowest and the highest share of the times that the range holds the score.
    10: (0.51, 0.32, 0.74),
    20: (0.51, 0.38, 0.74),
    30: (0.50, 0.41, 0.60),
    50: (0.50, 0.42, 0.57),
}
"""What the README says of it."""


def mixes() -> Iterator[Shares]:
    """Each mix of customers of at least two of the groups, in steps of five percent."""
    for d in range(STEPS + 1):
        for p in range(STEPS + 1 - d):
            if max(d, p, STEPS - d - p) < STEPS:
                yield d, STEPS - d - p, p


@cache
def outcomes(n: int) -> list[Groups]:
    return [Groups(d, n - d - p, p) for d in range(n + 1) for p in range(n + 1 - d)]


def chance(groups: Groups, mix: Shares) -> float:
    """How likely these answers are where the customers are mixed so."""
    counts = (groups.detractors, groups.passives, groups.promoters)
    if any(count and not share for count, share in zip(counts, mix, strict=True)):
        return 0.0
    found = lgamma(groups.n + 1) - sum(lgamma(count + 1) for count in counts)
    found += sum(count * log(share / STEPS) for count, share in zip(counts, mix, strict=True) if count)
    return float(2.718281828459045**found)


def coverage(n: int, method: Method, wanted: Callable[[Shares], bool] = lambda _: True) -> list[float]:
    """Of each mix of customers: how often the range of ``n`` answers holds its score."""
    ends = [(groups, method(groups)) for groups in outcomes(n)]
    found = []
    for mix in filter(wanted, mixes()):
        score = 100 * (mix[2] - mix[0]) / STEPS
        held = [groups for groups, end in ends if end and end[0] - 1e-9 <= score <= end[1] + 1e-9]
        found.append(sum(chance(groups, mix) for groups in held))
    return found


def of_three(groups: Groups) -> tuple[float, float] | None:
    """With three pseudo answers, as the interval of 95 %."""
    return score_interval(groups, INNER_CONFIDENCE)


def is_far_out(mix: Shares) -> bool:
    return max(mix[0], mix[2]) >= 17


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def squared_error(values: list[float]) -> float:
    return mean([(value - 0.5) ** 2 for value in values])


@pytest.mark.parametrize("n", COVERED)
def test_it_holds_the_score_half_the_time_as_the_readme_says(n: int) -> None:
    found = coverage(n, inner_interval)
    assert (mean(found), min(found), max(found)) == pytest.approx(COVERED[n], abs=0.006)


@pytest.mark.parametrize("n", [10, 20, 30])
def test_one_pseudo_answer_is_nearer_to_half_than_three_on_the_whole_and_at_the_ends_of_the_scale(
    n: int,
) -> None:
    for wanted in (lambda _: True, is_far_out):
        own, three = coverage(n, inner_interval, wanted), coverage(n, of_three, wanted)
        assert abs(mean(own) - 0.5) < abs(mean(three) - 0.5)
        assert squared_error(own) < squared_error(three)


@given(*[st.integers(0, 300)] * 3)
def test_it_lies_in_the_interval_of_95_percent_and_holds_the_score_that_is_shown(
    d: int, pa: int, p: int
) -> None:
    groups = Groups(d, pa, p)
    inner, outer = inner_interval(groups), score_interval(groups)
    if inner is None or outer is None:
        assert (inner, outer, groups.n) == (None, None, 0)
        return
    assert -100 <= outer[0] <= inner[0] <= groups.points + 1e-9
    assert groups.points - 1e-9 <= inner[1] <= outer[1] <= 100


@given(st.floats(-100, 100), st.integers(1, 10_000))
def test_that_of_a_published_score_lies_in_its_widest_range(score: float, n: int) -> None:
    (low, high), outer = widest_inner_interval(score, n), widest_interval(score, n)
    assert outer[0] <= low <= score <= high <= outer[1]
