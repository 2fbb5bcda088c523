"""Our statistics are those of R, and of the package NPS by the author of the adjusted Wald interval of a score.

`README.md` says what the rows of `reference.csv` are and how they were made. They have twelve digits.
"""

import csv
from collections.abc import Sequence
from math import isnan, sqrt
from pathlib import Path
from typing import NamedTuple

import pytest

from services.dispatcher.adaptive_sampling.shares import SegmentHistory, variance
from services.scorer.domain import (
    Groups,
    benjamini_hochberg,
    compare_groups,
    estimate,
    score_interval,
    wald_interval,
)
from services.scorer.improvements.judging import MIN_EXPECTED_CASES, CauseCount, two_share_p
from services.scorer.themes.words import log_odds_z
from shared.values.proportions import fisher, newcombe, wilson
from shared.values.score_estimates import margin_of

FIGURES = Path(__file__).with_name("reference.csv")
CLOSE = 1e-9
"""Of a share, a mean from -1 to +1, an error or a p-value."""
CLOSE_POINTS = 100 * CLOSE
CONFIDENCES = (0.5, 0.9, 0.95, 0.99)
"""Of the intervals of each row, in this order."""


class Row(NamedTuple):
    """One case: what was given, and what R found."""

    given: tuple[int, ...]
    found: tuple[float, ...]

    @property
    def groups(self) -> Groups:
        """The first three numbers."""
        return Groups(*self.given[:3])

    @property
    def others(self) -> Groups:
        """The second three numbers."""
        return Groups(*self.given[3:])


def texts_of(method: str) -> list[tuple[list[str], list[str]]]:
    with FIGURES.open(newline="") as file:
        found = [row for row in csv.DictReader(file) if row["method"] == method]
    assert len(found) >= 10, method
    return [(row["given"].split(), row["found"].split()) for row in found]


def rows_of(method: str) -> list[Row]:
    return [Row(tuple(map(int, given)), tuple(map(float, found))) for given, found in texts_of(method)]


def intervals_of(found: Sequence[float]) -> list[tuple[float, tuple[float, float]]]:
    """The level of each interval, and its ends in points."""
    ends = [(100 * low, 100 * high) for low, high in zip(found[::2], found[1::2], strict=True)]
    return list(zip(CONFIDENCES, ends, strict=True))


def test_the_cases_hold_one_answer_one_class_and_each_bound_of_what_is_shown() -> None:
    cases = {row.groups for row in rows_of("score")}
    assert {Groups(1, 0, 0), Groups(0, 1, 0), Groups(0, 0, 1)} <= cases
    sizes = [groups.n for groups in cases]
    for n in (9, 10, 11, 29, 30, 31):
        assert {Groups(n, 0, 0), Groups(0, n, 0), Groups(0, 0, n)} <= cases
    assert (sizes.count(10) > 20, sizes.count(30) > 20, max(sizes) > 10_000) == (True, True, True)
    assert any(min(row.groups.n, row.others.n) == 1 for row in rows_of("two.adjusted.wald"))


def test_b1_score_variance_and_error_are_those_of_the_package() -> None:
    for row in rows_of("score"):
        ours = row.groups
        assert ours.nps is not None
        assert ours.variance is not None
        figures = (float(ours.nps) / 100, float(ours.variance), sqrt(ours.variance / ours.n))
        assert figures == pytest.approx(row.found, abs=CLOSE), row.given
        assert estimate(ours, pseudo=0) == pytest.approx(row.found[::2], abs=CLOSE), row.given


@pytest.mark.parametrize(("method", "pseudo"), [("wald", 0), ("adjusted.wald", 3)])
def test_b1_the_ends_of_the_intervals_are_those_of_the_package(method: str, pseudo: int) -> None:
    for row in rows_of(method):
        for confidence, ends in intervals_of(row.found):
            ours = wald_interval(row.groups, confidence, pseudo)
            assert ours == pytest.approx(ends, abs=CLOSE_POINTS), (row.given, confidence)


def test_b2_what_is_shown_is_the_packages_interval_clamped_and_stretched() -> None:
    """Each end is that of the package unless it lies beyond the scale, or leaves the score out."""
    clamped = stretched = 0
    for row in rows_of("adjusted.wald"):
        nps = 100 * (row.groups.promoters - row.groups.detractors) / row.groups.n
        for confidence, (low, high) in intervals_of(row.found):
            ours = score_interval(row.groups, confidence)
            assert ours is not None
            clamped += low < -100 or high > 100
            stretched += nps < low or nps > high
            expected = (nps if nps < low else max(low, -100), nps if nps > high else min(high, 100))
            assert ours == pytest.approx(expected, abs=CLOSE_POINTS), (row.given, confidence)
    assert (clamped > 10, stretched > 10) == (True, True)


