from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.domain import Groups
from services.scorer.repository.figures import Part
from services.scorer.view import (
    Figure,
    directly_below,
    last_answer,
    rows_of,
    shares,
    total,
    trend_of,
    trend_points,
)
from services.scorer.window import Window
from shared.pages.filters import bound


def part(segment: str, now: Groups, before: Groups | None = None) -> Part:
    return Part(segment, now, before or Groups(0, 0, 0))


def test_those_that_moved_come_first_then_by_score_and_few_answers_last():
    steady, fell = Groups(100, 100, 300), Groups(300, 100, 100)
    rows = rows_of(
        [
            part("t:few", Groups(1, 1, 10)),
            part("t:steady", steady, steady),
            part("t:tiny", Groups(0, 0, 3)),
            part("t:fell", fell, steady),
            part("t:best", Groups(0, 10, 490), Groups(0, 10, 490)),
            part("t:silent", Groups(0, 0, 0), steady),
        ]
    )
    assert [row.name for row in rows] == ["Fell", "Best", "Steady", "Few", "Tiny"]
    assert [row.moved for row in rows] == [True, False, False, False, False]


def test_of_an_organisation_only_the_level_right_below_is_compared():
    some = Groups(1, 1, 1)
    tree = [part(f"organisation:{path}", some) for path in ("n", "n/a", "n/a/x", "n/b", "nn", "nn/c")]

    def below(*selection: str) -> list[str]:
        return [found.segment.partition(":")[2] for found in directly_below(tree, selection)]

    assert below() == ["n", "nn"]
    assert below("touchpoint:shop", "organisation:n") == ["n/a", "n/b"]
    assert below("organisation:n/a") == ["n/a/x"]
    assert directly_below([part("store:a", some)], ["organisation:n"]) == [part("store:a", some)]


def test_weeks_do_not_overlap_and_begin_with_the_first_answer():
    window = Window(date(2026, 10, 26), date(2026, 11, 22))
    days = {date(2026, 11, 8): (0,) * 10 + (3,), date(2026, 11, 22): (1,) + (0,) * 10}
    points = trend_points(days, window)
    assert [(point.first.day, point.last.day) for point in points] == [(2, 8), (9, 15), (16, 22)]
    assert [point.score.n if point.score else 0 for point in points] == [3, 0, 1]
    assert total(days, window) == (1, *(0,) * 9, 3)


def test_a_short_window_with_answers_enough_is_drawn_by_day_and_others_by_week():
    now = Window(date(2026, 11, 16), date(2026, 11, 22))
    before, shown = now.before(), Window(date(2026, 5, 25), now.last)
    many = dict.fromkeys(shown, (0,) * 10 + (10,))
    assert trend_of(many, shown, now, before).by_day
    assert not trend_of(dict.fromkeys(shown, (0,) * 10 + (9,)), shown, now, before).by_day
    assert not trend_of(many, shown, now, now.last_year()).by_day
    long = Window(date(2026, 8, 25), now.last)
    assert not trend_of(many, shown, long, long.before()).by_day
    points = trend_of(many, shown, now, before).points
    assert {point.first for point in points} == {point.last for point in points} >= set(now)


@given(
    st.dictionaries(st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.integers(1, 30), max_size=60),
    st.integers(1, 28),
)
def test_a_trend_counts_each_day_once(given_days, step):
    shown = Window(date(2026, 2, 2), date(2026, 11, 22))
    points = trend_points({day: (0,) * 10 + (n,) for day, n in given_days.items()}, shown, step)
    assert sum(point.score.n for point in points if point.score) == sum(
        n for day, n in given_days.items() if day in shown
    )
    assert all(one.last + timedelta(days=1) == two.first for one, two in pairwise(points))


def test_a_level_with_one_part_is_passed_over():
    some, none = Groups(1, 1, 1), Groups(0, 0, 0)
    tree = [part(f"organisation:{path}", some) for path in ("shops", "shops/a", "shops/b", "shops/a/x")]
    tree.append(part("organisation:service", none))
    assert [found.segment for found in directly_below(tree, ["touchpoint:t"])] == [
        "organisation:shops/a",
        "organisation:shops/b",
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (-0.3, "\N{MINUS SIGN}0.3"),
        (0.04, "0"),
        (0.26, "+0.3"),
        (-21.2, "\N{MINUS SIGN}21"),
        (0.5, "+1"),
        (0, "0"),
    ],
)
def test_an_end_of_an_interval_is_not_rounded_onto_zero(value, words):
    assert bound(value) == words


def test_shares_are_rounded_half_up():
    assert [share for _, _, share in shares((1, 15, *(0,) * 9))][:2] == [
        "6.3\N{NO-BREAK SPACE}%",
        "93.8\N{NO-BREAK SPACE}%",
    ]


def test_the_score_before_the_last_answer_is_counted_back_from_the_present_one():
    month = Figure(Window(date(2026, 10, 24), date(2026, 11, 22)), (0, 0, 0, 1, 0, 0, 0, 0, 0, 5, 0))
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    new = last_answer(SimpleNamespace(score=3, was=None, day=at.date(), answered_at=at), month)
    assert (new.before, new.after) == (Groups(0, 0, 5), Groups(1, 0, 5))
    amended = last_answer(SimpleNamespace(score=3, was=9, day=at.date(), answered_at=at), month)
    assert (amended.before, amended.after) == (Groups(0, 0, 6), Groups(1, 0, 5))
    outside = last_answer(SimpleNamespace(score=3, was=None, day=date(2026, 10, 1), answered_at=at), month)
    assert outside.before == outside.after
