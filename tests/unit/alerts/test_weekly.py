"""The letter of Monday is due at eight by the company's clock, through both changes, and quotes nobody by name."""

from datetime import UTC, date, datetime, timedelta
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.alerts_builders import an_answer

from services.alerts.weekly.domain import (
    _ADDRESS,
    _LINK,
    _NUMBER,
    MASK,
    MOST_COMMENT_CHARS,
    MOST_READ_CHARS,
    LetterPolicy,
    chosen_comments,
    employees_of,
    letter_of,
    next_letter,
    quoted,
    week_before,
)
from shared.events import People

POLICY = LetterPolicy()
ZONES = (
    "Europe/Copenhagen",
    "America/New_York",
    "Pacific/Auckland",
    "Asia/Kathmandu",
    "America/Santiago",
    "UTC",
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(moments, st.sampled_from(ZONES))
def test_the_next_letter_is_the_first_monday_at_eight_of_the_local_clock(now: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    at = next_letter(POLICY, now, zone)
    local = at.astimezone(zone)
    assert (local.weekday(), local.hour, local.minute) == (0, 8, 0)
    assert timedelta() < at - now <= timedelta(days=7, hours=1)
    assert letter_of(POLICY, at, zone) == local.date()
    assert letter_of(POLICY, at - timedelta(seconds=1), zone) == local.date() - timedelta(days=7)


@pytest.mark.parametrize(
    ("now", "utc_hours"),
    [
        (datetime(2026, 3, 20, tzinfo=UTC), [7, 6, 6]),  # summer time begins on 29 March
        (datetime(2026, 10, 16, tzinfo=UTC), [6, 7, 7]),  # and ends on 25 October
    ],
)
def test_over_both_changes_of_the_clock_there_is_one_letter_each_week_at_eight(
    now: datetime, utc_hours: list[int]
) -> None:
    zone, found = ZoneInfo("Europe/Copenhagen"), []
    for _ in utc_hours:
        now = next_letter(POLICY, now, zone)
        found.append(now)
    assert [at.hour for at in found] == utc_hours
    assert [at.date() - found[0].date() for at in found] == [timedelta(weeks=week) for week in range(3)]


def test_the_week_before_has_seven_days_of_the_local_calendar() -> None:
    since, until = week_before(POLICY, date(2026, 3, 30), ZoneInfo("Europe/Copenhagen"))
    assert (since, until) == (datetime(2026, 3, 22, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC))


def test_three_comments_are_the_newest_of_each_group_else_the_newest_of_the_others() -> None:
    now = datetime(2026, 11, 29, tzinfo=UTC)
    answers = [
        an_answer(score=score, answered_at=now - timedelta(hours=age))
        for age, score in enumerate([10, 9, 10, 3, 8, 1])
    ]
    assert [one.score for one in chosen_comments(POLICY, answers)] == [3, 8, 10]
    assert [one.score for one in chosen_comments(POLICY, answers[:4])] == [3, 9, 10]
    assert [one.score for one in chosen_comments(POLICY, answers[:2])] == [9, 10]
    assert chosen_comments(POLICY, []) == []


def test_a_quote_leaves_out_addresses_numbers_links_and_the_customers_own_name() -> None:
    said = "Karen  Whitfield here, call +45 12 34 56 78 or write karen@example.com, see https://x.example/me. KAREN"
    assert quoted(said, ["Karen Whitfield"]) == "… … here, call … or write … see … …"
    assert quoted("An Al dente dish", ["Al An"]) == "An Al dente dish"  # shorter parts are parts of words


@pytest.mark.parametrize("run", ["a", "a@", "1", "1 ", "+4 ", "http", "x" * 299 + " ", "@", "a.", "(1"])
def test_a_long_comment_is_cut_before_it_is_searched_and_searched_in_linear_time(run: str) -> None:
    said = run * (400_000 // len(run))
    began = process_time()
    told = quoted(said, ["Karen Whitfield"])
    assert process_time() - began < 0.5
    assert 0 < len(told) <= MOST_COMMENT_CHARS
    words = run * (MOST_READ_CHARS // len(run))
    for pattern in (_ADDRESS, _LINK, _NUMBER):
        began = process_time()
        pattern.sub(MASK, words * 100)
        assert process_time() - began < 0.5


def test_an_address_on_which_the_cut_falls_is_left_out_whole() -> None:
    for start in range(MOST_READ_CHARS - 30, MOST_READ_CHARS):
        said = ("x" * (MOST_COMMENT_CHARS - 1) + "@example.com ").ljust(start, "y")[: start - 1]
        told = quoted(f"{said} karen@example.com", [])
        assert "karen" not in told
        assert "exam" not in told


def test_colleagues_are_left_out_of_a_quote_as_the_answer_and_the_company_name_them() -> None:
    answer = an_answer(organisation=("North", "Sales", "Anna Holm"), segments={"handled_by": "Bo.Friis"})
    names = employees_of(People(), answer)
    assert names == ["Bo.Friis", "Anna Holm"]
    said = "Anna was rude, Friis’ manner too, Lea's and Holms not; North was fine"
    assert (
        quoted(said, [*names, "Lea-Marie Dahl"]) == "… was rude, …’ manner too, …'s and … not; North was fine"
    )
    assert employees_of(People(level=0), answer) == ["Bo.Friis"]


@given(st.text(max_size=900), st.lists(st.text(max_size=20), max_size=3))
def test_a_quote_is_one_short_line_whatever_was_written(said: str, names: list[str]) -> None:
    told = quoted(said, names)
    assert len(told) <= MOST_COMMENT_CHARS
    assert "\n" not in told
