"""The page by which customers are taken from a table; nothing is kept that was not shown before."""

import asyncio
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.csv_tables import BadTable
from services.dispatcher.customers.csv_rows import TableRow, read_table
from services.dispatcher.customers.customer_commands import keep_customers
from services.dispatcher.customers.labels import EXAMPLE, saved
from services.dispatcher.customers.reading import count_customers
from services.dispatcher.customers.repository import count_profiles
from services.dispatcher.customers.views import CustomerTablePage, TablePreview
from services.dispatcher.frame import CompanyStaffEditor, frame_of
from services.dispatcher.tenants import tenant_or_placeholder
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import read_texts
from shared.http.numbers import whole_number
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff
from shared.pages.language import spoken
from shared.privacy.audit import AuditActor

router = APIRouter(include_in_schema=False, prefix="/customers/table", route_class=CheckedRoute)


@router.get("")
async def show_table_form(
    request: Request,
    staff: CompanyStaffEditor,
    context: OwnContext,
    taken: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """The empty form."""
    number = whole_number(taken)
    return await _show(request, staff, context, "", done="" if number is None else saved(number))


@router.post("")
async def take_table(
    request: Request, staff: CompanyStaffEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Show what the table would do; keep the customers where exactly this table was shown before."""
    form = await read_texts(request)
    text = form.get("table", "").replace("\r\n", "\n").strip()
    async with context.database.reading() as uow:
        home = (await tenant_or_placeholder(uow, staff.tenant)).country or None
    try:
        rows = await asyncio.to_thread(read_table, text, home)
    except BadTable as bad:
        return await _show(request, staff, context, text, refused=spoken(bad.remedy), status_code=422)
    fingerprint = sha256(text.encode()).hexdigest()
    if form.get("act") != "save" or form.get("seen") != fingerprint:
        preview = TablePreview.of(fingerprint, rows)
        return await _show(request, staff, context, text, preview=preview)
    async with context.database.transaction() as uow:
        reads = await keep_customers(
            uow,
            context.secret,
            staff.tenant,
            [row.read for row in rows],
            who=AuditActor.of_staff(staff),
        )
    taken = count_customers(reads)
    if not taken:  # all of them were erased, or no row was good
        after = [TableRow(row.number, read) for row, read in zip(rows, reads, strict=True)]
        preview = TablePreview.of(fingerprint, after)
        return await _show(request, staff, context, text, preview=preview, status_code=422)
    return RedirectResponse(f"/customers/table?taken={taken}", 303)


async def _show(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    text: str,
    *,
    refused: str = "",
    preview: TablePreview | None = None,
    done: str = "",
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        frame = await frame_of(uow, staff, "surveys")
        known = await count_profiles(uow, staff.tenant)
    page = CustomerTablePage(
        text=text, example=EXAMPLE, known=known, refused=refused, preview=preview, done=done
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)
