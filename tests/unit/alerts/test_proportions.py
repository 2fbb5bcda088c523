"""Shares and their differences: as published, and as their definitions say."""

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.values.proportions import fisher, newcombe, wilson

some_counts = st.integers(1, 60).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole)))


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_is_that_of_newcombes_examples(
    part: int, whole: int, low: float, high: float
) -> None:
    """Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I, method 3."""
    assert wilson(part, whole) == pytest.approx((low, high), abs=0.00005)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_the_interval_of_a_difference_is_that_of_newcombes_examples(
    counts: tuple[int, int, int, int], low: float, high: float
) -> None:
    """Newcombe, "Interval estimation for the difference", 1998, table II, method 10."""
    assert newcombe(*counts) == pytest.approx((low, high), abs=0.00005)


def test_fishers_test_is_that_of_the_lady_tasting_tea() -> None:
    """Fisher, "The Design of Experiments", 1935: four of four cups, and three of four."""
    assert fisher(4, 4, 0, 4) == pytest.approx(2 / 70)
    assert fisher(3, 4, 1, 4) == pytest.approx(34 / 70)


@given(own=some_counts, other=some_counts)
def test_the_ends_hold_the_difference_and_turn_round_with_the_groups(
    own: tuple[int, int], other: tuple[int, int]
) -> None:
    low, high = newcombe(*own, *other)
    difference = own[0] / own[1] - other[0] / other[1]
    assert -1 <= low <= difference <= high <= 1
    assert newcombe(*other, *own) == pytest.approx((-high, -low))


@given(counts=some_counts)
def test_wilsons_ends_are_where_the_score_test_just_does_not_reject(counts: tuple[int, int]) -> None:
    part, whole = counts
    for end in wilson(part, whole):
        assert 0 <= end <= 1
        if 0 < end < 1:
            z = (part / whole - end) / (end * (1 - end) / whole) ** 0.5
            assert abs(z) == pytest.approx(1.959964, abs=0.00001)


@given(own=some_counts, other=some_counts)
def test_fishers_test_adds_up_the_tables_that_are_no_more_likely(
    own: tuple[int, int], other: tuple[int, int]
) -> None:
    (part, whole), (other_part, other_whole) = own, other
    total = part + other_part
    ways = {
        each: comb(whole, each) * comb(other_whole, total - each)
        for each in range(max(0, total - other_whole), min(total, whole) + 1)
    }
    exact = Fraction(sum(way for way in ways.values() if way <= ways[part]), sum(ways.values()))
    assert fisher(*own, *other) == pytest.approx(float(exact), abs=1e-9)
    assert fisher(*own, *other) == pytest.approx(fisher(*other, *own), abs=1e-9)
