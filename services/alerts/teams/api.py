"""Teams and absences for programs."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from services.alerts.context import OwnContext
from services.alerts.errors import SetupFaulty
from services.alerts.rules.callers import SetupAdmin, SetupReader
from services.alerts.teams.absence_commands import end_absence, save_absence
from services.alerts.teams.schemas import (
    AbsenceAnswer,
    AbsenceBody,
    AbsenceList,
    TeamAnswer,
    TeamBody,
    TeamList,
)
from services.alerts.teams.team_commands import remove_team, save_team
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.privacy.audit import AuditActor

router = APIRouter(prefix="/v1", tags=["cases"], route_class=CheckedRoute)
TeamId = Annotated[UUID, Path(description="The team's id: a UUID of your own.")]
StaffId = Annotated[UUID, Path(description="The person's id.")]


@router.get("/teams", summary="List the teams")
async def list_teams(context: OwnContext, caller: SetupReader) -> TeamList:
    async with context.database.reading() as uow:
        setup = await context.setups.one(uow, caller.tenant)
    return TeamList(teams=[TeamAnswer.of(key, team) for key, team in setup.teams.items()])


@router.put("/teams/{team}", summary="Add or replace a team")
async def write_team(context: OwnContext, caller: SetupAdmin, team: TeamId, body: TeamBody) -> TeamAnswer:
    """It holds for cases that are opened from now on."""
    found = body.team()
    try:
        async with context.database.transaction() as uow:
            await save_team(uow, caller.tenant, AuditActor.of(caller), team, found)
    except SetupFaulty as error:
        raise Problem(422, errors=error.faults) from None
    return TeamAnswer.of(team, found)


@router.delete("/teams/{team}", status_code=204, summary="Delete a team")
async def delete_team(context: OwnContext, caller: SetupAdmin, team: TeamId) -> None:
    """Its cases stay with whom they are. A rule that names it finds nobody there, and asks the next ones."""
    async with context.database.transaction() as uow:
        if not await remove_team(uow, caller.tenant, AuditActor.of(caller), team):
            raise Problem(404)


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
    found = body.absence(person)
    try:
        async with context.database.transaction() as uow:
            await save_absence(uow, caller.tenant, AuditActor.of(caller), found)
    except SetupFaulty as error:
        raise Problem(422, errors=error.faults) from None
    return AbsenceAnswer.of(found)


@router.delete("/absences/{person}", status_code=204, summary="Say that somebody is there after all")
async def delete_absence(context: OwnContext, caller: SetupAdmin, person: StaffId) -> None:
    async with context.database.transaction() as uow:
        if not await end_absence(uow, caller.tenant, AuditActor.of(caller), person):
            raise Problem(404)
