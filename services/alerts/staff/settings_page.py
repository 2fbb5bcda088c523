"""The settings page: what people set for themselves, and administrators for their people."""

from collections.abc import Callable, Sequence
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
from services.alerts.staff.forms import AS_BROWSER, SettingsForm
from services.alerts.staff.labels import device_label, role_name, role_options
from services.alerts.staff.repository import people, sessions
from services.alerts.staff.settings_acts import SegmentsWithoutCases, own_fingerprint, person_fingerprint
from shared.db.database import UnitOfWork
from shared.http.csrf import csrf_checked
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.pages.language import SOURCE_LANGUAGE, native_name, spoken, translated
from shared.pages.page import Page
from shared.permissions import ADMIN
from shared.values.messages import message

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
SignedIn = Annotated[Staff, Depends(signed_in())]
ADMIN_ACTS = {"invite", "change", "link", "deactivate", "activate"}
CONFIRMATIONS = {
    "me": message("Saved."),
    "password": message("The password is changed. Everywhere else you are signed out."),
    "everywhere": message("You are signed out everywhere else."),
    "invite": message("The invitation is on its way."),
    "change": message("Saved. It holds within five minutes."),
    "link": message("A new sign-in link is on its way."),
    "deactivate": message("Signed out everywhere within five minutes, and cannot sign in any more."),
    "activate": message("May sign in again."),
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
    language_options: list[tuple[str, str]]
    role: str
    """The person's own, within a sentence."""
    role_options: list[tuple[str, str]]
    device_label: Callable[[str], str]
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
                await settings_acts.act(uow, staff, form, context.pages.languages)
    except BadAccount as fault:
        return await _page(request, context, staff, form=form, fault=fault)
    response = RedirectResponse(f"/settings?did={form.act}", 303)
    if form.act == "me" and (session := await context.sign_in.session_of(request)) is not None:
        context.sign_in.set_pass(response, session)
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


def _language_options(languages: Sequence[str]) -> list[tuple[str, str]]:
    """The languages of our pages by their own names, English first."""
    tags = sorted(languages, key=lambda tag: tag != SOURCE_LANGUAGE)
    return [(AS_BROWSER, translated("As my browser")), *((tag, native_name(tag)) for tag in tags)]


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
        me: Any = await people.find_person(uow, staff.tenant, staff.id)
        page = SettingsPage(
            me=me,
            sessions=await sessions.sessions_of(uow, staff.tenant, staff.id),
            companies=await context.sign_in.companies_to_choose(uow, request),
            people=await _managed_people(uow, staff),
            known_segments=await _known_segments(uow, staff),
            language_options=_language_options(context.pages.languages),
            role=role_name(me.role),
            role_options=role_options(),
            device_label=device_label,
            own_fingerprint=own_fingerprint,
            person_fingerprint=person_fingerprint,
            form=form or SettingsForm(act="me"),
            fault=(fault.field, spoken(fault.remedy)) if fault else None,
            sure="\n".join(fault.segments) if isinstance(fault, SegmentsWithoutCases) else "",
            done=spoken(CONFIRMATIONS.get(did, "")),
        )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=422 if fault else 200)
