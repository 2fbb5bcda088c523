"""The days before and after a mark, and what is said of them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.domain import Groups, compare_groups
from services.scorer.marks.domain import compare_mark, mark_windows

DAYS = st.dates(date(2000, 1, 1), date(2090, 1, 1))
FEW, ENOUGH = Groups(9, 10, 10), Groups(10, 10, 10)


@given(DAYS)
def test_the_day_of_a_mark_is_in_neither_of_two_windows_of_30_days_that_touch_it(day: date) -> None:
    before, after = mark_windows(day)
    assert before.days == after.days == 30
    assert before.shared_days(after) == 0
    assert (before.last + timedelta(days=1), after.first - timedelta(days=1)) == (day, day)


@pytest.mark.parametrize(
    ("days_later", "before", "after", "reason"),
    [
        (-400, ENOUGH, ENOUGH, "running"),
        (0, ENOUGH, ENOUGH, "running"),
        (30, ENOUGH, ENOUGH, "running"),
        (31, FEW, ENOUGH, "too_few"),
        (31, ENOUGH, FEW, "too_few"),
        (31, ENOUGH, ENOUGH, None),
    ],
)
def test_a_difference_is_told_once_the_days_after_it_are_over_with_30_answers_in_each(
    days_later: int, before: Groups, after: Groups, reason: str | None
) -> None:
    day = date(2026, 6, 1)
    compared = compare_mark(day, before, after, day + timedelta(days=days_later))
    assert compared.reason == reason
    assert (compared.change is None) is (reason is not None)


def test_the_difference_is_that_of_the_pages() -> None:
    before, after = Groups(30, 30, 40), Groups(10, 30, 60)
    compared = compare_mark(date(2026, 6, 1), before, after, date(2026, 9, 1))
    assert compared.change == compare_groups(before, after)
