"""The API for customer ids that stand for nobody."""

from fastapi import APIRouter

from services.dispatcher.callers import AdminCaller, SurveyEditor
from services.dispatcher.context import OwnContext
from services.dispatcher.sending.schemas import PlaceholderIdsAnswer, PlaceholderIdsBody
from services.dispatcher.sending.sending_commands import find_sending, set_placeholder_ids
from shared.db import UnitOfWork
from shared.http.routes import CheckedRoute
from shared.privacy.audit import AuditActor
from shared.values.customer_ids import PLACEHOLDER_IDS

router = APIRouter(prefix="/v1", route_class=CheckedRoute)


@router.get("/placeholder-ids", summary="Customer ids that stand for nobody")
async def read_placeholder_ids(caller: SurveyEditor, context: OwnContext) -> PlaceholderIdsAnswer:
    async with context.database.reading() as uow:
        return await _placeholder_ids(uow, caller.tenant)


@router.put("/placeholder-ids", summary="Say which customer ids stand for nobody")
async def write_placeholder_ids(
    body: PlaceholderIdsBody, caller: AdminCaller, context: OwnContext
) -> PlaceholderIdsAnswer:
    """Events that come under such an id from now on count as without one: the address alone is the person."""
    async with context.database.transaction() as uow:
        await set_placeholder_ids(uow, caller.tenant, AuditActor.of(caller), body.ids)
        return await _placeholder_ids(uow, caller.tenant)


async def _placeholder_ids(uow: UnitOfWork, tenant: str) -> PlaceholderIdsAnswer:
    own = (await find_sending(uow, tenant)).placeholder_ids
    return PlaceholderIdsAnswer(ids=sorted(own), always=sorted(PLACEHOLDER_IDS))
