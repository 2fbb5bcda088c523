"""Where a person is signed in, and how each of these sessions ends."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from services.alerts.context import OwnContext
from services.alerts.staff.access_commands import end_session, end_sessions
from services.alerts.staff.companies import CompanyChoice
from services.alerts.staff.forms import SessionsForm
from services.alerts.staff.labels import device_label
from services.alerts.staff.repository import sessions
from services.alerts.staff.sessions import session_id
from services.alerts.staff.settings_frame import settings_frame
from shared.http.csrf import CsrfChecked
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.pages.language import spoken
from shared.pages.page import Page
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
SignedIn = Annotated[Staff, Depends(signed_in())]
CONFIRMATIONS = {
    "everywhere": message("You are signed out everywhere else."),
    "end": message("That session is over."),
}


@dataclass(frozen=True, kw_only=True)
class SessionsPage(Page):
    """A person's sessions, newest first, and the companies that their password opens."""

    template: ClassVar[str] = "sessions.html"
    sessions: list[Any]
    companies: list[CompanyChoice]
    device_label: Callable[[str], str]
    done: str


@router.get("/settings/sessions")
async def show_sessions(request: Request, staff: SignedIn, context: OwnContext, did: str = "") -> Response:
    """The page."""
    async with context.database.reading() as uow:
        frame = await settings_frame(uow, staff)
        page = SessionsPage(
            sessions=await sessions.sessions_of(uow, staff.tenant, staff.id),
            companies=await context.sign_in.companies_to_choose(uow, request),
            device_label=device_label,
            done=spoken(CONFIRMATIONS.get(did, "")),
        )
    return context.pages.page(request, page, staff=staff, frame=frame)


@router.post("/settings/sessions")
async def change_sessions(
    staff: SignedIn,
    context: OwnContext,
    _: CsrfChecked,
    form: Annotated[SessionsForm, Form()],
) -> Response:
    """End one session of the person's own, or all but this one."""
    who = AuditActor.of_staff(staff)
    async with context.database.transaction() as uow:
        if form.act == "end" and form.session is not None:
            await end_session(uow, staff.tenant, who, staff.id, form.session)
        elif form.act == "everywhere":
            await end_sessions(uow, staff.tenant, who, staff.id, but=session_id(staff))
    return RedirectResponse(f"/settings/sessions?did={form.act}", 303)
