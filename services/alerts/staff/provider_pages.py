"""The way to a company's identity provider, and back."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar
from urllib.parse import quote, urlencode

import structlog
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from services.alerts.context import AlertsContext, OwnContext
from services.alerts.staff.link_pages import first_page
from services.alerts.staff.provider_accounts import account_of
from services.alerts.staff.provider_errors import ProviderFailed, ProviderRefusal
from services.alerts.staff.provider_sign_in import PROVIDER_COOKIE, PROVIDER_LIFETIME_S, BegunSignIn
from services.alerts.staff.repository import providers
from services.alerts.staff.settings_frame import settings_frame
from shared.http.csrf import CsrfChecked
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, cookie_of, safe_next, signed_in
from shared.pages.language import spoken
from shared.pages.page import Page
from shared.telemetry import metrics
from shared.values.messages import Message, message

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
SignedIn = Annotated[Staff, Depends(signed_in())]
log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class ProviderPage(Page):
    """Which company, then the link to its provider: a link, since our policy lets no form lead elsewhere."""

    template: ClassVar[str] = "login_provider.html"
    company: str
    """The short name that was asked for."""
    name: str = ""
    """The provider's, where the company has one."""
    go_on: str = ""
    """Where the link leads."""
    next: str = "/"
    signed_out: bool = False


@dataclass(frozen=True, kw_only=True)
class ProviderRefusedPage(Page):
    """Why nobody was let in."""

    template: ClassVar[str] = "login_provider_refused.html"
    reason: str
    again: str
    """Where one begins again."""


@dataclass(frozen=True, kw_only=True)
class ProviderLinkPage(Page):
    """Whether a person's account is linked with the provider."""

    template: ClassVar[str] = "provider_link.html"
    name: str
    linked: bool
    go_on: str
    """Where the link leads, once it was asked for."""


@router.get("/login/provider")
async def show_provider(
    request: Request,
    context: OwnContext,
    company: str = "",
    next: str = "/",  # noqa: A002  (the field's name in the address)
) -> Response:
    """Ask for the company, then lead to its provider. A company without one is as unknown as any other."""
    async with context.database.reading() as uow:
        provider = await providers.find_provider(uow, company) if company else None
    page = ProviderPage(company=company, next=safe_next(next))
    if provider is not None:
        go_on = f"/login/provider/{quote(company, safe='')}/start?{urlencode({'next': page.next})}"
        page = ProviderPage(company=company, name=provider.name, go_on=go_on, next=page.next)
    return context.pages.page(request, page, status_code=404 if company and provider is None else 200)


@router.get("/login/provider/callback")
async def come_back(
    request: Request, context: OwnContext, code: str = "", state: str = "", iss: str = "", error: str = ""
) -> Response:
    """Sign in whom the provider has proven. The state ties this to the browser that began it."""
    context.sign_in.count_attempt(request)
    begun: BegunSignIn | None = None
    try:
        begun = context.provider_sign_in.returned(cookie_of(request, PROVIDER_COOKIE), state)
        response = await _entered(request, context, begun, code or _no_code(error), iss)
    except (ProviderFailed, ProviderRefusal) as refused:
        outcome, status = ("refused", 403) if isinstance(refused, ProviderRefusal) else ("failed", 422)
        metrics.PROVIDER_SIGN_INS.labels(outcome).inc()
        log.info("provider_sign_in_refused", outcome=outcome, tenant=begun.tenant if begun else "")
        return _refused(request, context, refused.remedy, begun.tenant if begun else "", status)
    metrics.PROVIDER_SIGN_INS.labels("entered").inc()
    return response


@router.get("/login/provider/signed-out")
async def show_signed_out(request: Request, context: OwnContext, company: str = "") -> Response:
    """That somebody is signed out here, with the link that also ends the session at the provider."""
    context.sign_in.count_attempt(request)
    async with context.database.reading() as uow:
        provider = await providers.find_provider(uow, company)
    if provider is None:
        return RedirectResponse("/login", 303)
    try:
        address = await context.provider_sign_in.end_address(provider)
    except ProviderFailed:
        address = None
    page = ProviderPage(company=company, name=provider.name, go_on=address or "", signed_out=True)
    return context.pages.page(request, page)


