from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.scorer.windows import BadWindow, Window, parse_day, parse_days, today_in, weeks_and_days


def test_a_window_of_30_days_holds_its_first_day_and_its_last_and_no_other() -> None:
    window = Window.ending(date(2026, 11, 22), 30)
    assert window == Window(date(2026, 10, 24), date(2026, 11, 22))
    assert window.days == 30
    assert date(2026, 10, 23) not in window
    assert date(2026, 10, 24) in window
    assert date(2026, 11, 22) in window
    assert date(2026, 11, 23) not in window


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_b6_a_day_on_which_clocks_change_is_one_day_of_23_or_25_hours(day: date, hours: int) -> None:
    first, until = Window(day, day).bounds("Europe/Copenhagen")
    assert (until.astimezone(UTC) - first.astimezone(UTC)).total_seconds() == hours * 3600


def test_b6_a_window_counts_29_february_and_a_year_earlier_it_ends_on_the_28th() -> None:
    window = Window.ending(date(2028, 2, 29), 1)
    assert window.days == 1
    assert window.last_year() == Window(date(2027, 2, 28), date(2027, 2, 28))
    assert Window.ending(date(2028, 3, 1), 30).first == date(2028, 2, 1)


ZONES = (
    "Europe/Copenhagen",
    "America/New_York",
    "Australia/Lord_Howe",  # clocks change by half an hour
    "America/Santiago",  # some days begin at one o'clock
    "America/Havana",  # some days have midnight twice
    "Pacific/Kiritimati",
)
SMALLEST = timedelta(microseconds=1)


@given(
    st.builds(
        Window.ending, st.dates(date(2020, 1, 1), date(2030, 12, 31)), st.sampled_from([1, 7, 30, 90, 365])
    ),
    st.sampled_from(ZONES),
)
@example(Window(date(2026, 9, 6), date(2026, 9, 6)), "America/Santiago")
@example(Window(date(2026, 11, 1), date(2026, 11, 1)), "America/Havana")
def test_b6_an_answer_at_the_first_instant_is_in_and_one_at_the_end_is_out(window: Window, zone: str) -> None:
    first, until = (bound.astimezone(UTC) for bound in window.bounds(zone))
    for instant, is_in in (
        (first - SMALLEST, False),
        (first, True),
        (until - SMALLEST, True),
        (until, False),
    ):
        assert (today_in(zone, instant) in window) is is_in


@given(st.dates(date(2020, 1, 1), date(2030, 12, 31)))
def test_b6_an_answer_leaves_the_window_of_365_days_when_it_is_365_days_old(day: date) -> None:
    assert day in Window.ending(day + timedelta(days=364), 365)
    assert day not in Window.ending(day + timedelta(days=365), 365)


def test_the_window_before_touches_and_shares_no_day() -> None:
    window = Window.ending(date(2026, 11, 22), 30)
    assert window.before() == Window(date(2026, 9, 24), date(2026, 10, 23))
    assert window.shared_days(window.before()) == 0
    assert window.shared_days(Window(date(2026, 11, 20), date(2026, 12, 9))) == 3


def test_today_is_the_day_in_the_companys_zone() -> None:
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    assert today_in("Europe/Copenhagen", late) == date(2026, 11, 22)
    assert today_in("America/New_York", late) == date(2026, 11, 21)


def test_a_number_of_days_is_read() -> None:
    assert [parse_days("1d"), parse_days("30d"), parse_days("3650d")] == [1, 30, 3650]


@pytest.mark.parametrize(
    "wrong", ["", "0d", "3651d", "30", "d", "-1d", "1.5d", " 30d", "030d", "3O d", "99999d", "٣d"]
)
def test_anything_else_is_no_number_of_days(wrong: str) -> None:
    with pytest.raises(BadWindow):
        parse_days(wrong)


@pytest.mark.parametrize(
    "wrong", ["", "2026-11-24", "2026-02-30", "22-11-2026", "0001-01-01", "20261122", "today"]
)
def test_anything_else_is_no_day(wrong: str) -> None:
    with pytest.raises(BadWindow):
        parse_day(wrong, date(2026, 11, 22))


some_windows = st.lists(
    st.builds(
        lambda last, days: Window.ending(date(2026, 11, 22) - timedelta(days=last), days),
        st.integers(0, 60),
        st.integers(1, 60),
    ),
    min_size=1,
    max_size=3,
)


@given(some_windows)
def test_weeks_and_days_make_up_windows_however_they_overlap(windows: list[Window]) -> None:
    weeks, days = weeks_and_days(*windows)
    assert all(monday.weekday() == 0 for monday in weeks)
    for window in windows:
        # A whole week is taken for its Monday, as the statement does.
        found = [day for day in days if day in window]
        found += [monday + timedelta(days=n) for monday in weeks if monday in window for n in range(7)]
        assert sorted(found) == [window.first + timedelta(days=n) for n in range(window.days)]


def test_a_year_and_the_one_before_take_few_rows() -> None:
    year = Window.ending(date(2026, 11, 22), 365)
    weeks, days = weeks_and_days(year, year.before())
    assert (len(weeks), len(days)) == (103, 9)
