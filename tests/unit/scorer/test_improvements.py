"""The windows of an action of improvement, and what is said of them. B40 of the acceptance tests."""

import re
from datetime import date, timedelta
from fractions import Fraction
from math import comb, erfc, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.domain import MIN_ANSWERS_SHOWN, SIGNIFICANT_P, Groups, compare_groups
from services.scorer.improvements import labels
from services.scorer.improvements.domain import (
    COMPARED_DAYS,
    IMPROVEMENT_STATUSES,
    NEXT_STATUS_BY_ACT,
    OPEN_STATUSES,
    acts_on,
    compared_windows,
)
from services.scorer.improvements.figures import ImprovementResult
from services.scorer.improvements.judging import (
    CauseCount,
    ScoreComparison,
    judge,
    judge_shares,
    two_share_p,
)
from services.scorer.windows import Window

days = st.dates(date(2000, 1, 1), date(2100, 1, 1))
few = st.integers(0, 40)
many = st.integers(0, 3_000)
groups = st.builds(Groups, few, few, few) | st.builds(Groups, many, many, many)
counts = st.tuples(st.integers(0, 400), st.integers(0, 400)).map(
    lambda pair: CauseCount(min(pair), max(pair))
)
PROGRESS = re.compile(r"rose|fell|better|worse|improv|seldom", re.IGNORECASE)


def a_result(scores: ScoreComparison, **shares: CauseCount) -> ImprovementResult:
    before, after = compared_windows(date(2026, 9, 7), date(2026, 9, 28), 28)
    return ImprovementResult(
        before=before,
        after=after,
        scores=scores,
        shares=judge_shares(**shares, running=False) if shares else None,
    )


@given(days, st.integers(0, 3_000), st.sampled_from(COMPARED_DAYS))
def test_b40_the_two_windows_never_overlap_and_are_as_long_as_each_other(
    began: date, lasted: int, length: int
) -> None:
    done = began + timedelta(days=lasted)
    before, after = compared_windows(began, done, length)
    assert before.days == after.days == length
    assert before.shared_days(after) == 0
    assert before.last < began <= done < after.first
    assert length % 7 == 0


@given(groups, groups, st.booleans())
def test_b40_what_chance_makes_is_never_worded_as_an_improvement(
    before: Groups, after: Groups, running: bool
) -> None:
    compared = judge(before, after, running=running)
    words = labels.result_finding(a_result(compared))
    change = compare_groups(before, after)
    enough = min(before.n, after.n) >= MIN_ANSWERS_SHOWN
    assert (compared.change is not None) == enough
    if running or not enough or change is None or change.p >= SIGNIFICANT_P:
        assert compared.verdict in {"running", "too_few", "no_change"}
        assert not PROGRESS.search(words), words
    elif change.adjusted > 0:
        assert (compared.verdict, "rose" in words) == ("improved", True)
    else:
        assert (compared.verdict, "fell" in words) == ("worse", True)


