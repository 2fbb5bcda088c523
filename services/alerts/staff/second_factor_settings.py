"""A person's own second factor, in the settings."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import BadAccount
from services.alerts.staff.forms import SecondFactorForm
from services.alerts.staff.repository import people, second_factors, sessions
from services.alerts.staff.second_factors import Enrolment
from services.alerts.staff.sessions import session_id
from services.alerts.staff.settings_frame import settings_frame
from shared.http.csrf import CsrfChecked
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.pages.language import spoken
from shared.pages.page import Page
from shared.pages.qr_codes import qr_inline
from shared.privacy.audit import AuditActor, record_audit

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
SignedIn = Annotated[Staff, Depends(signed_in())]


@dataclass(frozen=True, kw_only=True)
class SecondFactorPage(Page):
    """Whether there is a second factor, and what can be done about it."""

    template: ClassVar[str] = "second_factor.html"
    confirmed: bool
    required: bool
    """Whether the company asks everybody for one."""
    codes_left: int
    qr: Markup | None
    """The key for an app, where one was made that is not confirmed."""
    enrolment: Enrolment | None
    codes: list[str]
    """New recovery codes, which are shown this once."""
    act: str
    """What was asked for and refused."""
    wrong: str


@router.get("/settings/second-factor")
async def show_second_factor(request: Request, staff: SignedIn, context: OwnContext) -> Response:
    """The page."""
    return await _page(request, context, staff)


@router.post("/settings/second-factor")
async def change_second_factor(
    request: Request,
    staff: SignedIn,
    context: OwnContext,
    _: CsrfChecked,
    form: Annotated[SecondFactorForm, Form()],
) -> Response:
    """Begin, confirm, renew the recovery codes, or switch off; the last two take a code."""
    factors, codes = context.sign_in.second_factors, list[str]()
    tenant, person = staff.tenant, staff.id
    if form.act != "begin":
        async with context.database.reading() as uow:
            account = await people.find_person(uow, tenant, person)
        context.sign_in.count_code(request, account, session=staff.session_id)
    try:
        async with context.database.transaction() as uow:
            match form.act:
                case "begin":
                    await factors.begin(uow, tenant, person)
                case "confirm":
                    codes = await factors.confirm(uow, tenant, person, form.code)
                    # Whoever has the password alone is signed out, too.
                    await sessions.delete_sessions(uow, tenant, person, except_session=session_id(staff))
                    record_audit(uow, tenant, AuditActor.of_staff(staff), "second_factor_on", str(person))
                case "codes":
                    codes = await factors.renew_codes(uow, tenant, person, form.code)
                case "off":
                    await factors.switch_off(uow, tenant, person, form.code)
                    record_audit(uow, tenant, AuditActor.of_staff(staff), "second_factor_off", str(person))
    except BadAccount as fault:
        return await _page(request, context, staff, act=form.act, wrong=spoken(fault.remedy))
    if codes:
        return await _page(request, context, staff, codes=codes)
    return RedirectResponse("/settings/second-factor", 303)


async def _page(
    request: Request,
    context: AlertsContext,
    staff: Staff,
    *,
    codes: list[str] | None = None,
    act: str = "",
    wrong: str = "",
) -> Response:
    async with context.database.reading() as uow:
        frame = await settings_frame(uow, staff)
        factor = await second_factors.find_factor(uow, staff.tenant, staff.id)
        account = await people.find_person(uow, staff.tenant, staff.id)
        found = await context.sign_in.second_factors.enrolment(uow, account)
        page = SecondFactorPage(
            confirmed=factor is not None and factor.confirmed_at is not None,
            required=await second_factors.is_required(uow, staff.tenant),
            codes_left=await second_factors.count_codes(uow, staff.tenant, staff.id),
            qr=qr_inline(found.address) if found else None,
            enrolment=found,
            codes=codes or [],
            act=act,
            wrong=wrong,
        )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=422 if wrong else 200)
