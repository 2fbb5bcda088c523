"""Between the password and the session: the code of an app, or setting one up where it is asked for."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import BadAccount
from services.alerts.staff.forms import CodeForm
from services.alerts.staff.pending_sign_in import PendingSignIn
from services.alerts.staff.second_factors import WRONG_CODE, Enrolment
from shared.http.csrf import own_site_checked
from shared.http.routes import CheckedRoute
from shared.pages.language import spoken
from shared.pages.page import Page
from shared.pages.qr_codes import qr_inline
from shared.privacy.audit import AuditActor, record_audit

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
OwnSite = Annotated[None, Depends(own_site_checked)]


@dataclass(frozen=True, kw_only=True)
class CodePage(Page):
    """The form of the code."""

    template: ClassVar[str] = "login_code.html"
    wrong: str = ""


@dataclass(frozen=True, kw_only=True)
class EnrolmentPage(Page):
    """Setting up a second factor before the first session."""

    template: ClassVar[str] = "login_enrolment.html"
    qr: Markup | None = None
    """The key for an app; None: nothing was begun yet."""
    enrolment: Enrolment | None = None
    wrong: str = ""


@dataclass(frozen=True, kw_only=True)
class FirstCodesPage(Page):
    """The recovery codes, this once."""

    template: ClassVar[str] = "login_codes.html"
    codes: list[str]
    goal: str


@router.get("/login/code")
async def show_code(request: Request, context: OwnContext) -> Response:
    """The form; without a password that was just given, that of address and password."""
    async with context.database.reading() as uow:
        pending = await context.sign_in.pending_of(uow, request)
    return _to_login() if pending is None else context.pages.page(request, CodePage())


@router.post("/login/code")
async def take_code(
    request: Request, context: OwnContext, _: OwnSite, form: Annotated[CodeForm, Form()]
) -> Response:
    """Sign in with a code of the app, or with a recovery code, which is used up."""
    pending = await _counted(request, context)
    if pending is None:
        return _to_login()
    sign_in, account = context.sign_in, pending.account
    async with context.database.transaction() as uow:
        by = await sign_in.second_factors.accepts(uow, account.tenant, account.id, form.code)
        if by is not None:
            response = RedirectResponse(pending.goal, 303)
            await sign_in.open_session(request, response, uow, account)
            if by == "recovery":
                record_audit(uow, account.tenant, _actor(pending), "recovery_code_used", str(account.id))
            return response
    return context.pages.page(request, CodePage(wrong=spoken(WRONG_CODE)), status_code=422)


@router.get("/login/enrolment")
async def show_enrolment(request: Request, context: OwnContext) -> Response:
    """What to do, and the key once it is made."""
    async with context.database.reading() as uow:
        pending = await context.sign_in.pending_of(uow, request)
        if pending is None:
            return _to_login()
        found = await context.sign_in.second_factors.enrolment(uow, pending.account)
    return context.pages.page(request, _enrolment_page(found))


@router.post("/login/enrolment")
async def enrol(
    request: Request, context: OwnContext, _: OwnSite, form: Annotated[CodeForm, Form()]
) -> Response:
    """Without a code: make a key. With its first code: switch the second factor on, and sign in."""
    pending = await _counted(request, context)
    if pending is None:
        return _to_login()
    sign_in, account = context.sign_in, pending.account
    try:
        async with context.database.transaction() as uow:
            if not form.code:
                await sign_in.second_factors.begin(uow, account.tenant, account.id)
                return RedirectResponse("/login/enrolment", 303)
            codes = await sign_in.second_factors.confirm(uow, account.tenant, account.id, form.code)
            record_audit(uow, account.tenant, _actor(pending), "second_factor_on", str(account.id))
            response = context.pages.page(request, FirstCodesPage(codes=codes, goal=pending.goal))
            await sign_in.open_session(request, response, uow, account)
            return response
    except BadAccount as fault:
        async with context.database.reading() as uow:
            found = await sign_in.second_factors.enrolment(uow, account)
        page = _enrolment_page(found, spoken(fault.remedy))
        return context.pages.page(request, page, status_code=422)


async def _counted(request: Request, context: AlertsContext) -> PendingSignIn | None:
    """Who has given the password; the attempt counts.

    :raises Problem: 429 when there were too many.
    """
    async with context.database.reading() as uow:
        pending = await context.sign_in.pending_of(uow, request)
    if pending is None:
        context.sign_in.count_attempt(request)
    else:
        context.sign_in.count_code(request, pending.account)
    return pending


def _enrolment_page(found: Enrolment | None, wrong: str = "") -> EnrolmentPage:
    return EnrolmentPage(qr=qr_inline(found.address) if found else None, enrolment=found, wrong=wrong)


def _actor(pending: PendingSignIn) -> AuditActor:
    return AuditActor("staff", str(pending.account.id), pending.account.name)


def _to_login() -> Response:
    return RedirectResponse("/login", 303)
