"""What people set for themselves: their name, language and password."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import BadAccount
from services.alerts.staff import settings_acts
from services.alerts.staff.forms import AS_BROWSER, SettingsForm
from services.alerts.staff.labels import role_name
from services.alerts.staff.repository import people, providers
from services.alerts.staff.settings_acts import own_fingerprint
from services.alerts.staff.settings_frame import settings_frame
from shared.http.csrf import CsrfChecked
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.pages.language import SOURCE_LANGUAGE, native_name, spoken, translated
from shared.pages.page import Page
from shared.values.messages import message

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
SignedIn = Annotated[Staff, Depends(signed_in())]
CONFIRMATIONS = {
    "me": message("Saved."),
    "password": message("The password is changed. Everywhere else you are signed out."),
}


@dataclass(frozen=True, kw_only=True)
class SettingsPage(Page):
    """A person's own settings."""

    template: ClassVar[str] = "settings.html"
    me: Any
    """The person's row."""
    language_options: list[tuple[str, str]]
    provider: str
    """The name of the company's identity provider; empty without one."""
    role: str
    """The person's own, within a sentence."""
    own_fingerprint: Callable[[Any], str]
    form: SettingsForm
    fault: tuple[str, str] | None
    """The field of the form that is wrong, and what to do."""
    done: str


@router.get("/settings")
async def show(request: Request, staff: SignedIn, context: OwnContext, did: str = "") -> Response:
    """The page."""
    return await _page(request, context, staff, did=did)


@router.post("/settings")
async def do(
    request: Request,
    staff: SignedIn,
    context: OwnContext,
    _: CsrfChecked,
    form: Annotated[SettingsForm, Form()],
) -> Response:
    """Do it and come back, or say why not."""
    try:
        if form.act == "password":
            context.sign_in.count_attempt(request, str(staff.id), known=staff.session_id)
            await settings_acts.change_password(context.sign_in, staff, form)
        else:
            async with context.database.transaction() as uow:
                await settings_acts.change_own(uow, staff, form, context.pages.languages)
    except BadAccount as fault:
        return await _page(request, context, staff, form=form, fault=fault)
    response = RedirectResponse(f"/settings?did={form.act}", 303)
    if form.act == "me" and (session := await context.sign_in.session_of(request)) is not None:
        context.sign_in.set_pass(response, session)
    return response


def _language_options(languages: Sequence[str]) -> list[tuple[str, str]]:
    """The languages of our pages by their own names, English first."""
    tags = sorted(languages, key=lambda tag: tag != SOURCE_LANGUAGE)
    return [(AS_BROWSER, translated("As my browser")), *((tag, native_name(tag)) for tag in tags)]


async def _page(
    request: Request,
    context: AlertsContext,
    staff: Staff,
    *,
    form: SettingsForm | None = None,
    fault: BadAccount | None = None,
    did: str = "",
) -> Response:
    async with context.database.reading() as uow:
        frame = await settings_frame(uow, staff)
        me: Any = await people.find_person(uow, staff.tenant, staff.id)
        provider = await providers.find_provider(uow, staff.tenant)
    page = SettingsPage(
        me=me,
        language_options=_language_options(context.pages.languages),
        provider=provider.name if provider is not None else "",
        role=role_name(me.role),
        own_fingerprint=own_fingerprint,
        form=form or SettingsForm(act="me"),
        fault=(fault.field, spoken(fault.remedy)) if fault else None,
        done=spoken(CONFIRMATIONS.get(did, "")),
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=422 if fault else 200)
