"""Calendars for programs: in whose hours the deadlines of a team count."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from services.alerts.calendars.calendar_commands import CalendarInUse, remove_calendar, save_calendar
from services.alerts.calendars.schemas import CalendarAnswer, CalendarBody, CalendarList
from services.alerts.context import OwnContext
from services.alerts.rules.callers import SetupAdmin, SetupReader
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(prefix="/v1/calendars", tags=["cases"], route_class=CheckedRoute)
CalendarId = Annotated[UUID, Path(description="The calendar's id: a UUID of your own.")]


@router.get("", summary="List the calendars")
async def list_calendars(context: OwnContext, caller: SetupReader) -> CalendarList:
    async with context.database.reading() as uow:
        setup = await context.setups.one(uow, caller.tenant)
    return CalendarList(calendars=[CalendarAnswer.of(key, one) for key, one in setup.calendars.items()])


@router.put("/{calendar}", summary="Add or replace a calendar")
async def write_calendar(
    context: OwnContext, caller: SetupAdmin, calendar: CalendarId, body: CalendarBody
) -> CalendarAnswer:
    """It holds for deadlines that begin from now on; those that run stay as they are."""
    found = body.calendar()
    async with context.database.transaction() as uow:
        await save_calendar(uow, caller.tenant, AuditActor.of(caller), calendar, found)
    return CalendarAnswer.of(calendar, found)


@router.delete("/{calendar}", status_code=204, summary="Delete a calendar")
async def delete_calendar(context: OwnContext, caller: SetupAdmin, calendar: CalendarId) -> None:
    """Refused (409) while a team has it."""
    try:
        async with context.database.transaction() as uow:
            if not await remove_calendar(uow, caller.tenant, AuditActor.of(caller), calendar):
                raise Problem(404)
    except CalendarInUse:
        raise Problem(
            409, message("A team has this calendar."), message("Give the team another one, then delete it.")
        ) from None
