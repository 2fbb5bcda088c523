"""What everybody sets for themselves, and administrators for their people."""

import hashlib
import json
from difflib import get_close_matches
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from services.alerts import accounts, views, words
from services.alerts.context import own_context
from services.alerts.errors import BadAccount
from services.alerts.passwords import LONGEST as LONGEST_PASSWORD
from services.alerts.passwords import password_fault
from services.alerts.repository import notices, people
from shared.db.database import UnitOfWork
from shared.http.csrf import csrf_checked
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.permissions import ADMIN, ROLES
from shared.tenancy.tenants import find_tenant

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
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
    drawn: str = ""
    """How the person stood when the form was drawn, as ``drawn_own`` or ``drawn_person`` tells it."""
    sure: str = ""
    """That it is meant: to end somebody's access, or the segments of which no case has come."""


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
    if form.act in FOR_ADMINS and staff.role != ADMIN:
        raise Problem(404)
    try:
        if form.act == "password":
            await _change_password(request, staff, form)
        else:
            async with own_context(request).sign_in.database.transaction() as uow:
                await _change(uow, staff, form)
    except BadAccount as fault:
        return await _page(request, staff, form=form, fault=fault)
    response = RedirectResponse(f"/settings?did={form.act}", 303)
    if form.act == "me" and (access := await own_context(request).sign_in.renewed(request)) is not None:
        own_context(request).sign_in.hand_pass(response, access)
    return response


async def _change(uow: UnitOfWork, staff: Staff, form: SettingsForm) -> None:
    match form.act:
        case "me":
            await _change_own(uow, staff, form)
        case "everywhere":
            await people.end_sessions(uow, staff.tenant, staff.id, but=accounts.session_id(staff))
        case "invite":
            segments = await _segments(uow, staff, form)
            person = await accounts.create_person(
                uow, staff.tenant, address=form.address, name=form.name, role=form.role, segments=segments
            )
            await notices.invite(uow, staff.tenant, person, by=staff.id)
        case "change":
            await _change_person(uow, staff, form)
        case "link":
            found = await _person_of_own(uow, staff, form)
            if not found.active:
                raise BadAccount("person", "Nobody who may sign in.")
            await notices.invite(uow, staff.tenant, found.id, by=staff.id)
        case "deactivate":
            if not form.sure:
                raise BadAccount("person", "Tick that it is meant.")
            await accounts.dismiss(uow, staff.tenant, (await _person_of_own(uow, staff, form)).id)
        case "activate":
            await accounts.readmit(uow, staff.tenant, (await _person_of_own(uow, staff, form)).id)


async def _change_own(uow: UnitOfWork, staff: Staff, form: SettingsForm) -> None:
    me = await people.find_person(uow, staff.tenant, staff.id, lock=True)
    if form.drawn and form.drawn != drawn_own(me):
        raise BadAccount("name", "You changed this elsewhere meanwhile. Look at both and save again.")
    name = accounts.clean_name(form.name)
    await people.change_own(uow, staff.tenant, staff.id, name=name, wants_mail=form.wants_mail == "on")


async def _change_person(uow: UnitOfWork, staff: Staff, form: SettingsForm) -> None:
    person = await _person_of_own(uow, staff, form)
    if form.drawn and form.drawn != drawn_person(person):
        raise BadAccount(
            "person",
            f"Not saved: somebody changed what {person.name} may do and see meanwhile. The role is as it "
            "stands now, the segments are as you wrote them. Look at both and save again.",
        )
    segments = await _segments(uow, staff, form)
    await accounts.change_role(uow, staff.tenant, person.id, role=form.role, segments=segments)


async def _person_of_own(uow: UnitOfWork, staff: Staff, form: SettingsForm) -> Any:
    """Somebody who sees no more than the administrator does."""
    found = await people.find_person(uow, staff.tenant, _person(form))
    if found is None or not accounts.within(staff.segments, found.segments):
        raise BadAccount("person", "There is nobody like that among your people.")
    return found


def drawn_own(me: Any) -> str:
    """What the form about oneself was drawn from: a stale one must not take back what it did not show."""
    return _fingerprint(me.name, me.wants_mail)


def drawn_person(person: Any) -> str:
    """The same of the form about a colleague."""
    return _fingerprint(person.role, person.segments, person.active)


