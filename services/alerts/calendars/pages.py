"""The pages of calendars: all of them, and one to be changed or deleted."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.alerts.calendars.calendar_commands import (
    CalendarInUse,
    calendar_fingerprint,
    remove_calendar,
    save_calendar,
    teams_with,
)
from services.alerts.calendars.forms import body_of, faults_by_field, form_of, new_form, slots_of
from services.alerts.calendars.schemas import CalendarBody
from services.alerts.calendars.views import (
    CalendarLine,
    CalendarPage,
    CalendarsPage,
    country_options,
    day_options,
    zone_options,
)
from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import StaleForm
from services.alerts.rules.setup import CompanySetup
from services.alerts.staff.settings_frame import settings_frame
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import read_texts, uuid_of
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import CompanyAdmin, Staff
from shared.ids import uuid7
from shared.pages.language import spoken
from shared.privacy.audit import AuditActor
from shared.tenancy.tenants import find_tenant
from shared.values.messages import message
from shared.values.public_holidays import countries_with_holidays

router = APIRouter(prefix="/settings/calendars", include_in_schema=False, route_class=CheckedRoute)
Did = Annotated[str, Query(max_length=40)]
CONFIRMATIONS = {
    "made": message("The calendar is made. Give it to a team: then deadlines of the team count in it."),
    "saved": message("Saved. Deadlines that begin from now on count by it."),
    "deleted": message("The calendar is deleted."),
}
MADE_ALREADY = message(
    "Another calendar was made by this form already. Save it once more for one of its own."
)
CHANGED = message("Not saved: somebody changed this calendar meanwhile. This is how it stands now.")


@router.get("")
async def show_calendars(
    request: Request, staff: CompanyAdmin, context: OwnContext, did: Did = ""
) -> Response:
    """All that the company has."""
    return await _list(request, staff, context, did=did)


@router.post("")
async def make_calendar(
    request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Make a calendar; the form carries its id, so that it is made once."""
    form = await read_texts(request)
    key = uuid_of(form.get("new_id", ""))
    try:
        calendar = CalendarBody.model_validate(body_of(form)).calendar()
        async with context.database.transaction() as uow:
            await save_calendar(uow, staff.tenant, AuditActor.of_staff(staff), key, calendar, seen="")
    except ValidationError as error:
        return await _list(
            request, staff, context, form=form, faults=faults_by_field(error, form), status_code=422
        )
    except StaleForm:
        again, faults = {**form, "new_id": ""}, {"name": spoken(MADE_ALREADY)}
        return await _list(request, staff, context, form=again, faults=faults, status_code=409)
    return RedirectResponse(f"/settings/calendars/{key}?did=made", 303)


@router.get("/{calendar}")
async def show_calendar(
    calendar: UUID, request: Request, staff: CompanyAdmin, context: OwnContext, did: Did = ""
) -> Response:
    """One calendar."""
    return await _show(request, staff, context, calendar, did=did)


@router.post("/{calendar}")
async def change_calendar(
    calendar: UUID, request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Save what was typed, or delete the calendar."""
    form, who = await read_texts(request), AuditActor.of_staff(staff)
    found = await _setup(context, staff)
    if calendar not in found.calendars:
        raise Problem(404)
    if form.get("act") == "delete":
        try:
            async with context.database.transaction() as uow:
                await remove_calendar(uow, staff.tenant, who, calendar)
        except CalendarInUse as error:
            refusal = message(
                "Not deleted: the team %(team)s has this calendar. Give the team another one first.",
                team=error.teams[0],
            )
            return await _show(request, staff, context, calendar, refusal=spoken(refusal), status_code=409)
        return RedirectResponse("/settings/calendars?did=deleted", 303)
    try:
        wanted = CalendarBody.model_validate(body_of(form)).calendar()
        async with context.database.transaction() as uow:
            await save_calendar(uow, staff.tenant, who, calendar, wanted, seen=form.get("drawn") or None)
    except ValidationError as error:
        faults = faults_by_field(error, form)
        return await _show(request, staff, context, calendar, form=form, faults=faults, status_code=422)
    except StaleForm:
        return await _show(request, staff, context, calendar, refusal=spoken(CHANGED), status_code=409)
    return RedirectResponse(f"/settings/calendars/{calendar}?did=saved", 303)


async def _setup(context: AlertsContext, staff: Staff) -> CompanySetup:
    async with context.database.reading() as uow:
        return await context.setups.one(uow, staff.tenant)


def _choices() -> dict[str, Any]:
    return {
        "zones": zone_options(),
        "countries": country_options(),
        "days": day_options(),
        "slots_of": slots_of,
    }


async def _list(
    request: Request,
    staff: Staff,
    context: AlertsContext,
    *,
    did: str = "",
    form: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        setup = await context.setups.one(uow, staff.tenant)
        frame = await settings_frame(uow, staff)
        tenant = await find_tenant(uow, staff.tenant)
    country = tenant.country if tenant is not None and tenant.country in countries_with_holidays() else ""
    calendars = sorted(setup.calendars.items(), key=lambda one: (one[1].name.casefold(), one[0]))
    page = CalendarsPage(
        calendars=[CalendarLine.of(key, one, teams_with(setup, key)) for key, one in calendars],
        new_id=(form or {}).get("new_id") or str(uuid7()),
        form=form or new_form(frame.time_zone or "UTC", country),
        faults=faults or {},
        done=spoken(CONFIRMATIONS.get(did, "")),
        **_choices(),
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)


async def _show(
    request: Request,
    staff: Staff,
    context: AlertsContext,
    key: UUID,
    *,
    did: str = "",
    form: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
    refusal: str = "",
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        setup = await context.setups.one(uow, staff.tenant)
        frame = await settings_frame(uow, staff)
    calendar = setup.calendars.get(key)
    if calendar is None:
        raise Problem(404)
    page = CalendarPage(
        id=key,
        name=calendar.name,
        teams=teams_with(setup, key),
        drawn=form.get("drawn", "") if form is not None else calendar_fingerprint(calendar),
        refusal=refusal,
        form=form if form is not None else form_of(calendar),
        faults=faults or {},
        done=spoken(CONFIRMATIONS.get(did, "")),
        **_choices(),
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)
