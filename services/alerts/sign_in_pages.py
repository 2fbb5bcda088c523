"""Sign-in, the choice of a company, the passes of five minutes, one-time links, sign-out."""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from services.alerts import accounts
from services.alerts.context import own_context
from services.alerts.errors import BadAccount
from services.alerts.links import Token
from services.alerts.passwords import LONGEST as LONGEST_PASSWORD
from services.alerts.passwords import password_fault
from services.alerts.repository import people
from shared.http.csrf import csrf_checked, own_site_checked
from shared.http.problems import Problem, wants_page
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, safe_next, signed_in, staff_of
from shared.tenancy.tenants import find_tenant
from shared.values.addresses import canonical

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
OwnSite = Annotated[None, Depends(own_site_checked)]
WRONG = "That address and password do not belong together."


class LoginForm(BaseModel):
    """Address and password."""

    address: str = ""
    password: str = ""
    next: str = "/"


@router.get("/login")
async def show_login(request: Request, next: str = "/") -> Response:  # noqa: A002  (the field's name in the address)
    """The form."""
    return _page(request, "login.html", next=safe_next(next), address="", wrong="")


@router.post("/login")
async def login(request: Request, _: OwnSite, form: Annotated[LoginForm, Form()]) -> Response:
    """Sign in, or the same words whatever was wrong."""
    sign_in, address = own_context(request).sign_in, canonical(form.address[: accounts.LONGEST])
    known = sign_in.known_browser(request, address)
    sign_in.count(request, address, known=known)
    password = form.password[: LONGEST_PASSWORD + 1]
    found = await sign_in.accounts_of(address, password, known=bool(known))
    goal = safe_next(form.next)
    if not found:
        return _page(request, "login.html", status=422, next=goal, address=form.address, wrong=WRONG)
    if len(found) > 1:
        response = RedirectResponse(f"/login/company?next={quote(goal, safe='')}", 303)
    else:
        response = RedirectResponse(goal, 303)
        async with sign_in.database.transaction() as uow:
            await sign_in.enter(request, response, uow, found[0].tenant, found[0].id)
    sign_in.remember(request, response, address, found)
    return response


class CompanyForm(BaseModel):
    """Where somebody goes."""

    tenant: str = ""
    next: str = "/"


@router.get("/login/company")
async def show_companies(request: Request, next: str = "/") -> Response:  # noqa: A002  (the field's name in the address)
    """The companies that this address and password open."""
    goal = safe_next(next)
    async with own_context(request).sign_in.database.reading() as uow:
        choices = await own_context(request).sign_in.choices(uow, request)
    if not choices:
        return RedirectResponse(f"/login?next={quote(goal, safe='')}", 303)
    here = staff_of(request)
    return _page(request, "companies.html", companies=choices, next=goal, current=here.tenant if here else "")


@router.post("/login/company")
async def choose_company(request: Request, _: OwnSite, form: Annotated[CompanyForm, Form()]) -> Response:
    """Begin a session there; one in another company ends."""
    sign_in, here = own_context(request).sign_in, staff_of(request)
    response = RedirectResponse(safe_next(form.next), 303)
    async with sign_in.database.transaction() as uow:
        chosen = [one for one in await sign_in.choices(uow, request) if one.tenant == form.tenant]
        if not chosen:
            raise Problem(404)
        if here is not None:
            await people.end_session(uow, here.tenant, accounts.session_id(here))
        await sign_in.enter(request, response, uow, chosen[0].tenant, chosen[0].person)
    return response


@router.api_route("/login/renew", methods=["GET", "POST"])
async def renew(request: Request, next: str = "/") -> Response:  # noqa: A002  (the field's name in the address)
    """A new pass, and back with the same request; a program gets 204. Without a session: to the form."""
    sign_in, goal = own_context(request).sign_in, safe_next(next)
    access = await sign_in.renewed(request)
    if access is None:
        if not wants_page(request):
            raise Problem(401)
        # A form that was posted cannot wait behind the sign-in: its page can.
        response: Response = RedirectResponse(f"/login?next={quote(goal, safe='')}", 303)
        sign_in.leave(response)
        return response
    if wants_page(request):
        response = RedirectResponse(goal, 303 if request.method == "GET" else 307)
    else:
        response = Response(status_code=204)
    sign_in.hand_pass(response, access)
    return response


