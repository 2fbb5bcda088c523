"""The API for how a company sends, and for customer ids that stand for nobody."""

from fastapi import APIRouter

from services.dispatcher.callers import AdminCaller, SurveyEditor
from services.dispatcher.context import OwnContext
from services.dispatcher.sending.domain import SendingChanged
from services.dispatcher.sending.schemas import (
    ListedAddressesBody,
    PlaceholderIdsAnswer,
    PlaceholderIdsBody,
    SendingAnswer,
    SendingChange,
)
from services.dispatcher.sending.sending_commands import (
    find_sending,
    may_be_listed,
    sending_version,
    set_mode,
    set_placeholder_ids,
    set_stopped,
    set_test_addresses,
)
from shared.db import UnitOfWork
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.validation_errors import FieldFault
from shared.privacy.audit import AuditActor
from shared.values.customer_ids import PLACEHOLDER_IDS
from shared.values.messages import message

router = APIRouter(prefix="/v1", route_class=CheckedRoute)
CANNOT_BE_LISTED = message("Write each such as name@example.com or +4520123456.")


@router.get("/sending", summary="Whether mails and texts leave, and to whom")
async def read_sending(caller: SurveyEditor, context: OwnContext) -> SendingAnswer:
    async with context.database.reading() as uow:
        return await _sending(uow, caller.tenant)


@router.patch("/sending", summary="Go live, back to test mode, stop all sending or go on")
async def change_sending(body: SendingChange, caller: AdminCaller, context: OwnContext) -> SendingAnswer:
    """With `mode` `live` the company's customers are written to. It holds for what waits already."""
    who = AuditActor.of(caller)
    try:
        async with context.database.transaction() as uow:
            seen = body.version
            if body.stopped is not None and await set_stopped(
                uow, caller.tenant, who, stopped=body.stopped, seen=seen
            ):
                seen = None  # it was, until this change of our own
            if body.mode is not None:
                await set_mode(uow, caller.tenant, who, body.mode, seen=seen)
            return await _sending(uow, caller.tenant)
    except SendingChanged:
        raise Problem(409) from None


@router.put("/sending/test-addresses", summary="Say who gets what is sent in test mode")
async def write_test_addresses(
    body: ListedAddressesBody, caller: SurveyEditor, context: OwnContext
) -> SendingAnswer:
    """Mail addresses and phone numbers; nobody else is written to until the company goes live."""
    if faults := [
        FieldFault(field=f"/addresses/{n}", detail=CANNOT_BE_LISTED)
        for n, address in enumerate(body.addresses)
        if not may_be_listed(address)
    ]:
        raise Problem(422, errors=faults)
    try:
        async with context.database.transaction() as uow:
            who = AuditActor.of(caller)
            await set_test_addresses(uow, caller.tenant, who, body.addresses, seen=body.version)
            return await _sending(uow, caller.tenant)
    except SendingChanged:
        raise Problem(409) from None


async def _sending(uow: UnitOfWork, tenant: str) -> SendingAnswer:
    return SendingAnswer.of(await find_sending(uow, tenant), await sending_version(uow, tenant))


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
