"""Which places are asked and answered otherwise than the rest, and what their missing answers could change."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.domain import Groups, compare_groups
from services.scorer.share_differences import share_difference
from services.scorer.unbegged.domain import PlaceCounts, places_of, selection_of
from shared.values.proportions import newcombe

USUAL = PlaceCounts(
    matched=400,
    asked=400,
    no_address=0,
    sent=400,
    answered=200,
    groups=Groups(60, 60, 80),
    quick=20,
    quick_promoters=8,
)
NAMES = ("a", "b", "c", "d")


@st.composite
def places(draw: st.DrawFn) -> PlaceCounts:
    reasons = [draw(st.integers(0, 60)) for _ in range(4)]
    asked = draw(st.integers(0, 200))
    groups = Groups(*(draw(st.integers(0, 60)) for _ in range(3)))
    quick = draw(st.integers(0, groups.n))
    return PlaceCounts(
        matched=asked + sum(reasons),
        asked=asked,
        no_address=reasons[0],
        unwilling=reasons[1],
        rested=reasons[2],
        sent=groups.n + draw(st.integers(0, 100)),
        answered=groups.n,
        groups=groups,
        quick=quick,
        quick_promoters=draw(st.integers(0, min(quick, groups.promoters))),
    )


@given(st.dictionaries(st.sampled_from(NAMES), places(), min_size=1))
def test_each_place_is_compared_with_all_others_together(given: dict[str, PlaceCounts]) -> None:
    counts = {f"store:{name}": place for name, place in given.items()}
    for place in places_of(counts):
        others = [each for name, each in counts.items() if name != place.segment]
        own, matched, asked = place.counts, sum(o.matched for o in others), sum(o.asked for o in others)
        assert own.otherwise >= 0
        assert place.asked == share_difference(own.asked, own.matched, asked, matched)
        rest = Groups(
            sum(o.groups.detractors for o in others),
            sum(o.groups.passives for o in others),
            sum(o.groups.promoters for o in others),
        )
        enough = min(own.groups.n, rest.n) >= 30
        assert place.change == (compare_groups(rest, own.groups) if enough else None)
        assert "fewer_asked" not in place.signs or (place.asked is not None and place.asked.points < 0)


def test_a_level_of_the_organisation_is_compared_with_the_places_of_its_own_level() -> None:
    counts = {
        "organisation:north": USUAL,
        "organisation:south": USUAL,
        "organisation:north/a": replace(USUAL, asked=100, no_address=300),
        "organisation:north/b": USUAL,
    }
    found = {place.segment: place for place in places_of(counts)}
    below = found["organisation:north/a"].asked
    assert below is not None
    assert (below.points, below.low, below.high) == (
        -75,
        *(100 * end for end in newcombe(100, 400, 400, 400)),
    )
    assert found["organisation:north"].asked is not None
    assert found["organisation:north"].asked.points == 0


def test_a_place_that_asks_fewer_is_marked_and_one_like_the_others_is_not() -> None:
    counts = {f"store:{name}": USUAL for name in NAMES}
    assert not any(place.signs for place in places_of(counts))
    counts["store:b"] = replace(USUAL, asked=340, no_address=60)
    marked = {place.segment: place.signs for place in places_of(counts) if place.signs}
    assert marked == {"store:b": ("fewer_asked",)}


def test_quick_answers_are_marked_where_they_are_more_and_where_they_are_happier() -> None:
    counts = {f"store:{name}": USUAL for name in NAMES}
    counts["store:c"] = replace(USUAL, quick=80, quick_promoters=60)
    marked = {place.segment: place.signs for place in places_of(counts) if place.signs}
    assert marked == {"store:c": ("more_quick", "quick_happier")}


def test_answers_from_the_companys_networks_are_marked_where_they_are_more_of_those_that_are_known() -> None:
    usual = replace(USUAL, of_known_network=200, of_staff_network=6)
    counts = {f"store:{name}": usual for name in NAMES}
    counts["store:c"] = replace(USUAL, of_known_network=100, of_staff_network=60)
    marked = {place.segment: place.signs for place in places_of(counts) if place.signs}
    assert marked == {"store:c": ("staff_network",)}
    found = {place.segment: place.staff_network for place in places_of(counts)}
    assert found["store:c"] == share_difference(60, 100, 18, 600)
    unknown = {name: replace(place, of_known_network=0, of_staff_network=0) for name, place in counts.items()}
    assert all(place.staff_network is None for place in places_of(unknown))


def test_answers_from_shared_devices_are_marked_where_they_are_more_of_those_that_are_known() -> None:
    usual = replace(USUAL, of_known_device=200, of_shared_device=4)
    counts = {f"store:{name}": usual for name in NAMES}
    counts["store:a"] = replace(USUAL, of_known_device=50, of_shared_device=25)
    marked = {place.segment: place.signs for place in places_of(counts) if place.signs}
    assert marked == {"store:a": ("shared_device",)}
    found = {place.segment: place.shared_device for place in places_of(counts)}
    assert found["store:a"] == share_difference(25, 50, 12, 600)


@pytest.mark.parametrize(
    ("own", "explained"),
    [
        # Half are missing: 90 promoters of 100 stay higher than the rest's +10 with 100 like the rest's, not
        # with 100 detractors.
        (replace(USUAL, answered=100, groups=Groups(2, 8, 90)), "worst_case"),
        # A few are missing of many.
        (replace(USUAL, answered=190, groups=Groups(5, 15, 170)), "no"),
        # Most are missing: hardly higher any more, even like the rest.
        (replace(USUAL, answered=40, groups=Groups(6, 10, 24)), "like_rest"),
    ],
)
def test_a_higher_score_is_explained_by_what_its_missing_answers_could_make_of_it(
    own: PlaceCounts, explained: str
) -> None:
    selection = selection_of(own, USUAL, higher=True)
    assert selection is not None
    assert selection.missing == 200 - own.answered
    assert selection.explained == explained
    n, missing, rest = own.groups.n, selection.missing, USUAL.groups
    assert selection.like_rest == pytest.approx(
        (n * own.groups.points + missing * rest.points) / (n + missing)
    )
    assert selection.worst_case == pytest.approx((n * own.groups.points - 100 * missing) / (n + missing))
    lower = selection_of(own, USUAL, higher=False)
    assert lower is not None
    assert lower.explained is None


def test_who_is_asked_and_answers_as_the_rest_lacks_no_answers() -> None:
    assert selection_of(USUAL, USUAL, higher=True) is None
    assert selection_of(replace(USUAL, answered=300, groups=Groups(0, 0, 300)), USUAL, higher=True) is None
    assert selection_of(replace(USUAL, matched=0, asked=0), USUAL, higher=True) is None
    assert selection_of(replace(USUAL, groups=Groups(9, 10, 10)), USUAL, higher=True) is None


@given(places(), places())
def test_no_answers_of_those_that_are_missing_make_less_of_a_score_than_the_worst_case(
    own: PlaceCounts, rest: PlaceCounts
) -> None:
    selection = selection_of(own, rest, higher=True)
    if selection is None:
        return
    assert selection.missing >= 1
    assert -100 <= selection.worst_case <= selection.like_rest <= 100
    if selection.explained == "no":
        assert selection.worst_case > rest.groups.points


def test_below_thirty_nothing_is_compared_and_below_ten_no_share_is_told() -> None:
    assert share_difference(5, 29, 50, 100) is None
    assert share_difference(5, 30, 50, 100) is not None
    assert USUAL.share(3, 9) is None
    assert USUAL.share(3, 10) is not None
