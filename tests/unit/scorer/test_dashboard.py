"""What the dashboard finds: the week that stands out, the order of segments, and who answers least."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.scorer.dashboard.domain import (
    MIN_WEEKS,
    least_answered,
    level_of,
    ranking_of,
    week_standing_out,
)
from services.scorer.dashboard.reading import CaseFigures, find_week
from services.scorer.domain import Groups, compare_groups
from services.scorer.repository.cases import CaseCounts
from services.scorer.responses.domain import ResponseCounts
from services.scorer.windows import Window

MONDAY = date(2026, 9, 7)
small = st.integers(0, 60)
groups = st.builds(Groups, small, small, small)


def week(number: int) -> Window:
    return Window.ending(MONDAY + timedelta(days=7 * number + 6), 7)


def accepted(ps: dict[str, float]) -> set[str]:
    """Benjamini-Hochberg at 0.1, rank by rank."""
    order = sorted(ps, key=lambda name: ps[name])
    last = max((place for place, name in enumerate(order, 1) if ps[name] <= 0.1 * place / len(ps)), default=0)
    return set(order[:last])


def rest_of(named: dict[str, Groups], name: str) -> Groups:
    others = [own for other, own in named.items() if other != name]
    return Groups(
        sum(each.detractors for each in others),
        sum(each.passives for each in others),
        sum(each.promoters for each in others),
    )


@given(st.dictionaries(st.sampled_from([f"store:{letter}" for letter in "abcdefghij"]), groups))
def test_segments_of_thirty_answers_are_in_order_and_lower_only_by_the_test(named: dict[str, Groups]) -> None:
    ranking = ranking_of(named)
    assert {row.segment for row in ranking.ranked} == {name for name, own in named.items() if own.n >= 30}
    assert [row.segment for row in ranking.few] == sorted(n for n, own in named.items() if 0 < own.n < 30)
    scores = [row.compared.groups.points for row in ranking.ranked]
    assert scores == sorted(scores)
    changes = {
        name: change
        for name, own in named.items()
        if own.n >= 30 and rest_of(named, name).n >= 30
        for change in [compare_groups(rest_of(named, name), own)]
        if change is not None
    }
    assert ranking.tests == len(changes)
    lower = {
        name
        for name in accepted({name: change.p for name, change in changes.items()})
        if changes[name].p < 0.05 and changes[name].points < 0
    }
    assert {row.segment for row in ranking.ranked if row.compared.is_lower} == lower
    if lower:
        assert ranking.lowest is not None
        assert ranking.lowest.compared.groups.points == min(named[name].points for name in lower)
    else:
        assert ranking.lowest is None


def test_the_week_in_which_a_score_fell_stands_out_and_weeks_that_are_alike_do_not() -> None:
    usual, fallen = Groups(20, 60, 120), Groups(90, 60, 50)
    weeks = [(week(number), fallen if number == 5 else usual) for number in range(9)]
    found = week_standing_out(weeks)
    assert found is not None
    assert found.window == week(5)
    assert found.tests == 9
    assert (found.compared.groups, found.compared.rest.n) == (fallen, 8 * usual.n)
    assert week_standing_out([(week(number), usual) for number in range(9)]) is None


@given(st.lists(groups, max_size=12))
def test_no_week_stands_out_of_fewer_than_four_nor_one_of_few_answers(weeks: list[Groups]) -> None:
    found = week_standing_out([(week(number), each) for number, each in enumerate(weeks)])
    if found is not None:
        assert found.tests >= MIN_WEEKS
        assert found.compared.groups.n >= 30
        assert found.change.points <= -5
        assert found.compared.groups.points < found.compared.rest.points


def test_weeks_are_those_of_the_calendar_and_cut_at_the_ends_of_the_windows() -> None:
    now = Window(MONDAY + timedelta(days=31), MONDAY + timedelta(days=59))
    before = now.before()
    fell = MONDAY + timedelta(days=35)
    days = {
        MONDAY + timedelta(days=number): (
            (40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
            if fell <= MONDAY + timedelta(days=number) < fell + timedelta(days=7)
            else (0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 20)
        )
        for number in range(60)
    }
    found = find_week(days, now, before)
    assert found is not None
    assert found.window == Window(fell, fell + timedelta(days=6))
    assert found.compared.groups == Groups(280, 0, 0)
    # A day outside both windows changes nothing.
    assert find_week({**days, before.first - timedelta(days=1): (900,) + (0,) * 10}, now, before) == found


def test_of_two_windows_apart_no_week_between_them_stands_out() -> None:
    """A page of these days against the same days a year before is of neither the eleven months between."""
    now = Window(date(2026, 11, 1), date(2026, 11, 28))
    before = now.last_year()
    usual, unhappy = (0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 20), (40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    days = dict.fromkeys(Window(before.first, now.last), usual)
    between = {**days, **dict.fromkeys(Window(date(2026, 5, 4), date(2026, 5, 10)), unhappy)}
    assert find_week(between, now, before) is None
    fell = {**between, **dict.fromkeys(Window(date(2026, 11, 9), date(2026, 11, 15)), unhappy)}
    found = find_week(fell, now, before)
    assert found is not None
    assert found.window == Window(date(2026, 11, 9), date(2026, 11, 15))
    # The weeks of both windows, those at their ends cut: five and five.
    assert found.tests == 10
    # Windows that share days are one.
    assert find_week(between, Window(date(2025, 11, 1), date(2026, 11, 28)), before) is not None


def test_the_part_that_answers_least_is_named_where_chance_seldom_does_that() -> None:
    parts = {
        "store:a": ResponseCounts(asked=200, answered=100),
        "store:b": ResponseCounts(asked=200, answered=96),
        "store:c": ResponseCounts(asked=200, answered=60),
        "store:few": ResponseCounts(asked=20, answered=0),
    }
    found = least_answered(parts)
    assert found is not None
    assert (found.segment, found.tests) == ("store:c", 3)
    assert (found.rest.asked, found.rest.answered) == (420, 196)
    assert least_answered({name: parts[name] for name in ("store:a", "store:b")}) is None
    assert least_answered({}) is None


def test_a_path_is_compared_with_those_of_its_level_alone() -> None:
    parts = {
        "organisation:north": ResponseCounts(asked=200, answered=100),
        "organisation:south": ResponseCounts(asked=200, answered=100),
        "organisation:north/a": ResponseCounts(asked=100, answered=20),
        "organisation:north/b": ResponseCounts(asked=100, answered=80),
    }
    found = least_answered(parts)
    assert found is not None
    assert found.segment == "organisation:north/a"
    assert found.rest == ResponseCounts(asked=100, answered=80)
    assert [level_of(name) for name in ("organisation:north/a", "store:a%2Fb")] == [1, 0]


def test_of_fewer_than_ten_closed_cases_no_share_is_told() -> None:
    def share(closed: int) -> object:
        counts = CaseCounts(open=0, late=0, closed=closed, in_time=closed)
        return CaseFigures(counts=counts, causes=(), with_cause=0).share_in_time

    assert share(9) is None
    assert share(10) is not None
