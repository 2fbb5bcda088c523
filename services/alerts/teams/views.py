"""What the pages of teams and absences show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from services.alerts.rules.setup import CompanySetup
from services.alerts.teams.domain import Absence, CaseTeam, Colleague
from services.alerts.teams.forms import TeamForm
from shared.pages.filters import day, segment_shown
from shared.pages.language import spoken, translated
from shared.pages.page import Page
from shared.values.messages import message


@dataclass(frozen=True, kw_only=True)
class TeamLine:
    """A team in the list."""

    id: UUID
    name: str
    people: int
    leader: str
    segments: str
    calendar: str

    @classmethod
    def of(cls, key: UUID, team: CaseTeam, setup: CompanySetup) -> "TeamLine":
        """The line of a team."""
        leader = setup.people.get(team.leader) if team.leader is not None else None
        calendar = setup.calendars.get(team.calendar) if team.calendar is not None else None
        return cls(
            id=key,
            name=team.name,
            people=sum(one in setup.people for one in team.members),
            leader=leader.name if leader is not None else "",
            segments=", ".join(map(segment_shown, team.segments)),
            calendar=calendar.name if calendar is not None else "",
        )


@dataclass(frozen=True, kw_only=True)
class TeamChoices:
    """What the form of a team offers."""

    people: list[Colleague]
    """Who works on cases, by name."""
    leaders: list[tuple[str, str]]
    segments: list[str]
    calendars: list[tuple[str, str]]

    @classmethod
    def of(cls, setup: CompanySetup, segments: list[str], form: TeamForm) -> "TeamChoices":
        """The people, calendars and segments of a company, with those that other teams and the form have."""
        people = sorted(
            (one for one in setup.people.values() if one.works_on_cases),
            key=lambda one: (one.name.casefold(), one.id),
        )
        of_teams = {each for team in setup.teams.values() for each in team.segments}
        calendars = sorted(setup.calendars.items(), key=lambda one: (one[1].name.casefold(), one[0]))
        return cls(
            people=people,
            leaders=[("", translated("Nobody")), *((str(one.id), one.name) for one in people)],
            segments=sorted({*segments, *of_teams, *form.segment} - {""}),
            calendars=[
                ("", translated("Around the clock")),
                *((str(key), calendar.name) for key, calendar in calendars),
            ],
        )


@dataclass(frozen=True, kw_only=True)
class TeamsPage(Page):
    """All teams of a company, and the form of another one."""

    template: ClassVar[str] = "teams.html"
    teams: list[TeamLine]
    new_id: str
    form: TeamForm
    choices: TeamChoices
    faults: Mapping[str, str]
    done: str


@dataclass(frozen=True, kw_only=True)
class TeamPage(Page):
    """One team."""

    template: ClassVar[str] = "team.html"
    id: UUID
    name: str
    form: TeamForm
    choices: TeamChoices
    faults: Mapping[str, str]
    refusal: str
    """Why nothing was done, if it is no fault of a field."""
    done: str


@dataclass(frozen=True, kw_only=True)
class AbsencePage(Page):
    """When a person is away, and who stands in."""

    template: ClassVar[str] = "absence.html"
    person: Colleague
    finding: str
    deputy: str
    """The name of who stands in; empty: nobody."""
    is_set: bool
    deputies: list[tuple[str, str]]
    led: list[tuple[Colleague, str]]
    """On a leader's own page: the members of their teams, each with when they are away."""
    drawn: str
    """The fingerprint of what the form is rendered from."""
    form: Mapping[str, str]
    faults: Mapping[str, str]
    refusal: str
    done: str


def absence_finding(absence: Absence | None, person: Colleague, zone: ZoneInfo, *, own: bool) -> str:
    """When somebody is away, as a sentence to them or about them."""
    if absence is None:
        if own:
            return translated("You are not away.")
        return spoken(message("%(name)s is not away.", name=person.name))
    since, until = absence_bounds(absence, zone)
    if own:
        return spoken(message("You are away from %(since)s until %(until)s.", since=since, until=until))
    return spoken(
        message(
            "%(name)s is away from %(since)s until %(until)s.", name=person.name, since=since, until=until
        )
    )


def absence_bounds(absence: Absence, zone: ZoneInfo) -> tuple[str, str]:
    """Beginning and end: the first and the last day of whole days, else with the time."""
    since, until = absence.since.astimezone(zone), absence.until.astimezone(zone)
    first = day(since.date()) if since.time() == time() else _moment(since)
    last = day(until.date() - timedelta(days=1)) if until.time() == time() else _moment(until)
    return first, last


def _moment(local: datetime) -> str:
    # By its own clock: the reader's zone is known only while the page is rendered.
    return translated("%(day)s, %(time)s") % {"day": day(local.date()), "time": f"{local:%H:%M}"}
