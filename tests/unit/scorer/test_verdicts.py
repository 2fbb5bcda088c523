"""What a difference is called is one rule for all that the scorer compares, and never against its own interval."""

from collections.abc import Sequence
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from services.scorer.benchmarks.domain import verdicts_of
from services.scorer.comparisons.domain import ComparedSide, compare_pairs
from services.scorer.dashboard.domain import beside_rest, least_answered
from services.scorer.domain import Groups, compare_groups, sum_of_groups
from services.scorer.improvements.judging import judge
from services.scorer.responses.domain import ResponseCounts
from services.scorer.share_differences import share_difference
from services.scorer.unbegged.domain import PlaceCounts, places_of
from services.scorer.verdicts import JudgedDifference, beyond_chance, direction_of, indices_of_moved
from services.scorer.windows import Window

NONE = Groups(0, 0, 0)
DAYS = Window(date(2026, 11, 1), date(2026, 11, 30))
TWO_SHARES = (0, 30, 4, 30)
"""p = 0.040, and from -29.7 to +0.6 points."""
some = st.builds(Groups, *[st.one_of(st.integers(0, 40), st.integers(0, 400))] * 3)
shares = st.tuples(st.integers(30, 400), st.floats(0, 1), st.integers(30, 400), st.floats(0, 1)).map(
    lambda drawn: share_difference(round(drawn[0] * drawn[1]), drawn[0], round(drawn[2] * drawn[3]), drawn[2])
)
differences = st.lists(
    st.one_of(st.none(), shares, st.tuples(some, some).map(lambda two: compare_groups(*two)))
)


def by_definition(tests: Sequence[JudgedDifference | None]) -> list[str | None]:
    """Step by step: the largest p below its line, then 0.05, then the interval and what is shown."""
    ps = sorted(test.p for test in tests if test is not None)
    below = [p for rank, p in enumerate(ps, 1) if p <= 0.1 * rank / len(ps)]
    limit = max(below, default=-1)
    called: list[str | None] = []
    for test in tests:
        if test is None or test.p > limit or test.p >= 0.05 or test.low <= 0 <= test.high:
            called.append(None)
        elif test.points > 0 and test.low > 0:
            called.append("higher")
        elif test.points < 0 and test.high < 0:
            called.append("lower")
        else:
            called.append(None)
    return called


def a_side(groups: Groups, number: int) -> ComparedSide:
    return ComparedSide(segment=str(number), window=DAYS, groups=groups, counts=None)


def holds_zero(test: JudgedDifference) -> bool:
    return test.low <= 0 <= test.high


@given(differences)
def test_what_is_called_beyond_chance_is_so_by_all_three_demands(
    tests: list[JudgedDifference | None],
) -> None:
    called = beyond_chance(tests)
    assert called == by_definition(tests)
    for test, direction in zip(tests, called, strict=True):
        if direction is not None:
            assert test is not None
            assert not holds_zero(test)
            assert (test.points > 0) == (direction == "higher")
            assert direction_of(test) == direction


@given(st.one_of(shares, st.tuples(some, some).map(lambda two: compare_groups(*two))))
def test_one_alone_is_called_what_it_is_called_by_itself(test: JudgedDifference | None) -> None:
    assert beyond_chance([test]) == [None if test is None else direction_of(test)]


@given(some, some)
def test_of_two_scores_p_is_below_five_percent_where_the_interval_does_not_hold_zero(
    one: Groups, other: Groups
) -> None:
    change = compare_groups(one, other)
    if change is not None and abs(change.p - 0.05) > 1e-9:
        assert (change.p < 0.05) != holds_zero(change)


def test_of_two_shares_they_may_differ_and_then_it_could_be_chance() -> None:
    test = share_difference(*TWO_SHARES)
    assert test is not None
    assert test.p < 0.05
    assert holds_zero(test)
    assert beyond_chance([test]) == [None]


@given(st.lists(st.tuples(some, some), max_size=8))
def test_comparisons_and_the_gap_benchmarks_improvements_and_moves_say_the_same(
    pairs: list[tuple[Groups, Groups]],
) -> None:
    pairs = [(one, other) for one, other in pairs if min(one.n, other.n) >= 30]
    changes = [change for before, now in pairs if (change := compare_groups(before, now)) is not None]
    called = [direction or "chance" for direction in beyond_chance(changes)]
    assert verdicts_of(changes) == called
    sides = [(a_side(now, number), a_side(before, number)) for number, (before, now) in enumerate(pairs)]
    found = {each.asked.segment: each.verdict for each in compare_pairs(sides)}
    assert [found[str(number)] for number in range(len(pairs))] == called
    assert indices_of_moved(changes) == {
        number
        for number, change in enumerate(changes)
        if called[number] != "chance" and abs(change.points) >= 5
    }
    names = {"higher": "improved", "lower": "worse", None: "no_change"}
    for (before, now), change in zip(pairs, changes, strict=True):
        assert judge(before, now, running=False).verdict == names[direction_of(change)]


@given(st.lists(some, min_size=2, max_size=8))
def test_the_dashboard_and_the_ranking_call_none_lower_whose_interval_holds_zero(drawn: list[Groups]) -> None:
    whole = sum_of_groups(drawn)
    for each in beside_rest(drawn, [whole - own for own in drawn]):
        assert not each.is_lower or (each.change is not None and each.change.high < 0)


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=2, max_size=6))
def test_none_answers_least_and_none_is_asked_less_whose_interval_holds_zero(
    drawn: list[tuple[int, int]],
) -> None:
    counts = {
        f"store:{number}": ResponseCounts(
            asked=part + rest, delivered=part + rest, opened=part, answered=part, groups=NONE
        )
        for number, (part, rest) in enumerate(drawn)
    }
    found = least_answered(counts)
    assert found is None or found.difference.high < 0
    places = places_of(
        {
            f"store:{number}": PlaceCounts(matched=part + rest, asked=part, no_address=rest)
            for number, (part, rest) in enumerate(drawn)
        }
    )
    for place in places:
        assert "fewer_asked" not in place.signs or (place.asked is not None and place.asked.high < 0)


def test_a_small_change_is_no_move_however_certain() -> None:
    small = compare_groups(Groups(20_000, 30_000, 50_000), Groups(20_000, 27_000, 53_000))
    large = compare_groups(Groups(200, 300, 500), Groups(300, 300, 400))
    assert small is not None
    assert large is not None
    assert small.p < 0.001
    assert indices_of_moved([small, large]) == {1}
