"""The API for erasures: a customer's data is erased in all services."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query

from services.dispatcher.callers import ErasingCaller, Limit
from services.dispatcher.context import OwnContext
from services.dispatcher.erasures import repository
from services.dispatcher.erasures.erasure_commands import request_erasure
from services.dispatcher.erasures.requests import ErasureRefused
from services.dispatcher.erasures.schemas import ErasureAnswer, ErasureBody, ErasureChoice, ErasureList
from services.dispatcher.repository.erased_addresses import find_others
from shared.http.cursors import MAX_CURSOR_LENGTH, cut_page, decode_cursor
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.validation_errors import FieldFault
from shared.privacy.audit import AuditActor

router = APIRouter(prefix="/v1", route_class=CheckedRoute)
IdempotencyKey = Annotated[
    str | None, Header(max_length=200, description="The same key again erases nothing again.")
]


@router.post("/erasures", status_code=202, summary="Erase a customer")
async def ask_for_erasure(
    body: ErasureBody, caller: ErasingCaller, context: OwnContext, idempotency_key: IdempotencyKey = None
) -> ErasureAnswer:
    """By id, everything of the customer. By address or phone number, if one customer alone came under it, and
    under no other address; else 409 lists the customers (`customers`). By id and address, what came under
    that address, where the id has several. It cannot be undone; the same again is the same erasure. Nobody is
    asked under their addresses any more, unless others came under one that the request does not name.
    """
    try:
        async with context.database.transaction() as uow:
            erasure = await request_erasure(
                uow,
                context.secret,
                caller.tenant,
                body.request(),
                who=AuditActor.of(caller),
                key=idempotency_key,
            )
            others = await find_others(uow, caller.tenant, [erasure.id])
    except ErasureRefused as refused:
        raise _problem(refused) from None
    return ErasureAnswer.of(erasure, others[erasure.id])


@router.get("/erasures", summary="All erasures, newest first")
async def list_erasures(
    caller: ErasingCaller,
    context: OwnContext,
    after: Annotated[str, Query(max_length=MAX_CURSOR_LENGTH, description="`next` of the page before.")] = "",
    limit: Limit = 100,
) -> ErasureList:
    place = decode_cursor(after)
    async with context.database.reading() as uow:
        found = await repository.list_page(uow, caller.tenant, place, limit + 1)
        others = await find_others(uow, caller.tenant, [row.id for row in found])
    erasures, more = cut_page(found, limit, lambda row: (row.asked_at, row.id))
    return ErasureList(erasures=[ErasureAnswer.of(row, others[row.id]) for row in erasures], next=more)


@router.get("/erasures/{erasure_id}", summary="How far an erasure has come")
async def read_erasure(
    erasure_id: Annotated[UUID, Path(description="The erasure's id.")],
    caller: ErasingCaller,
    context: OwnContext,
) -> ErasureAnswer:
    async with context.database.reading() as uow:
        found = await repository.find(uow, caller.tenant, erasure_id)
        others = await find_others(uow, caller.tenant, [erasure_id])
    if found is None:
        raise Problem(404)
    return ErasureAnswer.of(found, others[erasure_id])


def _problem(refused: ErasureRefused) -> Problem:
    if refused.field and refused.title is None:
        return Problem(422, errors=[FieldFault(field=refused.field, detail=refused.remedy)])
    customers = [
        ErasureChoice(customer_id=each.customer_id, addresses=each.addresses).model_dump()
        for each in refused.customers
    ]
    return Problem(
        refused.status,
        refused.title or "",
        refused.remedy,
        headers={"Retry-After": str(refused.retry_s)} if refused.retry_s else None,
        members={"customers": customers} if customers else None,
    )
