"""When somebody is told: quiet hours and digests, on the clocks of their zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.notices.choices import (
    NoticeChoices,
    PersonalQuietHours,
    digest_after,
    due_at,
    quiet_until,
)

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Copenhagen", "Asia/Kolkata", "America/St_Johns")]
NIGHT = PersonalQuietHours(since=18 * 60, until=8 * 60, days=(0, 1, 2, 3, 4), whole_days=(5, 6))
"""From six in the evening to eight, and the weekend."""


def at(text: str) -> datetime:
    """A moment on the clocks of Copenhagen."""
    return datetime.fromisoformat(text).replace(tzinfo=COPENHAGEN).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-11-25T12:00", None),
        ("2026-11-25T17:59", None),
        ("2026-11-25T18:00", "2026-11-26T08:00"),
        ("2026-11-26T07:59", "2026-11-26T08:00"),
        ("2026-11-26T08:00", None),
        ("2026-11-27T18:00", "2026-11-30T00:00"),  # Friday evening, to the end of Sunday
        ("2026-11-29T23:59", "2026-11-30T00:00"),
        ("2026-11-30T07:00", None),  # no quiet hours begin on a Sunday here
    ],
)
def test_quiet_hours_end_when_no_further_ones_follow(now: str, end: str | None) -> None:
    assert quiet_until(NIGHT, at(now), COPENHAGEN) == (at(end) if end else None)


def test_a_night_with_a_shifted_clock_ends_by_the_clock() -> None:
    every = PersonalQuietHours(since=22 * 60, until=7 * 60)
    for evening, length in (("2026-03-28T22:00", 8), ("2026-10-24T22:00", 10), ("2026-11-24T22:00", 9)):
        end = quiet_until(every, at(evening), COPENHAGEN)
        assert end is not None
        assert end - at(evening) == timedelta(hours=length)


def test_an_escalation_is_told_at_night_to_who_wants_that() -> None:
    night = at("2026-11-25T23:00")
    for wanted, due in ((True, night), (False, at("2026-11-26T08:00"))):
        quiet = PersonalQuietHours(since=18 * 60, until=8 * 60, but_escalations=wanted)
        choices = NoticeChoices(quiet=quiet)
        assert due_at(choices, "closing_escalation", night, COPENHAGEN) == due
        assert due_at(choices, "closing_warning", night, COPENHAGEN) == at("2026-11-26T08:00")
        assert due_at(choices, "invite", night, COPENHAGEN) == night


@pytest.mark.parametrize(
    ("now", "hour", "quiet", "told"),
    [
        ("2026-11-25T07:59", 8, None, "2026-11-25T08:00"),
        ("2026-11-25T08:00", 8, None, "2026-11-26T08:00"),
        ("2026-11-27T09:00", 8, NIGHT, "2026-11-30T08:00"),
        ("2026-11-25T09:00", 7, PersonalQuietHours(since=18 * 60, until=8 * 60), "2026-11-26T08:00"),
    ],
)
def test_a_digest_comes_at_its_hour_on_a_day_that_is_not_quiet_then(
    now: str, hour: int, quiet: PersonalQuietHours | None, told: str
) -> None:
    choices = NoticeChoices(digest_at=hour * 60, quiet=quiet)
    assert digest_after(choices, at(now), COPENHAGEN) == at(told)


MINUTES = st.integers(0, 24 * 60 - 1)
DAYS = st.lists(st.integers(0, 6), unique=True, max_size=6).map(tuple)
QUIET = st.builds(PersonalQuietHours, since=MINUTES, until=MINUTES, days=DAYS, whole_days=DAYS).filter(
    lambda quiet: quiet.since != quiet.until
)
"""As far as they may be saved."""
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(lambda one: one.replace(tzinfo=UTC))  # noqa: DTZ001


@given(quiet=QUIET, now=MOMENTS, zone=st.sampled_from(ZONES))
def test_what_is_due_at_the_end_of_quiet_hours_is_due_in_none(
    quiet: PersonalQuietHours, now: datetime, zone: ZoneInfo
) -> None:
    end = quiet_until(quiet, now, zone)
    if end is not None:
        assert now < end
        assert quiet_until(quiet, end, zone) is None
        assert quiet_until(quiet, end - timedelta(microseconds=1), zone) == end


@given(quiet=st.none() | QUIET, now=MOMENTS, zone=st.sampled_from(ZONES), hour=st.integers(0, 23))
def test_a_digest_is_later_than_now_and_in_no_quiet_hours(
    quiet: PersonalQuietHours | None, now: datetime, zone: ZoneInfo, hour: int
) -> None:
    choices = NoticeChoices(digest_at=hour * 60, quiet=quiet)
    told = digest_after(choices, now, zone)
    assert now < told <= now + timedelta(days=16)
    assert quiet is None or quiet_until(quiet, told, zone) is None
