"""Whether promoters' answers open tasks, as the administrators of a company decide."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.alerts.context import OwnContext
from services.alerts.introductions.countries import INTRODUCTION_RULES, OTHER_COUNTRY
from services.alerts.introductions.forms import IntroductionSettingForm
from services.alerts.introductions.introduction_commands import switch_introductions
from services.alerts.introductions.repository.setting import enabled_since
from services.alerts.introductions.views import IntroductionSettingsPage
from services.alerts.staff.settings_frame import settings_frame
from shared.http.csrf import CsrfChecked
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import CompanyAdmin
from shared.pages.language import spoken, translated
from shared.privacy.audit import AuditActor

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)


@router.get("/settings/introductions")
async def show_setting(
    request: Request,
    staff: CompanyAdmin,
    context: OwnContext,
    did: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """The page."""
    async with context.database.reading() as uow:
        frame = await settings_frame(uow, staff)
        enabled = await enabled_since(uow, staff.tenant) is not None
    page = IntroductionSettingsPage(
        enabled=enabled,
        countries=[
            (
                translated("All others") if one.country == OTHER_COUNTRY else one.country,
                one.needs_permission,
                spoken(one.reason),
            )
            for one in INTRODUCTION_RULES
        ],
        done=translated("Saved.") if did == "saved" else "",
    )
    return context.pages.page(request, page, staff=staff, frame=frame)


@router.post("/settings/introductions")
async def change_setting(
    staff: CompanyAdmin,
    context: OwnContext,
    _: CsrfChecked,
    form: Annotated[IntroductionSettingForm, Form()],
) -> Response:
    """Switch it on or off."""
    async with context.database.transaction() as uow:
        who = AuditActor.of_staff(staff)
        await switch_introductions(uow, staff.tenant, who, enabled=form.act == "on")
    return RedirectResponse("/settings/introductions?did=saved", 303)
