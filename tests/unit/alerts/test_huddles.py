"""The week of a huddle, and who reads and writes it."""

from datetime import date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.huddles.domain import WEEKS_BACK, HuddleWeek, may_read, may_write, teams_of_reader
from services.alerts.teams.domain import CaseTeam
from shared.permissions import CASE_ROLES, Role

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
ADA, JONAS, NOBODY_HERE = uuid4(), uuid4(), uuid4()
TEAM = CaseTeam(name="Shop", leader=ADA, members=(JONAS,))


@given(day=st.dates(date(2000, 1, 3), date(2100, 1, 1)))
def test_each_day_is_in_one_week_which_has_one_name(day: date) -> None:
    week = HuddleWeek.of(day)
    assert week.monday <= day < week.after.monday
    assert HuddleWeek.named(week.name) == week
    assert week.before.after == week
    assert (week.name, week.number) == (f"{day.isocalendar().year}-W{week.number:02}", day.isocalendar().week)


@pytest.mark.parametrize(
    "name",
    ["", "2026-48", "2026-W00", "2026-W54", "2025-W53", "2026-W4", "0000-W01", "2026-w48", "2026-W48 "],
)
def test_what_is_no_week_is_none(name: str) -> None:
    assert HuddleWeek.named(name) is None


def test_the_first_week_of_a_year_may_begin_in_the_last_one() -> None:
    assert HuddleWeek.of(date(2026, 1, 1)) == HuddleWeek(date(2025, 12, 29))
    assert HuddleWeek.of(date(2026, 12, 31)).name == "2026-W53"


def test_a_week_begins_and_ends_at_midnight_by_the_clock_of_the_company() -> None:
    since, until = HuddleWeek(date(2026, 3, 23)).instants(COPENHAGEN)
    assert since == datetime(2026, 3, 23, tzinfo=COPENHAGEN)
    assert until == datetime(2026, 3, 30, tzinfo=COPENHAGEN)
    assert until - since == timedelta(days=7) - timedelta(hours=1)  # the clock goes forward on Sunday


def test_weeks_to_come_and_of_long_ago_are_out_of_bounds() -> None:
    today = date(2026, 11, 30)
    this = HuddleWeek.of(today)
    assert this.is_in_bounds(today, WEEKS_BACK)
    assert not this.after.is_in_bounds(today, WEEKS_BACK)
    assert HuddleWeek(this.monday - timedelta(weeks=265)).is_in_bounds(today, WEEKS_BACK)
    assert not HuddleWeek(this.monday - timedelta(weeks=266)).is_in_bounds(today, WEEKS_BACK)


@pytest.mark.parametrize(
    ("role", "person", "reads", "writes"),
    [
        ("admin", NOBODY_HERE, True, True),
        (None, None, True, True),
        ("leader", ADA, True, True),
        ("leader", JONAS, True, True),
        ("leader", NOBODY_HERE, False, False),
        ("agent", JONAS, True, False),
        ("agent", NOBODY_HERE, False, False),
    ],
)
def test_members_read_the_page_of_their_team_and_leaders_write_on_it(
    role: Role | None, person: UUID | None, reads: bool, writes: bool
) -> None:
    assert (may_read(role, person, TEAM), may_write(role, person, TEAM)) == (reads, writes)


def test_nobody_is_in_a_team_without_a_leader() -> None:
    team = CaseTeam(name="Shop", members=(JONAS,))
    assert [team.has(one) for one in (JONAS, ADA, None)] == [True, False, False]
    assert [TEAM.has(one) for one in (JONAS, ADA, None)] == [True, True, False]


@pytest.mark.parametrize("role", CASE_ROLES)
def test_somebodys_own_teams_come_first(role: Role) -> None:
    teams = {UUID(int=1): CaseTeam(name="A"), UUID(int=2): CaseTeam(name="b"), UUID(int=3): TEAM}
    own = list(teams_of_reader(role, JONAS, teams))
    assert own == ([UUID(int=3), UUID(int=1), UUID(int=2)] if role == "admin" else [UUID(int=3)])
