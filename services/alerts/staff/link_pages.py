"""Where a one-time link leads: a person chooses a password and is signed in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import BadAccount
from services.alerts.staff import accounts
from services.alerts.staff.forms import LinkForm
from services.alerts.staff.passwords import checked_password
from services.alerts.staff.repository import links, people, providers, sessions
from services.alerts.staff.sign_in import provider_address
from shared.http.company_tokens import Token
from shared.http.csrf import own_site_checked
from shared.http.routes import CheckedRoute
from shared.pages.language import spoken
from shared.pages.page import Page
from shared.permissions import ADMIN, CASE_ROLES
from shared.tenancy.tenants import find_tenant
from shared.values.messages import Message

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)


@dataclass(frozen=True, slots=True)
class InvitedPerson:
    """The person of a valid link, and their company's name."""

    person: Any
    company: str
    only_by_provider: bool
    """Whether the company lets nobody in by a password."""


@dataclass(frozen=True, kw_only=True)
class LinkPage(Page):
    """Where a one-time link leads: the choice of a password, or that the link is no longer valid."""

    template: ClassVar[str] = "link.html"
    invited: InvitedPerson | None = None
    faults: dict[str, str] = field(default_factory=dict)
    name: str = ""


@router.get("/login/link/{token}")
async def show_link(request: Request, context: OwnContext, token: str) -> Response:
    """The form behind a link; a mail program that looks ahead uses nothing up."""
    invited = await _invited(context, Token.read(token))
    if invited is not None and invited.only_by_provider:
        return RedirectResponse(provider_address(invited.person.tenant), 303)
    return _link_page(request, context, invited)


@router.post("/login/link/{token}")
async def use_link(
    request: Request,
    context: OwnContext,
    _: Annotated[None, Depends(own_site_checked)],
    token: str,
    form: Annotated[LinkForm, Form()],
) -> Response:
    """Set the password and sign in; the link is used up."""
    sign_in, found = context.sign_in, Token.read(token)
    sign_in.count_attempt(request)
    invited = await _invited(context, found)
    if found is None or invited is None:
        return _link_page(request, context, None)
    if invited.only_by_provider:
        return RedirectResponse(provider_address(found.tenant), 303)
    if faults := await link_faults(form, invited.person, invited.company):
        return _link_page(request, context, invited, faults, form.name)
    password_hash = await sign_in.passwords.hash(form.password)
    async with context.database.transaction() as uow:
        person = await links.find_link(uow, found.tenant, found.digest, use=True)
        account = None if person is None else await people.find_person(uow, found.tenant, person)
        if account is None or not account.active:
            return _link_page(request, context, None)
        if form.name.strip():
            name = accounts.clean_name(form.name)
            await people.set_name(uow, found.tenant, account.id, name)
        await people.set_password_hash(uow, found.tenant, account.id, password_hash)
        await sessions.delete_sessions(uow, found.tenant, account.id)
        account = await people.find_person(uow, found.tenant, account.id)
        response = await sign_in.enter(request, uow, account, first_page(invited.person.role))
    sign_in.remember_companies(response, [account])
    return response


async def _invited(context: AlertsContext, token: Token | None) -> InvitedPerson | None:
    """The person of a link; None when it is not valid, or the person may not sign in."""
    if token is None:
        return None
    async with context.database.reading() as uow:
        person = await links.find_link(uow, token.tenant, token.digest)
        account = None if person is None else await people.find_person(uow, token.tenant, person)
        company = await find_tenant(uow, token.tenant)
        only_by_provider = bool(await providers.only_by_provider(uow, [token.tenant]))
    if account is None or not account.active:
        return None
    return InvitedPerson(account, company.name if company else token.tenant, only_by_provider)


async def link_faults(form: LinkForm, person: Any, company: str) -> dict[str, Message]:
    """What is wrong with the fields, by their names."""
    faults = {}
    if fault := await checked_password(form.password, person.address, company):
        faults["password"] = fault
    try:
        if form.name.strip():
            accounts.clean_name(form.name)
    except BadAccount as bad:
        faults[bad.field] = bad.remedy
    return faults


def first_page(role: str) -> str:
    """Where a person begins: with the cases if these are their daily work, else with the score."""
    return "/inbox" if role in CASE_ROLES and role != ADMIN else "/"


def _link_page(
    request: Request,
    context: AlertsContext,
    invited: InvitedPerson | None,
    faults: Mapping[str, Message] | None = None,
    name: str = "",
) -> Response:
    if invited is None:
        return context.pages.page(request, LinkPage(), status_code=410)
    person = invited.person
    known_name = "" if person.name == accounts.guessed_name(person.address) else person.name
    remedies = {field: spoken(fault) for field, fault in (faults or {}).items()}
    page = LinkPage(invited=invited, faults=remedies, name=name or known_name)
    return context.pages.page(request, page, status_code=422 if faults else 200)
