"""The settings page: what people set for themselves, and administrators for their people."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, ClassVar, Literal, get_args
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from services.alerts.cases.repository import lists
from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import BadAccount
from services.alerts.frame import open_case_counts, staff_frame
from services.alerts.notices import repository as notices
from services.alerts.staff import accounts
from services.alerts.staff.companies import CompanyChoice
from services.alerts.staff.labels import ROLE_NAMES, role_options
from services.alerts.staff.passwords import MAX_PASSWORD_CHARS, password_fault
from services.alerts.staff.repository import people, sessions
from services.alerts.staff.sessions import session_id
from shared.db.database import UnitOfWork
from shared.http.csrf import csrf_checked
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.pages.page import Page
from shared.permissions import ADMIN
from shared.tenancy.tenants import find_tenant

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
SignedIn = Annotated[Staff, Depends(signed_in())]
Act = Literal["me", "password", "everywhere", "invite", "change", "link", "deactivate", "activate"]
ADMIN_ACTS = {"invite", "change", "link", "deactivate", "activate"}
CONFIRMATIONS: dict[str, str] = {
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
    """The fingerprint of what the form was rendered from (own_fingerprint, person_fingerprint)."""
    sure: str = ""
    """A confirmation: to end a person's access, or the segments of which no case has come."""


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
    return await _page(request, context, staff, did=did if did in get_args(Act) else "")


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
            await _change_password(request, context, staff, form)
        else:
            async with context.database.transaction() as uow:
                await _act(uow, staff, form)
    except BadAccount as fault:
        return await _page(request, context, staff, form=form, fault=fault)
    response = RedirectResponse(f"/settings?did={form.act}", 303)
    if form.act == "me" and (access := await context.sign_in.renewed_pass(request)) is not None:
        context.sign_in.set_pass(response, access)
    return response


async def _act(uow: UnitOfWork, staff: Staff, form: SettingsForm) -> None:
    match form.act:
        case "me":
            await _change_own(uow, staff, form)
        case "everywhere":
            await sessions.delete_sessions(uow, staff.tenant, staff.id, except_session=session_id(staff))
        case "invite":
            segments = await _segments(uow, staff, form)
            person = await accounts.create_person(
                uow, staff.tenant, address=form.address, name=form.name, role=form.role, segments=segments
            )
            await notices.queue_invitation(uow, staff.tenant, person, by=staff.id)
        case "change":
            await _change_person(uow, staff, form)
        case "link":
            found = await _managed_person(uow, staff, form)
            if not found.active:
                raise BadAccount("person", "Nobody who may sign in.")
            await notices.queue_invitation(uow, staff.tenant, found.id, by=staff.id)
        case "deactivate":
            if not form.sure:
                raise BadAccount("person", "Tick that it is meant.")
            await accounts.dismiss(uow, staff.tenant, (await _managed_person(uow, staff, form)).id)
        case "activate":
            await accounts.readmit(uow, staff.tenant, (await _managed_person(uow, staff, form)).id)


async def _change_own(uow: UnitOfWork, staff: Staff, form: SettingsForm) -> None:
    me = await people.find_person(uow, staff.tenant, staff.id, lock=True)
    if form.drawn and form.drawn != own_fingerprint(me):
        raise BadAccount("name", "You changed this elsewhere meanwhile. Look at both and save again.")
    name = accounts.clean_name(form.name)
    await people.set_preferences(uow, staff.tenant, staff.id, name=name, wants_mail=form.wants_mail == "on")


async def _change_person(uow: UnitOfWork, staff: Staff, form: SettingsForm) -> None:
    person = await _managed_person(uow, staff, form)
    if form.drawn and form.drawn != person_fingerprint(person):
        raise BadAccount(
            "person",
            f"Not saved: somebody changed what {person.name} may do and see meanwhile. The role is as it "
            "stands now, the segments are as you wrote them. Look at both and save again.",
        )
    segments = await _segments(uow, staff, form)
    await accounts.change_rights(uow, staff.tenant, person.id, role=form.role, segments=segments)


async def _managed_person(uow: UnitOfWork, staff: Staff, form: SettingsForm) -> Any:
    """The person of the form, who sees no more than the administrator does."""
    if form.person is None:
        raise BadAccount("person", "Choose somebody.")
    found = await people.find_person(uow, staff.tenant, form.person)
    if found is None or not accounts.is_within(staff.segments, found.segments):
        raise BadAccount("person", "There is nobody like that among your people.")
    return found


def own_fingerprint(me: Any) -> str:
    """What the form about oneself was rendered from: a stale form must not undo what it did not show."""
    return _fingerprint(me.name, me.wants_mail)


def person_fingerprint(person: Any) -> str:
    """The same of the form about a colleague."""
    return _fingerprint(person.role, person.segments, person.active)


def _fingerprint(*facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


async def _segments(uow: UnitOfWork, staff: Staff, form: SettingsForm) -> list[str]:
    """The segments of the form, one on each line, none of them wider than what the administrator sees.

    :raises BadAccount: also when no case has come from one of them, until it is confirmed.
    """
    wanted = accounts.clean_segments(form.segments.splitlines())
    if not accounts.is_within(staff.segments, wanted):
        raise BadAccount("segments", "You can let others see only what you see.")
    known, without_cases = await lists.segments_of_cases(uow, staff.tenant), []
    if known:  # a company without a case has none that could be misspelt
        without_cases = await lists.segments_without_cases(uow, staff.tenant, wanted)
    if without_cases and form.sure.split() != " ".join(without_cases).split():
        similar = get_close_matches(without_cases[0], known, n=1)
        instead = f" Do you mean {similar[0]}?" if similar else ""
        raise SegmentsWithoutCases(
            without_cases,
            f"No case has come from {', '.join(without_cases)} yet.{instead} To keep it, save once more.",
        )
    return wanted


class SegmentsWithoutCases(BadAccount):
    """Segments that may be misspelt; sent again as they are they count."""

    def __init__(self, segments: list[str], remedy: str) -> None:
        super().__init__("segments", remedy)
        self.segments = segments


async def _change_password(
    request: Request, context: AlertsContext, staff: Staff, form: SettingsForm
) -> None:
    sign_in = context.sign_in
    sign_in.count_attempt(request, str(staff.id), known=staff.session_id)
    async with context.database.reading() as uow:
        account = await people.find_person(uow, staff.tenant, staff.id)
        company = await find_tenant(uow, staff.tenant)
    password_hash = account.password_hash if account is not None else None
    current = form.current[: MAX_PASSWORD_CHARS + 1]
    if not all(await sign_in.passwords.matching([password_hash], current, times=1, known=True)):
        raise BadAccount("current", "That is not your password.")
    own = (account.address if account is not None else "", company.name if company else "")
    if fault := password_fault(form.password, *own):
        raise BadAccount("password", fault)
    new_hash = await sign_in.passwords.hash(form.password)
    async with context.database.transaction() as uow:
        await people.set_password_hash(uow, staff.tenant, staff.id, new_hash)
        await sessions.delete_sessions(uow, staff.tenant, staff.id, except_session=session_id(staff))


async def _managed_people(uow: UnitOfWork, staff: Staff) -> list[Any]:
    """The people whom an administrator manages: those who see no more than they do."""
    if staff.role != ADMIN:
        return []
    found = await people.people(uow, staff.tenant)
    return [one for one in found if accounts.is_within(staff.segments, one.segments)]


async def _known_segments(uow: UnitOfWork, staff: Staff) -> list[str]:
    if staff.role != ADMIN:
        return []
    found = await lists.segments_of_cases(uow, staff.tenant)
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
