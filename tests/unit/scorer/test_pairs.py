"""Names of pairs: no client can send one, and each says in which two segments it lies; and how far the work is."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.access import BadSegmentAddress, parse_segment
from services.scorer.pair_names import (
    NamePattern,
    SegmentPair,
    is_pair,
    pair_of,
    segments_of_pair,
    with_pairs,
    without_pairs,
)
from services.scorer.pairs.domain import DeclaredPair, PairProgress, PairState
from services.scorer.repository.selection import Selection
from services.scorer.windows import Window
from shared.events.segments import ORGANISATION, dimension_of, levels, segment_of
from shared.values.text import normalized_text

parts = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=6).filter(normalized_text)
"""What a client may call a dimension, a value or a level: with colons, slashes and percent signs."""
dimensions = st.one_of(st.just(ORGANISATION), st.sampled_from(["store", "a:b", "a/b", "store-1", "å"]))
paths = st.lists(parts, min_size=1, max_size=3)


def matches(pattern: NamePattern, name: str) -> bool:
    """As SQL compares: by bytes."""
    if not pattern.low.encode() <= name.encode() < pattern.high.encode():
        return False
    rest = name[pattern.rest - 1 :] if pattern.rest else ""
    return name.endswith(pattern.ending) and "/" not in rest


@st.composite
def belongings(draw: st.DrawFn) -> tuple[str, ...]:
    """The segments of an answer."""
    named = draw(st.dictionaries(st.sampled_from(["store", "a:b", "a/b", "store-1", "å"]), parts))
    return (*(segment_of(name, value) for name, value in named.items()), *levels(draw(paths)))


@given(belongings(), st.data())
def test_the_name_of_a_pair_says_in_which_two_segments_it_lies(
    segments: tuple[str, ...], data: st.DataObject
) -> None:
    one, other = data.draw(st.sampled_from(segments)), data.draw(st.sampled_from(segments))
    if dimension_of(one) == dimension_of(other):
        return
    pair = pair_of(dimension_of(one), dimension_of(other))
    name = pair.segment(one, other)
    assert name == pair.segment(other, one)
    assert is_pair(name)
    assert not is_pair(one)
    assert {pair.part(name, dimension_of(one)), pair.part(name, dimension_of(other))} == {one, other}
    assert dimension_of(name) == pair.dimension
    with pytest.raises(BadSegmentAddress):
        parse_segment(name)


@given(st.lists(belongings(), min_size=1, max_size=5), st.data())
def test_a_pattern_finds_those_segments_of_a_pair_that_lie_in_one_segment(
    things: list[tuple[str, ...]], data: st.DataObject
) -> None:
    every = sorted({segment for thing in things for segment in thing})
    one = data.draw(st.sampled_from(every))
    others = sorted({dimension_of(each) for each in every} - {dimension_of(one)})
    if not others:
        return
    pair = pair_of(dimension_of(one), data.draw(st.sampled_from(others)))
    names = {name for thing in things for name in segments_of_pair(thing, pair)}
    found = {name for name in names if matches(pair.pattern(one), name)}
    assert found == {name for name in names if pair.part(name, dimension_of(one)) == one}


@given(belongings())
def test_pairs_stand_behind_the_segments_and_each_level_of_a_path_makes_one(
    segments: tuple[str, ...],
) -> None:
    pairs = [pair_of(ORGANISATION, "store"), pair_of("store", "å")]
    counted = with_pairs(segments, pairs)
    assert counted[: len(segments)] == segments
    assert without_pairs(counted) == segments
    stores = sum(dimension_of(each) == "store" for each in segments)
    named = sum(dimension_of(each) == ORGANISATION for each in segments)
    others = sum(dimension_of(each) == "å" for each in segments)
    assert len(counted) - len(segments) == stores * named + stores * others


def test_the_counts_of_two_segments_are_kept_under_the_name_of_their_pair_alone() -> None:
    pairs = (SegmentPair(ORGANISATION, "store"),)
    north, store = "organisation:north/a%2Fb", "store:1"
    assert Selection("acme", (), pairs).kept == ""
    assert Selection("acme", (store,), pairs).kept == store
    for both in ((north, store), (store, north)):
        assert Selection("acme", both, pairs).kept == "organisation/store:north/a%2Fb/1"
        assert Selection("acme", both).kept is None
        with pytest.raises(ValueError, match="not kept"):
            Selection("acme", both).kept_values()
    assert Selection("acme", (north, "organisation:north"), pairs).kept is None
    assert Selection("acme", (north, store, "touchpoint:web"), pairs).kept is None


def test_the_answers_of_a_pair_are_looked_for_in_all_weeks_of_the_days() -> None:
    selection = Selection("acme", ("store:1", "touchpoint:web"), (SegmentPair("store", "touchpoint"),))
    days = Window(date(2026, 1, 1), date(2026, 2, 28))
    found = selection.row_values("transactional", days)["pair_keys"]
    blocks = sorted(
        {(days.first + timedelta(days=n) - date(2000, 1, 3)).days // 28 for n in range(days.days)}
    )
    assert found == [f"acme transactional {block} store/touchpoint:1/web" for block in blocks]
    assert "pair_keys" in selection.row_condition()
    alone = Selection("acme", ("store:1", "touchpoint:web"))
    assert (alone.row_condition(), alone.row_values("transactional", days)) == ("true", {})


@pytest.mark.parametrize(
    ("state", "walked", "percent"), [("filling", 0, 0), ("filling", 150, 75), ("filling", 900, 99), ("ready", 0, 100)]
)  # fmt: skip
def test_only_a_pair_that_is_ready_is_shown_as_done(state: PairState, walked: int, percent: int) -> None:
    declared = DeclaredPair(
        id=UUID(int=1),
        pair=SegmentPair("a", "b"),
        state=state,
        walk="answers",
        last_id=None,
        walked=walked,
        created_at=datetime(2026, 11, 22, tzinfo=UTC),
    )
    assert PairProgress(declared=declared, rows=200, left_out=0).percent == percent
