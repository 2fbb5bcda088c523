"""Comparisons and trends: what may be compared, what it is called, and which days make a period."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.comparisons.comparison_query import ComparisonParameters, read_comparison_query
from services.scorer.comparisons.domain import (
    ComparedSide,
    Comparison,
    NotComparable,
    check_segments,
    check_shared_answers,
    check_windows,
    compare_pairs,
    compare_sides,
)
from services.scorer.comparisons.labels import caution_of, finding_of
from services.scorer.comparisons.periods import (
    MAX_PERIODS,
    PeriodUnit,
    RunningCounts,
    TooManyPeriods,
    counted_periods,
    days_needed,
    periods_of,
)
from services.scorer.comparisons.reading import ReadComparisons
from services.scorer.domain import Groups, benjamini_hochberg
from services.scorer.windows import Window
from shared.events import Tenant
from shared.http.problems import Problem
from shared.pages.language import ReaderLocale, rendering_for

TODAY = date(2026, 11, 22)
NOW, BEFORE = Window.ending(TODAY, 30), Window.ending(TODAY, 30).before()
ACME = Tenant(id="acme", version=1, name="Acme", time_zone="Europe/Copenhagen", country="DK")
UNITS: tuple[PeriodUnit, ...] = ("day", "week", "month")
few = st.integers(0, 60)
some = st.builds(Groups, few, few, few)
days = st.dates(date(2024, 1, 1), date(2027, 12, 31))


@pytest.fixture(autouse=True)
def _reader() -> Iterator[None]:
    reader = ReaderLocale("en", ZoneInfo("Europe/Copenhagen"), datetime(2026, 11, 22, 12, tzinfo=UTC))
    with rendering_for(reader):
        yield


def a_side(groups: Groups, segment: str = "", window: Window = NOW) -> ComparedSide:
    return ComparedSide(segment=segment, window=window, groups=groups, counts=None)


def given_(**typed: str) -> ComparisonParameters:
    empty = dict.fromkeys(
        ("other", "dimension", "window", "until", "first", "last", "first_before", "last_before"), ""
    )
    segments = tuple(filter(None, [typed.pop("segment", "")]))
    return ComparisonParameters(segments=segments, measurement="transactional", **(empty | typed))


def read_of(*compared: Comparison, **query: str) -> ReadComparisons:
    asked = read_comparison_query(given_(**query), TODAY)
    tests = sum(each.change is not None for each in compared)
    return ReadComparisons(
        query=asked,
        tenant=ACME,
        today=TODAY,
        comparisons=list(compared),
        tests=tests,
        marked=sum(each.is_marked for each in compared),
        left_out=0,
    )


@given(days, st.integers(1, 60), days, st.integers(1, 60))
def test_windows_are_compared_only_where_they_share_no_day(
    one: date, length: int, other: date, other_length: int
) -> None:
    first, second = Window.ending(one, length), Window.ending(other, other_length)
    shared = len(set(first) & set(second))
    if not shared:
        check_windows(first, second)
        return
    with pytest.raises(NotComparable) as refused:
        check_windows(first, second)
    assert f"share {shared} day" in str(refused.value)
    assert "cannot differ" in str(refused.value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("store:a", "store:a"),
        ("", "store:a"),
        ("organisation:north", "organisation:north/sales"),
        ("organisation:north", "organisation:north/sales/ida"),
        ("", ""),
    ],
)
def test_segments_of_which_one_contains_the_other_are_refused_in_both_orders(one: str, other: str) -> None:
    for pair in ((one, other), (other, one)):
        with pytest.raises(NotComparable):
            check_segments(*pair)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("store:a", "store:b"),
        ("organisation:north/sales", "organisation:north/care"),
        ("organisation:north", "organisation:northern"),
        ("store:a", "touchpoint:checkout"),
    ],
)
def test_segments_that_stand_beside_each_other_are_not(one: str, other: str) -> None:
    check_segments(one, other)
    check_shared_answers(0)
    with pytest.raises(NotComparable, match="1 answer lies in both"):
        check_shared_answers(1)


@given(some, some)
def test_p_and_the_verdict_are_symmetric_and_below_thirty_there_is_neither(
    one: Groups, other: Groups
) -> None:
    there, back = compare_sides(a_side(one), a_side(other)), compare_sides(a_side(other), a_side(one))
    mirrored = {"higher": "lower", "lower": "higher"}
    assert back.verdict == mirrored.get(there.verdict, there.verdict)
    if min(one.n, other.n) < 30:
        assert there.change is None
        assert there.verdict == "too_few"
        return
    assert there.change is not None
    assert back.change is not None
    assert there.change.p == back.change.p
    if there.change.p >= 0.05:
        assert there.verdict == "chance"


@given(st.lists(st.tuples(some, some), max_size=12))
def test_of_several_those_are_beyond_chance_that_benjamini_and_hochberg_accept_with_p_below_five_percent(
    pairs: list[tuple[Groups, Groups]],
) -> None:
    sides = [
        (a_side(now, str(number)), a_side(before, str(number))) for number, (now, before) in enumerate(pairs)
    ]
    found = compare_pairs(sides)
    assert sorted(each.asked.segment for each in found) == sorted(str(number) for number in range(len(pairs)))
    alone = [compare_sides(*pair) for pair in sides]
    tested = [each for each in alone if each.change is not None]
    accepted = benjamini_hochberg([each.change.p for each in tested if each.change])
    names = {tested[number].asked.segment for number in accepted}
    for each in found:
        if each.change is None:
            assert each.verdict == "too_few"
        elif each.asked.segment not in names or each.change.p >= 0.05:
            assert each.verdict == "chance"
        elif each.change.points * each.change.adjusted > 0:
            assert each.verdict == ("higher" if each.change.points > 0 else "lower")
    order = [(not each.is_marked, each.change is None) for each in found]
    assert order == sorted(order)


@given(some, some)
def test_no_finding_says_because_and_what_chance_makes_is_called_so(now: Groups, before: Groups) -> None:
    for query in ({}, {"segment": "store:a", "other": "store:b"}):
        compared = compare_sides(
            a_side(now, "store:a"), a_side(before, query.get("other", "store:a"), BEFORE)
        )
        words = finding_of(read_of(compared, **query))
        assert "because" not in words
        if compared.change is None:
            assert "too little to compare" in words
        elif compared.change.points and compared.change.p >= 0.05:
            assert "That could be chance." in words
        elif compared.verdict in {"higher", "lower"}:
            assert "Chance" in words
        assert "because" not in caution_of(read_of(compared, **query).query)


def test_the_one_that_stands_higher_is_named_first() -> None:
    high, low = a_side(Groups(0, 50, 50), "store:a"), a_side(Groups(50, 50, 0), "store:b")
    words = "Store: A stands 100 points above Store: B. Chance would almost never do that."
    for sides in ((high, low), (low, high)):
        found = finding_of(read_of(compare_sides(*sides), segment="store:a", other="store:b"))
        assert found.casefold() == words.casefold()


@given(st.sampled_from(UNITS), days, st.integers(0, 200), st.integers(-30, 230))
def test_periods_are_whole_but_at_their_ends_and_hold_each_day_once(
    unit: PeriodUnit, first: date, length: int, until_today: int
) -> None:
    asked = Window(first, first + timedelta(days=length))
    today = first + timedelta(days=until_today)
    periods = periods_of(asked, unit, today)
    assert [day for each in periods for day in each.window] == list(asked)
    for number, each in enumerate(periods):
        whole = {
            "day": each.window.days == 1,
            "week": each.window.first.weekday() == 0 and each.window.days == 7,
            "month": each.window.first.day == 1 and (each.window.last + timedelta(days=1)).day == 1,
        }[unit]
        assert each.partial == (not whole or each.window.last >= today)
        if 0 < number < len(periods) - 1:
            assert whole


def test_29_february_and_the_days_on_which_the_clock_changes_are_days_like_others() -> None:
    leap = periods_of(Window(date(2024, 2, 1), date(2024, 3, 31)), "month", TODAY)
    assert [each.window.days for each in leap] == [29, 31]
    assert not any(each.partial for each in leap)
    for changed in (date(2026, 3, 29), date(2026, 10, 25)):
        around = Window(changed - timedelta(days=1), changed + timedelta(days=1))
        assert [each.window for each in periods_of(around, "day", TODAY)] == [
            Window(day, day) for day in around
        ]
    asked = read_comparison_query(given_(first="2024-02-29", last="2024-02-29"), TODAY)
    assert asked.against == Window(date(2024, 2, 28), date(2024, 2, 28))


def test_there_are_at_most_eight_hundred_periods() -> None:
    most = Window.ending(TODAY, MAX_PERIODS)
    assert len(periods_of(most, "day", TODAY)) == MAX_PERIODS
    with pytest.raises(TooManyPeriods):
        periods_of(Window.ending(TODAY, MAX_PERIODS + 1), "day", TODAY)


counts = st.lists(st.integers(0, 9), min_size=11, max_size=11).map(tuple)


@given(st.dictionaries(days, counts, max_size=20), days, st.integers(1, 400), st.integers(1, 90))
def test_the_counts_of_each_window_are_the_sums_of_its_days(
    by_day: dict[date, tuple[int, ...]], last: date, length: int, rolling_days: int
) -> None:
    def summed(window: Window) -> tuple[int, ...]:
        within = [by_day[day] for day in window if day in by_day]
        return tuple(map(sum, zip(*within, strict=True))) if within else (0,) * 11

    asked = Window.ending(last, length)
    assert RunningCounts(by_day).of(asked) == summed(asked)
    needed = days_needed(asked, rolling_days)
    kept = {day: found for day, found in by_day.items() if day in needed}
    for each in counted_periods(periods_of(asked, "week", TODAY), kept, rolling_days):
        assert each.counts == summed(each.period.window)
        assert each.rolling is not None
        assert each.rolling.window == Window.ending(each.period.window.last, rolling_days)
        assert each.rolling.counts == summed(each.rolling.window)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"first": "2026-11-01"}, "to"),
        ({"last": "2026-11-01"}, "from"),
        ({"first": "2026-11-02", "last": "2026-11-01"}, "from"),
        ({"first": "2026-11-01", "last": "2026-11-02", "window": "30d"}, "window"),
        ({"first": "2001-11-01", "last": "2026-11-02"}, "from"),
        ({"first": "2026-02-30", "last": "2026-11-02"}, "from"),
        ({"window": "0d"}, "window"),
        ({"until": "soon"}, "until"),
        ({"first_before": "2026-01-01"}, "before_to"),
        ({"last_before": "2026-01-01"}, "before_from"),
        ({"first_before": "2026-11-23", "last_before": "2026-11-23"}, "before_from"),
        ({"segment": "store:a", "other": "store"}, "segment"),
        ({"segment": "store:a", "dimension": "store"}, "dimension"),
        ({"dimension": "store", "other": "store:a"}, "dimension"),
        (
            {
                "segment": "store:a",
                "other": "store:b",
                "first_before": "2026-01-01",
                "last_before": "2026-01-02",
            },
            "before_from",
        ),
    ],
)
def test_what_cannot_be_right_is_named_by_its_parameter(typed: dict[str, str], field: str) -> None:
    with pytest.raises(Problem) as refused:
        read_comparison_query(given_(**typed), TODAY)
    assert [fault["field"] for fault in refused.value.errors] == [field]


def test_a_form_that_sends_all_of_its_fields_is_understood() -> None:
    typed = {
        "segment": "store:a",
        "other": "store:b",
        "first_before": "2026-01-01",
        "last_before": "2026-01-02",
    }
    two = read_comparison_query(given_(**typed), TODAY, from_form=True)
    assert (two.segments, two.other, two.against) == (("store:a",), "store:b", two.asked)
    each = read_comparison_query(given_(**typed, dimension="store"), TODAY, from_form=True)
    assert (each.segments, each.other, each.dimension) == ((), "", "store")
    assert each.against == Window(date(2026, 1, 1), date(2026, 1, 2))


def test_an_address_asks_for_the_same_again() -> None:
    for typed in (
        {"segment": "store:a"},
        {"window": "7d", "until": "2026-11-01"},
        {"dimension": "store"},
        {"segment": "store:a", "other": "store:b"},
    ):
        asked = read_comparison_query(given_(**typed), TODAY)
        parameters = asked.parameters
        again = given_(
            segment=(parameters.get("segment") or [""])[0],  # type: ignore[index]
            other=str(parameters.get("with", "")),
            dimension=str(parameters.get("dimension", "")),
            first=str(parameters["from"]),
            last=str(parameters["to"]),
            first_before=str(parameters.get("before_from", "")),
            last_before=str(parameters.get("before_to", "")),
        )
        assert read_comparison_query(again, TODAY) == asked
