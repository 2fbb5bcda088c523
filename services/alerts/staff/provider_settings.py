"""How a company's people sign in through its identity provider, as its administrators set it up."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import BadAccount
from services.alerts.staff import accounts
from services.alerts.staff.forms import ProviderForm
from services.alerts.staff.labels import role_options
from services.alerts.staff.provider_claims import EVERYTHING, ClaimRules
from services.alerts.staff.provider_errors import ProviderFailed
from services.alerts.staff.provider_sign_in import rules_of
from services.alerts.staff.repository import providers, sessions
from services.alerts.staff.sessions import session_id
from services.alerts.staff.settings_frame import settings_frame
from shared.db.database import UnitOfWork
from shared.http.csrf import CsrfChecked
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import CompanyAdmin, Staff
from shared.pages.language import spoken, translated
from shared.pages.page import Page
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import Message, message

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
MAX_CHARS = 500
MAX_PAIRS = 200
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
        if form.act == "save":
            await _save(context, staff, form)
        else:
            async with context.database.transaction() as uow:
                await _switch(uow, staff, form)
    except BadAccount as fault:
        again = form if form.act == "save" else None
        return await _page(request, context, staff, form=again, faults={fault.field: fault.remedy})
    return RedirectResponse(f"/settings/identity-provider?did={form.act}", 303)


async def _save(context: AlertsContext, staff: Staff, form: ProviderForm) -> None:
    """Write the settings once the provider has answered under them.

    :raises BadAccount: naming the field that is wrong.
    """
    values = {
        "name": _text("name", form.name, message("Write the name of the provider that people know.")),
        "issuer": _text("issuer", form.issuer, message("Write the address of the issuer.")),
        "client_id": _text("client_id", form.client_id, message("Write the client id.")),
        "claims": _rules(form),
        "provisions": form.provisions == "on",
        "trusts_addresses": form.trusts_addresses == "on",
    }
    try:
        await context.provider_sign_in.http.metadata(str(values["issuer"]))
    except ProviderFailed as failed:
        raise BadAccount("issuer", failed.remedy) from None
    async with context.database.transaction() as uow:
        known = await providers.find_provider(uow, staff.tenant, lock=True)
        sealed = None
        if form.client_secret:
            sealed = context.provider_sign_in.sealed(staff.tenant, form.client_secret)
        elif known is not None and (known.issuer, known.client_id) == (values["issuer"], values["client_id"]):
            sealed = known.sealed  # never sent to another issuer than it was given for
        await providers.save_provider(uow, staff.tenant, sealed=sealed, **values)
        record_audit(uow, staff.tenant, AuditActor.of_staff(staff), "identity_provider_changed")


async def _switch(uow: UnitOfWork, staff: Staff, form: ProviderForm) -> None:
    actor = AuditActor.of_staff(staff)
    if form.act == "remove":
        await providers.delete_provider(uow, staff.tenant)
        await sessions.delete_sessions_by(uow, staff.tenant, by_provider=True, but=session_id(staff))
        record_audit(uow, staff.tenant, actor, "identity_provider_removed")
        return
    only_way = form.act == "only"
    if only_way and not await sessions.is_by_provider(uow, staff.tenant, session_id(staff)):
        raise BadAccount(
            "act", message("Sign in through the provider yourself first, to know that it works.")
        )
    if await providers.set_only_way(uow, staff.tenant, only_way=only_way):
        record_audit(uow, staff.tenant, actor, "identity_provider_changed", None, only_way=only_way)
    if only_way:
        await sessions.delete_sessions_by(uow, staff.tenant, by_provider=False)


def _text(field: str, text: str, remedy: Message) -> str:
    plain = text.strip()
    if not plain or len(plain) > MAX_CHARS or not plain.isprintable():
        raise BadAccount(field, remedy)
    return plain


def _rules(form: ProviderForm) -> ClaimRules:
    return ClaimRules(
        role_claim=form.role_claim.strip()[:MAX_CHARS],
        roles=tuple((value, accounts.clean_role(role)) for value, role in _pairs("roles", form.roles)),
        default_role=accounts.clean_role(form.default_role) if form.default_role else None,
        segments_claim=form.segments_claim.strip()[:MAX_CHARS],
        segments=tuple(
            (value, EVERYTHING if segment == EVERYTHING else accounts.clean_segments([segment])[0])
            for value, segment in _pairs("segments", form.segments)
        ),
    )


def _pairs(field: str, text: str) -> Iterator[tuple[str, str]]:
    """Each line as a value of a claim and what it means."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > MAX_PAIRS:
        raise BadAccount(field, message("These are too many lines; %(most)s are possible.", most=MAX_PAIRS))
    for line in lines:
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
        sign_in_address=f"{context.staff_url}/login/provider?{urlencode({'company': staff.tenant})}",
        faults={field: spoken(fault) for field, fault in (faults or {}).items()},
        done=spoken(CONFIRMATIONS.get(did, "")),
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=422 if faults else 200)
