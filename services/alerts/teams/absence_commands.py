"""Saying when somebody is away and who stands in, by whichever door it is asked for."""

from uuid import UUID

from services.alerts.errors import SetupFaulty, StaleForm
from services.alerts.rules.repository import lock_setup
from services.alerts.rules.setup import CompanySetup
from services.alerts.staff import accounts
from services.alerts.staff.settings_acts import fingerprint
from services.alerts.teams import repository
from services.alerts.teams.domain import Absence, Colleague
from services.alerts.teams.team_commands import UNKNOWN_PERSON
from shared.db.database import UnitOfWork
from shared.http.staff_auth import Staff
from shared.http.validation_errors import FieldFault
from shared.permissions import ADMIN
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import message

UNFIT_DEPUTY = message("Choose another colleague who works on cases and may see the same segments.")


def absence_faults(setup: CompanySetup, absence: Absence) -> list[FieldFault]:
    """What is wrong with the deputy, who must be able to do the person's work."""
    if absence.deputy is None:
        return []
    if absence.deputy not in setup.people:
        return [FieldFault(field="/deputy", detail=UNKNOWN_PERSON)]
    if absence.deputy not in {one.id for one in possible_deputies(setup, absence.person)}:
        return [FieldFault(field="/deputy", detail=UNFIT_DEPUTY)]
    return []


def possible_deputies(setup: CompanySetup, person: UUID) -> list[Colleague]:
    """Who may stand in for a person of the company, by name."""
    segments = setup.people[person].segments
    fit = (
        one
        for one in setup.people.values()
        if one.id != person and one.works_on_cases and accounts.is_within(one.segments, segments)
    )
    return sorted(fit, key=lambda one: (one.name.casefold(), one.id))


def may_set_absence(setup: CompanySetup, staff: Staff, person: UUID) -> bool:
    """Whether this user says when a person is away: the person, an administrator, or their team's leader."""
    found = setup.people.get(person)
    if found is None:
        return False
    manages = staff.role == ADMIN and accounts.is_within(staff.segments, found.segments)
    return person == staff.id or manages or person in led_by(setup, staff.id)


def led_by(setup: CompanySetup, leader: UUID) -> set[UUID]:
    """The active members of the teams that this person leads, without the leader."""
    teams = [team for team in setup.teams.values() if team.leader == leader]
    return {one for team in teams for one in team.members if one in setup.people} - {leader}


async def save_absence(
    uow: UnitOfWork, tenant: str, who: AuditActor, absence: Absence, *, seen: str | None = None
) -> None:
    """Add or replace the absence of a person.

    :param seen: the fingerprint of the absence that a form was rendered from; None: whatever it is by now.
    :raises StaleForm: when it has been changed since, unless to the same.
    :raises SetupFaulty: when the deputy cannot do the person's work.
    """
    setup = await lock_setup(uow, tenant)
    _refuse_if_stale(setup.absence_of(absence.person), seen, absence)
    if absence.person in setup.people and (faults := absence_faults(setup, absence)):
        raise SetupFaulty(faults)
    await repository.write_absence(uow, tenant, absence)
    record_audit(uow, tenant, who, "absence", str(absence.person))


async def end_absence(
    uow: UnitOfWork, tenant: str, who: AuditActor, person: UUID, *, seen: str | None = None
) -> bool:
    """Say that a person is there after all; False if they have no absence.

    :raises StaleForm: as :func:`save_absence`.
    """
    _refuse_if_stale((await lock_setup(uow, tenant)).absence_of(person), seen, None)
    if not await repository.delete_absence(uow, tenant, person):
        return False
    record_audit(uow, tenant, who, "absence", str(person), deleted=True)
    return True


def _refuse_if_stale(stored: Absence | None, seen: str | None, wanted: Absence | None) -> None:
    if seen is not None and absence_fingerprint(stored) != seen and stored != wanted:
        raise StaleForm


def absence_fingerprint(absence: Absence | None) -> str:
    """What the form of an absence was rendered from; empty: there was none."""
    if absence is None:
        return ""
    return fingerprint(absence.since.timestamp(), absence.until.timestamp(), str(absence.deputy))