@router.get("/login/link/{token}")
async def show_link(request: Request, token: str) -> Response:
    """The button; a mail program that looks ahead uses nothing up."""
    return await _link_page(request, await _invited(request, Token.read(token)))


class LinkForm(BaseModel):
    """The password that somebody chooses, and the name that colleagues read."""

    password: str = ""
    name: str = ""


@router.post("/login/link/{token}")
async def use_link(request: Request, _: OwnSite, token: str, form: Annotated[LinkForm, Form()]) -> Response:
    """Choose a password, and be signed in; the link is used up."""
    sign_in, found = own_context(request).sign_in, Token.read(token)
    sign_in.count(request)
    invited = await _invited(request, found)
    if found is None or invited is None:
        return await _link_page(request, None)
    faults = link_faults(form, invited.person, invited.company)
    if faults:
        return await _link_page(request, invited, faults, form.name)
    kept = await sign_in.passwords.hash(form.password)
    response = RedirectResponse(first_page(invited.person.role), 303)
    async with sign_in.database.transaction() as uow:
        person = await people.find_link(uow, found.tenant, found.digest, use=True)
        account = None if person is None else await people.find_person(uow, found.tenant, person)
        if account is None or not account.active:
            return await _link_page(request, None)
        if form.name.strip():
            name = accounts.clean_name(form.name)
            await people.change_own(uow, found.tenant, account.id, name=name, wants_mail=account.wants_mail)
        await people.keep_password(uow, found.tenant, account.id, kept)
        await people.end_sessions(uow, found.tenant, account.id)
        await sign_in.enter(request, response, uow, found.tenant, account.id)
    sign_in.remember(request, response, account.address, [account])
    return response


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom a link lets in, and where."""

    person: Any
    company: str


async def _invited(request: Request, token: Token | None) -> Invited | None:
    """None when the link is no good, or its person may not sign in."""
    if token is None:
        return None
    async with own_context(request).sign_in.database.reading() as uow:
        person = await people.find_link(uow, token.tenant, token.digest)
        account = None if person is None else await people.find_person(uow, token.tenant, person)
        company = await find_tenant(uow, token.tenant)
    if account is None or not account.active:
        return None
    return Invited(account, company.name if company else token.tenant)


def link_faults(form: LinkForm, person: Any, company: str) -> dict[str, str]:
    """What is wrong with the fields, by their names."""
    faults = {"password": password_fault(form.password, person.address, company)}
    try:
        if form.name.strip():
            accounts.clean_name(form.name)
    except BadAccount as fault:
        faults[fault.field] = fault.remedy
    return {name: fault for name, fault in faults.items() if fault}


def first_page(role: str) -> str:
    """Where somebody begins: who works on cases with them, an administrator and the others with the score."""
    return "/inbox" if role in {"leader", "agent"} else "/"


async def _link_page(
    request: Request, invited: Invited | None, faults: dict[str, str] | None = None, name: str = ""
) -> Response:
    status = (422 if faults else 200) if invited else 410
    guessed = invited is not None and invited.person.name == accounts.guessed_name(invited.person.address)
    known_name = invited.person.name if invited is not None and not guessed else ""
    return _page(
        request, "link.html", status=status, invited=invited, faults=faults or {}, name=name or known_name
    )


@router.post("/logout")
async def logout(
    request: Request,
    staff: Annotated[Staff, Depends(signed_in())],
    _: Annotated[None, Depends(csrf_checked)],
) -> Response:
    """Sign out here."""
    sign_in = own_context(request).sign_in
    async with sign_in.database.transaction() as uow:
        await people.end_session(uow, staff.tenant, accounts.session_id(staff))
    response = RedirectResponse("/login", 303)
    sign_in.leave(response)
    return response


def _page(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    return own_context(request).pages.response(request, template, status_code=status, **context)
