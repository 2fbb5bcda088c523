"""The form of ``/themes`` about the model that labels comments."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.scorer.context import OwnContext
from services.scorer.themes.forms import ThemesForm
from services.scorer.themes.model_api import NO_SUCH_MODEL
from services.scorer.themes.model_client import origin_of
from services.scorer.themes.model_commands import NoSuchModel, switch_model
from services.scorer.themes.pages import TypedThemes, query_of_form, show_page
from services.scorer.themes.repository import find_themes
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import read_texts
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import CompanyAdmin
from shared.pages.language import spoken
from shared.privacy.audit import AuditActor

router = APIRouter(prefix="/themes", include_in_schema=False, route_class=CheckedRoute)
DID = {"on": "model_on", "off": "model_off"}


@router.post("/model")
async def change_model(
    request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Let comments be sent to the model that the form named, or to none."""
    texts = await read_texts(request)
    act, query = texts.get("act", ""), query_of_form(texts)
    if act not in DID:
        raise Problem(422)
    origin = origin_of(context.own.theme_model_url)
    agreed = texts.get("sent_to", "")
    try:
        async with context.database.transaction() as uow:
            who = AuditActor.of_staff(staff)
            await switch_model(uow, staff.tenant, who, is_on=act == "on", origin=origin, agreed=agreed)
    except NoSuchModel:
        async with context.database.reading() as uow:
            form = ThemesForm.of(await find_themes(uow, staff.tenant))
        typed = TypedThemes(form=form, refusal=spoken(NO_SUCH_MODEL), status_code=409)
        return await show_page(request, staff, context, query, typed)
    return RedirectResponse(query.address(DID[act]), 303)
