"""The page of the list: who is never asked and why, taken from a table, downloaded, taken away."""

import asyncio
from collections.abc import Set as AbstractSet
from datetime import datetime
from hashlib import sha256
from io import StringIO
from typing import Annotated
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.csv_tables import BadTable
from services.dispatcher.frame import CompanyStaffEditor, frame_of
from services.dispatcher.sending.sending_commands import find_sending
from services.dispatcher.suppressions import repository
from services.dispatcher.suppressions.api import LIFT_REFUSALS
from services.dispatcher.suppressions.csv_rows import SuppressionFault, SuppressionRow, read_rows
from services.dispatcher.suppressions.files import export_of
from services.dispatcher.suppressions.import_commands import batches, import_rows, named
from services.dispatcher.suppressions.labels import (
    EXAMPLE,
    GONE,
    LIFT_REFUSED,
    LIFTED,
    reason_options,
    taken_notice,
)
from services.dispatcher.suppressions.suppression_commands import entries_named, lift, number_in
from services.dispatcher.suppressions.views import EntryLine, ImportPreview, SuppressionsPage
from services.dispatcher.tenants import tenant_or_placeholder
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import read_texts
from shared.http.numbers import whole_number
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff
from shared.pages.language import spoken
from shared.permissions import ADMIN
from shared.privacy.audit import AuditActor

log = structlog.get_logger()

router = APIRouter(include_in_schema=False, prefix="/suppressions", route_class=CheckedRoute)
ENTRIES_PER_PAGE = 50
Typed = Annotated[str, Query(max_length=330)]


@router.get("")
async def show_suppressions(
    request: Request,
    staff: CompanyStaffEditor,
    context: OwnContext,
    q: Typed = "",
    reason: Annotated[str, Query(pattern="^(unsubscribed|complained|listed|erased|bounced)?$")] = "",
    after: Typed = "",
    taken: Annotated[str, Query(max_length=12)] = "",
    did: Annotated[str, Query(max_length=12)] = "",
) -> Response:
    """The list, or what a search finds."""
    added = whole_number(taken)
    done = taken_notice(added) if added is not None else spoken(LIFTED) if did == "lifted" else ""
    return await _page(request, staff, context, q=q.strip(), reason=reason, after=after, done=done)


@router.post("")
async def take_table(
    request: Request, staff: CompanyStaffEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Show what the table would do; keep its rows where exactly this table was shown before."""
    form = await read_texts(request)
    text = form.get("table", "").replace("\r\n", "\n").strip()
    async with context.database.reading() as uow:
        placeholder_ids = (await find_sending(uow, staff.tenant)).placeholder_ids
        home = (await tenant_or_placeholder(uow, staff.tenant)).country or None
    try:
        rows = await asyncio.to_thread(_rows_of, text, context.database.clock(), placeholder_ids, home)
    except BadTable as bad:
        return await _page(request, staff, context, text=text, refused=spoken(bad.remedy), status_code=422)
    fingerprint = sha256(text.encode()).hexdigest()
    good = [row for row in rows if isinstance(row, SuppressionRow)]
    if form.get("act") != "save" or form.get("seen") != fingerprint or not good:
        preview = ImportPreview.of(fingerprint, rows)
        return await _page(request, staff, context, text=text, preview=preview)
    added = 0
    for part in batches(good):
        hashed = await asyncio.to_thread(named, context.secret, staff.tenant, part)
        async with context.database.transaction() as uow:
            added += await import_rows(uow, staff.tenant, hashed, who=AuditActor.of_staff(staff))
    return RedirectResponse(f"/suppressions?taken={added}", 303)


@router.post("/lift")
async def take_away(
    request: Request, staff: CompanyStaffEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Take one entry from the list; a customer's own no only an administrator does, who writes why."""
    form = await read_texts(request)
    kind, _colon, key = form.get("entry", "").partition(":")
    why = form.get("why", "").strip()[:500] or None
    async with context.database.transaction() as uow:
        entry = await repository.lock(uow, staff.tenant, kind, key)
        refused = GONE if entry is None else None
        if entry is not None and entry.reason in LIFT_REFUSALS and (why is None or staff.role != ADMIN):
            refused = LIFT_REFUSED
        elif entry is not None:
            await lift(uow, staff.tenant, entry, who=AuditActor.of_staff(staff), reason=why)
            log.info("suppression_lifted", tenant=staff.tenant, kind=kind, was=entry.reason, by="the company")
    if refused is not None:
        return await _page(request, staff, context, lift_refused=spoken(refused), status_code=409)
    return RedirectResponse("/suppressions?did=lifted", 303)


@router.get("/download")
async def download(staff: CompanyStaffEditor, context: OwnContext) -> Response:
    """The list as a file; who took it is logged."""
    return await export_of(context, staff.tenant, AuditActor.of_staff(staff))


def _rows_of(
    text: str, now: datetime, placeholder_ids: AbstractSet[str], home: str | None
) -> list[SuppressionRow | SuppressionFault]:
    return list(read_rows(StringIO(text, newline=""), now, placeholder_ids, home))


async def _page(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    *,
    q: str = "",
    reason: str = "",
    after: str = "",
    text: str = "",
    preview: ImportPreview | None = None,
    refused: str = "",
    done: str = "",
    lift_refused: str = "",
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        frame = await frame_of(uow, staff, "surveys")
        counts = await repository.count(uow, staff.tenant)
        if q:
            number = await number_in(uow, staff.tenant, q) or ""
            sought = entries_named(context.secret, staff.tenant, q if "@" in q else "", q, number)
            found = await repository.find_matching(uow, [(staff.tenant, *entry) for entry in sought])
            rows = [row for row in found if not reason or row.reason == reason]
        else:
            kind, _, key = after.partition(":")
            place, wanted = (kind, key), reason or None
            rows = list(await repository.list_page(uow, staff.tenant, place, ENTRIES_PER_PAGE + 1, wanted))
    shown = [EntryLine.of(row) for row in rows[:ENTRIES_PER_PAGE]]
    page = SuppressionsPage(
        entries=shown,
        total=sum(counts.values()),
        q=q,
        reason=reason,
        reason_options=reason_options(),
        query=urlencode({name: value for name, value in {"q": q, "reason": reason}.items() if value}),
        after=after,
        more=shown[-1].id if len(rows) > ENTRIES_PER_PAGE else "",
        text=text,
        example=EXAMPLE,
        preview=preview,
        refused=refused,
        done=done,
        lift_refused=lift_refused,
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)
