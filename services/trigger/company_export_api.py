"""``/v1/companies/…/export``: links to all of a company, and the download that they lead to."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated
from uuid import UUID, uuid4

import structlog
from fastapi import APIRouter, Path, Response
from fastapi.responses import StreamingResponse

from services.trigger.company_exports import (
    HELD_AGAIN_AFTER,
    ExportLinkEnded,
    ExportRuns,
    end_links,
    hold,
    release,
    series_of,
)
from services.trigger.company_links import EXPORT_LINK_DAYS, MAX_TOKEN_LENGTH
from services.trigger.context import OwnContext, TriggerContext
from services.trigger.errors import UnknownTenant
from services.trigger.models import metadata
from services.trigger.operator_problems import COMPANY_LEFT, Operated, part_away
from services.trigger.operator_schemas import CompanyId, ExportLinkOut
from services.trigger.tenants import locked
from shared.db.database import UnitOfWork
from shared.errors import is_infrastructure_error
from shared.events import Tenant
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.privacy.audit import LINK_HOLDER, OPERATOR, record_audit
from shared.privacy.company_export import AskedRows, OwnRows, RowsSource, company_zip
from shared.privacy.erased import CONFIRMING_SERVICES
from shared.privacy.service_client import ServiceUnavailable
from shared.tenancy.tenants import find_tenant
from shared.values.messages import message

log = structlog.get_logger()

router = APIRouter(prefix="/v1/companies", tags=["companies"], route_class=CheckedRoute)
RETRY_DOWNLOAD_AFTER_S = 60


@router.post("/{company_id}/export", status_code=201, summary="A link to all of a company")
async def make_export_link(company_id: CompanyId, _: Operated, context: OwnContext) -> ExportLinkOut:
    """Whoever has the link can download a ZIP file of everything for seven days, while the company is not
    erased and the link is not withdrawn. Give it to nobody but the company. One download of a company runs at
    a time; the log has each. Secrets and copies are left out; `manifest.json` says which.
    It comes last: a file without it is not complete, since a service was away; download it again.
    """
    async with context.database.transaction() as uow:
        await _kept(uow, company_id)
        series = await series_of(uow, company_id)
        record_audit(uow, company_id, OPERATOR, "company_exported")
        ends_at = uow.now + timedelta(days=EXPORT_LINK_DAYS)
    token = context.company_links.sign(company_id, series)
    return ExportLinkOut(url=f"{context.staff_url}/v1/companies/exports/{token}", expires_at=ends_at)


@router.delete("/{company_id}/export", status_code=204, summary="Withdraw the links to a company's data")
async def withdraw_export_links(company_id: CompanyId, _: Operated, context: OwnContext) -> None:
    """All links that were made until now open nothing any more, and a download that runs ends in a minute."""
    async with context.database.transaction() as uow:
        await _kept(uow, company_id)
        await end_links(uow, company_id)
        record_audit(uow, company_id, OPERATOR, "company_export_withdrawn")


@router.get("/exports/{token}", include_in_schema=False)
async def download(token: Annotated[str, Path(max_length=MAX_TOKEN_LENGTH)], context: OwnContext) -> Response:
    """All of a company, to whoever has the link."""
    named = context.company_links.read(token)
    if named is None:
        raise Problem(410, message("This link has ended."))
    tenant, series = named
    async with context.database.reading() as uow:
        company = await find_tenant(uow, tenant)
    if company is None or company.state == "left":
        raise Problem(410, COMPANY_LEFT)
    holder = uuid4()
    await _begin(context, tenant, series, holder)
    try:
        sources = await _sources(context, tenant)
        async with context.database.transaction() as uow:
            record_audit(uow, tenant, LINK_HOLDER, "company_export_opened")
    except ServiceUnavailable as error:
        await _release(context, tenant, holder)
        raise part_away(error) from error
    except BaseException:
        await _release(context, tenant, holder)
        raise
    headers = {
        "Content-Disposition": f'attachment; filename="{tenant}.zip"',
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }
    parts = _held_parts(context, company, series, holder, sources)
    return StreamingResponse(parts, media_type="application/zip", headers=headers)


async def _kept(uow: UnitOfWork, company_id: str) -> Tenant:
    """The company, locked.

    :raises Problem: 404 when there is none, 409 when nothing of it is kept.
    """
    try:
        return await locked(uow, company_id)
    except UnknownTenant:
        if await find_tenant(uow, company_id) is None:
            raise Problem(404) from None
        raise Problem(409, COMPANY_LEFT) from None


async def _begin(context: TriggerContext, tenant: str, series: UUID, holder: UUID) -> None:
    try:
        async with context.database.transaction() as uow:
            await hold(uow, tenant, series, holder)
    except ExportLinkEnded:
        raise Problem(410, message("This link has ended.")) from None
    except ExportRuns:
        raise Problem(
            429,
            message("Somebody is downloading all of this company now."),
            message("Wait until that has ended. One that broke off keeps others out for five minutes."),
            headers={"Retry-After": str(RETRY_DOWNLOAD_AFTER_S)},
        ) from None


async def _sources(context: TriggerContext, tenant: str) -> dict[str, RowsSource]:
    """All services, each of which answered: one that is away later would be a broken file.

    :raises ServiceUnavailable: when one did not.
    """
    sources: dict[str, RowsSource] = {"trigger": OwnRows("trigger", metadata, context.database, tenant)}
    for name in CONFIRMING_SERVICES:
        sources[name] = AskedRows(name, context.services, tenant)
    for source in sources.values():
        await source.tables()
    return sources


async def _held_parts(
    context: TriggerContext, company: Tenant, series: UUID, holder: UUID, sources: dict[str, RowsSource]
) -> AsyncIterator[bytes]:
    """The parts of the file, while the link holds."""
    clock = context.database.clock
    held_at = clock()

    async def hold_again() -> None:
        nonlocal held_at
        held_at = clock()
        async with context.database.transaction() as uow:
            await hold(uow, company.id, series, holder)

    try:
        async for part in company_zip(company.id, company.name, sources, held_at, confirm=hold_again):
            if clock() - held_at > HELD_AGAIN_AFTER:
                await hold_again()
            yield part
    except ServiceUnavailable as error:
        log.warning("company_export_broken", service=error.service)
        raise
    except (ExportLinkEnded, ExportRuns) as error:
        log.warning("company_export_ended", reason=type(error).__name__)
        raise
    finally:
        # Not in the task of the response, which is cancelled when the browser goes away.
        await asyncio.shield(asyncio.create_task(_release(context, company.id, holder)))


async def _release(context: TriggerContext, tenant: str, holder: UUID) -> None:
    try:
        async with context.database.transaction() as uow:
            await release(uow, tenant, holder)
    except Exception as error:
        if not is_infrastructure_error(error):
            raise
        # A file that is complete stays so; the row is free in five minutes.
        log.warning("company_export_not_released", tenant=tenant, error=type(error).__name__)
