"""``/v1/companies``: companies are made, paused, exported and erased by whoever runs the installation."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated

import msgspec
import structlog
from fastapi import APIRouter, Depends, Path, Response
from fastapi.responses import StreamingResponse

from services.trigger.company_links import EXPORT_LINK_DAYS, MAX_TOKEN_LENGTH
from services.trigger.company_states import StateChange, change_state
from services.trigger.context import OwnContext, TriggerContext
from services.trigger.errors import BadTenant, TenantExists, UnknownTenant, WrongState
from services.trigger.models import metadata
from services.trigger.operator_auth import operated
from services.trigger.operator_schemas import (
    CompanyBody,
    CompanyDetail,
    ErasureOfCompany,
    ExportLinkOut,
    LeavingBody,
    NewCompany,
    OperatedCompany,
    OperatedCompanyList,
)
from services.trigger.short_names import MAX_SHORT_NAME_LENGTH
from services.trigger.tenants import create_key, create_tenant, is_unfinished
from shared.events import Tenant
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.permissions import STARTER_SCOPES
from shared.privacy.audit import OPERATOR, record_audit
from shared.privacy.company_export import AskedRows, OwnRows, RowsSource, company_zip
from shared.privacy.company_routes import CompanyProgress
from shared.privacy.erased import CONFIRMING_SERVICES
from shared.privacy.service_client import ServiceUnavailable
from shared.tenancy.closed import find_closed
from shared.tenancy.tenants import all_tenants, find_tenant
from shared.values.languages import language_tag
from shared.values.messages import message

log = structlog.get_logger()

router = APIRouter(prefix="/v1/companies", tags=["companies"], route_class=CheckedRoute)
Operated = Annotated[bool, Depends(operated())]
CompanyId = Annotated[str, Path(max_length=MAX_SHORT_NAME_LENGTH, description="The company's short name.")]
FIRST_KEY_NAME = "first key"


@router.get("", summary="All companies")
async def list_companies(_: Operated, context: OwnContext) -> OperatedCompanyList:
    """With their state."""
    async with context.database.reading() as uow:
        companies = await all_tenants(uow)
    return OperatedCompanyList(companies=[OperatedCompany.of(company) for company in companies])


@router.post("", status_code=201, summary="Make a company")
async def make_company(body: CompanyBody, _: Operated, context: OwnContext) -> NewCompany:
    """It begins in test mode, with one key and, where `admin` is given, its first administrator. The same
    again completes one that was interrupted before it had a key; else a short name that is taken is 409.
    """
    tags = [language_tag(tag) for tag in body.languages]
    if None in tags:
        raise Problem(422, detail=message("Write languages as tags, such as en, da or pt-BR."))
    try:
        await create_tenant(
            context.database,
            body.id,
            name=body.name,
            time_zone=body.time_zone,
            country=body.country,
            languages=[tag for tag in tags if tag is not None],
            postal_address=body.postal_address,
            who=OPERATOR,
        )
    except TenantExists:
        if not await is_unfinished(context.database, body.id, body.name):
            raise Problem(409, message("There is a company of this short name already.")) from None
    except BadTenant as fault:
        raise Problem(422, detail=fault.remedy) from None
    link = None if body.admin is None else await _first_admin(context, body.id, body.admin)
    key = await create_key(context.database, body.id, STARTER_SCOPES, name=FIRST_KEY_NAME, who=OPERATOR)
    company = OperatedCompany.of(await _find(context, body.id))
    return NewCompany(**company.model_dump(), key=key, sign_in_link=link)


@router.get("/{company_id}", summary="One company, and how far its erasure is")
async def show_company(company_id: CompanyId, _: Operated, context: OwnContext) -> CompanyDetail:
    """Of one that has left, each service is asked; when one is away the answer is 503."""
    company = await _find(context, company_id)
    erasures = await _erasures(context, company_id) if company.state == "left" else []
    return CompanyDetail(**OperatedCompany.of(company).model_dump(), erasures=erasures)


@router.post("/{company_id}/pause", summary="Pause a company")
async def pause_company(company_id: CompanyId, _: Operated, context: OwnContext) -> OperatedCompany:
    """Nobody is asked any more: events are taken and decided as `company_paused`, and what waited to leave
    waits on. Links that were sent take answers, and people sign in and work.
    """
    return await _change(context, company_id, "pause")


@router.post("/{company_id}/resume", summary="Let a company that is paused go on")
async def resume_company(company_id: CompanyId, _: Operated, context: OwnContext) -> OperatedCompany:
    """What waited leaves, unless it is too old by then."""
    return await _change(context, company_id, "resume")


@router.post("/{company_id}/leave", summary="Let a company leave")
async def let_leave(
    company_id: CompanyId, body: LeavingBody, _: Operated, context: OwnContext
) -> OperatedCompany:
    """Its keys, its people's sessions and its customers' links open nothing from now on. Make an export
    until the days of grace are over; then every service erases all that it keeps of the company.
    """
    return await _change(context, company_id, "leave", body.grace_days)


@router.post("/{company_id}/stay", summary="Let a company stay that was leaving")
async def let_stay(company_id: CompanyId, _: Operated, context: OwnContext) -> OperatedCompany:
    """It is paused then, and nothing of it was erased; its keys and its people's sessions open again."""
    return await _change(context, company_id, "stay")


