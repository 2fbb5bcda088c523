"""The published vectors: Rocks 2016 and his tests, whuber, and the figures run through the author's R code."""

from fractions import Fraction
from math import sqrt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.domain import (
    Groups,
    ScoreChange,
    answers_for_change,
    answers_for_margin,
    benjamini_hochberg,
    compare_groups,
    groups_of,
    score_interval,
    wald_interval,
)
from shared.pages.filters import MINUS, signed
from shared.values.rounding import half_up

counts = st.integers(0, 500)
anybody = st.builds(Groups, counts, counts, counts)


def change_of(before: Groups, now: Groups, **options: Any) -> ScoreChange:
    change = compare_groups(before, now, **options)
    assert change is not None
    return change


def of_scores(*scores: int) -> Groups:
    return groups_of([scores.count(score) for score in range(11)])


@pytest.mark.parametrize(
    ("given_", "nps", "variance", "error"),
    [
        (Groups(1, 2, 3), 33.3333, 0.555556, 0.304290),
        (Groups(1, 0, 1), 0, 1, 0.707107),
        (Groups(0, 1, 1), 50, 0.25, 0.353553),
        (Groups(1, 1, 1), 0, 0.666667, 0.471405),
        (Groups(1, 0, 0), -100, 0, 0),
        (Groups(0, 0, 1), 100, 0, 0),
        (Groups(0, 1, 0), 0, 0, 0),
        (Groups(54, 108, 162), 33.3333, 0.555556, 0.041409),
        (Groups(20, 30, 50), 30, 0.61, 0.078102),
        (Groups(300, 200, 500), 20, 0.76, 0.027568),
        (Groups(10, 20, 30), 33.3333, None, None),
        # Two samples whose publisher printed another score beside them, and the ratings of drugs by UCI.
        (Groups(75, 85, 215), 37.3333, None, None),
        (Groups(175, 300, 775), 48, None, None),
        (Groups(256, 90, 633), 38.5087, None, None),
    ],
)
def test_b1_score_variance_and_error_are_those_published(
    given_: Groups, nps: float, variance: float | None, error: float | None
) -> None:
    assert given_.nps is not None
    assert float(given_.nps) == pytest.approx(nps, abs=5e-5)
    if variance is not None:
        assert given_.variance is not None
        assert float(given_.variance) == pytest.approx(variance, abs=5e-7)
        assert sqrt(given_.variance / given_.n) == pytest.approx(error, abs=5e-7)


@pytest.mark.parametrize(
    ("scores", "nps"),
    [
        ([*range(1, 11)], -40),
        ([9, 10, 6, 8], 25),
        ([10] * 5 + [9] * 9 + [2] * 5 + [1] * 4 + [0] * 5, 0),
        ([9] * 8 + [8] * 10 + [7] * 2 + [6] * 8, 0),
    ],
)
def test_b1_scores_given_one_by_one_add_up_as_published(scores: list[int], nps: int) -> None:
    assert of_scores(*scores).nps == nps


@pytest.mark.parametrize(
    ("given_", "plain", "adjusted", "score_test"),
    [
        (Groups(1, 2, 3), (-26.3065, 92.9731), (-26.7433, 71.1877), (-31.1074, 75.3957)),
        (Groups(0, 0, 10), (100, 100), (47.5036, 106.3426), (44.4934, 100)),
        (Groups(10, 0, 0), (-100, -100), (-106.3426, -47.5036), (-100, -44.4934)),
        (Groups(0, 10, 0), (0, 0), (-18.4650, 18.4650), (-27.7533, 27.7533)),
        (Groups(0, 0, 1), (100, 100), (-48.4986, 98.4986), (-58.6902, 100)),
        (Groups(20, 30, 50), (14.6922, 45.3078), (14.0511, 44.2013), (13.9551, 44.3393)),
        (Groups(300, 200, 500), (14.5968, 25.4032), (14.5474, 25.3330), (14.5374, 25.3296)),
    ],
)
def test_b1_intervals_are_those_of_the_authors_code(
    given_: Groups,
    plain: tuple[float, float] | tuple[int, int],
    adjusted: tuple[float, float],
    score_test: tuple[float, float] | tuple[float, int] | tuple[int, float],
) -> None:
    assert wald_interval(given_, pseudo=0) == pytest.approx(plain, abs=5e-5)
    assert wald_interval(given_) == pytest.approx(adjusted, abs=5e-5)
    # The published roots were iterated to a tolerance of their own.
    assert by_score_test(given_) == pytest.approx(score_test, abs=1e-4)


def by_score_test(given_: Groups) -> tuple[float, float]:
    """An interval by another way, the iterative score test: it must never be far from ours."""
    d, n, p = given_.detractors, given_.n, given_.promoters
    z = 1.959963984540054

    def test(x: float) -> float:
        a, b, c = 2 * n, -d - p + (2 * n - p + d) * x, -d * x * (1 - x)
        q = (sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a)
        variance = n * (2 * q + x * (1 - x))
        seen = p - d - n * x
        return seen / sqrt(variance) if variance > 1e-15 else (0.0 if abs(seen) < 1e-9 else seen * 1e9)

    def root(target: float, low: float, high: float) -> float:
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if test(middle) > target else (low, middle)
        return 100 * low

    mean = (p - d) / n
    low = -100.0 if mean <= -1 else root(z, -1, mean)
    high = 100.0 if mean >= 1 else root(-z, mean, 1)
    return low, high