@router.get("/login/provider/{company}/start")
async def start(
    request: Request,
    context: OwnContext,
    company: str,
    next: str = "/",  # noqa: A002  (the field's name in the address)
) -> Response:
    """To the provider."""
    context.sign_in.count_attempt(request)
    async with context.database.reading() as uow:
        provider = await providers.find_provider(uow, company)
    if provider is None:
        raise Problem(404)
    try:
        address, cookie = await context.provider_sign_in.begin(provider, safe_next(next))
    except ProviderFailed as failed:
        return _refused(request, context, failed.remedy, company, 422)
    response = RedirectResponse(address, 303)
    context.sign_in.set_cookie(response, PROVIDER_COOKIE, cookie, PROVIDER_LIFETIME_S)
    return response


@router.get("/settings/provider-link")
async def show_link(request: Request, staff: SignedIn, context: OwnContext) -> Response:
    """Whether the account is linked with the provider."""
    return await _link_page(request, context, staff, await _provider_of(context, staff))


@router.post("/settings/provider-link")
async def begin_link(request: Request, staff: SignedIn, context: OwnContext, _: CsrfChecked) -> Response:
    """Lead to the provider. Only a form of this session begins that, so nobody else links theirs to it."""
    provider = await _provider_of(context, staff)
    try:
        address, cookie = await context.provider_sign_in.begin(provider, "/settings/provider-link", staff.id)
    except ProviderFailed as failed:
        return _refused(request, context, failed.remedy, staff.tenant, 422)
    response = await _link_page(request, context, staff, provider, address)
    context.sign_in.set_cookie(response, PROVIDER_COOKIE, cookie, PROVIDER_LIFETIME_S)
    return response


async def _entered(
    request: Request, context: AlertsContext, begun: BegunSignIn, code: str, issuer: str
) -> Response:
    """A session for who has come back.

    The claims are asked for while no transaction is open.
    """
    async with context.database.reading() as uow:
        provider = await providers.find_provider(uow, begun.tenant)
    if provider is None:
        raise ProviderRefusal(message("This company does not sign in through a provider any more."))
    if begun.person is not None:
        session = await context.sign_in.session_of(request)
        if session is None or (session.tenant, session.id) != (begun.tenant, begun.person):
            raise ProviderRefusal(
                message("You are not signed in any more. Sign in, and link the account then.")
            )
    claims = await context.provider_sign_in.claims(provider, begun, code, issuer)
    async with context.database.transaction() as uow:
        now = await providers.find_provider(uow, begun.tenant, lock=True)
        if now is None or (now.issuer, now.client_id) != (provider.issuer, provider.client_id):
            raise ProviderRefusal(message("The provider was changed just now. Begin again."))
        account = await account_of(uow, now, claims, begun.person)
        goal = first_page(account.role) if begun.goal == "/" else begun.goal
        response = RedirectResponse(goal, 303)
        await context.sign_in.open_session(request, response, uow, account, by_provider=True)
    context.sign_in.delete_cookie(response, PROVIDER_COOKIE)
    return response


def _no_code(error: str) -> str:
    raise ProviderFailed(
        message("The provider let nobody in (%(code)s). Begin again.", code=error[:60] or "no code")
    )


async def _provider_of(context: AlertsContext, staff: Staff) -> Any:
    async with context.database.reading() as uow:
        provider = await providers.find_provider(uow, staff.tenant)
    if provider is None:
        raise Problem(404)
    return provider


async def _link_page(
    request: Request, context: AlertsContext, staff: Staff, provider: Any, go_on: str = ""
) -> Response:
    async with context.database.reading() as uow:
        frame = await settings_frame(uow, staff)
        linked = await providers.is_linked(uow, staff.tenant, provider.issuer, staff.id)
    page = ProviderLinkPage(name=provider.name, linked=linked, go_on=go_on)
    return context.pages.page(request, page, staff=staff, frame=frame)


def _refused(
    request: Request, context: AlertsContext, reason: Message, company: str, status: int
) -> Response:
    again = f"/login/provider?{urlencode({'company': company})}" if company else "/login"
    page = ProviderRefusedPage(reason=spoken(reason), again=again)
    response = context.pages.page(request, page, status_code=status)
    context.sign_in.delete_cookie(response, PROVIDER_COOKIE)
    return response
