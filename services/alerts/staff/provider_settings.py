"""How a company's people sign in through its identity provider, as its administrators set it up."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import BadAccount
from services.alerts.staff.forms import ProviderForm
from services.alerts.staff.labels import role_options
from services.alerts.staff.provider_commands import (
    WantedProvider,
    remove_identity_provider,
    save_identity_provider,
    set_only_way,
)
from services.alerts.staff.provider_sign_in import rules_of
from services.alerts.staff.repository import providers
from services.alerts.staff.settings_frame import settings_frame
from shared.http.auth import Caller
from shared.http.csrf import CsrfChecked
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import CompanyAdmin, Staff
from shared.pages.language import spoken, translated
from shared.pages.page import Page
from shared.values.messages import Message, message

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
CONFIRMATIONS = {
    "save": message("Saved. The provider was reached."),
    "only": message("Everybody signs in through the provider alone. Other sessions are over."),
    "both": message("Passwords let people in again."),
    "remove": message("The provider is removed."),
}


@dataclass(frozen=True, kw_only=True)
class IdentityProviderPage(Page):
    """The settings of the provider."""

    template: ClassVar[str] = "identity_provider.html"
    exists: bool
    only_way: bool
    has_secret: bool
    form: ProviderForm
    role_options: list[tuple[str, str]]
    callback: str
    """The address to return to, as the provider must know it."""
    sign_in_address: str
    """Where people begin."""
    faults: dict[str, str]
    done: str


@router.get("/settings/identity-provider")
async def show_identity_provider(
    request: Request, staff: CompanyAdmin, context: OwnContext, did: str = ""
) -> Response:
    """The page."""
    return await _page(request, context, staff, did=did)


@router.post("/settings/identity-provider")
async def change_identity_provider(
    request: Request,
    staff: CompanyAdmin,
    context: OwnContext,
    _: CsrfChecked,
    form: Annotated[ProviderForm, Form()],
) -> Response:
    """Save it, make it the only way in, or remove it."""
    try:
        await _do(context, staff, form)
    except BadAccount as fault:
        again = form if form.act == "save" else None
        return await _page(request, context, staff, form=again, faults={fault.field: fault.remedy})
    return RedirectResponse(f"/settings/identity-provider?did={form.act}", 303)


async def _do(context: AlertsContext, staff: Staff, form: ProviderForm) -> None:
    caller = Caller(staff.tenant, staff, None)
    if form.act == "save":
        await save_identity_provider(context.database, context.provider_sign_in, caller, _wanted(form))
        return
    async with context.database.transaction() as uow:
        if form.act == "remove":
            found = await remove_identity_provider(uow, caller)
        else:
            found = await set_only_way(uow, caller, only_way=form.act == "only")
        if not found:
            raise Problem(404)


def _wanted(form: ProviderForm) -> WantedProvider:
    return WantedProvider(
        name=form.name,
        issuer=form.issuer,
        client_id=form.client_id,
        client_secret=form.client_secret,
        role_claim=form.role_claim,
        roles=list(_pairs("roles", form.roles)),
        default_role=form.default_role,
        segments_claim=form.segments_claim,
        segments=list(_pairs("segments", form.segments)),
        provisions=form.provisions == "on",
        trusts_addresses=form.trusts_addresses == "on",
    )


def _pairs(field: str, text: str) -> Iterator[tuple[str, str]]:
    """Each line as a value of a claim and what it means."""
    for line in filter(str.strip, text.splitlines()):
        value, equals, meaning = (part.strip() for part in line.rpartition("="))
        if not (value and equals and meaning):
            raise BadAccount(field, message("Write each line as value = meaning."))
        yield value, meaning


def _form_of(provider: Any) -> ProviderForm:
    """The form as the settings stand."""
    rules = rules_of(provider)
    return ProviderForm(
        act="save",
        name=provider.name,
        issuer=provider.issuer,
        client_id=provider.client_id,
        role_claim=rules.role_claim,
        roles="\n".join(f"{value} = {role}" for value, role in rules.roles),
        default_role=rules.default_role or "",
        segments_claim=rules.segments_claim,
        segments="\n".join(f"{value} = {segment}" for value, segment in rules.segments),
        provisions="on" if provider.provisions else "",
        trusts_addresses="on" if provider.trusts_addresses else "",
    )


async def _page(
    request: Request,
    context: AlertsContext,
    staff: Staff,
    *,
    form: ProviderForm | None = None,
    faults: dict[str, Message] | None = None,
    did: str = "",
) -> Response:
    async with context.database.reading() as uow:
        frame = await settings_frame(uow, staff)
        provider = await providers.find_provider(uow, staff.tenant)
    page = IdentityProviderPage(
        exists=provider is not None,
        only_way=provider is not None and provider.only_way,
        has_secret=provider is not None and provider.sealed is not None,
        form=form or (_form_of(provider) if provider is not None else ProviderForm(act="save")),
        role_options=[("", translated("Nobody without a value")), *role_options()],
        callback=context.provider_sign_in.callback,
        sign_in_address=context.provider_sign_in.address_of(staff.tenant),
        faults={field: spoken(fault) for field, fault in (faults or {}).items()},
        done=spoken(CONFIRMATIONS.get(did, "")),
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=422 if faults else 200)