def test_the_margin_that_a_draw_aims_at_is_half_the_packages_interval() -> None:
    """The dispatcher has a formula of its own, since no service imports another; its z has six decimals."""
    for row in rows_of("adjusted.wald"):
        low, high = dict(intervals_of(row.found))[0.95]
        history = SegmentHistory(
            segment="store:1",
            detractors=row.groups.detractors,
            passives=row.groups.passives,
            promoters=row.groups.promoters,
        )
        margin = margin_of(variance(history), history.answers)
        assert margin == pytest.approx((high - low) / 2, abs=2e-6), row.given


def test_what_is_shown_is_never_far_from_the_interval_of_the_score_test() -> None:
    """Two methods that have nothing in common: from ten answers on their ends differ by 15 points at most, with 100
    answers by one and a half, with 1,000 by 0.15.
    """
    compared = 0
    for row in rows_of("iterative"):
        if row.groups.n < 10:
            continue
        ends = dict(intervals_of(row.found))[0.95]
        assert score_interval(row.groups) == pytest.approx(ends, abs=150 / row.groups.n), row.given
        compared += 1
    assert compared > 100


@pytest.mark.parametrize(("method", "pseudo"), [("two.wald", 0), ("two.adjusted.wald", 3)])
def test_b3_two_samples_compare_as_in_the_package(method: str, pseudo: int) -> None:
    """The package gives the difference without its sign; the same sample twice has no p there without variance."""
    undefined = 0
    for row in rows_of(method):
        difference, error, p, *ends = row.found
        for confidence, (low, high) in intervals_of(ends):
            change = compare_groups(row.groups, row.others, confidence, pseudo)
            back = compare_groups(row.others, row.groups, confidence, pseudo)
            assert change is not None
            assert back is not None
            upward = max((change, back), key=lambda each: each.adjusted)
            downward = back if upward is change else change
            place = (row.given, confidence)
            assert upward.adjusted == pytest.approx(100 * difference, abs=CLOSE_POINTS), place
            assert upward.error == downward.error == pytest.approx(error, abs=CLOSE), place
            assert (upward.low, upward.high) == pytest.approx((low, high), abs=CLOSE_POINTS), place
            assert (-downward.high, -downward.low) == pytest.approx((low, high), abs=CLOSE_POINTS), place
            assert upward.p == downward.p == pytest.approx(1 if isnan(p) else p, abs=CLOSE), place
        undefined += isnan(p)
    assert undefined == (2 if pseudo == 0 else 0)


def test_wilsons_interval_is_that_of_prop_test() -> None:
    for row in rows_of("prop.test"):
        assert wilson(*row.given) == pytest.approx(row.found, abs=CLOSE), row.given


def test_fishers_test_is_that_of_r() -> None:
    for row in rows_of("fisher.test"):
        own, own_n, other, other_n = row.given
        assert fisher(own, own_n, other, other_n) == pytest.approx(row.found[0], abs=CLOSE), row.given


def test_newcombes_interval_is_made_of_the_ends_of_prop_test() -> None:
    for row in rows_of("newcombe"):
        own, own_n, other, other_n = row.given
        assert newcombe(own, own_n, other, other_n) == pytest.approx(row.found, abs=CLOSE), row.given


def test_two_shares_are_compared_as_by_pearsons_test_of_r_with_n_minus_1() -> None:
    """No p is told where R expects less than one case in a field."""
    told = untold = 0
    for row in rows_of("chisq.test"):
        own, own_n, other, other_n = row.given
        p, expected = row.found
        ours = two_share_p(CauseCount(own, own_n), CauseCount(other, other_n))
        if expected < MIN_EXPECTED_CASES:
            assert ours is None, row.given
            untold += 1
        else:
            assert ours == pytest.approx(p, abs=CLOSE), row.given
            told += 1
    assert (told > 50, untold > 0) == (True, True)


@pytest.mark.parametrize("share", [0.01, 0.05, 0.1, 0.25, 0.5])
def test_benjamini_hochberg_accepts_what_p_adjust_of_r_leaves_below_the_share(share: float) -> None:
    accepted = 0
    for given, found in texts_of("p.adjust"):
        ours = benjamini_hochberg([float(p) for p in given], share)
        assert ours == {place for place, p in enumerate(found) if float(p) <= share}, given
        accepted += len(ours)
    assert accepted


def test_log_odds_of_words_are_those_of_the_papers_formulas_in_r() -> None:
    for row in rows_of("log.odds"):
        here, there = row.given[: len(row.found)], row.given[len(row.found) :]
        for own, other, z in zip(here, there, row.found, strict=True):
            assert log_odds_z(own, sum(here), other, sum(there)) == pytest.approx(z, abs=CLOSE), row.given
