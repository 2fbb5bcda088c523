"""Who answered and what the silence could mean, by brute force and by hand."""

from datetime import UTC, datetime
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.domain import Groups
from services.scorer.responses.domain import (
    AskedShare,
    ResponseCounts,
    Silence,
    silence_of,
    sum_of,
    without_containers,
)
from shared.values.proportions import wilson

GROUPS = st.builds(Groups, st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
UNITS = st.dictionaries(st.sampled_from([f"unit {n}" for n in range(25)]), GROUPS, max_size=25)


def test_the_silent_are_like_the_unhappiest_tenth_in_a_case_computed_by_hand() -> None:
    units = {f"day {n:02}": Groups(1, 4, 5) for n in range(10)} | {
        "worst": Groups(8, 2, 0),
        "bad": Groups(5, 5, 0),
    }
    silence = silence_of(Groups(23, 47, 50), 80, units)
    assert isinstance(silence, Silence)
    # 12 units: the two lowest have 13 detractors of 20 answers, -65.
    assert (silence.units, silence.unhappiest) == (12, -65)
    assert silence.score == 22.5
    assert silence.if_unhappy == pytest.approx((120 * 22.5 + 80 * -65) / 200)
    assert (silence.low, silence.high) == (silence.if_unhappy, 22.5)


@given(GROUPS, st.integers(0, 500), UNITS)
def test_the_range_is_what_asking_every_silent_customer_one_by_one_comes_to(
    answered: Groups, silent: int, units: dict[str, Groups]
) -> None:
    silence = silence_of(answered, silent, units)
    enough = sorted((unit.points, name) for name, unit in units.items() if unit.n >= 10)
    if answered.n < 10:
        assert silence == "few_answers"
        return
    if len(enough) < 2:
        assert silence == "few_parts"
        return
    assert isinstance(silence, Silence)
    lowest = [units[name] for _, name in enough[: ceil(len(enough) / 10)]]
    opinions = [
        opinion
        for unit in lowest
        for opinion in [-1] * unit.detractors + [0] * unit.passives + [1] * unit.promoters
    ]
    unhappiest = 100 * sum(opinions) / len(opinions)
    everybody = [100.0 * opinion for opinion in [-1] * answered.detractors + [0] * answered.passives]
    everybody += [100.0] * answered.promoters + [unhappiest] * silent
    assert silence.unhappiest == pytest.approx(unhappiest)
    assert silence.if_unhappy == pytest.approx(sum(everybody) / len(everybody))
    assert silence.low <= silence.score <= silence.high or silence.score == pytest.approx(silence.low)
    assert -100 <= silence.low <= silence.high <= 100


def test_where_all_have_answered_the_silence_hides_nothing() -> None:
    silence = silence_of(Groups(5, 5, 10), 0, {"a": Groups(10, 0, 0), "b": Groups(0, 0, 10)})
    assert isinstance(silence, Silence)
    assert silence.low == silence.high == 25


@pytest.mark.parametrize(("asked", "told"), [(9, False), (10, True)])
def test_of_fewer_than_ten_no_share_is_told(asked: int, told: bool) -> None:
    share = ResponseCounts(asked=asked, answered=3).share(3)
    assert (share is not None) is told
    if share is not None:
        low, high = wilson(3, asked)
        assert share == AskedShare(30, 100 * low, 100 * high)


@given(st.lists(GROUPS, max_size=5))
def test_a_sum_is_of_all_and_ends_with_the_last_link(groups: list[Groups]) -> None:
    ends = [datetime(2026, 11, 1 + n, tzinfo=UTC) for n in range(len(groups))]
    total = sum_of(
        ResponseCounts(
            asked=2 * one.n, delivered=one.n, opened=one.n, answered=one.n, groups=one, open_until=end
        )
        for one, end in zip(groups, ends, strict=True)
    )
    answered = sum(one.n for one in groups)
    assert (total.asked, total.answered, total.silent) == (2 * answered, answered, answered)
    assert total.groups.n == answered
    assert total.open_until == max(ends, default=None)


def test_of_a_path_only_the_lowest_levels_are_parts_that_do_not_contain_each_other() -> None:
    names = {
        "organisation:north",
        "organisation:north/sales",
        "organisation:north/sales/a",
        "organisation:south",
    }
    assert without_containers(names) == {"organisation:north/sales/a", "organisation:south"}
    assert without_containers({"store:1", "store:11"}) == {"store:1", "store:11"}
