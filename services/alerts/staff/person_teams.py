"""In which teams a colleague is, and which they lead: shown on the pages of people, and changed there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.alerts.errors import BadAccount, SetupFaulty, StaleForm
from services.alerts.rules.setup import CompanySetup
from services.alerts.staff.forms import PeopleForm
from services.alerts.teams.team_commands import membership_fingerprint, set_teams_of_person
from shared.db.database import UnitOfWork
from shared.http.form_texts import uuid_of
from shared.http.staff_auth import Staff
from shared.pages.filters import isolated_text
from shared.pages.language import spoken, translated
from shared.privacy.audit import AuditActor
from shared.values.messages import Message, message


@dataclass(frozen=True, kw_only=True)
class TeamOfPerson:
    """A team, as the page of a colleague shows it."""

    id: UUID
    name: str
    is_member: bool
    leads: bool


@dataclass(frozen=True, kw_only=True)
class PersonTeams:
    """The teams of a colleague, and those that they can be put into."""

    finding: str
    choices: list[TeamOfPerson]
    """By name."""
    led: list[TeamOfPerson]
    drawn: str
    """The fingerprint of what the form is rendered from."""

    @classmethod
    def of(cls, setup: CompanySetup, person: Any) -> "PersonTeams":
        """All teams for somebody who works on cases; for others those that they are in."""
        colleague = setup.people.get(person.id)
        takes_cases = colleague is not None and colleague.works_on_cases
        teams = _teams(setup, person.id)
        return cls(
            finding=_finding(person.name, teams),
            choices=[team for team in teams if takes_cases or team.is_member],
            led=[team for team in teams if team.leads],
            drawn=membership_fingerprint(setup, person.id),
        )


def team_words(setup: CompanySetup) -> Mapping[UUID, str]:
    """The teams of everybody who is in one, by person: “Delivery, Returns (leads it)”."""
    people = {one for team in setup.teams.values() for one in (*team.members, team.leader) if one is not None}
    return {person: ", ".join(map(_called, _own(_teams(setup, person)))) for person in people}


async def choose_teams(uow: UnitOfWork, staff: Staff, person: Any, form: PeopleForm) -> None:
    """Make a colleague a member of the teams that were ticked, and of no other.

    :raises BadAccount: naming the field that is wrong.
    """
    if not staff.administers_company:
        raise BadAccount("teams", message("Only an administrator of the whole company changes teams."))
    who, wanted = AuditActor.of_staff(staff), {uuid_of(team) for team in form.team}
    try:
        await set_teams_of_person(uow, staff.tenant, who, person.id, wanted, seen=form.drawn or None)
    except StaleForm:
        stale = message(
            "Not saved: somebody changed the teams meanwhile. These are the teams as they are now."
        )
        raise BadAccount("teams", stale) from None
    except SetupFaulty as error:
        fault = Message("%(fault)s", {"fault": error.faults[0]["detail"]})
        raise BadAccount("teams", fault) from None


def _teams(setup: CompanySetup, person: UUID) -> list[TeamOfPerson]:
    found = [
        TeamOfPerson(id=key, name=team.name, is_member=person in team.members, leads=team.leader == person)
        for key, team in setup.teams.items()
    ]
    return sorted(found, key=lambda team: (team.name.casefold(), team.id))


def _own(teams: list[TeamOfPerson]) -> list[TeamOfPerson]:
    return [team for team in teams if team.is_member or team.leads]


def _called(team: TeamOfPerson) -> str:
    name = isolated_text(team.name)
    return translated("%(team)s (leads it)") % {"team": name} if team.leads else name


def _finding(name: str, teams: list[TeamOfPerson]) -> str:
    own = _own(teams)
    if not own:
        return spoken(message("%(name)s is in no team.", name=name))
    return spoken(message("%(name)s is in %(teams)s.", name=name, teams=", ".join(map(_called, own))))
