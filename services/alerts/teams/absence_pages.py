"""The pages of absences: one's own, and those of people whom the reader manages or leads."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import SetupFaulty, StaleForm
from services.alerts.rules.setup import CompanySetup
from services.alerts.staff.settings_frame import settings_frame
from services.alerts.teams.absence_commands import (
    absence_fingerprint,
    end_absence,
    led_by,
    may_set_absence,
    possible_deputies,
    save_absence,
)
from services.alerts.teams.domain import Absence, Colleague
from services.alerts.teams.forms import (
    absence_body,
    absence_faults_by_field,
    absence_fields,
    body_faults,
)
from services.alerts.teams.schemas import AbsenceBody
from services.alerts.teams.views import AbsencePage, absence_finding
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import read_texts
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.pages.language import spoken, translated
from shared.privacy.audit import AuditActor
from shared.tenancy.tenants import find_zone
from shared.values.messages import message
from shared.values.zones import zone_of

router = APIRouter(prefix="/settings/absence", include_in_schema=False, route_class=CheckedRoute)
SignedIn = Annotated[Staff, Depends(signed_in())]
Did = Annotated[str, Query(max_length=40)]
CONFIRMATIONS = {
    "saved": message("Saved. New cases go by it."),
    "ended": message("The absence is deleted."),
}
CHANGED = message("Not saved: the absence was changed meanwhile. This is how it stands now.")


@router.get("")
async def show_own_absence(request: Request, staff: SignedIn, context: OwnContext, did: Did = "") -> Response:
    """When the reader is away."""
    return await _show(request, staff, context, staff.id, did=did)


@router.post("")
async def change_own_absence(
    request: Request, staff: SignedIn, _: CsrfChecked, context: OwnContext
) -> Response:
    """Save the reader's own absence, or end it."""
    return await _change(request, staff, context, staff.id)


@router.get("/{person}")
async def show_absence(
    person: UUID, request: Request, staff: SignedIn, context: OwnContext, did: Did = ""
) -> Response:
    """When a colleague is away."""
    return await _show(request, staff, context, person, did=did)


@router.post("/{person}")
async def change_absence(
    person: UUID, request: Request, staff: SignedIn, _: CsrfChecked, context: OwnContext
) -> Response:
    """Save a colleague's absence, or end it."""
    return await _change(request, staff, context, person)


async def _change(request: Request, staff: Staff, context: AlertsContext, person: UUID) -> Response:
    form, who = await read_texts(request), AuditActor.of_staff(staff)
    async with context.database.reading() as uow:
        setup = await context.setups.one(uow, staff.tenant)
        zone = await find_zone(uow, staff.tenant)
    _permitted(setup, staff, person)
    drawn, did = form.get("drawn", ""), "ended"
    try:
        if form.get("act") == "end":
            async with context.database.transaction() as uow:
                await end_absence(uow, staff.tenant, who, person, seen=drawn)
        else:
            body, faults = absence_body(form, zone)
            absence = _absence(body, person, faults)
            if absence is None:
                return await _show(request, staff, context, person, form=form, faults=faults, status_code=422)
            did = "saved"
            async with context.database.transaction() as uow:
                await save_absence(uow, staff.tenant, who, absence, seen=drawn)
    except StaleForm:
        return await _show(request, staff, context, person, refusal=spoken(CHANGED), status_code=409)
    except SetupFaulty as error:
        faults = absence_faults_by_field(error.faults)
        return await _show(request, staff, context, person, form=form, faults=faults, status_code=422)
    return RedirectResponse(f"{_address(staff, person)}?did={did}", 303)


def _absence(body: Mapping[str, object], person: UUID, faults: dict[str, str]) -> Absence | None:
    """The absence of a form; None when something is wrong, which is added to the faults."""
    if faults:
        return None
    try:
        return AbsenceBody.model_validate(body).absence(person)
    except ValidationError as error:
        faults |= absence_faults_by_field(body_faults(error))
        return None


def _permitted(setup: CompanySetup, staff: Staff, person: UUID) -> Colleague:
    """The person, of whom this user may say when they are away.

    :raises Problem: 404 for anybody else.
    """
    if not may_set_absence(setup, staff, person):
        raise Problem(404)
    return setup.people[person]


def _address(staff: Staff, person: UUID) -> str:
    return "/settings/absence" if person == staff.id else f"/settings/absence/{person}"


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
        now = uow.now
    person, zone = _permitted(setup, staff, key), zone_of(frame.time_zone)
    stored = setup.absence_of(key)
    absence = setup.coming_absence_of(key, now)
    own = key == staff.id
    deputy = setup.people.get(absence.deputy) if absence is not None and absence.deputy is not None else None
    led = [setup.people[one] for one in led_by(setup, staff.id)] if own else []
    page = AbsencePage(
        person=person,
        finding=absence_finding(absence, person, zone, own=own),
        deputy=deputy.name if deputy is not None else "",
        is_set=absence is not None,
        deputies=[
            ("", translated("Nobody")),
            *((str(one.id), one.name) for one in possible_deputies(setup, key)),
        ],
        led=[
            (one, absence_finding(setup.coming_absence_of(one.id, now), one, zone, own=False))
            for one in sorted(led, key=lambda one: (one.name.casefold(), one.id))
        ],
        drawn=form.get("drawn", "") if form is not None else absence_fingerprint(stored),
        form=form if form is not None else absence_fields(absence, zone),
        faults=faults or {},
        refusal=refusal,
        done=spoken(CONFIRMATIONS.get(did, "")),
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)
