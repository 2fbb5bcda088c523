"""What moved a score: parts that add up exactly, none too small, and tenths that add up to what is shown."""

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.scorer.decomposition.domain import MAX_PARTS_SHOWN, PartGroups, Split, split_change
from services.scorer.decomposition.rounding import apportion, tenths_of
from services.scorer.domain import MIN_ANSWERS_COMPARED, Groups

few = st.integers(0, 60)
tiny = st.integers(0, 3)
some = st.builds(Groups, few, few, few) | st.just(Groups(0, 0, 0)) | st.builds(Groups, tiny, tiny, tiny)
NOBODY = Groups(0, 0, 0)


def summed(groups: Sequence[Groups]) -> Groups:
    return Groups(
        sum(each.detractors for each in groups),
        sum(each.passives for each in groups),
        sum(each.promoters for each in groups),
    )


def whole_of(parts: Sequence[PartGroups]) -> PartGroups:
    return PartGroups("", summed([part.before for part in parts]), summed([part.now for part in parts]))


def split_of(*parts: PartGroups) -> Split:
    split = split_change(whole_of(parts), parts)
    assert isinstance(split, Split)
    return split


def part(name: str, before: Groups, now: Groups) -> PartGroups:
    return PartGroups(f"store:{name}", before, now)


def test_only_other_customers_is_all_mix_and_only_other_answers_is_all_rate() -> None:
    happy, unhappy = Groups(0, 0, 100), Groups(100, 0, 0)
    mixed = split_of(
        part("a", happy, Groups(0, 0, 50)),
        part("b", unhappy, Groups(150, 0, 0)),
    )
    assert (mixed.mix.exact, mixed.rate.exact) == (Fraction(-50), Fraction(0))
    assert mixed.change_tenths == -500
    assert [each.mix.exact for each in mixed.parts] == [Fraction(-125, 4), Fraction(-75, 4)]
    rated = split_of(part("a", happy, Groups(50, 0, 50)), part("b", unhappy, unhappy))
    assert (rated.mix.exact, rated.rate.exact) == (Fraction(0), Fraction(-50))
    assert [(each.groups.segment, each.rate.exact) for each in rated.parts] == [
        ("store:a", Fraction(-50)),
        ("store:b", Fraction(0)),
    ]


def test_the_published_formula_is_met_by_hand() -> None:
    """Shares 0.4 and 0.6, then 0.5 and 0.5; scores 50 and 0, then 100/7 and 20."""
    split = split_of(
        part("a", Groups(10, 0, 30), Groups(20, 20, 30)),
        part("b", Groups(20, 20, 20), Groups(20, 16, 34)),
    )
    a, b = sorted(split.parts, key=lambda each: each.groups.segment)
    score_a_now, whole_before, whole_now = Fraction(100, 7), Fraction(20), Fraction(120, 7)
    middle = (whole_before + whole_now) / 2
    assert a.rate.exact == Fraction(9, 20) * (score_a_now - 50)
    assert a.mix.exact == Fraction(1, 10) * ((50 + score_a_now) / 2 - middle)
    assert b.rate.exact == Fraction(11, 20) * 20
    assert b.mix.exact == Fraction(-1, 10) * (10 - middle)


@given(st.lists(st.tuples(some, some), min_size=1, max_size=8), st.tuples(some, some))
def test_the_parts_add_up_to_the_change_exactly_and_as_shown_and_none_is_small(
    drawn: list[tuple[Groups, Groups]], rest: tuple[Groups, Groups]
) -> None:
    parts = [part(f"s{number}", before, now) for number, (before, now) in enumerate(drawn)]
    whole = whole_of([*parts, PartGroups("", *rest)])
    split = split_change(whole, parts)
    if not isinstance(split, Split):
        assert split in {"few_answers", "no_values", "few_parts"}
        assert (split == "few_answers") == (min(whole.before.n, whole.now.n) < MIN_ANSWERS_COMPARED)
        return
    assert summed([row.groups.before for row in split.rows]) == whole.before
    assert summed([row.groups.now for row in split.rows]) == whole.now
    for row in split.rows:
        for n in (row.groups.before.n, row.groups.now.n):
            assert n == 0 or n >= MIN_ANSWERS_COMPARED
    before, now = whole.before.nps, whole.now.nps
    assert before is not None
    assert now is not None
    assert split.change == now - before
    assert sum(row.mix.exact for row in split.rows) == split.mix.exact
    assert sum(row.rate.exact for row in split.rows) == split.rate.exact
    assert split.mix.exact + split.rate.exact == split.change
    assert split.change_tenths == tenths_of(now) - tenths_of(before)
    assert sum(row.mix.tenths for row in split.rows) == split.mix.tenths
    assert sum(row.rate.tenths for row in split.rows) == split.rate.tenths
    assert split.mix.tenths + split.rate.tenths == split.change_tenths
    for row in split.rows:
        assert row.both.exact == row.mix.exact + row.rate.exact
        assert row.both.tenths == row.mix.tenths + row.rate.tenths
        for effect in (row.mix, row.rate):
            assert abs(10 * effect.exact - effect.tenths) <= 1
            assert effect.low <= effect.exact <= effect.high
        assert abs(10 * row.both.exact - row.both.tenths) <= 2
    for effect in (split.mix, split.rate):
        assert abs(10 * effect.exact - effect.tenths) <= 1
    sizes = [abs(row.both.exact) for row in split.parts]
    assert sizes == sorted(sizes, reverse=True)


