"""When the last mail of a wave is expected to leave: against a first day on which each mail takes its place."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatcher.decisions.first_day import FIRST_DAY, find_place, first_day_end
from services.dispatcher.decisions.hours import ContactHours, Hold, forbidding_rule
from services.dispatcher.waves.drawing import Wave
from services.dispatcher.waves.pace import MailPace, last_mail_at, last_mail_of
from shared.events import QuietHours
from shared.ids import uuid7

MORNING = datetime(2026, 11, 20, 9, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
AT_ANY_TIME = ContactHours()
BY_DAY = ContactHours(quiet=QuietHours(start="21:00", end="07:00"))


def a_pace(
    per_hour: int = 50, hours: ContactHours = AT_ANY_TIME, began_at: datetime | None = MORNING
) -> MailPace:
    return MailPace(timedelta(), per_hour, began_at, False, hours)


@pytest.mark.parametrize(
    ("mails", "spread", "last"),
    [
        (50, 0, 0 * HOUR),
        (100, 0, 2 * HOUR),
        (120, 0, 2 * HOUR + 24 * MINUTE),
        (1_200, 0, 24 * HOUR),
        (10_000, 0, 24 * HOUR),
        (1_200, 24, 24 * HOUR),
        (120, 1, 2 * HOUR + 24 * MINUTE),
        (50, 1, 1 * HOUR),
        (10_000, 48, 48 * HOUR),
    ],
)
def test_the_first_day_makes_a_wave_as_slow_as_its_hours_have_places(
    mails: int, spread: int, last: timedelta
) -> None:
    assert last_mail_at(mails, MORNING, spread * HOUR, a_pace()) == MORNING + last


def test_without_a_first_day_it_is_as_long_as_the_wave_and_the_delay_of_its_survey() -> None:
    for pace in (
        a_pace(per_hour=0),
        a_pace(began_at=None),
        a_pace(began_at=MORNING - FIRST_DAY),
        a_pace()._replace(delay=FIRST_DAY),
    ):
        expected = MORNING + pace.delay + 3 * HOUR
        assert last_mail_at(10_000, MORNING, 3 * HOUR, pace) == expected


def test_a_first_day_that_has_not_begun_begins_with_the_first_mail() -> None:
    awaiting = a_pace(began_at=None)._replace(awaits_first_day=True, delay=FIRST_DAY)
    assert last_mail_at(120, MORNING, 0 * HOUR, awaiting) == MORNING + FIRST_DAY + 2 * HOUR + 24 * MINUTE
    by_day = awaiting._replace(hours=BY_DAY)
    evening = MORNING + 13 * HOUR  # the first mail leaves at 07:00, with all that were due by then
    assert last_mail_at(120, evening, 0 * HOUR, by_day) == MORNING + 46 * HOUR + 2 * HOUR + 24 * MINUTE
    assert last_mail_at(120, evening, 4 * HOUR, by_day) == MORNING + 46 * HOUR + 2 * HOUR + 24 * MINUTE


def test_nothing_leaves_in_the_quiet_hours_of_the_company_on_the_first_day_or_after_it() -> None:
    evening = MORNING + 11 * HOUR
    assert last_mail_at(60, evening, HOUR * 0, a_pace(hours=BY_DAY)) == MORNING + 22 * HOUR + 12 * MINUTE
    overnight = last_mail_at(10, MORNING, 14 * HOUR, a_pace(hours=BY_DAY))
    assert MORNING + 22 * HOUR <= overnight <= MORNING + 22 * HOUR + 2 * MINUTE
    assert last_mail_at(10, MORNING, 14 * HOUR, a_pace(0, BY_DAY)) == MORNING + 22 * HOUR
    assert last_mail_at(10_000, MORNING, 0 * HOUR, a_pace(hours=BY_DAY)) == MORNING + 24 * HOUR


@given(
    mails=st.integers(1, 400),
    per_hour=st.integers(1, 30),
    offset=st.integers(0, 26 * 60),
    spread=st.integers(0, 40),
)
def test_it_is_within_the_hour_when_the_last_mail_would_find_its_place(
    mails: int, per_hour: int, offset: int, spread: int
) -> None:
    begins_at = MORNING + offset * MINUTE
    counts: tuple[int, ...] = ()
    left = begins_at + spread * HOUR
    for n in range(mails):
        at = begins_at + spread * HOUR * (n + 0.5) / mails
        if first_day_end(per_hour, MORNING, at) is not None:
            place = find_place(MORNING, per_hour, counts, at, None, lambda at: Hold(until=at))
            at, counts = place.at, place.counts
        left = max(left, at)
    expected = last_mail_at(mails, begins_at, spread * HOUR, a_pace(per_hour))
    assert abs(expected - left) <= HOUR + HOUR / per_hour


@given(
    mails=st.integers(1, 3_000),
    more=st.integers(0, 500),
    per_hour=st.integers(0, 100),
    offset=st.integers(0, 26 * 60),
    spread=st.integers(0, 60),
    hours=st.sampled_from([AT_ANY_TIME, BY_DAY]),
)
def test_more_mails_are_never_sooner_and_the_day_bounds_what_it_slows(
    mails: int, more: int, per_hour: int, offset: int, spread: int, hours: ContactHours
) -> None:
    begins_at, pace = MORNING + offset * MINUTE, a_pace(per_hour, hours)
    last = last_mail_at(mails, begins_at, spread * HOUR, pace)
    assert forbidding_rule(last, hours) is None
    assert begins_at + spread * HOUR <= last
    assert last <= max(begins_at + spread * HOUR, MORNING + FIRST_DAY) + 10 * HOUR
    if hours == AT_ANY_TIME:
        assert last <= last_mail_at(mails + more, begins_at, spread * HOUR, pace)


def a_wave(**changes: object) -> Wave:
    facts: dict[str, object] = {
        "tenant": "havnbo", "id": uuid7(), "survey_id": uuid7(), "state": "waiting", "size": 100, "margin": None,
        "segments": {}, "start_at": MORNING, "spread_hours": 0, "created_at": MORNING, "who": "x", "chosen": None,
        "limit": None, "started_at": None, "position": "", "published": 0, "ended_at": None,
    }  # fmt: skip
    return Wave(**{**facts, **changes})  # type: ignore[arg-type]


def test_a_wave_counts_those_it_has_chosen_and_one_that_was_stopped_those_it_has_reached() -> None:
    assert last_mail_of(a_wave(), a_pace()) == MORNING + 2 * HOUR
    chosen = a_wave(state="publishing", chosen=60, started_at=MORNING + HOUR)
    assert last_mail_of(chosen, a_pace()) == MORNING + 2 * HOUR + 12 * MINUTE
    assert last_mail_of(a_wave(state="done", chosen=0, started_at=MORNING), a_pace()) is None
    assert last_mail_of(a_wave(state="stopped", ended_at=MORNING), a_pace()) is None
    stopped = a_wave(
        state="stopped",
        spread_hours=40,
        chosen=100,
        published=10,
        started_at=MORNING,
        ended_at=MORNING + 4 * HOUR,
    )
    assert last_mail_of(stopped, a_pace()) == MORNING + 4 * HOUR