@pytest.mark.parametrize(
    ("given_", "bounds"),
    [
        (Groups(0, 0, 10), (47.5036, 100)),
        (Groups(0, 0, 1), (-48.4986, 100)),
        (Groups(10, 0, 0), (-100, -47.5036)),
    ],
)
def test_b2_the_interval_is_clamped_to_the_scale_and_stretched_to_the_score(
    given_: Groups, bounds: tuple[float, int] | tuple[int, float]
) -> None:
    assert score_interval(given_) == pytest.approx(bounds, abs=5e-5)


@given(anybody.filter(lambda found: found.n > 0))
def test_b2_the_interval_holds_the_score_and_stays_on_the_scale(found: Groups) -> None:
    interval = score_interval(found)
    assert interval is not None
    assert found.nps is not None
    low, high = interval
    assert -100 <= low <= float(found.nps) <= high <= 100


@pytest.mark.parametrize(
    ("now", "before", "plain", "adjusted"),
    [
        (Groups(25, 25, 50), Groups(20, 30, 50), {"p": 0.660697}, {"p": 0.664841}),
        (Groups(30, 30, 40), Groups(20, 30, 50), {"p": 0.079411}, {"p": 0.083216}),
        (
            Groups(40, 60, 100),
            Groups(60, 60, 80),
            {"p": 0.013113, "low": 4.1983, "high": 35.8017},
            {"p": 0.013697, "low": 4.0379, "high": 35.3710},
        ),
        (Groups(0, 0, 10), Groups(0, 0, 10), {}, {"p": 1.0}),
    ],
)
def test_b3_two_windows_compare_as_in_the_authors_code(
    now: Groups, before: Groups, plain: dict[str, float], adjusted: dict[str, float]
) -> None:
    for expected, pseudo in ((plain, 0), (adjusted, 3)):
        change, back = change_of(before, now, pseudo=pseudo), change_of(now, before, pseudo=pseudo)
        assert change.p == back.p
        if "p" in expected:
            assert change.p == pytest.approx(expected["p"], abs=5e-7)
        if "low" in expected:
            assert (change.low, change.high) == pytest.approx((expected["low"], expected["high"]), abs=5e-5)


def test_b3_the_adjusted_difference_and_its_range_are_the_authors() -> None:
    change = change_of(Groups(25, 25, 50), Groups(20, 30, 50))
    assert change.points == pytest.approx(5)
    assert change.adjusted == pytest.approx(4.8544, abs=5e-5)
    assert change.error == pytest.approx(0.112048, abs=5e-7)
    assert (change.low, change.high) == pytest.approx((-17.1067, 26.8154), abs=5e-5)


FEW = st.integers(0, 40)
SOME = st.builds(Groups, FEW, FEW, FEW).filter(lambda found: found.n > 0)


@given(SOME, SOME)
def test_the_difference_that_is_shown_is_that_of_the_scores_that_are_shown(
    before: Groups, now: Groups
) -> None:
    change = change_of(before, now)
    assert now.nps is not None
    assert before.nps is not None
    assert change.points == half_up(now.nps) - half_up(before.nps)
    assert signed(change.points) == signed(
        int(signed(now.nps).replace(MINUS, "-")) - int(signed(before.nps).replace(MINUS, "-"))
    )


@given(st.fractions(-100, 100))
def test_every_figure_is_rounded_once_halves_away_from_zero(value: Fraction) -> None:
    rounded = half_up(value)
    assert abs(rounded - value) <= Fraction(1, 2)
    assert abs(rounded) >= abs(value) or abs(value) - abs(rounded) < Fraction(1, 2)
    assert half_up(-value) == -rounded


def test_b4_an_empty_sample_has_no_score_no_interval_and_no_change() -> None:
    empty, some = Groups(0, 0, 0), Groups(1, 2, 3)
    assert empty.nps is None
    assert empty.variance is None
    assert score_interval(empty) is None
    assert compare_groups(empty, some) is None
    assert compare_groups(some, empty) is None
    assert compare_groups(empty, empty) is None


@pytest.mark.parametrize(
    ("found", "percents", "shown"),
    [
        (Groups(1, 1, 1), (33, 33, 33), "0"),
        (Groups(395, 205, 400), (40, 21, 40), "+1"),
        (Groups(345, 321, 334), (35, 32, 33), f"{MINUS}1"),
        (Groups(1, 3, 2), (17, 50, 33), "+17"),
    ],
)
def test_b9_shares_that_are_rounded_leave_the_score_to_the_counts(
    found: Groups, percents: tuple[int, int, int], shown: str
) -> None:
    """B9: whether they add up to 99, 101 or 100; the difference of the last three's shares is another score."""
    parts = (found.detractors, found.passives, found.promoters)
    assert tuple(half_up(Fraction(100 * part, found.n)) for part in parts) == percents
    assert found.nps is not None
    assert signed(found.nps) == shown


@pytest.mark.parametrize(
    ("margin", "usual", "worst"), [(5, 935, 1534), (10, 232, 382), (15, 102, 168), (20, 56, 94)]
)
def test_answers_needed_for_a_margin_are_those_published(margin: int, usual: int, worst: int) -> None:
    assert (answers_for_margin(margin, 0.61), answers_for_margin(margin, 1)) == (usual, worst)


@pytest.mark.parametrize(("change", "n"), [(20, 237), (15, 423), (10, 955), (5, 3828)])
def test_answers_needed_to_see_a_change_are_those_published(change: int, n: int) -> None:
    assert answers_for_change(change, 0.61) == n


def test_benjamini_hochberg_believes_up_to_the_last_p_under_its_line() -> None:
    assert benjamini_hochberg([0.01, 0.9, 0.04, 0.03]) == {0, 2, 3}
    assert benjamini_hochberg([0.2, 0.9]) == set()
    assert benjamini_hochberg([]) == set()
