"""``/v1/answers``: import of answers that were given elsewhere, and the list of all answers."""

from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from services.collector.context import CollectorContext, OwnContext
from services.collector.imports import (
    AnswerIn,
    BadBatch,
    ImportedCustomer,
    ImportedNames,
    answer_id,
    import_item,
    imported_answer,
    read_batch,
    refuse_contradictions,
)
from services.collector.openapi import IMPORT_BODY
from services.collector.repository import answers
from services.collector.schemas import AnswerOrigin, AnswerOut, AnswerPage, ImportResult
from services.collector.suspicion import is_held
from shared.api_keys import ApiKey
from shared.db.database import Database
from shared.events import ANSWERS, Customer, Tenant
from shared.events.segments import normalized_segment
from shared.events.surveys import Measurement
from shared.http.auth import Caller, staff_or_key
from shared.http.body_text import read_text
from shared.http.cursors import MAX_CURSOR_LENGTH, decode_cursor, encode_cursor
from shared.http.instants import Instant
from shared.http.key_auth import requires
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.pages.language import spoken
from shared.permissions import ANSWER_ROLES
from shared.privacy.erased import find_erased
from shared.privacy.persons import NOBODY, identity_of, person_or_nobody
from shared.privacy.service_caller import ServiceLane, refuse_left, service_caller
from shared.privacy.service_client import PERSONAL_DATA_PATH
from shared.privacy.service_tokens import TOKEN_SCHEME, ServiceClaims, ServiceTokens
from shared.privacy.subjects import Subject
from shared.secrets import customer_hash
from shared.tenancy.tenants import find_tenant
from shared.values.messages import message
from shared.values.phone import e164_number
from shared.values.text import normalized_text
from shared.values.zones import zone_of

router = APIRouter(tags=["answers"], route_class=CheckedRoute)

MAX_IMPORTS_PER_TENANT = 2
"""In one process: one at work and one that waits. More would hold up the requests of other companies."""


@router.post(
    "/v1/answers/import",
    summary="Import answers",
    response_model=ImportResult,
    openapi_extra=IMPORT_BODY,
)
async def import_answers(
    request: Request, key: Annotated[ApiKey, Depends(requires("answers:write"))], context: OwnContext
) -> Response:
    """Take up to 1,000 answers that were given elsewhere. They count, but open no case and notify nobody.

    An item's identity is its `id`. Sent again with the same content it changes nothing; with other content
    the answer is amended (its history is kept), while the time and the day of the first import stay. A bad
    item is refused by itself, the others are taken.
    """
    try:
        return await _import_batch(context, key.tenant, await read_text(request))
    except BadBatch as error:
        raise Problem(400, detail=error.remedy) from None


def rows_router(database: Database, secret: str) -> APIRouter:
    """The router with the one route ``/v1/personal-data/collector/answers``: rows of a company's file, as the
    dispatcher has read them.
    """
    rows = APIRouter(include_in_schema=False, route_class=CheckedRoute)
    lane = ServiceLane()
    caller = service_caller(ServiceTokens(secret, clock=database.clock), "import")

    @rows.post(f"{PERSONAL_DATA_PATH}/collector/answers")
    async def import_rows(
        request: Request, asked: Annotated[ServiceClaims, Depends(caller)], context: OwnContext
    ) -> Response:
        """The same as ``POST /v1/answers/import``, in the company's name."""
        body = await request.body()
        if not asked.covers(body):
            raise Problem(401, headers={"WWW-Authenticate": TOKEN_SCHEME})
        async with lane.turn():
            try:
                return await _import_batch(context, asked.tenant, body)
            except BadBatch as error:
                raise Problem(422, detail=error.remedy) from None

    return rows


async def _import_batch(context: CollectorContext, tenant: str, body: bytes) -> Response:
    """Take what is good of a batch.

    :raises BadBatch: when it is none.
    """
    reads = refuse_contradictions(read_batch(body, context.database.clock()))
    items = {read.item.id: read.item for read in reads if read.item is not None}
    new = await _import(context, tenant, list(items.values())) if items else 0
    results = [import_item(read, spoken) for read in reads]
    accepted = sum(read.item is not None for read in reads)
    return Response(
        ImportResult(
            accepted=accepted, refused=len(results) - accepted, new=new, results=results
        ).model_dump_json(),
        media_type="application/json",
    )


