from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.scorer.trends import trend_of, trend_points
from services.scorer.views import window_total
from services.scorer.windows import Window


def test_weeks_do_not_overlap_and_begin_with_the_first_answer() -> None:
    window = Window(date(2026, 10, 26), date(2026, 11, 22))
    days = {date(2026, 11, 8): (0,) * 10 + (3,), date(2026, 11, 22): (1,) + (0,) * 10}
    points = trend_points(days, window)
    assert [(point.first.day, point.last.day) for point in points] == [(2, 8), (9, 15), (16, 22)]
    assert [point.score.n if point.score else 0 for point in points] == [3, 0, 1]
    assert window_total(days, window) == (1, *(0,) * 9, 3)


def test_a_short_window_with_answers_enough_is_drawn_by_day_and_others_by_week() -> None:
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
def test_a_trend_counts_each_day_once(given_days: dict[date, int], step: int) -> None:
    shown = Window(date(2026, 2, 2), date(2026, 11, 22))
    points = trend_points({day: (0,) * 10 + (n,) for day, n in given_days.items()}, shown, step)
    assert sum(point.score.n for point in points if point.score) == sum(
        n for day, n in given_days.items() if day in shown
    )
    assert all(one.last + timedelta(days=1) == two.first for one, two in pairwise(points))
