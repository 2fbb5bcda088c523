"""How the people of a company sign in, as its administrators decide."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import BadAccount
from services.alerts.staff.forms import SignInRuleForm
from services.alerts.staff.repository import people, second_factors
from services.alerts.staff.settings_frame import settings_frame
from services.alerts.staff.sign_in_rule_commands import require_second_factor
from shared.http.auth import Caller
from shared.http.csrf import CsrfChecked
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import CompanyAdmin, Staff
from shared.pages.language import spoken
from shared.pages.page import Page

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)


@dataclass(frozen=True, kw_only=True)
class SignInRulesPage(Page):
    """Whether everybody needs a second factor, and who has one."""

    template: ClassVar[str] = "sign_in_rules.html"
    required: bool
    people_count: int
    people_with_factor: int
    wrong: str


@router.get("/settings/sign-in")
async def show_rules(request: Request, staff: CompanyAdmin, context: OwnContext) -> Response:
    """The page."""
    return await _page(request, context, staff)


@router.post("/settings/sign-in")
async def change_rules(
    request: Request,
    staff: CompanyAdmin,
    context: OwnContext,
    _: CsrfChecked,
    form: Annotated[SignInRuleForm, Form()],
) -> Response:
    """Ask everybody for a second factor, or leave it to each."""
    try:
        async with context.database.transaction() as uow:
            caller = Caller(staff.tenant, staff, None)
            await require_second_factor(uow, caller, required=form.act == "require")
    except BadAccount as fault:
        return await _page(request, context, staff, wrong=spoken(fault.remedy))
    return RedirectResponse("/settings/sign-in", 303)


async def _page(request: Request, context: AlertsContext, staff: Staff, *, wrong: str = "") -> Response:
    async with context.database.reading() as uow:
        frame = await settings_frame(uow, staff)
        having = await second_factors.people_with_factor(uow, staff.tenant)
        active = [one.id for one in await people.people(uow, staff.tenant) if one.active]
        page = SignInRulesPage(
            required=await second_factors.is_required(uow, staff.tenant),
            people_count=len(active),
            people_with_factor=len(having.intersection(active)),
            wrong=wrong,
        )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=422 if wrong else 200)
