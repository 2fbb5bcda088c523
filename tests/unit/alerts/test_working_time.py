"""Deadlines in working time: vectors of the field, and a counter of single minutes beside them."""

from datetime import UTC, date, datetime, timedelta
from itertools import cycle
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.examples import examples

from services.alerts.calendars.domain import Calendar, Opening
from services.alerts.calendars.working_time import DAY, Pause, TimeLimit, after, between
from services.alerts.cases.domain.actor import Actor
from services.alerts.cases.domain.case_clocks import StartedClock, started
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.closing import Closing
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.rules.clocks import Clocks, Escalation, Recipient
from services.alerts.rules.setup import CompanySetup
from services.alerts.team_figures import working_hours
from services.alerts.teams.domain import CaseTeam
from shared.values.public_holidays import is_public_holiday

MINUTE = timedelta(minutes=1)
OFFICE = (Opening(start=8 * 60, end=16 * 60),)


def a_calendar(**changes: object) -> Calendar:
    known = {
        "name": "Support",
        "zone": "Europe/Copenhagen",
        "week": (*[OFFICE] * 5, (), ()),
        "country": "DK",
    }
    return Calendar(**{**known, **changes})  # type: ignore[arg-type]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("since", "limit", "due"),
    [
        ("2026-11-20T16:30+01:00", TimeLimit(days=1), "2026-11-23T16:00+01:00"),
        ("2026-11-20T12:00+01:00", TimeLimit(days=1), "2026-11-23T12:00+01:00"),
        ("2026-11-20T07:00+01:00", TimeLimit(days=1), "2026-11-20T16:00+01:00"),
        ("2026-11-20T15:00+01:00", TimeLimit(hours=4), "2026-11-23T11:00+01:00"),
        # Maundy Thursday, Good Friday and Easter Monday are holidays in Denmark.
        ("2026-04-01T15:00+02:00", TimeLimit(hours=2), "2026-04-07T09:00+02:00"),
        # Seven working days over a change of the clock: the wall clock counts.
        ("2026-03-24T10:00+01:00", TimeLimit(days=7), "2026-04-07T10:00+02:00"),
        ("2026-12-23T15:59+01:00", TimeLimit(hours=1), "2026-12-28T08:59+01:00"),
    ],
)
def test_b36_a_deadline_counts_the_teams_working_hours(since: str, limit: TimeLimit, due: str) -> None:
    calendar = a_calendar(closed=(date(2026, 12, 24),))
    assert after(calendar, at(since), limit.length(calendar)) == at(due)


def test_b36_the_first_of_may_is_a_working_day_unless_its_country_has_it_off_or_the_team_closes() -> None:
    thursday = at("2026-04-30T16:30+02:00")
    day = TimeLimit(days=1)
    for calendar, due in [
        (a_calendar(), "2026-05-01T16:00+02:00"),
        (a_calendar(closed=(date(2026, 5, 1),)), "2026-05-04T16:00+02:00"),
        (a_calendar(country="DE", zone="Europe/Berlin"), "2026-05-04T16:00+02:00"),
    ]:
        assert after(calendar, thursday, day.length(calendar)) == at(due)


def test_without_a_calendar_time_runs_around_the_clock() -> None:
    since = at("2026-03-28T22:00+01:00")
    assert after(None, since, TimeLimit(days=1, hours=1).length(None)) == since + timedelta(hours=25)


