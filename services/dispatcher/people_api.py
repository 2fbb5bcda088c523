"""The JSON door: who is never asked, and which customer ids stand for nobody."""

from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, Path, Query, Response

from services.dispatcher import sending, suppression
from services.dispatcher.api import Editor, Limit, who
from services.dispatcher.context import OwnContext
from services.dispatcher.people_schemas import (
    LiftAnswer,
    LiftList,
    PlaceholderIdsAnswer,
    PlaceholderIdsBody,
    SuppressionAnswer,
    SuppressionBody,
    SuppressionList,
)
from services.dispatcher.repository import suppressions
from services.dispatcher.suppression import Entry, suppress
from shared.http.auth import Caller, staff_or_key
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.validation_errors import FieldFault
from shared.permissions import ADMIN, EVERY_SCOPE
from shared.secrets import customer_hash
from shared.values.customer_ids import PLACEHOLDER_IDS, is_placeholder_id

log = structlog.get_logger()

router = APIRouter(prefix="/v1", route_class=CheckedRoute)
Admin = Annotated[Caller, Depends(staff_or_key(EVERY_SCOPE, ADMIN))]


@router.get("/suppressions", summary="Who is never asked")
async def list_suppressions(
    caller: Editor,
    context: OwnContext,
    after: Annotated[str, Query(description="`next` of the page before.")] = "",
    limit: Limit = 100,
) -> SuppressionList:
    kind, _, key = after.partition(":")
    async with context.database.reading() as uow:
        found = await suppressions.page(uow, caller.tenant, (kind, key), limit + 1)
    entries = [_entry(row) for row in found[:limit]]
    return SuppressionList(suppressions=entries, next=entries[-1].id if len(found) > limit else None)


@router.post("/suppressions", status_code=201, summary="Never ask an address or a customer")
async def add_suppression(body: SuppressionBody, caller: Editor, context: OwnContext) -> SuppressionList:
    """Answers the entries that stand for them. An address is kept as a keyed hash. An id that stands for
    nobody, such as `guest`, is refused: it would silence everybody who comes under it.
    """
    entries = []
    if body.email is not None:
        entries.append(Entry("address", customer_hash(context.secret, caller.tenant, body.email)))
    async with context.database.transaction() as uow:
        if body.customer_id is not None:
            own = (await sending.state_of(uow, caller.tenant)).placeholder_ids
            if is_placeholder_id(body.customer_id, own):
                remedy = "This id stands for nobody: many customers may come under it. Give their addresses."
                raise Problem(422, errors=[FieldFault(field="/customer_id", detail=remedy)])
            entries.append(Entry("customer", body.customer_id))
        await suppress(uow, caller.tenant, entries, reason="listed", who=who(caller))
        found = await suppressions.matching(uow, [(caller.tenant, *entry) for entry in entries])
    return SuppressionList(suppressions=[_entry(row) for row in found])


@router.get("/suppressions/lifted", summary="Who was taken from the list, by whom and why")
async def list_lifted(
    caller: Editor,
    context: OwnContext,
    after: Annotated[UUID | None, Query(description="`next` of the page before.")] = None,
    limit: Limit = 100,
) -> LiftList:
    async with context.database.reading() as uow:
        found = await suppressions.lifted(uow, caller.tenant, after, limit + 1)
    return LiftList(
        lifted=[
            LiftAnswer(
                suppression_id=f"{row.kind}:{row.key}",
                kind=row.kind,
                was=row.was,
                at=row.at,
                who=row.who,
                reason=row.reason,
            )
            for row in found[:limit]
        ],
        next=found[limit - 1].id if len(found) > limit else None,
    )


@router.delete("/suppressions/{suppression_id:path}", status_code=204, summary="Take one from the list")
async def remove_suppression(
    suppression_id: Annotated[str, Path(description="The entry's id, as the list has it.")],
    caller: Editor,
    context: OwnContext,
    reason: Annotated[
        str | None,
        Query(max_length=500, description="Why. Needed where the customer had unsubscribed; it is kept."),
    ] = None,
) -> Response:
    """Who has unsubscribed stays so: only they themselves take it back, by the link in any mail, or an
    administrator (a key with the scope `admin`) who gives a `reason`. Others get 409.
    """
    kind, _, key = suppression_id.partition(":")
    why = (reason or "").strip() or None
    async with context.database.transaction() as uow:
        entry = await suppressions.hold(uow, caller.tenant, kind, key)
        if entry is None:
            raise Problem(404)
        if entry.reason == "unsubscribed" and (why is None or not _is_admin(caller)):
            raise Problem(
                409,
                "This customer has unsubscribed.",
                "Only the customer can take that back, by the link in any mail of yours, or an administrator "
                "who gives the reason as “?reason=…”, which is kept.",
            )
        await suppression.lift(uow, caller.tenant, entry, who=who(caller), reason=why)
    log.info("suppression_lifted", tenant=caller.tenant, kind=kind, was=entry.reason, by="the company")
    return Response(status_code=204)


@router.get("/placeholder-ids", summary="Customer ids that stand for nobody")
async def read_placeholder_ids(caller: Editor, context: OwnContext) -> PlaceholderIdsAnswer:
    async with context.database.reading() as uow:
        return await _placeholder_ids(uow, caller.tenant)


@router.put("/placeholder-ids", summary="Say which customer ids stand for nobody")
async def write_placeholder_ids(
    body: PlaceholderIdsBody, caller: Admin, context: OwnContext
) -> PlaceholderIdsAnswer:
    """Events that come under such an id from now on count as without one: the address alone is the person."""
    async with context.database.transaction() as uow:
        await sending.set_placeholder_ids(uow, caller.tenant, who(caller), body.ids)
        return await _placeholder_ids(uow, caller.tenant)


async def _placeholder_ids(uow: Any, tenant: str) -> PlaceholderIdsAnswer:
    own = (await sending.state_of(uow, tenant)).placeholder_ids
    return PlaceholderIdsAnswer(ids=sorted(own), always=sorted(PLACEHOLDER_IDS))


def _is_admin(caller: Caller) -> bool:
    if caller.staff is not None:
        return caller.staff.role == ADMIN
    return caller.key is not None and EVERY_SCOPE in caller.key.scopes


def _entry(row: Any) -> SuppressionAnswer:
    return SuppressionAnswer(
        id=f"{row.kind}:{row.key}", kind=row.kind, reason=row.reason, created_at=row.created_at
    )
