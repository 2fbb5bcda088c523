"""The API for senders: the company's own, and what a check finds of each."""

import asyncio
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from services.dispatcher.callers import CompanyAdminCaller
from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.senders import repository
from services.dispatcher.senders.domain import CompanySender, SenderRefused, states_of, used_of
from services.dispatcher.senders.labels import NOT_OFFERED
from services.dispatcher.senders.looking import look_and_record, look_at
from services.dispatcher.senders.schemas import (
    SenderAnswer,
    SenderBody,
    SenderCheckAnswer,
    SenderList,
)
from services.dispatcher.senders.sender_commands import add_key, add_sender, remove_sender
from services.dispatcher.senders.sender_keys import keys_of, make_key
from services.dispatcher.surveys.api import IdempotencyKey
from shared.db import UnitOfWork
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.validation_errors import FieldFault
from shared.ids import derived, uuid7
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(prefix="/v1/senders", route_class=CheckedRoute)
SenderId = Annotated[UUID, Path(description="The sender's id.")]
AnySenderId = Annotated[
    str, Path(max_length=40, description="The sender's id, or `installation`, which every company has.")
]


@router.get("", summary="The addresses that mails may come from")
async def list_senders(caller: CompanyAdminCaller, context: OwnContext) -> SenderList:
    """With the DNS record of each key. Nothing is looked up; see the check of each."""
    async with context.database.reading() as uow:
        own = await repository.list_of(uow, caller.tenant)
    return _answers(context, own)


@router.post("", status_code=201, summary="Declare an address of the company's own")
async def declare_sender(
    body: SenderBody, caller: CompanyAdminCaller, context: OwnContext, idempotency_key: IdempotencyKey = None
) -> SenderAnswer:
    """Its key is made here. Publish the record of the key; mails come from the address once that and a DMARC
    record are seen, which is looked for every five minutes. The same request again, with the same
    `Idempotency-Key`, answers the sender that it made before.
    """
    refuse_unless_offered(context)
    sender_id = derived("sender", caller.tenant, idempotency_key) if idempotency_key else uuid7()
    key = await asyncio.to_thread(make_key)
    who = AuditActor.of(caller)
    try:
        async with context.database.transaction() as uow:
            await add_sender(uow, context.secret, caller.tenant, who, sender_id, body.address, key)
            return await _answer(uow, context, caller.tenant, sender_id)
    except SenderRefused as refused:
        raise Problem(422, errors=[FieldFault(field="/address", detail=refused.why)]) from None


@router.get("/{sender_id}/check", summary="Look at a sender")
async def check_sender(
    sender_id: AnySenderId, caller: CompanyAdminCaller, context: OwnContext
) -> SenderCheckAnswer:
    """SPF, DKIM, DMARC, the names of the sending hosts, TLS to the mail server, and the header of a mail as
    it would leave: what is there, what it means, and the record to publish. Nothing is changed by it.
    """
    looked = await look_at(context, caller.tenant, sender_id)
    return SenderCheckAnswer.of(sender_id, looked.address, looked.check)


@router.post("/{sender_id}/check", summary="Look at a sender, and use what is seen")
async def check_sender_now(
    sender_id: AnySenderId, caller: CompanyAdminCaller, context: OwnContext
) -> SenderCheckAnswer:
    """The same, but the company's own sender is used at once when all is there, and a new key signs."""
    looked = await look_and_record(context, caller.tenant, sender_id)
    return SenderCheckAnswer.of(sender_id, looked.address, looked.check)


@router.post("/{sender_id}/keys", status_code=201, summary="Make another key")
async def make_another_key(
    sender_id: SenderId, caller: CompanyAdminCaller, context: OwnContext
) -> SenderAnswer:
    """It signs once its record is seen; until then the one before does. Keep the old record for a week after
    that, for mails that are still on their way. While a new key waits, another one is refused.
    """
    refuse_unless_offered(context)
    key = await asyncio.to_thread(make_key)
    try:
        async with context.database.transaction() as uow:
            who = AuditActor.of(caller)
            if await add_key(uow, context.secret, caller.tenant, who, sender_id, key) is None:
                raise Problem(404)
            return await _answer(uow, context, caller.tenant, sender_id)
    except SenderRefused as refused:
        raise Problem(409, message("There is a new key already."), refused.why) from None


@router.delete("/{sender_id}", status_code=204, summary="Remove a sender")
async def delete_sender(sender_id: SenderId, caller: CompanyAdminCaller, context: OwnContext) -> Response:
    """Mails that are due come from another one at once; the key is forgotten."""
    async with context.database.transaction() as uow:
        if not await remove_sender(uow, caller.tenant, AuditActor.of(caller), sender_id):
            raise Problem(404)
    return Response(status_code=204)


def refuse_unless_offered(context: DispatcherContext) -> None:
    """Refuse what needs senders of companies.

    :raises Problem: 409 when the operator has not allowed them.
    """
    if not context.own.company_senders:
        raise Problem(409, message("There are no senders of companies here."), NOT_OFFERED)


async def _answer(uow: UnitOfWork, context: DispatcherContext, tenant: str, sender_id: UUID) -> SenderAnswer:
    answers = _answers(context, await repository.list_of(uow, tenant)).senders
    return next(each for each in answers if each.id == str(sender_id))


def _answers(context: DispatcherContext, own: Sequence[CompanySender]) -> SenderList:
    states = states_of(own, allowed=context.own.company_senders)
    uses_own = used_of(own, allowed=context.own.company_senders) is not None
    installation = context.mail_renderer.installation
    return SenderList(
        senders=[
            *(SenderAnswer.of(each, states[each.id], keys_of(context.secret, each)) for each in own),
            SenderAnswer.of_installation(installation, used=not uses_own),
        ]
    )
