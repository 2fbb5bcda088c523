"""The sentence of the dashboard about what adds the most to a change: only what exceeds chance among all parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.decomposition.domain import PartGroups, Split, split_change
from services.scorer.decomposition.labels import standing_out_words
from services.scorer.decomposition.standing_out import part_standing_out
from services.scorer.domain import Groups

some = st.builds(Groups, *[st.integers(0, 90)] * 3)
sides = st.tuples(some, some)


def split_of(*parts: tuple[Groups, Groups]) -> Split | None:
    before, now = (
        Groups(
            sum(each[side].detractors for each in parts),
            sum(each[side].passives for each in parts),
            sum(each[side].promoters for each in parts),
        )
        for side in (0, 1)
    )
    named = [PartGroups(f"store:{number}", *each) for number, each in enumerate(parts)]
    found = split_change(PartGroups("", before, now), named)
    return found if isinstance(found, Split) else None


@given(st.lists(sides, min_size=2, max_size=8))
def test_what_stands_out_adds_the_most_and_its_range_does_not_hold_zero(
    parts: list[tuple[Groups, Groups]],
) -> None:
    split = split_of(*parts)
    if split is None:
        return
    for part in split.parts:
        effect = part.both
        assert 0 <= effect.p <= 1
        if effect.reach and abs(effect.p - 0.05) > 1e-9:
            assert (effect.p < 0.05) == (not effect.low <= 0 <= effect.high)
    found = part_standing_out(split)
    words = standing_out_words("store", split)
    assert "because" not in words
    if found is None:
        assert "no part stands out" in words
        return
    assert found.both.p < 0.05
    assert not found.both.low <= 0 <= found.both.high
    larger = [part for part in split.parts if abs(part.both.exact) > abs(found.both.exact)]
    assert all(part.both.p > found.both.p for part in larger)


def test_one_part_that_falls_stands_out_and_is_told_with_its_range() -> None:
    usual = Groups(30, 60, 110)
    split = split_of((usual, usual), (usual, Groups(110, 60, 30)), (usual, usual))
    assert split is not None
    found = part_standing_out(split)
    assert found is not None
    assert found.groups.segment == "store:1"
    assert standing_out_words("store", split) == (
        f"By store, 1 adds the most to the difference of −26.7 points: −26.7, somewhere from "
        f"{found.both.low:.1f} to {found.both.high:.1f}.".replace("-", "−")
    )


@pytest.mark.parametrize("n", [2, 5])
def test_parts_that_are_alike_do_not_stand_out(n: int) -> None:
    split = split_of(*[(Groups(30, 60, 110), Groups(31, 60, 109))] * n)
    assert split is not None
    assert part_standing_out(split) is None
    assert standing_out_words("store", split) == (
        "By store, no part stands out: each could add by chance what it adds to the difference of −1.0 points."
    )
