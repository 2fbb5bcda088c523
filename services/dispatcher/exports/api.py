"""The API for what is kept of one customer."""

from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Path, Query, Response

from services.dispatcher.callers import ErasingCaller, Limit
from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.exports import link_repository, schemas
from services.dispatcher.exports.access_log import record_access
from services.dispatcher.exports.domain import SoughtCustomer
from services.dispatcher.exports.export_commands import export_of, find_subject
from services.dispatcher.exports.link_commands import withdraw_link
from services.dispatcher.exports.schemas import ExportLinkAnswer, ExportLinkList
from shared.http.auth import Caller
from shared.http.cursors import MAX_CURSOR_LENGTH, cut_page, decode_cursor
from shared.http.instants import Instant
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.validation_errors import FieldFault
from shared.privacy.audit import AuditActor
from shared.privacy.export_records import ExportKind
from shared.values.messages import message

router = APIRouter(prefix="/v1", route_class=CheckedRoute)
Email = Annotated[str | None, Query(min_length=3, max_length=320, description="A mail address.")]
Phone = Annotated[
    str | None, Query(min_length=3, max_length=100, description="A phone number with its country code.")
]
Kind = Annotated[ExportKind | None, Query(description="Only this kind of record; all of them without it.")]
Before = Annotated[
    Instant | None, Query(description="Only what is older: `older_before` of a section that is cut.")
]


@router.get(
    "/customers/export",
    summary="All that is kept of a customer, by address or phone number",
    responses=schemas.RESPONSES,
)
async def export_by_contact(
    caller: ErasingCaller,
    context: OwnContext,
    email: Email = None,
    phone: Phone = None,
    customer_id: Annotated[
        str | None,
        Query(min_length=1, max_length=200, description="Which customer, where several are known under it."),
    ] = None,
    kind: Kind = None,
    before: Before = None,
) -> Response:
    """Give `email` or `phone`. Where several customers are known under it, or one under several addresses,
    409 lists them: give `customer_id` alone, or both for the customer under this address alone.
    """
    sought = SoughtCustomer(customer_id, email, phone)
    if sought == SoughtCustomer():
        raise Problem(
            422, errors=[FieldFault(field="query/email", detail=message("Give email, phone or customer_id."))]
        )
    return await _export(caller, context, sought, kind, before)


@router.get("/customers/export-links", summary="The links to what is kept of customers that are still valid")
async def list_links(
    caller: ErasingCaller,
    context: OwnContext,
    after: Annotated[str, Query(max_length=MAX_CURSOR_LENGTH, description="`next` of the page before.")] = "",
    limit: Limit = 100,
) -> ExportLinkList:
    """Newest first. The links themselves are stored nowhere."""
    place = decode_cursor(after)
    async with context.database.reading() as uow:
        found = await link_repository.list_valid(uow, caller.tenant, before=place, limit=limit + 1)
    links, more = cut_page(found, limit, lambda row: (row.made_at, row.id))
    return ExportLinkList(links=[ExportLinkAnswer.of(row) for row in links], next=more)


@router.delete("/customers/export-links/{link_id}", status_code=204, summary="Withdraw a link")
async def withdraw(
    link_id: Annotated[UUID, Path(description="The link's id, as the list has it.")],
    caller: ErasingCaller,
    context: OwnContext,
) -> Response:
    """It shows nothing any more. One that has ended, or was withdrawn before, is 404."""
    async with context.database.transaction() as uow:
        if not await withdraw_link(uow, caller.tenant, link_id, AuditActor.of(caller)):
            raise Problem(404)
    return Response(status_code=204)


@router.get(
    "/customers/{customer_id:path}/export",
    summary="All that is kept of a customer",
    responses=schemas.RESPONSES,
)
async def export_by_id(
    customer_id: Annotated[
        str, Path(min_length=1, max_length=200, description="The company's own id of the customer.")
    ],
    caller: ErasingCaller,
    context: OwnContext,
    email: Email = None,
    kind: Kind = None,
    before: Before = None,
) -> Response:
    """Every service is asked; when one is away the answer is 503 and names it, and nothing is shown in part.

    A section holds at most 200 records, the newest; one that is cut has `older_before`. Notes and names of
    staff are left out. A customer who was erased is 404, as one who is not known; the title says which. It
    takes the scope of erasures, since both answer a customer's own request, and it reads more than any other
    scope: addresses and all words.
    """
    return await _export(caller, context, SoughtCustomer(customer_id, email), kind, before)


async def _export(
    caller: Caller,
    context: DispatcherContext,
    sought: SoughtCustomer,
    kind: ExportKind | None,
    before: Instant | None,
) -> Response:
    subject = await find_subject(context, caller.tenant, sought)
    export = await export_of(context, subject, sought, kind=kind, before=before)
    async with context.database.transaction() as uow:
        record_access(uow, "downloaded", subject, caller)
    return download(export)


def download(export: schemas.Export) -> Response:
    """The document as a file."""
    name = f"customer-{export.person[:8]}-{export.made_at:%Y-%m-%d}.json"
    return Response(
        msgspec.json.format(msgspec.json.encode(export), indent=2),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
