"""Teams and absences for programs."""

from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from services.alerts.context import OwnContext
from services.alerts.rules.callers import SetupAdmin, SetupReader
from services.alerts.rules.setup import CompanySetup
from services.alerts.teams import repository
from services.alerts.teams.schemas import (
    AbsenceAnswer,
    AbsenceBody,
    AbsenceList,
    TeamAnswer,
    TeamBody,
    TeamList,
)
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.validation_errors import FieldFault
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import message

router = APIRouter(prefix="/v1", tags=["cases"], route_class=CheckedRoute)
TeamId = Annotated[UUID, Path(description="The team's id: a UUID of your own.")]
StaffId = Annotated[UUID, Path(description="The person's id.")]
UNKNOWN_PERSON = message("Nobody of your company who may sign in has this id.")


@router.get("/teams", summary="List the teams")
async def list_teams(context: OwnContext, caller: SetupReader) -> TeamList:
    async with context.database.reading() as uow:
        setup = await context.setups.one(uow, caller.tenant)
    return TeamList(teams=[TeamAnswer.of(key, team) for key, team in setup.teams.items()])


@router.put("/teams/{team}", summary="Add or replace a team")
async def write_team(context: OwnContext, caller: SetupAdmin, team: TeamId, body: TeamBody) -> TeamAnswer:
    """It holds for cases that are opened from now on."""
    found = body.team()
    async with context.database.reading() as uow:
        setup = await context.setups.one(uow, caller.tenant)
    faults = _unknown_people(setup, ((f"/members/{n}", one) for n, one in enumerate(body.members)))
    faults += _unknown_people(setup, [("/leader", body.leader)])
    if body.calendar is not None and body.calendar not in setup.calendars:
        faults.append(FieldFault(field="/calendar", detail=message("Your company has no such calendar.")))
    if faults:
        raise Problem(422, errors=faults)
    async with context.database.transaction() as uow:
        await repository.write_team(uow, caller.tenant, team, found)
        record_audit(uow, caller.tenant, AuditActor.of(caller), "team", str(team))
    return TeamAnswer.of(team, found)


@router.delete("/teams/{team}", status_code=204, summary="Delete a team")
async def delete_team(context: OwnContext, caller: SetupAdmin, team: TeamId) -> None:
    """Its cases stay with whom they are. A rule that names it finds nobody there, and asks the next ones."""
    async with context.database.transaction() as uow:
        if not await repository.delete_team(uow, caller.tenant, team):
            raise Problem(404)
        record_audit(uow, caller.tenant, AuditActor.of(caller), "team", str(team), deleted=True)


@router.get("/absences", summary="List who is away, and when")
async def list_absences(context: OwnContext, caller: SetupReader) -> AbsenceList:
    async with context.database.reading() as uow:
        setup = await context.setups.one(uow, caller.tenant)
    return AbsenceList(absences=[AbsenceAnswer.of(one) for one in setup.absences])


@router.put("/absences/{person}", summary="Say when somebody is away")
async def write_absence(
    context: OwnContext, caller: SetupAdmin, person: StaffId, body: AbsenceBody
) -> AbsenceAnswer:
    """New cases of theirs go to the deputy meanwhile. A person has one absence: it replaces another one."""
    async with context.database.reading() as uow:
        setup = await context.setups.one(uow, caller.tenant)
    if person not in setup.people:
        raise Problem(404)
    if faults := _unknown_people(setup, [("/deputy", body.deputy)]):
        raise Problem(422, errors=faults)
    found = body.absence(person)
    async with context.database.transaction() as uow:
        await repository.write_absence(uow, caller.tenant, found)
        record_audit(uow, caller.tenant, AuditActor.of(caller), "absence", str(person))
    return AbsenceAnswer.of(found)


@router.delete("/absences/{person}", status_code=204, summary="Say that somebody is there after all")
async def delete_absence(context: OwnContext, caller: SetupAdmin, person: StaffId) -> None:
    async with context.database.transaction() as uow:
        if not await repository.delete_absence(uow, caller.tenant, person):
            raise Problem(404)
        record_audit(uow, caller.tenant, AuditActor.of(caller), "absence", str(person), deleted=True)


def _unknown_people(setup: CompanySetup, named: Iterable[tuple[str, UUID | None]]) -> list[FieldFault]:
    return [
        FieldFault(field=field, detail=UNKNOWN_PERSON)
        for field, person in named
        if person is not None and person not in setup.people
    ]