def test_a_part_of_one_window_only_is_all_mix() -> None:
    split = split_of(
        part("old", Groups(40, 0, 60), Groups(40, 0, 60)),
        part("new", NOBODY, Groups(50, 0, 0)),
        part("gone", Groups(0, 0, 50), NOBODY),
    )
    rates = {each.groups.segment: each.rate for each in split.parts}
    for name in ("store:new", "store:gone"):
        assert (rates[name].exact, rates[name].tenths, rates[name].reach) == (Fraction(0), 0, 0.0)
    assert split.rate.exact == 0
    assert split.mix.exact == split.change


def test_small_parts_and_answers_without_a_value_are_the_others_and_never_too_few() -> None:
    big = [part(f"big{number}", Groups(10, 10, 40), Groups(20, 20, 20)) for number in range(3)]
    small = part("small", Groups(1, 1, 1), Groups(2, 2, 25))
    middle = part("middle", Groups(10, 10, 15), Groups(10, 10, 15))
    parts = [*big, small, middle]
    split = split_change(whole_of(parts), parts)
    assert isinstance(split, Split)
    assert {each.groups.segment for each in split.parts} == {each.segment for each in big}
    assert split.others is not None
    assert (split.others.groups.before.n, split.others.groups.now.n) == (38, 64)
    assert split.merged == 2
    whole = whole_of(parts)
    without = PartGroups(
        "",
        summed([whole.before, Groups(10, 10, 10)]),
        summed([whole.now, Groups(10, 10, 10)]),
    )
    more = split_change(without, parts)
    assert isinstance(more, Split)
    assert more.others is not None
    assert (len(more.parts), more.others.groups.before.n, more.merged) == (4, 33, 1)


def test_why_a_change_is_not_taken_apart() -> None:
    enough, few_answers = Groups(10, 10, 20), Groups(1, 1, 1)
    assert split_change(part("", enough, few_answers), []) == "few_answers"
    assert split_change(part("", enough, enough), []) == "no_values"
    assert split_change(part("", enough, enough), [part("a", NOBODY, NOBODY)]) == "no_values"
    assert split_change(part("", enough, enough), [part("a", enough, enough)]) == "few_parts"
    assert split_change(part("", enough, enough), [part("a", Groups(9, 9, 9), enough)]) == "few_parts"


def test_more_parts_than_are_told_are_among_the_others() -> None:
    parts = [
        part(f"{number:04}", Groups(10, 10, 10), Groups(10, 10, 10)) for number in range(MAX_PARTS_SHOWN + 5)
    ]
    split = split_of(*parts)
    assert (len(split.parts), split.merged) == (MAX_PARTS_SHOWN, 5)
    assert split.others is not None
    assert split.others.groups.now.n == 150


def test_of_many_parts_the_sums_of_mix_and_of_rate_are_a_tenth_away_at_most() -> None:
    """Each of a hundred parts is rounded alike: their errors must not add up in one of the two sums."""
    parts = [
        part(f"{number:04}", Groups(30, 10, 60 + number % 7), Groups(31, 12, 58 + number % 5))
        for number in range(MAX_PARTS_SHOWN)
    ]
    split = split_of(*parts)
    assert len(split.parts) == MAX_PARTS_SHOWN
    for effect, own in (
        (split.mix, [row.mix.tenths for row in split.rows]),
        (split.rate, [row.rate.tenths for row in split.rows]),
    ):
        assert abs(10 * effect.exact - effect.tenths) <= 1
        assert sum(own) == effect.tenths


numbers = st.fractions(-100, 100, max_denominator=400)


@given(st.lists(numbers, min_size=1, max_size=12), st.fractions(-1, 1))
def test_rounded_numbers_add_up_and_each_is_next_to_its_own(exact: list[Fraction], off: Fraction) -> None:
    whole = sum(exact, Fraction())
    total = round(whole + off)
    assume(abs(total - whole) < 1)
    rounded = apportion(exact, total)
    assert sum(rounded) == total
    assert all(abs(one - other) < 1 for one, other in zip(rounded, exact, strict=True))


def test_a_whole_number_stays_and_two_halves_apart_move_the_largest() -> None:
    third = Fraction(1, 3)
    assert apportion([Fraction(2), 1 + third, third, third], 4) == [2, 2, 0, 0]
    assert apportion([third, third, third, Fraction(0)], 1) == [1, 0, 0, 0]
    assert apportion([Fraction(1), Fraction(-7), Fraction(3)], -2) == [1, -6, 3]
    assert apportion([Fraction(1), Fraction(-7), Fraction(3)], -4) == [1, -8, 3]


@pytest.mark.parametrize(
    ("before", "now"), [(Groups(999, 0, 1001), Groups(0, 0, 40)), (Groups(1001, 0, 999), Groups(40, 0, 0))]
)
def test_the_change_is_that_of_the_two_scores_with_one_decimal(before: Groups, now: Groups) -> None:
    half = Groups(before.detractors * 2, 0, before.promoters * 2)
    split = split_of(part("a", before, now), part("b", half, now))
    score, was = whole_of([part("a", before, now), part("b", half, now)]).now.nps, split.change
    assert score is not None
    assert split.change_tenths == tenths_of(score) - tenths_of(score - was)
