"""Sign-in, the passes of five minutes, one-time links, sign-out."""

from dataclasses import dataclass, field
from math import ceil
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from services.alerts import accounts
from services.alerts.accounts import Passwords
from services.alerts.links import Token
from services.alerts.repository import people
from shared.db.database import Database, UnitOfWork
from shared.http.csrf import csrf_checked, own_site_checked
from shared.http.guesses import Guesses
from shared.http.problems import Problem, wants_page
from shared.http.routes import Ordered
from shared.http.staff import (
    ACCESS_COOKIE,
    LONGEST,
    SESSION_COOKIE,
    AccessPass,
    Staff,
    cookie_name,
    cookie_of,
    safe_next,
    signed_in,
)
from shared.pages.environment import Pages

router = APIRouter(include_in_schema=False, route_class=Ordered)
OwnSite = Annotated[None, Depends(own_site_checked)]
WRONG = "That address and password do not belong together."


@dataclass
class SignIn:
    """What sign-in needs of the process. Every attempt takes from two buckets, so that guessing is slow."""

    database: Database
    access: AccessPass
    secure: bool
    passwords: Passwords = field(default_factory=Passwords)
    per_account: Guesses = field(default_factory=lambda: Guesses(most=10, every=30.0))
    per_caller: Guesses = field(default_factory=lambda: Guesses(most=50, every=2.0))

    def slow_down(self, request: Request, account: str) -> None:
        """Count an attempt.

        :raises Problem: 429 when there were too many.
        """
        caller = request.client.host if request.client else ""
        wait = max(self.per_caller.failed(caller), self.per_account.failed(account) if account else 0.0)
        if wait:
            raise Problem(429, headers={"Retry-After": str(ceil(wait))})

    async def account_of(self, address: str, password: str) -> Any | None:
        """The account that address and password open. An unknown address takes as long as a wrong
        password.
        """
        async with self.database.reading() as uow:
            found = await people.who_may_sign_in(uow, address)
        opened = None
        for one in found:
            if await self.passwords.matches(one.password_hash, password) and opened is None:
                opened = one
        if not found:
            await self.passwords.matches(None, password)
        return opened

    async def enter(self, response: Response, uow: UnitOfWork, tenant: str, person: Any) -> None:
        """Begin a session and hand out its cookies."""
        token = await accounts.new_session(uow, tenant, person)
        session = await people.find_session(uow, tenant, token.digest)
        lasts = int(accounts.SESSION_LASTS.total_seconds())
        self._set(response, SESSION_COOKIE, str(token), lasts)
        self._set(response, ACCESS_COOKIE, self._pass(tenant, session), LONGEST)

    async def renewed(self, request: Request) -> str | None:
        """A new pass for the session of this request, if there is one and its person may still sign in."""
        token = Token.read(cookie_of(request, SESSION_COOKIE))
        if token is None:
            return None
        async with self.database.reading() as uow:
            session = await people.find_session(uow, token.tenant, token.digest)
        return None if session is None else self._pass(token.tenant, session)

    def hand_pass(self, response: Response, access: str) -> None:
        """Set the cookie of five minutes."""
        self._set(response, ACCESS_COOKIE, access, LONGEST)

    def leave(self, response: Response) -> None:
        """Take both cookies back."""
        for name in (ACCESS_COOKIE, SESSION_COOKIE):
            called = cookie_name(name, encrypted=self.secure)
            response.delete_cookie(called, path="/", secure=self.secure, httponly=True, samesite="lax")

    def _pass(self, tenant: str, session: Any) -> str:
        return self.access.sign(
            Staff(
                tenant,
                session.id,
                session.name,
                session.role,
                tuple(session.segments),
                str(session.session_id),
                session.expires_at,
            )
        )

    def _set(self, response: Response, name: str, value: str, lasts: int) -> None:
        called = cookie_name(name, encrypted=self.secure)
        response.set_cookie(
            called, value, max_age=lasts, path="/", secure=self.secure, httponly=True, samesite="lax"
        )


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
    sign_in, address = _sign_in(request), form.address.strip().casefold()[: accounts.LONGEST]
    sign_in.slow_down(request, address)
    person = await sign_in.account_of(address, form.password[: accounts.LONGEST + 1])
    goal = safe_next(form.next)
    if person is None:
        return _page(request, "login.html", status=422, next=goal, address=form.address, wrong=WRONG)
    response = RedirectResponse(goal, 303)
    async with sign_in.database.transaction() as uow:
        await sign_in.enter(response, uow, person.tenant, person.id)
    return response


@router.api_route("/login/renew", methods=["GET", "POST"])
async def renew(request: Request, next: str = "/") -> Response:  # noqa: A002  (the field's name in the address)
    """A new pass, and back with the same request; a program gets 204. Without a session: to the form."""
    sign_in, goal = _sign_in(request), safe_next(next)
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
    return await _link_page(request, token)


class LinkForm(BaseModel):
    """The password that somebody chooses."""

    password: str = ""


@router.post("/login/link/{token}")
async def use_link(request: Request, _: OwnSite, token: str, form: Annotated[LinkForm, Form()]) -> Response:
    """Choose a password, and be signed in; the link is used up."""
    sign_in, found = _sign_in(request), Token.read(token)
    sign_in.slow_down(request, "")
    fault = accounts.password_fault(form.password)
    if found is None or fault:
        return await _link_page(request, token, fault)
    kept = await sign_in.passwords.hash(form.password)
    response = RedirectResponse("/inbox", 303)
    async with sign_in.database.transaction() as uow:
        person = await people.find_link(uow, found.tenant, found.digest, use=True)
        account = None if person is None else await people.find_person(uow, found.tenant, person)
        if account is None or not account.active:
            return await _link_page(request, "")
        response.headers["location"] = "/inbox" if account.role in {"admin", "leader", "agent"} else "/"
        await people.keep_password(uow, found.tenant, account.id, kept)
        await people.end_sessions(uow, found.tenant, account.id)
        await sign_in.enter(response, uow, found.tenant, account.id)
    return response


async def _link_page(request: Request, token: str, fault: str = "") -> Response:
    found, account = Token.read(token), None
    if found is not None:
        async with _sign_in(request).database.reading() as uow:
            person = await people.find_link(uow, found.tenant, found.digest)
            account = None if person is None else await people.find_person(uow, found.tenant, person)
    good = account is not None and account.active
    status = (422 if fault else 200) if good else 410
    return _page(request, "link.html", status=status, account=account if good else None, fault=fault)


@router.post("/logout")
async def logout(
    request: Request,
    staff: Annotated[Staff, Depends(signed_in())],
    _: Annotated[None, Depends(csrf_checked)],
) -> Response:
    """Sign out here."""
    sign_in = _sign_in(request)
    async with sign_in.database.transaction() as uow:
        await people.end_session(uow, staff.tenant, accounts.session_id(staff))
    response = RedirectResponse("/login", 303)
    sign_in.leave(response)
    return response


def _sign_in(request: Request) -> SignIn:
    sign_in: SignIn = request.app.state.sign_in
    return sign_in


def _page(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    pages: Pages = request.app.state.pages
    return pages.response(request, template, status_code=status, **context)
