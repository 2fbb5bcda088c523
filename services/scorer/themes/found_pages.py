"""The forms of ``/themes`` about themes that are opened by themselves."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.scorer.context import OwnContext, ScorerContext
from services.scorer.themes.forms import ThemesForm
from services.scorer.themes.found_api import DECIDED, NO_SUCH_THEME
from services.scorer.themes.found_commands import (
    STATE_AFTER,
    FoundAct,
    FoundDecided,
    FoundDecision,
    FoundMissing,
    NoSuchTheme,
    decide_found,
    switch_finding,
)
from services.scorer.themes.found_views import TypedFound
from services.scorer.themes.pages import (
    ThemePageEditor,
    TypedThemes,
    query_of_form,
    show_page,
)
from services.scorer.themes.repository import find_themes
from services.scorer.themes.theme_commands import ThemesFaulty, ThemesStale
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import read_texts
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff
from shared.pages.language import spoken
from shared.privacy.audit import AuditActor

router = APIRouter(prefix="/themes", include_in_schema=False, route_class=CheckedRoute)


@router.post("/found")
async def change_found(
    request: Request, staff: ThemePageEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Keep, merge or drop one of them; or have none opened any more."""
    texts = await read_texts(request)
    if staff.segments:
        # They are the themes of the whole company.
        raise Problem(403)
    query = query_of_form(texts)
    match texts.get("act", ""):
        case "on" | "off" as switch:
            async with context.database.transaction() as uow:
                who = AuditActor.of_staff(staff)
                await switch_finding(uow, staff.tenant, who, is_on=switch == "on")
            return RedirectResponse(query.address(switch), 303)
        case "keep" | "merge" | "drop" as act:
            typed = await _decided(context, staff, act, texts)
        case _:
            raise Problem(422)
    if typed is None:
        return RedirectResponse(query.address(STATE_AFTER[act]), 303)
    return await show_page(request, staff, context, query, typed)


async def _decided(
    context: ScorerContext, staff: Staff, act: FoundAct, texts: dict[str, str]
) -> TypedThemes | None:
    """None: it is done; else what is shown again."""
    theme = texts.get("theme", "")
    decision = FoundDecision(act, texts.get(f"name-{theme}", ""), texts.get(f"into-{theme}", ""))
    fault, refusal, status_code = "", "", 422
    try:
        async with context.database.transaction() as uow:
            await decide_found(uow, staff.tenant, AuditActor.of_staff(staff), theme, decision)
            return None
    except FoundMissing:
        raise Problem(404) from None
    except (FoundDecided, ThemesStale):
        refusal, status_code = spoken(DECIDED), 409
    except NoSuchTheme:
        fault = spoken(NO_SUCH_THEME)
    except ThemesFaulty as refused:
        fault = " ".join(spoken(each.remedy) for each in refused.faults)
    async with context.database.reading() as uow:
        form = ThemesForm.of(await find_themes(uow, staff.tenant))
    found = TypedFound(theme=theme, act=act, name=decision.name, into=decision.into, fault=fault)
    return TypedThemes(form=form, refusal=refusal, status_code=status_code, found=found if fault else None)