def _fingerprint(*facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


async def _segments(uow: UnitOfWork, staff: Staff, form: SettingsForm) -> list[str]:
    """One on each line, none of them wider than what the administrator sees.

    :raises BadAccount: also when no case has come from one of them, until it is meant.
    """
    wanted = accounts.clean_segments(form.segments.splitlines())
    if not accounts.within(staff.segments, wanted):
        raise BadAccount("segments", "You can let others see only what you see.")
    known, unheard = await people.known_segments(uow, staff.tenant), []
    if known:  # a company without a case has none that could be misspelt
        unheard = await people.unheard_segments(uow, staff.tenant, wanted)
    if unheard and form.sure.split() != " ".join(unheard).split():
        like = get_close_matches(unheard[0], known, n=1)
        instead = f" Do you mean {like[0]}?" if like else ""
        raise UnheardSegments(
            unheard, f"No case has come from {', '.join(unheard)} yet.{instead} To keep it, save once more."
        )
    return wanted


class UnheardSegments(BadAccount):
    """Segments that may be misspelt; sent again as they are they count."""

    def __init__(self, unheard: list[str], remedy: str) -> None:
        super().__init__("segments", remedy)
        self.unheard = unheard


async def _change_password(request: Request, staff: Staff, form: SettingsForm) -> None:
    sign_in = own_context(request).sign_in
    sign_in.count(request, str(staff.id), known=staff.session_id)
    async with sign_in.database.reading() as uow:
        account = await people.find_person(uow, staff.tenant, staff.id)
        company = await find_tenant(uow, staff.tenant)
    kept = account.password_hash if account is not None else None
    current = form.current[: LONGEST_PASSWORD + 1]
    if not all(await sign_in.passwords.matching([kept], current, times=1, known=True)):
        raise BadAccount("current", "That is not your password.")
    own = (account.address if account is not None else "", company.name if company else "")
    if fault := password_fault(form.password, *own):
        raise BadAccount("password", fault)
    fresh = await sign_in.passwords.hash(form.password)
    async with sign_in.database.transaction() as uow:
        await people.keep_password(uow, staff.tenant, staff.id, fresh)
        await people.end_sessions(uow, staff.tenant, staff.id, but=accounts.session_id(staff))


def _person(form: SettingsForm) -> UUID:
    if form.person is None:
        raise BadAccount("person", "Choose somebody.")
    return form.person


async def _people(uow: UnitOfWork, staff: Staff) -> list[Any]:
    """Whom an administrator looks after: those who see no more than they do."""
    if staff.role != ADMIN:
        return []
    found = await people.people(uow, staff.tenant)
    return [one for one in found if accounts.within(staff.segments, one.segments)]


async def _known_segments(uow: UnitOfWork, staff: Staff) -> list[str]:
    if staff.role != ADMIN:
        return []
    found = await people.known_segments(uow, staff.tenant)
    return [segment for segment in found if accounts.within(staff.segments, [segment])]


async def _page(
    request: Request,
    staff: Staff,
    *,
    form: SettingsForm | None = None,
    fault: BadAccount | None = None,
    did: str = "",
) -> Response:
    async with own_context(request).sign_in.database.reading() as uow:
        context: dict[str, Any] = {
            **await views.frame(uow, staff),
            "me": await people.find_person(uow, staff.tenant, staff.id),
            "sessions": await people.sessions(uow, staff.tenant, staff.id),
            "people": await _people(uow, staff),
            "known_segments": await _known_segments(uow, staff),
            "companies": await own_context(request).sign_in.choices(uow, request),
        }
        if staff.works_on_cases:
            context["open_cases"] = (await views.open_cases(uow, staff)).open
    return own_context(request).pages.response(
        request,
        "settings.html",
        staff=staff,
        status_code=422 if fault else 200,
        **context,
        here="settings",
        role_options=[(role, words.ROLE_WORDS[role].partition(" ")[2].capitalize()) for role in ROLES],
        role_words=words.ROLE_WORDS,
        drawn_own=drawn_own,
        drawn_person=drawn_person,
        form=form or SettingsForm(act="me"),
        fault=(fault.field, fault.remedy) if fault else None,
        sure="\n".join(fault.unheard) if isinstance(fault, UnheardSegments) else "",
        done=DONE.get(did, ""),
    )
