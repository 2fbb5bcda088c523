"""The pages of settings that the trigger has: the company, and its API keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.trigger.company_api import company_of
from services.trigger.company_changes import change_company
from services.trigger.company_schemas import KeyOut
from services.trigger.context import OwnContext, TriggerContext
from services.trigger.errors import BadTenant, UnknownKey
from services.trigger.key_last_uses import LastUses, last_uses
from services.trigger.labels import SCOPE_LABELS
from services.trigger.tenants import create_key, revoke_key
from shared.events import Tenant
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import read_texts
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import CompanyAdmin, Staff
from shared.pages.language import spoken
from shared.pages.page import Frame, Page
from shared.privacy.audit import AuditActor
from shared.values.colours import Accent
from shared.values.messages import message
from shared.values.zones import zone_names

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
Did = Annotated[str, Query(max_length=40)]
CONFIRMATIONS = {"saved": message("Saved."), "revoked": message("The key opens nothing any more.")}
MAX_SHOWN_LINE = 80
LIFETIMES_DAYS = {"": None, "30": 30, "90": 90, "365": 365}


@dataclass(frozen=True, kw_only=True)
class KeysPage(Page):
    """The API keys of a company, and the form of a new one."""

    template: ClassVar[str] = "keys.html"
    live_keys: list[KeyOut]
    ended_keys: list[KeyOut]
    scopes: list[tuple[str, str]]
    """Each scope with what it permits."""
    token: str
    """A key that was created just now, which is shown this once."""
    is_incomplete: bool
    """Whether a part of Afterword did not say when the keys were last used there."""
    form: Mapping[str, str]
    fault: tuple[str, str] | None
    """The field that is wrong, and what to do."""
    done: str


@dataclass(frozen=True, kw_only=True)
class CompanyPage(Page):
    """What customers read of a company, its time zone and its networks."""

    template: ClassVar[str] = "company.html"
    tenant: Tenant
    accent_preview: Accent | None
    zones: list[tuple[str, str]]
    form: Mapping[str, str]
    fault: tuple[str, str] | None
    done: str


@router.get("/keys")
async def show_keys(request: Request, staff: CompanyAdmin, context: OwnContext, did: Did = "") -> Response:
    """All keys."""
    return await _keys_page(request, context, staff, did=did)


@router.post("/keys")
async def create_key_by_form(
    request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Create a key and show it, this once."""
    form = await read_texts(request)
    days = LIFETIMES_DAYS.get(form.get("days", ""))
    expires = None if days is None else context.database.clock() + timedelta(days=days)
    try:
        token = await create_key(
            context.database,
            staff.tenant,
            [scope for scope in SCOPE_LABELS if form.get(f"scope-{scope}") == "on"],
            name=form.get("name", ""),
            source=form.get("source") or None,
            expires_at=expires,
            who=AuditActor.of_staff(staff),
        )
    except BadTenant as fault:
        return await _keys_page(request, context, staff, form=form, fault=fault)
    return await _keys_page(request, context, staff, token=token)


@router.post("/keys/{key_id}/revoke")
async def revoke_key_by_form(
    key_id: str, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """End a key."""
    try:
        await revoke_key(context.database, staff.tenant, key_id, who=AuditActor.of_staff(staff))
    except UnknownKey:
        raise Problem(404, detail=message("There is no such key that still opens something.")) from None
    return RedirectResponse("/keys?did=revoked", 303)


@router.get("/company")
async def show_company(request: Request, staff: CompanyAdmin, context: OwnContext, did: Did = "") -> Response:
    """The company."""
    return await _company_page(request, context, staff, did=did)


@router.post("/company")
async def change_company_by_form(
    request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Save what customers read of it, its time zone and its networks."""
    form = await read_texts(request)
    try:
        await change_company(
            context.database,
            staff.tenant,
            name=form.get("name", ""),
            postal_address=form.get("postal_address", ""),
            languages=form.get("languages", "").split(","),
            time_zone=form.get("time_zone") or None,
            accent=form.get("accent", ""),
            display_names=_typed_names(form.get("display_names", "")),
            # A page of an earlier version has no such field.
            staff_networks=form["staff_networks"].replace(",", " ").split()
            if "staff_networks" in form
            else None,
            who=AuditActor.of_staff(staff),
        )
    except BadTenant as fault:
        return await _company_page(request, context, staff, form=form, fault=fault)
    return RedirectResponse("/company?did=saved", 303)


async def _keys_page(
    request: Request,
    context: TriggerContext,
    staff: Staff,
    *,
    form: Mapping[str, str] | None = None,
    fault: BadTenant | None = None,
    token: str = "",
    did: str = "",
) -> Response:
    company, now = await company_of(context, staff.tenant), context.database.clock()
    found = LastUses({}, ()) if token else await last_uses(context, staff.tenant)
    shown = (KeyOut.of(key, now, found.uses.get(key.id)) for key in company.keys)
    keys = sorted(shown, key=lambda key: key.created_at, reverse=True)
    page = KeysPage(
        live_keys=[key for key in keys if key.live],
        ended_keys=[key for key in keys if not key.live],
        scopes=[(scope, spoken(words)) for scope, words in SCOPE_LABELS.items()],
        token=token,
        is_incomplete=bool(found.unanswered),
        form=form or {},
        fault=_shown_fault(fault),
        done=spoken(CONFIRMATIONS.get(did, "")),
    )
    frame = _frame(company)
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=422 if fault else 200)


async def _company_page(
    request: Request,
    context: TriggerContext,
    staff: Staff,
    *,
    form: Mapping[str, str] | None = None,
    fault: BadTenant | None = None,
    did: str = "",
) -> Response:
    company = await company_of(context, staff.tenant)
    standing = {
        "name": company.name,
        "postal_address": company.postal_address or "",
        "languages": ", ".join(company.languages),
        "time_zone": company.time_zone,
        "accent": company.accent or "",
        "display_names": "\n".join(f"{code} = {name}" for code, name in company.display_names.items()),
        "staff_networks": "\n".join(company.staff_networks),
    }
    page = CompanyPage(
        tenant=company,
        accent_preview=Accent.of(company.accent) if company.accent else None,
        zones=[(zone, zone) for zone in sorted({*zone_names(), company.time_zone})],
        form=form or standing,
        fault=_shown_fault(fault),
        done=spoken(CONFIRMATIONS.get(did, "")),
    )
    frame = _frame(company)
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=422 if fault else 200)


def _typed_names(typed: str) -> dict[str, str]:
    """The names of a form, one on each line: ``organisation:north = North region``.

    :raises BadTenant: of a line without an equals sign, or a code that stands twice.
    """
    names: dict[str, str] = {}
    for line in filter(None, map(str.strip, typed.splitlines())):
        code, equals, name = (part.strip() for part in line.partition("="))
        if not equals or code in names:
            raise BadTenant(
                "display_names",
                message(
                    "Write each code once, on a line of its own: organisation:north = North region. "
                    "Not %(line)s.",
                    line=repr(line[:MAX_SHOWN_LINE]),
                ),
            )
        names[code] = name
    return names


def _shown_fault(fault: BadTenant | None) -> tuple[str, str] | None:
    return (fault.field, spoken(fault.remedy)) if fault else None


def _frame(company: Tenant) -> Frame:
    return Frame(company=company.name, here="settings", time_zone=company.time_zone)
