"""The settings page: what people set for themselves, and administrators for their people."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from services.alerts.cases.repository import overview
from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import BadAccount
from services.alerts.frame import open_case_counts, staff_frame
from services.alerts.staff import accounts, settings_acts
from services.alerts.staff.companies import CompanyChoice
from services.alerts.staff.forms import SettingsForm
from services.alerts.staff.labels import ROLE_NAMES, role_options
from services.alerts.staff.repository import people, sessions
from services.alerts.staff.settings_acts import SegmentsWithoutCases, own_fingerprint, person_fingerprint
from shared.db.database import UnitOfWork
from shared.http.csrf import csrf_checked
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.pages.page import Page
from shared.permissions import ADMIN

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
SignedIn = Annotated[Staff, Depends(signed_in())]
ADMIN_ACTS = {"invite", "change", "link", "deactivate", "activate"}
CONFIRMATIONS = {
    "me": "Saved.",
    "password": "The password is changed. Everywhere else you are signed out.",
    "everywhere": "You are signed out everywhere else.",
    "invite": "The invitation is on its way.",
    "change": "Saved. It holds within five minutes.",
    "link": "A new sign-in link is on its way.",
    "deactivate": "Signed out everywhere within five minutes, and cannot sign in any more.",
    "activate": "May sign in again.",
}


@dataclass(frozen=True, kw_only=True)
class SettingsPage(Page):
    """A person's own settings; for an administrator also those of their people."""

    template: ClassVar[str] = "settings.html"
    me: Any
    """The person's row."""
    sessions: list[Any]
    companies: list[CompanyChoice]
    people: list[Any]
    """The people whom an administrator manages; empty for others."""
    known_segments: list[str]
    """The segments of cases, which an administrator may give."""
    role_options: list[tuple[str, str]]
    role_names: dict[str, str]
    own_fingerprint: Callable[[Any], str]
    person_fingerprint: Callable[[Any], str]
    form: SettingsForm
    fault: tuple[str, str] | None
    """The field of the form that is wrong, and what to do."""
    sure: str
    """The segments that count when the form is sent again as it is."""
    done: str


@router.get("/settings")
async def show(request: Request, staff: SignedIn, context: OwnContext, did: str = "") -> Response:
    """The page."""
    return await _page(request, context, staff, did=did)


@router.post("/settings")
async def do(
    request: Request,
    staff: SignedIn,
    context: OwnContext,
    _: Annotated[None, Depends(csrf_checked)],
    form: Annotated[SettingsForm, Form()],
) -> Response:
    """Do it and come back, or say why not."""
    if form.act in ADMIN_ACTS and staff.role != ADMIN:
        raise Problem(404)
    try:
        if form.act == "password":
            context.sign_in.count_attempt(request, str(staff.id), known=staff.session_id)
            await settings_acts.change_password(context.sign_in, staff, form)
        else:
            async with context.database.transaction() as uow:
                await settings_acts.act(uow, staff, form)
    except BadAccount as fault:
        return await _page(request, context, staff, form=form, fault=fault)
    response = RedirectResponse(f"/settings?did={form.act}", 303)
    if form.act == "me" and (access := await context.sign_in.renewed_pass(request)) is not None:
        context.sign_in.set_pass(response, access)
    return response


async def _managed_people(uow: UnitOfWork, staff: Staff) -> list[Any]:
    """The people whom an administrator manages: those who see no more than they do."""
    if staff.role != ADMIN:
        return []
    found = await people.people(uow, staff.tenant)
    return [one for one in found if accounts.is_within(staff.segments, one.segments)]


async def _known_segments(uow: UnitOfWork, staff: Staff) -> list[str]:
    if staff.role != ADMIN:
        return []
    found = await overview.segments_of_cases(uow, staff.tenant)
    return [segment for segment in found if accounts.is_within(staff.segments, [segment])]


async def _page(
    request: Request,
    context: AlertsContext,
    staff: Staff,
    *,
    form: SettingsForm | None = None,
    fault: BadAccount | None = None,
    did: str = "",
) -> Response:
    async with context.database.reading() as uow:
        counts = await open_case_counts(uow, staff) if staff.works_on_cases else None
        frame = await staff_frame(
            uow, staff, here="settings", open_cases=counts.open if counts is not None else None
        )
        page = SettingsPage(
            me=await people.find_person(uow, staff.tenant, staff.id),
            sessions=await sessions.sessions_of(uow, staff.tenant, staff.id),
            companies=await context.sign_in.companies_to_choose(uow, request),
            people=await _managed_people(uow, staff),
            known_segments=await _known_segments(uow, staff),
            role_options=role_options(),
            role_names=ROLE_NAMES,
            own_fingerprint=own_fingerprint,
            person_fingerprint=person_fingerprint,
            form=form or SettingsForm(act="me"),
            fault=(fault.field, fault.remedy) if fault else None,
            sure="\n".join(fault.segments) if isinstance(fault, SegmentsWithoutCases) else "",
            done=CONFIRMATIONS.get(did, ""),
        )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=422 if fault else 200)
