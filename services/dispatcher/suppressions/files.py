"""The list as a file: taken from one, however long, and given as one."""

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from tempfile import SpooledTemporaryFile
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from sqlalchemy import Row

from services.dispatcher.callers import CompanyEditor
from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.csv_tables import BadTable
from services.dispatcher.sending.sending_commands import find_sending
from services.dispatcher.suppressions import repository
from services.dispatcher.suppressions.csv_rows import SuppressionFault, SuppressionRow, faults_of, read_rows
from services.dispatcher.suppressions.domain import SuppressionReason
from services.dispatcher.suppressions.import_commands import batches, import_rows, named
from services.dispatcher.suppressions.schemas import ImportAnswer, ImportFault
from services.dispatcher.tenants import tenant_or_placeholder
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.pages.language import spoken
from shared.privacy.audit import AuditActor, record_audit
from shared.values.csv_cells import safe_cell
from shared.values.csv_files import BYTE_ORDER_MARK, CSV_TYPE, lines_of
from shared.values.messages import message

router = APIRouter(prefix="/v1", route_class=CheckedRoute)
IMPORT_PATH = "/suppressions/import"
MAX_IMPORT_BYTES = 16 * 1024 * 1024
MAX_FAULTS = 1_000
"""So many are answered; the others are counted."""
IN_MEMORY_BYTES = 1024 * 1024
"""A longer file waits on the disk until it is read."""
EXPORTED_COLUMNS = ("customer_id", "address_hash", "reason", "since")
ROWS_OF_EXPORT = 2_000
CSV_CONTENT: dict[str, Any] = {"text/csv": {"schema": {"type": "string"}}}
CSV_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": "email,customer_id,reason,since\nkim@example.com,,unsubscribed,2026-03-02\n",
            }
        },
    }
}


@router.post(
    IMPORT_PATH,
    summary="Never ask those of a table",
    openapi_extra=CSV_BODY,
)
async def import_suppressions(request: Request, caller: CompanyEditor, context: OwnContext) -> ImportAnswer:
    """Take a CSV file (UTF-8; comma, semicolon or tab) of up to 16 MiB. Its first row names the columns:
    `email`, `phone`, `customer_id` or `address_hash` (that of an export), and may have `reason`
    (`unsubscribed`, `complained`, `bounced` or `listed`), `since` (a time with its offset, or a day) and
    `country`: a number without a country's code must be one of it, and where a row has none of the company's.
    `bounced` is of mail addresses alone: the number of such a row is not put on the list.

    A bad row is refused by itself, the others are kept. A row that names somebody by one cell is taken where
    another one is bad, which is left out and stands among the faults. The same file again changes nothing:
    send it again when the connection broke. It is kept in parts, in the order of its rows.
    """
    if request.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise Problem(415, detail=message("Send it without a Content-Encoding."))
    with SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as file:
        async for chunk in request.stream():
            await asyncio.to_thread(file.write, chunk)
        file.seek(0)
        # A line of its own is read, never the file; what is no UTF-8 is no address and no id.
        text = io.TextIOWrapper(file, "utf-8", errors="replace", newline="")
        try:
            return await _import(context, caller.tenant, AuditActor.of(caller), text)
        except BadTable as bad:
            raise Problem(400, detail=bad.remedy) from None
        finally:
            text.detach()


async def _import(
    context: DispatcherContext, tenant: str, who: AuditActor, lines: io.TextIOWrapper
) -> ImportAnswer:
    taken = added = refused = 0
    faults: list[SuppressionFault] = []
    async with context.database.reading() as uow:
        placeholder_ids = (await find_sending(uow, tenant)).placeholder_ids
        home = (await tenant_or_placeholder(uow, tenant)).country or None
    parts = batches(read_rows(lines, context.database.clock(), placeholder_ids, home))
    while part := await asyncio.to_thread(next, parts, None):
        found = faults_of(part)
        rows = await asyncio.to_thread(
            named, context.secret, tenant, [each for each in part if isinstance(each, SuppressionRow)]
        )
        if rows:
            async with context.database.transaction() as uow:
                added += await import_rows(uow, tenant, rows, who=who)
            taken += len(rows)
        refused += len(part) - len(rows)
        faults += found[: MAX_FAULTS - len(faults)]
    return ImportAnswer(
        taken=taken,
        added=added,
        refused=refused,
        faults=[
            ImportFault(row=each.number, column=each.column or None, detail=spoken(each.detail))
            for each in faults
        ],
    )


@router.get(
    "/suppressions/export",
    summary="The list as a file",
    response_class=StreamingResponse,
    responses={200: {"content": CSV_CONTENT, "description": "One row for each entry."}},
)
async def export_suppressions(
    caller: CompanyEditor,
    context: OwnContext,
    reason: Annotated[SuppressionReason | None, Query(description="Entries of this reason.")] = None,
) -> StreamingResponse:
    """The columns `customer_id`, `address_hash`, `reason` and `since`. Of an entry for an address or a
    phone number there is the keyed hash alone, since neither is kept; it is taken again by an import into the
    same installation and company. A cell that begins like a formula stands behind an apostrophe, which an
    import takes away.
    """
    return await export_of(context, caller.tenant, AuditActor.of(caller), reason)


async def export_of(
    context: DispatcherContext, tenant: str, who: AuditActor, reason: str | None = None
) -> StreamingResponse:
    """The list as a file, page by page; who took it is logged."""
    async with context.database.transaction() as uow:
        record_audit(uow, tenant, who, "suppressions_exported")
    return StreamingResponse(
        _exported(context, tenant, reason),
        media_type=CSV_TYPE,
        headers={"Content-Disposition": 'attachment; filename="suppressions.csv"'},
    )


async def _exported(context: DispatcherContext, tenant: str, reason: str | None) -> AsyncIterator[str]:
    yield BYTE_ORDER_MARK + lines_of([EXPORTED_COLUMNS])
    after = ("", "")
    while True:
        async with context.database.reading() as uow:
            rows = await repository.list_page(uow, tenant, after, ROWS_OF_EXPORT, reason)
        if not rows:
            return
        yield await asyncio.to_thread(csv_of, rows)
        after = rows[-1].kind, rows[-1].key


def csv_of(rows: Sequence[Row[Any]]) -> str:
    """Entries as rows of the file."""
    lines = []
    for row in rows:
        customer_id, address = (row.key, "") if row.kind == "customer" else ("", row.key)
        lines.append((safe_cell(customer_id), address, row.reason, row.created_at.isoformat()))
    return lines_of(lines)
