"""What everybody sets for themselves, and administrators for their people."""

from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from services.alerts import accounts, views
from services.alerts.errors import BadAccount
from services.alerts.repository import notices, people
from services.alerts.sign_in import SignIn
from shared.db.database import UnitOfWork
from shared.http.csrf import csrf_checked
from shared.http.problems import Problem
from shared.http.routes import Ordered
from shared.http.staff import ROLES, Staff, signed_in
from shared.pages.environment import Pages

router = APIRouter(include_in_schema=False, route_class=Ordered)
Anybody = Annotated[Staff, Depends(signed_in())]
Act = Literal["me", "password", "everywhere", "invite", "change", "link", "deactivate", "activate"]
FOR_ADMINS = {"invite", "change", "link", "deactivate", "activate"}
DONE: dict[str, str] = {
    "me": "Saved.",
    "password": "The password is changed. Everywhere else you are signed out.",
    "everywhere": "You are signed out everywhere else.",
    "invite": "The invitation is on its way.",
    "change": "Saved. It holds within five minutes.",
    "link": "A new sign-in link is on its way.",
    "deactivate": "Signed out everywhere within five minutes, and cannot sign in any more.",
    "activate": "May sign in again.",
}


class SettingsForm(BaseModel):
    """What the forms of the page send."""

    act: Act
    person: UUID | None = None
    name: str = ""
    wants_mail: str = ""
    current: str = ""
    password: str = ""
    address: str = ""
    role: str = ""
    segments: str = ""


@router.get("/settings")
async def show(request: Request, staff: Anybody, did: str = "") -> Response:
    """The page."""
    return await _page(request, staff, did=did if did in get_args(Act) else "")


@router.post("/settings")
async def do(
    request: Request,
    staff: Anybody,
    _: Annotated[None, Depends(csrf_checked)],
    form: Annotated[SettingsForm, Form()],
) -> Response:
    """Do it and come back, or say why not."""
    if form.act in FOR_ADMINS and staff.role != "admin":
        raise Problem(404)
    try:
        if form.act == "password":
            await _change_password(request, staff, form)
        else:
            async with _sign_in(request).database.transaction() as uow:
                await _change(uow, staff, form)
    except BadAccount as fault:
        return await _page(request, staff, form=form, fault=fault)
    response = RedirectResponse(f"/settings?did={form.act}", 303)
    if form.act == "me" and (access := await _sign_in(request).renewed(request)) is not None:
        _sign_in(request).hand_pass(response, access)
    return response


async def _change(uow: UnitOfWork, staff: Staff, form: SettingsForm) -> None:
    segments = form.segments.split()
    match form.act:
        case "me":
            name = " ".join(form.name.split())
            if not name or len(name) > accounts.LONGEST:
                raise BadAccount("name", "Write the name that colleagues read.")
            await people.change_own(
                uow, staff.tenant, staff.id, name=name, wants_mail=form.wants_mail == "on"
            )
        case "everywhere":
            await people.end_sessions(uow, staff.tenant, staff.id, but=accounts.session_id(staff))
        case "invite":
            person = await accounts.create_person(
                uow, staff.tenant, address=form.address, name=form.name, role=form.role, segments=segments
            )
            await notices.invite(uow, staff.tenant, person)
        case "change":
            person = _person(form)
            await accounts.change_role(uow, staff.tenant, person, role=form.role, segments=segments)
        case "link":
            found = await people.find_person(uow, staff.tenant, _person(form))
            if found is None or not found.active:
                raise BadAccount("person", "Nobody who may sign in.")
            await notices.invite(uow, staff.tenant, found.id)
        case "deactivate":
            await accounts.dismiss(uow, staff.tenant, _person(form))
        case "activate":
            await accounts.readmit(uow, staff.tenant, _person(form))


async def _change_password(request: Request, staff: Staff, form: SettingsForm) -> None:
    sign_in = _sign_in(request)
    sign_in.slow_down(request, str(staff.id))
    async with sign_in.database.reading() as uow:
        account = await people.find_person(uow, staff.tenant, staff.id)
    kept = account.password_hash if account is not None else None
    if not await sign_in.passwords.matches(kept, form.current[: accounts.LONGEST + 1]):
        raise BadAccount("current", "That is not your password.")
    if fault := accounts.password_fault(form.password):
        raise BadAccount("password", fault)
    fresh = await sign_in.passwords.hash(form.password)
    async with sign_in.database.transaction() as uow:
        await people.keep_password(uow, staff.tenant, staff.id, fresh)
        await people.end_sessions(uow, staff.tenant, staff.id, but=accounts.session_id(staff))


def _person(form: SettingsForm) -> UUID:
    if form.person is None:
        raise BadAccount("person", "Choose somebody.")
    return form.person


async def _page(
    request: Request,
    staff: Staff,
    *,
    form: SettingsForm | None = None,
    fault: BadAccount | None = None,
    did: str = "",
) -> Response:
    async with _sign_in(request).database.reading() as uow:
        context: dict[str, Any] = {
            **await views.frame(uow, staff),
            "me": await people.find_person(uow, staff.tenant, staff.id),
            "sessions": await people.sessions(uow, staff.tenant, staff.id),
            "people": await people.people(uow, staff.tenant) if staff.role == "admin" else [],
        }
        if staff.role in {"admin", "leader", "agent"}:
            context["open_cases"] = (await views.open_cases(uow, staff)).open
    pages: Pages = request.app.state.pages
    return pages.response(
        request,
        "settings.html",
        staff=staff,
        status_code=422 if fault else 200,
        **context,
        here="settings",
        roles=ROLES,
        form=form or SettingsForm(act="me"),
        fault=(fault.field, fault.remedy) if fault else None,
        done=DONE.get(did, ""),
    )


def _sign_in(request: Request) -> SignIn:
    sign_in: SignIn = request.app.state.sign_in
    return sign_in