@router.post("/{company_id}/export", status_code=201, summary="A link to all of a company")
async def make_export_link(company_id: CompanyId, _: Operated, context: OwnContext) -> ExportLinkOut:
    """Whoever has the link can download a ZIP file of everything for seven days, while the company is not
    erased. Give it to nobody but the company. Secrets and copies are left out; `manifest.json` says which.
    It comes last: a file without it is not complete, since a service was away; download it again.
    """
    company = await _find(context, company_id)
    if company.state == "left":
        raise Problem(409, message("This company has left, and nothing of it is kept."))
    async with context.database.transaction() as uow:
        record_audit(uow, company_id, OPERATOR, "company_exported")
        ends_at = uow.now + timedelta(days=EXPORT_LINK_DAYS)
    token = context.company_links.sign(company_id)
    return ExportLinkOut(url=f"{context.staff_url}/v1/companies/exports/{token}", expires_at=ends_at)


@router.get("/exports/{token}", include_in_schema=False)
async def download(token: Annotated[str, Path(max_length=MAX_TOKEN_LENGTH)], context: OwnContext) -> Response:
    """All of a company, to whoever has the link."""
    tenant = context.company_links.read(token)
    if tenant is None:
        raise Problem(410, message("This link has ended."))
    company = await _find(context, tenant)
    if company.state == "left":
        raise Problem(410, message("This company has left, and nothing of it is kept."))
    sources: dict[str, RowsSource] = {"trigger": OwnRows("trigger", metadata, context.database, company.id)}
    for name in CONFIRMING_SERVICES:
        sources[name] = AskedRows(name, context.services, company.id)
    try:
        for source in sources.values():
            await source.tables()  # one that is away is an answer; later it would be a broken file
    except ServiceUnavailable as error:
        raise _away(error) from error
    parts = company_zip(company.id, company.name, sources, context.database.clock())
    headers = {
        "Content-Disposition": f'attachment; filename="{company.id}.zip"',
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }
    return StreamingResponse(_logged(parts), media_type="application/zip", headers=headers)


async def _logged(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for part in parts:
            yield part
    except ServiceUnavailable as error:
        log.warning("company_export_broken", service=error.service)
        raise


async def _change(
    context: TriggerContext, company_id: str, change: StateChange, grace_days: int | None = None
) -> OperatedCompany:
    given = {} if grace_days is None else {"grace_days": grace_days}
    try:
        company = await change_state(context.database, company_id, change, who=OPERATOR, **given)
    except UnknownTenant:
        raise Problem(404) from None
    except WrongState as error:
        raise Problem(
            409,
            message("This cannot be done with a company in this state."),
            message("It is %(state)s.", state=error.state),
        ) from None
    return OperatedCompany.of(company)


async def _find(context: TriggerContext, company_id: str) -> Tenant:
    async with context.database.reading() as uow:
        company = await find_tenant(uow, company_id)
    if company is None:
        raise Problem(404)
    return company


async def _erasures(context: TriggerContext, company_id: str) -> list[ErasureOfCompany]:
    async with context.database.reading() as uow:
        own = await find_closed(uow, company_id)
    found: dict[str, CompanyProgress] = {"trigger": CompanyProgress()}
    if own is not None:
        found["trigger"] = CompanyProgress(erased_at=own.erased_at, swept_at=own.swept_at)
    try:
        for name in CONFIRMING_SERVICES:
            body = await context.services.get_body(
                name, "company/progress", purpose="company", tenant=company_id
            )
            found[name] = msgspec.json.decode(body, type=CompanyProgress)
    except ServiceUnavailable as error:
        raise _away(error) from error
    return [
        ErasureOfCompany(service=name, erased_at=each.erased_at, swept_at=each.swept_at)
        for name, each in found.items()
    ]


async def _first_admin(context: TriggerContext, company_id: str, address: str) -> str:
    """The link by which the first administrator signs in.

    :raises Problem: 422 when nobody can have this address, 503 while alerts is away.
    """
    body = msgspec.json.encode({"address": address})
    try:
        answer = msgspec.json.decode(
            await context.services.post("alerts", "first-admin", body, purpose="company", tenant=company_id),
            type=dict[str, str | None],
        )
    except ServiceUnavailable as error:
        raise _away(error) from error
    if (link := answer["link"]) is None:
        raise Problem(422, detail=answer["fault"] or "")
    return link


def _away(error: ServiceUnavailable) -> Problem:
    return Problem(
        503,
        message("A part of Afterword does not answer."),
        message("It is %(service)s. Try again in a minute.", service=error.service),
        headers={"Retry-After": "30"},
    )
