"""Sign-in, the choice of a company, the renewal of passes, sign-out."""

from dataclasses import dataclass
from typing import Annotated, ClassVar
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from services.alerts.context import OwnContext
from services.alerts.staff import accounts
from services.alerts.staff.companies import CompanyChoice
from services.alerts.staff.forms import CompanyForm, LoginForm
from services.alerts.staff.passwords import MAX_PASSWORD_CHARS
from services.alerts.staff.repository import people, sessions
from services.alerts.staff.sessions import session_id
from shared.http.csrf import CsrfChecked, own_site_checked
from shared.http.problems import Problem, wants_page
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, safe_next, signed_in, staff_of
from shared.pages.language import translated
from shared.pages.page import Page
from shared.values.addresses import canonical_address

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
OwnSite = Annotated[None, Depends(own_site_checked)]


@dataclass(frozen=True, kw_only=True)
class SignInPage(Page):
    """The form of address and password."""

    template: ClassVar[str] = "login.html"
    next: str
    """Where to go afterwards."""
    address: str = ""
    wrong: str = ""
    """Why the sign-in was refused."""


@dataclass(frozen=True, kw_only=True)
class CompaniesPage(Page):
    """The companies that an address and password open."""

    template: ClassVar[str] = "companies.html"
    companies: list[CompanyChoice]
    next: str
    current: str
    """The company of the present session; empty without one."""


@router.get("/login")
async def show_login(request: Request, context: OwnContext, next: str = "/") -> Response:  # noqa: A002  (the field's name in the address)
    """The form."""
    return context.pages.page(request, SignInPage(next=safe_next(next)))


@router.post("/login")
async def login(
    request: Request, context: OwnContext, _: OwnSite, form: Annotated[LoginForm, Form()]
) -> Response:
    """Sign in, or say the same words whatever was wrong."""
    sign_in, address = context.sign_in, canonical_address(form.address[: accounts.MAX_FIELD_CHARS])
    known = sign_in.known_browser(request, address)
    sign_in.count_attempt(request, address, known=known)
    password = form.password[: MAX_PASSWORD_CHARS + 1]
    found = await sign_in.accounts_of(address, password, known=bool(known))
    goal = safe_next(form.next)
    if not found:
        refused = SignInPage(
            next=goal,
            address=form.address,
            wrong=translated("That address and password do not belong together."),
        )
        return context.pages.page(request, refused, status_code=422)
    if len(found) > 1:
        response: Response = RedirectResponse(f"/login/company?next={quote(goal, safe='')}", 303)
    else:
        async with context.database.transaction() as uow:
            response = await sign_in.enter(request, uow, found[0], goal)
    sign_in.remember_companies(response, found)
    return response


@router.get("/login/company")
async def show_companies(request: Request, context: OwnContext, next: str = "/") -> Response:  # noqa: A002  (the field's name in the address)
    """The companies that this address and password open."""
    goal = safe_next(next)
    async with context.database.reading() as uow:
        choices = await context.sign_in.companies_to_choose(uow, request)
    if not choices:
        return RedirectResponse(f"/login?next={quote(goal, safe='')}", 303)
    here = staff_of(request)
    page = CompaniesPage(companies=choices, next=goal, current=here.tenant if here else "")
    return context.pages.page(request, page)


@router.post("/login/company")
async def choose_company(
    request: Request, context: OwnContext, _: OwnSite, form: Annotated[CompanyForm, Form()]
) -> Response:
    """Start a session there; one in another company ends."""
    sign_in = context.sign_in
    async with context.database.transaction() as uow:
        choices = await sign_in.companies_to_choose(uow, request)
        chosen = next((one for one in choices if one.tenant == form.tenant), None)
        if chosen is None:
            raise Problem(404)
        account = await people.find_person(uow, chosen.tenant, chosen.person)
        return await sign_in.enter(request, uow, account, safe_next(form.next))


@router.api_route("/login/renew", methods=["GET", "POST"])
async def renew(request: Request, context: OwnContext, next: str = "/") -> Response:  # noqa: A002  (the field's name in the address)
    """Renew the pass and go back with the same request (a program: 204); without a session to the form."""
    sign_in, goal = context.sign_in, safe_next(next)
    session = await sign_in.session_of(request)
    if session is None:
        if not wants_page(request):
            raise Problem(401)
        # A form that was posted cannot wait for the sign-in; the page that it is on can.
        response: Response = RedirectResponse(f"/login?next={quote(goal, safe='')}", 303)
        sign_in.delete_cookies(response)
        return response
    if wants_page(request):
        response = RedirectResponse(goal, 303 if request.method == "GET" else 307)
    else:
        response = Response(status_code=204)
    sign_in.set_pass(response, session)
    return response


@router.post("/logout")
async def logout(
    staff: Annotated[Staff, Depends(signed_in())],
    context: OwnContext,
    _: CsrfChecked,
) -> Response:
    """Sign out in this browser."""
    async with context.database.transaction() as uow:
        by_provider = await sessions.delete_session(uow, staff.tenant, session_id(staff))
    query = urlencode({"company": staff.tenant})
    response = RedirectResponse(f"/login/provider/signed-out?{query}" if by_provider else "/login", 303)
    context.sign_in.delete_cookies(response)
    return response
