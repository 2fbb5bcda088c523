"""The widest range of a published score, and what is said of the score that it stands beside."""

from datetime import UTC, date, datetime
from math import isclose
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.scorer.benchmarks.domain import (
    Benchmark,
    BesideReason,
    own_beside,
    published_beside,
    verdicts_of,
    widest_estimate,
    widest_interval,
)
from services.scorer.benchmarks.forms import EMPTY_FORM, body_of, form_of
from services.scorer.domain import Groups, ScoreChange, compare_groups, estimate, score_interval
from services.scorer.windows import Window

COUNTS = st.integers(0, 400)
WINDOW = Window(date(2026, 10, 1), date(2026, 10, 30))


def a_benchmark(score: float = 40, n: int | None = 200) -> Benchmark:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    return Benchmark(
        id=UUID(int=1),
        name="Webshops",
        source="Branch survey",
        link="https://survey.example/2026",
        score=score,
        n=n,
        first=None,
        last=date(2026, 1, 31),
        measurement="transactional",
        segment="",
        dimension="",
        created_at=at,
        changed_at=at,
    )


@given(COUNTS, COUNTS, COUNTS)
def test_no_shares_of_the_same_score_and_number_have_a_wider_range(d: int, pa: int, p: int) -> None:
    groups = Groups(d, pa, p)
    assume(groups.n)
    (mean, error), (widest_mean, widest_error) = (
        estimate(groups),
        widest_estimate(float(groups.nps or 0), groups.n),
    )
    assert isclose(mean, widest_mean, abs_tol=1e-12)
    assert widest_error >= error - 1e-12
    if not pa:
        assert isclose(widest_error, error, abs_tol=1e-9)


@given(COUNTS, COUNTS)
def test_without_passives_the_widest_range_is_that_of_the_pages(d: int, p: int) -> None:
    groups = Groups(d, 0, p)
    assume(groups.n)
    assert widest_interval(groups.points, groups.n) == pytest.approx(score_interval(groups), abs=1e-6)


@given(st.floats(-100, 100), st.integers(1, 10**9))
def test_the_widest_range_holds_the_score_and_stays_on_the_scale(score: float, n: int) -> None:
    low, high = widest_interval(score, n)
    assert -100 <= low <= score <= high <= 100


def test_a_hand_computed_range() -> None:
    """40 of 200: mean 80/203, variance 201.5/203 - mean² = 0.83730, error 0.064223."""
    low, high = widest_interval(40, 200)
    assert (low, high) == pytest.approx((26.8213, 51.9964), abs=1e-4)


@pytest.mark.parametrize(
    ("n", "own", "reason"),
    [
        (None, Groups(10, 10, 10), "no_number"),
        (None, Groups(0, 0, 0), "no_number"),
        (29, Groups(10, 10, 10), "few_published"),
        (30, Groups(9, 10, 10), "few_answers"),
        (30, Groups(10, 10, 10), None),
    ],
)
def test_a_difference_is_told_with_30_answers_on_both_sides_alone(
    n: int | None, own: Groups, reason: BesideReason | None
) -> None:
    row = published_beside(own, a_benchmark(n=n))
    assert row.reason == reason
    assert (row.change is None) is (reason is not None)
    assert (row.interval is None) is (n is None)


@given(st.builds(Groups, COUNTS, COUNTS, COUNTS), st.builds(Groups, COUNTS, COUNTS, COUNTS))
def test_a_difference_beyond_chance_is_so_whatever_shares_the_published_score_has(
    own: Groups, published: Groups
) -> None:
    assume(min(own.n, published.n) >= 30)
    row = published_beside(own, a_benchmark(score=published.points, n=published.n))
    change = compare_groups(published, own)
    assert row.change is not None
    assert change is not None
    assert row.change.p >= change.p - 1e-9
    assert row.change.points == change.points


def test_own_scores_are_compared_by_the_test_of_the_pages_and_shown_from_ten_answers_on() -> None:
    asked, year = Groups(10, 30, 60), Groups(30, 30, 40)
    assert own_beside("last_year", WINDOW, asked, year).change == compare_groups(year, asked)
    few = own_beside("last_year", WINDOW, asked, Groups(3, 3, 3))
    assert (few.score, few.interval, few.n, few.reason) == (None, None, 9, "few_published")
    assert own_beside("others", WINDOW, Groups(3, 3, 3), asked).reason == "few_answers"


def _change(p: float, points: float = 10) -> ScoreChange:
    ends = sorted((points / 2, 2 * points) if p < 0.05 else (-points, 3 * points))
    return ScoreChange(points=points, adjusted=points, low=ends[0], high=ends[1], error=1, p=p)


def test_a_difference_takes_p_below_five_percent_and_several_share_the_false_alarms() -> None:
    assert verdicts_of([]) == []
    assert verdicts_of([_change(0.06)]) == ["chance"]
    assert verdicts_of([_change(0.04)]) == ["higher"]
    assert verdicts_of([_change(0.04, -3), _change(0.9)]) == ["lower", "chance"]
    assert verdicts_of([_change(0.051), _change(0.001)]) == ["chance", "higher"]
    assert verdicts_of([_change(0.045), *[_change(0.9)] * 9]) == ["chance"] * 10
    assert verdicts_of([_change(0.01, 0)]) == ["chance"]


@pytest.mark.parametrize("score", [40, -12.5, 0, 100])
@pytest.mark.parametrize("n", [None, 1, 200])
def test_a_form_that_is_sent_as_it_is_shown_changes_nothing(score: float, n: int | None) -> None:
    known = a_benchmark(score, n)
    draft = body_of(form_of(known)).draft()
    assert all(value == getattr(known, name) for name, value in draft.values().items())


@pytest.mark.parametrize(("typed", "score"), [("−12,5", -12.5), ("+40", 40), ("41.25", 41.3), (" 7 ", 7)])
def test_a_score_may_be_typed_with_a_comma_or_a_minus_sign(typed: str, score: float) -> None:
    form = {**EMPTY_FORM, "name": "x", "source": "y", "last": "2026-01-31", "score": typed}
    assert body_of(form).score == score


@pytest.mark.parametrize(
    "link",
    [
        "http://survey.example/",
        "javascript:alert(1)",
        "https://",
        "https://a b.example/",
        "https://user@survey.example/",
        "https://user:word@survey.example/",
        "https://[survey.example/",
        "survey.example",
        "https://survey.example/\u00e6",
    ],
)
def test_only_whole_https_addresses_without_a_user_are_links(link: str) -> None:
    form = {**EMPTY_FORM, "name": "x", "source": "y", "last": "2026-01-31", "score": "1", "link": link}
    with pytest.raises(ValidationError, match="https://"):
        body_of(form)