openings = st.lists(st.integers(0, 48), min_size=2, max_size=4, unique=True).map(
    lambda halves: tuple(
        Opening(start=start * 30, end=end * 30)
        for start, end in zip(*[iter(sorted(halves)[: len(halves) // 2 * 2])] * 2, strict=True)
    )
)
weeks = st.lists(st.one_of(st.just(()), openings), min_size=7, max_size=7).map(tuple).filter(any)
starts = st.one_of(
    *(
        st.builds(lambda day, minutes: day + minutes * MINUTE, st.just(at(day)), st.integers(0, 6 * 1440))
        for day in (
            "2026-03-26T00:00+00:00",  # Europe, and below the change of Australia
            "2026-10-22T00:00+00:00",
            "2026-04-02T00:00+00:00",  # Easter; Lord Howe changes by half an hour
            "2026-10-01T00:00+00:00",
            "2026-12-22T00:00+00:00",
            "2026-03-05T00:00+00:00",  # North America
            "2026-04-22T00:00+00:00",  # Cairo and Beirut change at midnight
            "2026-10-28T00:00+00:00",
        )
    )
)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    zones = [
        *("Europe/Copenhagen", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"),
        *("Africa/Cairo", "Asia/Beirut", "Pacific/Chatham", "UTC"),
    ]
    return a_calendar(
        zone=draw(st.sampled_from(zones)),
        week=draw(weeks),
        country=draw(st.sampled_from(["", "DK", "US", "DE"])),
        closed=tuple(draw(st.lists(st.dates(date(2026, 3, 20), date(2026, 12, 31)), max_size=3))),
    )


def is_open(calendar: Calendar, minute: datetime) -> bool:
    """Whether the clock on the wall shows an open time: the words of the rule, one minute at a time."""
    local = minute.astimezone(ZoneInfo(calendar.zone))
    if local.date() in calendar.closed or is_public_holiday(local.date(), calendar.country or "none"):
        return False
    shown = local.hour * 60 + local.minute
    return any(opening.start <= shown < opening.end for opening in calendar.week[local.weekday()])


def counted(calendar: Calendar, since: datetime, until: datetime) -> int:
    minutes = (until - since) // MINUTE
    return sum(is_open(calendar, since + n * MINUTE) for n in range(minutes))


MOST_COUNTED = 12 * 1440


@given(calendars(), starts, st.integers(1, 30 * 60))
def test_a_deadline_is_where_a_counter_of_single_minutes_has_counted_enough(
    calendar: Calendar, since: datetime, minutes: int
) -> None:
    due = after(calendar, since, minutes * MINUTE)
    assume(due - since <= MOST_COUNTED * MINUTE)
    assert counted(calendar, since, due) == minutes
    assert is_open(calendar, due - MINUTE), "and not later: the last minute before it counted"


@given(calendars(), starts, st.integers(0, 5 * 1440))
def test_the_working_time_between_two_instants_is_what_the_counter_counts(
    calendar: Calendar, since: datetime, minutes: int
) -> None:
    until = since + minutes * MINUTE
    assert between(calendar, since, until) == counted(calendar, since, until) * MINUTE


@given(calendars(), starts, st.integers(1, 20 * 60), st.lists(st.integers(1, 2 * 1440), max_size=4))
def test_pauses_move_a_deadline_by_the_working_time_in_them_and_by_nothing_else(
    calendar: Calendar, since: datetime, minutes: int, lengths: list[int]
) -> None:
    """The counter leaves out the minutes of the pauses; each begins a while after the one before has ended."""
    due, now, worked = after(calendar, since, minutes * MINUTE), since, 0
    for length in lengths:
        pause = now + (length * 7 % 600) * MINUTE
        if pause >= due:
            break
        worked += counted(calendar, now, pause)
        now = pause + length * MINUTE
        due = Pause(pause, calendar, now, calendar).resumed(due)
        assume(due - since <= MOST_COUNTED * MINUTE)
    assert worked + counted(calendar, now, due) == minutes


RULE_CLOCKS = Clocks(
    first_contact=TimeLimit(hours=4),
    closing=TimeLimit(days=1),
    escalations=(
        Escalation(to=Recipient(role="team_leader")),
        Escalation(after=TimeLimit(hours=2), to=Recipient(role="admin")),
    ),
)
hours_of_teams = st.one_of(st.none(), calendars())


@settings(max_examples=examples(60))
@given(
    st.lists(hours_of_teams, min_size=1, max_size=5), starts, st.lists(st.integers(1, 2 * 1440), max_size=4)
)
def test_a_clock_counts_by_the_hours_of_when_it_begins_or_runs_on_whatever_changes_meanwhile(
    hours: list[Calendar | None], since: datetime, lengths: list[int]
) -> None:
    """The team changes its hours at each turn: while the clocks run, before a pause, and in it.

    A model beside the case keeps of each due time and step how many minutes are left, counted one by one.
    """
    turn = cycle(hours)
    calendar = next(turn)
    case = a_case_of(started(RULE_CLOCKS.closing, RULE_CLOCKS, since, calendar), since)
    now = since
    for length in lengths:
        pause, before = now + (length * 7 % 600) * MINUTE, times_of(case)
        assume(max(before) - since <= MOST_COUNTED * MINUTE)
        changed = next(turn)
        case.pause_clocks(pause, changed)
        case.pause_clocks(pause + MINUTE, next(turn))  # it stands already
        assert case.next_step is None
        left = [minutes_of(changed, pause, due) for due in before]
        now, calendar = pause + length * MINUTE, next(turn)
        case.resume_clocks(now, calendar)
        assume(max(times_of(case)) - now <= MOST_COUNTED * MINUTE)
        for due, was_due, minutes in zip(times_of(case), before, left, strict=True):
            if was_due <= pause:
                assert due == was_due, "what was late is as late"
            else:
                assert minutes_of(calendar, now, due) == minutes
                assert not minutes or calendar is None or is_open(calendar, due - MINUTE)
        case.resume_clocks(now + MINUTE, next(turn))  # they run already
    assert times_of(case) == sorted(times_of(case)), "no step overtakes one before it"


def a_case_of(clock: StartedClock, since: datetime) -> CaseFile:
    """A case whose clock for closing has begun; there is no first contact."""
    return CaseFile(
        tenant="havnbo",
        id=UUID(int=1),
        number=1,
        answer_id=UUID(int=2),
        score=2,
        opened_at=since,
        changed_at=since,
        contact_due_at=since,
        close_due_at=clock.due,
        close_steps=clock.steps,
        due_at=clock.due,
        may_contact=False,
    )


def times_of(case: CaseFile) -> list[datetime]:
    """When its warning is, when it is due, and when it is escalated further, in this order."""
    warning, *levels = [step.at for step in case.close_steps]
    assert levels[0] == case.close_due_at == case.due_at
    return [warning, *levels]


def minutes_of(calendar: Calendar | None, since: datetime, until: datetime) -> int:
    """Whole minutes, counted; around the clock all of them."""
    if until <= since:
        return 0
    return (until - since) // MINUTE if calendar is None else counted(calendar, since, until)


def test_hours_that_change_in_a_pause_take_no_time_away() -> None:
    """Around the clock eight hours were left on Friday evening; by the new hours they are a working day."""
    friday, monday = at("2026-11-20T20:00+01:00"), at("2026-11-23T09:00+01:00")
    pause = Pause(friday, None, monday, a_calendar())
    assert pause.resumed(friday + timedelta(hours=8)) == at("2026-11-24T09:00+01:00")


def test_what_was_late_when_it_was_paused_is_as_late_afterwards() -> None:
    due = at("2026-11-20T10:00+01:00")
    pause = Pause(due + timedelta(hours=1), a_calendar(), due + timedelta(days=3), a_calendar())
    assert pause.resumed(due) == due


def test_a_case_that_is_closed_while_it_waits_runs_when_it_is_opened_again() -> None:
    since, policy, somebody = at("2026-11-20T10:00+01:00"), CasePolicy(), Actor(UUID(int=3), "Jonas")
    case = a_case_of(started(RULE_CLOCKS.closing, RULE_CLOCKS, since, None), since)
    case.pause_clocks(since, a_calendar())
    closing = Closing(cause="other", action="Called.", outcome="recovered", told=True)
    case.close([], since + DAY, somebody, closing, None, None, policy)
    assert (case.waiting_since, case.waiting_calendar, case.next_step) == (None, None, None)
    case.reopen([], since + 9 * DAY, somebody, "Broke again.", None, None, policy, None)
    assert case.next_step is not None
    assert case.next_step > since + 9 * DAY


def test_open_hours_end_with_what_is_measured_last_by_a_calendar() -> None:
    since, (office, first, second, other) = at("2026-11-02T00:00Z"), [UUID(int=n) for n in range(4)]
    setup = CompanySetup(
        teams={
            first: CaseTeam(name="First", calendar=office),
            second: CaseTeam(name="Second", calendar=office),
            other: CaseTeam(name="Around the clock"),
        },
        calendars={office: a_calendar()},
    )
    lasts = {first: since + DAY, second: since + 3 * DAY, other: since + 9 * DAY, UUID(int=9): since}
    hours = working_hours.hours_of_teams(setup, since, lasts)
    assert hours["with_calendar"] == [first, second]
    assert len(hours["open_starts"]) == 3  # one on each day
    assert working_hours.hours_of_teams(setup, since, {})["open_starts"] == []
