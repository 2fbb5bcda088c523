"""Saving and deleting teams, by whichever door it is asked for."""

from uuid import UUID

import msgspec

from services.alerts.errors import SetupFaulty, StaleForm
from services.alerts.rules.repository import lock_setup
from services.alerts.rules.setup import CompanySetup
from services.alerts.staff.settings_acts import fingerprint
from services.alerts.teams import repository
from services.alerts.teams.domain import CaseTeam
from shared.db.database import UnitOfWork
from shared.http.validation_errors import FieldFault
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import message

UNKNOWN_PERSON = message("Nobody of your company who may sign in has this id.")
UNKNOWN_CALENDAR = message("Your company has no such calendar.")


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