@pytest.mark.parametrize("n", [0, 1, 5, 9, 10, 11, 29, 30, 100, 1_000])
def test_b40_for_every_number_of_answers_the_same_score_is_no_change(n: int) -> None:
    same = Groups(n // 5, n - n // 5 - n // 2, n // 2)
    verdict = judge(same, same, running=False).verdict
    assert verdict == ("no_change" if n >= MIN_ANSWERS_SHOWN else "too_few")


def test_a_significant_fall_is_said_with_its_points() -> None:
    compared = judge(Groups(10, 40, 50), Groups(50, 40, 10), running=False)
    assert compared.verdict == "worse"
    assert "fell by 80 points" in labels.result_finding(a_result(compared))
    running = judge(Groups(10, 40, 50), Groups(50, 40, 10), running=True)
    assert running.change is not None
    assert running.verdict == "running"


def pooled_z_p(before: CauseCount, after: CauseCount) -> float:
    """The textbook's two-sample z test with a pooled share; N - 1 in place of N."""
    total = before.cases + after.cases
    pooled = Fraction(before.with_cause + after.with_cause, total)
    variance = pooled * (1 - pooled) * (Fraction(1, before.cases) + Fraction(1, after.cases))
    difference = Fraction(before.with_cause, before.cases) - Fraction(after.with_cause, after.cases)
    squared = difference**2 / variance * Fraction(total - 1, total)
    return erfc(sqrt(squared) / sqrt(2))


def expected_least(before: CauseCount, after: CauseCount) -> Fraction:
    total, having = before.cases + after.cases, before.with_cause + after.with_cause
    return min(
        Fraction(n * of, total) for n in (before.cases, after.cases) for of in (having, total - having)
    )


@given(counts, counts)
def test_two_shares_are_compared_as_by_the_textbooks_formula(before: CauseCount, after: CauseCount) -> None:
    p = two_share_p(before, after)
    if not before.cases or not after.cases:
        assert p is None
    elif before.with_cause + after.with_cause in {0, before.cases + after.cases}:
        assert p == 1.0
    elif expected_least(before, after) < 1:
        assert p is None
    else:
        assert p == pytest.approx(pooled_z_p(before, after), rel=1e-9, abs=1e-300)
        assert p == two_share_p(after, before)


def test_the_test_of_two_shares_is_near_to_fishers_exact_one() -> None:
    """All tables with the margins of 60 and 50 cases of which 40 have the cause."""
    m, n, having = 60, 50, 40
    weight = {a: comb(m, a) * comb(n, having - a) for a in range(having + 1)}
    whole = sum(weight.values())
    for a in range(8, 35):
        exact = sum(each for each in weight.values() if each <= weight[a]) / whole
        p = two_share_p(CauseCount(a, m), CauseCount(having - a, n))
        assert p == pytest.approx(exact, abs=0.15), a


@given(counts, counts, st.booleans())
def test_a_share_that_chance_makes_is_no_improvement_either(
    before: CauseCount, after: CauseCount, running: bool
) -> None:
    compared = judge_shares(before, after, running=running)
    enough = before.has_share and after.has_share
    if running:
        assert compared.verdict == "running"
    elif not enough or compared.p is None:
        assert (compared.verdict, compared.p) == ("too_few", None)
    elif compared.p >= SIGNIFICANT_P:
        assert compared.verdict == "no_change"
    else:
        assert compared.verdict == ("improved" if after.share < before.share else "worse")


@given(counts, counts)
def test_of_few_cases_no_number_is_told(before: CauseCount, after: CauseCount) -> None:
    words = labels.shares_sentence(
        a_result(judge(Groups(9, 0, 0), Groups(9, 0, 0), running=False), before=before, after=after)
    )
    assert words.count("fewer than 5 cases") == (before.cases < 5) + (after.cases < 5)
    assert ("%" in words) == (before.cases >= 10 or after.cases >= 10)


@pytest.mark.parametrize("status", IMPROVEMENT_STATUSES)
def test_each_status_has_words_and_a_way_on(status: str) -> None:
    acts = acts_on(status)  # type: ignore[arg-type]
    assert acts
    assert all(act in labels.ACT_LABELS for act in acts)
    assert labels.status_label(status)  # type: ignore[arg-type]
    assert labels.STEP_LABELS.keys() == labels.STATUS_LABELS.keys() == set(IMPROVEMENT_STATUSES)
    if status in OPEN_STATUSES:
        assert {"finish", "drop"} <= set(acts)
    else:
        assert acts == ["reopen"]
        assert NEXT_STATUS_BY_ACT["reopen"][status] in OPEN_STATUSES  # type: ignore[index]


def test_the_windows_of_an_action_that_is_done_on_the_day_it_began() -> None:
    before, after = compared_windows(date(2026, 3, 29), date(2026, 3, 29), 28)
    assert before == Window(date(2026, 3, 1), date(2026, 3, 28))
    assert after == Window(date(2026, 3, 30), date(2026, 4, 26))
