"""Saving and deleting teams, by whichever door it is asked for."""

from collections.abc import Collection
from uuid import UUID

import msgspec

from services.alerts.errors import SetupFaulty, StaleForm
from services.alerts.rules.repository import lock_setup
from services.alerts.rules.setup import CompanySetup
from services.alerts.staff.settings_acts import fingerprint
from services.alerts.teams import repository
from services.alerts.teams.domain import CaseTeam
from services.alerts.teams.schemas import MAX_MEMBERS
from shared.db.database import UnitOfWork
from shared.http.validation_errors import FieldFault
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import message

UNKNOWN_PERSON = message("Nobody of your company who may sign in has this id.")
UNKNOWN_CALENDAR = message("Your company has no such calendar.")
UNKNOWN_TEAM = message("Your company has no such team.")
FULL_TEAM = message("A team has %(most)s members at most.", most=MAX_MEMBERS)


def team_faults(setup: CompanySetup, team: CaseTeam) -> list[FieldFault]:
    """What a team names that the company does not have."""
    named = [(f"/members/{n}", one) for n, one in enumerate(team.members)]
    if team.leader is not None:
        named.append(("/leader", team.leader))
    faults = [
        FieldFault(field=field, detail=UNKNOWN_PERSON) for field, one in named if one not in setup.people
    ]
    if team.calendar is not None and team.calendar not in setup.calendars:
        faults.append(FieldFault(field="/calendar", detail=UNKNOWN_CALENDAR))
    return faults


async def save_team(
    uow: UnitOfWork, tenant: str, who: AuditActor, key: UUID, team: CaseTeam, *, seen: str | None = None
) -> None:
    """Add or replace a team.

    :param seen: the fingerprint of the team that a form was rendered from; None: whatever it is by now.
    :raises StaleForm: when it has been changed since, unless to the same.
    :raises SetupFaulty: when it names what the company does not have.
    """
    setup = await lock_setup(uow, tenant)
    stored = setup.teams.get(key)
    if seen is not None and team_fingerprint(stored) != seen and stored != team:
        raise StaleForm
    if faults := team_faults(setup, team):
        raise SetupFaulty(faults)
    await repository.write_team(uow, tenant, key, team)
    record_audit(uow, tenant, who, "team", str(key))


async def set_teams_of_person(
    uow: UnitOfWork, tenant: str, who: AuditActor, person: UUID, wanted: Collection[UUID], *, seen: str | None
) -> None:
    """Make somebody a member of these teams and of no other; whom they lead stays as it is.

    Each team that changes is saved, without those who may not sign in any more.

    :param seen: the fingerprint of the teams that the form was rendered from; None: whatever they are by now.
    :raises StaleForm: when they are in other teams by now, unless in those that are wanted.
    :raises SetupFaulty: when there is no such team or person, or a team is full.
    """
    setup = await lock_setup(uow, tenant)
    is_stale = seen is not None and seen != membership_fingerprint(setup, person)
    if is_stale and _teams_with(setup, person) != set(wanted):
        raise StaleForm
    if not setup.teams.keys() >= set(wanted):
        raise SetupFaulty([FieldFault(field="/teams", detail=UNKNOWN_TEAM)])
    for key, team in sorted(setup.teams.items()):
        if (person in team.members) == (key in wanted):
            continue
        members = [one for one in team.members if one in setup.people and one != person]
        if key in wanted:
            members.append(person)
        if len(members) > MAX_MEMBERS:
            raise SetupFaulty([FieldFault(field="/teams", detail=FULL_TEAM)])
        leader = team.leader if team.leader in setup.people else None
        changed = msgspec.structs.replace(team, members=tuple(members), leader=leader)
        await save_team(uow, tenant, who, key, changed)


def membership_fingerprint(setup: CompanySetup, person: UUID) -> str:
    """Of the teams that somebody is a member of."""
    return fingerprint(sorted(map(str, _teams_with(setup, person))))


def _teams_with(setup: CompanySetup, person: UUID) -> set[UUID]:
    return {key for key, team in setup.teams.items() if person in team.members}


async def remove_team(uow: UnitOfWork, tenant: str, who: AuditActor, key: UUID) -> bool:
    """Delete a team; False if there is none. Its cases stay with whom they are."""
    await lock_setup(uow, tenant)
    if not await repository.delete_team(uow, tenant, key):
        return False
    record_audit(uow, tenant, who, "team", str(key), deleted=True)
    return True


def team_fingerprint(team: CaseTeam | None) -> str:
    """What the form of a team was rendered from; empty: there was no team yet."""
    return fingerprint(msgspec.to_builtins(team)) if team is not None else ""
