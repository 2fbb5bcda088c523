"""The estimate of a score, and how many answers a margin takes: one formula for all services."""

from fractions import Fraction
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatcher.adaptive_sampling.shares import SegmentHistory, variance
from services.dispatcher.statistics import MIN_RELIED_ON, PastAnswers
from services.scorer.domain import Groups, score_interval, wald_interval
from shared.values.normal import Z_95, z_value
from shared.values.score_estimates import answers_for, estimate_of_sums, margin_of, variance_of_one

counts = st.integers(0, 500)


@given(counts, counts, counts)
def test_variance_and_error_are_those_of_the_answers_and_three_more(d: int, pa: int, p: int) -> None:
    n, quarter = d + pa + p, Fraction(3, 4)
    unhappy, happy, whole = d + quarter, p + quarter, n + 3
    mean = (happy - unhappy) / whole
    exact = (unhappy * (-1 - mean) ** 2 + (pa + 2 * quarter) * mean**2 + happy * (1 - mean) ** 2) / whole
    assert variance_of_one(n, p - d, p + d) == pytest.approx(float(exact))
    assert estimate_of_sums(n, p - d, p + d) == pytest.approx((float(mean), sqrt(exact / whole)))


@given(counts, counts, counts)
def test_the_dispatcher_and_the_scorer_say_the_same_of_the_same_answers(d: int, pa: int, p: int) -> None:
    n, groups = d + pa + p, Groups(d, pa, p)
    history = SegmentHistory(segment="", detractors=d, passives=pa, promoters=p)
    low, high = wald_interval(groups)
    assert margin_of(variance(history), n) == pytest.approx((high - low) / 2)
    past = PastAnswers(n, p, pa, d)
    if n >= MIN_RELIED_ON and groups.variance is not None:
        assert past.variance == pytest.approx(float(groups.variance))
    assert (score_interval(groups) is None) == (n == 0)


@given(st.floats(0.01, 1), st.integers(1, 50), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_so_many_answers_as_a_margin_takes_give_it(of_one: float, margin: int, level: float) -> None:
    n = answers_for(margin, of_one, z_value(level))
    assert 100 * z_value(level) * sqrt(of_one / (n + 3)) == pytest.approx(margin)


def test_published_numbers() -> None:
    """MeasuringU: half of the answers promoters, a fifth detractors, ±10 points."""
    assert pytest.approx(1.959964, abs=1e-6) == Z_95
    assert answers_for(10, 0.61) == pytest.approx(231.3, abs=0.1)