async def _import(context: CollectorContext, tenant_id: str, items: list[AnswerIn]) -> int:
    """Write and publish the answers that are new or amended; returns how many are new."""
    if context.import_locks.users(tenant_id) >= MAX_IMPORTS_PER_TENANT:
        raise _import_under_way()
    async with context.import_locks.acquire(tenant_id), context.database.transaction() as uow:
        await refuse_left(uow, tenant_id)
        tenant = await find_tenant(uow, tenant_id)
        if tenant is None:
            raise Problem(
                503, detail=message("The tenant is not known here yet."), headers={"Retry-After": "2"}
            )
        zone = zone_of(tenant.time_zone)
        if not await answers.try_lock_imports(uow, tenant_id):
            raise _import_under_way()
        ids = [answer_id(tenant_id, item) for item in items]
        known = await answers.lock_answers(uow, tenant_id, ids)
        changed = []
        customers = [_named(context, tenant, item.customer) for item in items]
        subjects = [
            Subject(tenant_id, person_or_nobody(context.secret, tenant_id, each.customer_id), each.contact)
            for each in customers
        ]
        erased = await find_erased(uow, [subject for subject in subjects if subject.person != NOBODY])
        for item, id_, customer, subject in zip(items, ids, customers, subjects, strict=True):
            is_erased = subject in erased
            answer = imported_answer(id_, zone, item, customer, subject, is_erased, known.get(id_), uow.now)
            if answer is not None:
                changed.append(answer)
        await answers.put_answers(uow, tenant_id, changed)
        for answer in changed:
            uow.publish(ANSWERS, tenant_id, answer)
        return sum(answer.id not in known for answer in changed)


def _named(
    context: CollectorContext, tenant: Tenant, customer: ImportedCustomer | str | None
) -> ImportedNames:
    if customer is None or isinstance(customer, str):
        return ImportedNames(customer, None)
    email = normalized_text(customer.email or "")
    phone = normalized_text(customer.phone or "")
    number = e164_number(phone, tenant.country) if phone else None
    named = Customer(
        id=customer.id if customer.id and normalized_text(customer.id) else "",
        email=email or None,
        phone=(number or phone) if phone else None,
    )
    contact = customer_hash(context.secret, tenant.id, email) if email else None
    number_key = customer_hash(context.secret, tenant.id, number) if number else None
    return ImportedNames(identity_of(context.secret, tenant.id, named) or None, contact, number_key)


def _import_under_way() -> Problem:
    return Problem(
        429,
        message("Another import of yours is under way."),
        message("Nothing was taken. Send it again when Retry-After says, or one import at a time."),
        headers={"Retry-After": "1"},
    )


@router.get("/v1/answers", summary="List answers")
async def list_answers(
    context: OwnContext,
    caller: Annotated[Caller, Depends(staff_or_key("answers:read", *ANSWER_ROLES))],
    since: Annotated[Instant | None, Query(description="Answered at this time or later.")] = None,
    until: Annotated[Instant | None, Query(description="Answered before this time.")] = None,
    segment: Annotated[
        str | None,
        Query(max_length=2_000, description="Such as touchpoint:checkout or organisation:north/sales."),
    ] = None,
    measurement: Annotated[Measurement | None, Query(description="Only of this kind.")] = None,
    origin: Annotated[
        AnswerOrigin | None,
        Query(description="Only such: `survey`, `import`, or `link` for those of share links."),
    ] = None,
    link: Annotated[UUID | None, Query(description="Only those that came by this share link.")] = None,
    suspect: Annotated[
        bool | None,
        Query(
            description="`true`: only those that show signs of a machine, judged or not; `false`: no such. "
            "Left out: no answer that is held, so only such as count or are tests."
        ),
    ] = None,
    after: Annotated[
        str | None, Query(max_length=MAX_CURSOR_LENGTH, description="`next` of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 50,
) -> AnswerPage:
    """The accepted answers from the oldest on, as they stand now. Staff see those of their own segments.

    An answer that may be a machine's is held: it is listed with `suspect=true` alone, until somebody judges
    it a person's or a person answers by the same link.
    """
    async with context.database.reading() as uow:
        found = await answers.list_answers(
            uow,
            caller.tenant,
            allowed=caller.staff.segments if caller.staff else (),
            since=since,
            until=until,
            segment=normalized_segment(segment) if segment else None,
            measurement=measurement,
            suspect=suspect,
            origin=origin,
            share_link_id=link,
            after=decode_cursor(after) if after else None,
            limit=limit,
        )
    hidden = {"customer_id": None} if caller.staff is not None and not caller.staff.sees_names else {}
    page = [
        AnswerOut.model_validate(
            {
                **msgspec.structs.asdict(answer),
                "replies": msgspec.to_builtins(answer.replies),
                "suspect": is_held(answer),
                **visits._asdict(),
                **hidden,
            }
        )
        for answer, visits in found
    ]
    return AnswerPage(
        answers=page, next=encode_cursor(page[-1].answered_at, page[-1].id) if len(page) == limit else None
    )
