"""``/v1/chats``: channels of Slack and Microsoft Teams in which a team is told what happens."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Response

from services.alerts.chats.chat_commands import ChatRoot, change, make, remove, try_out
from services.alerts.chats.domain import ChatChannel
from services.alerts.chats.labels import NO_CHANNEL
from services.alerts.chats.repository import channels, messages
from services.alerts.chats.schemas import (
    ChatBody,
    ChatChange,
    ChatList,
    ChatMessageList,
    ChatMessageOut,
    ChatOut,
    ChatTestOut,
)
from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import SettingKeyReused, SettingRefused
from services.alerts.rules.callers import SetupAdmin
from services.alerts.webhooks.api import guard_from, refusal
from shared.db.database import UnitOfWork
from shared.http.numbers import MAX_INTEGER
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.ids import derived, uuid7
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(prefix="/v1/chats", tags=["chats"], route_class=CheckedRoute)
ChatId = Annotated[UUID, Path(description="The channel's id.")]


@router.get("", summary="Chat channels")
async def list_chats(caller: SetupAdmin, context: OwnContext) -> ChatList:
    """Each with whether it takes what is sent."""
    async with context.database.reading() as uow:
        found = await channels.list_of(uow, caller.tenant)
    return ChatList(chats=[ChatOut.of(*each) for each in found])


@router.post("", status_code=201, summary="Set up a chat channel")
async def post_chat_channel(
    body: ChatBody,
    caller: SetupAdmin,
    context: OwnContext,
    idempotency_key: Annotated[
        str | None, Header(max_length=200, description="The same key again makes nothing again.")
    ] = None,
) -> ChatOut:
    """Messages say what the mails to colleagues say: score, touchpoint, due time and a link, never what a
    customer wrote or who they are. Each is posted at most once, within a second while the provider takes it,
    and only if its reason still holds then. What happened before is not told.
    """
    channel_id = derived("chat channel", caller.tenant, idempotency_key) if idempotency_key else uuid7()
    try:
        async with context.database.transaction() as uow:
            who = AuditActor.of(caller)
            made = await make(uow, root_of(context), caller.tenant, channel_id, body.wanted(), who=who)
            return await _shown(uow, made)
    except SettingRefused as refused:
        raise refusal(refused) from None
    except SettingKeyReused:
        raise Problem(409, message("This Idempotency-Key was used for another channel.")) from None


@router.get("/{chat_id}", summary="A chat channel")
async def get_chat(chat_id: ChatId, caller: SetupAdmin, context: OwnContext) -> ChatOut:
    """Without its address."""
    async with context.database.reading() as uow:
        return await _shown(uow, await found_channel(uow, caller.tenant, chat_id))


@router.patch("/{chat_id}", summary="Change or switch a chat channel")
async def patch_chat(chat_id: ChatId, body: ChatChange, caller: SetupAdmin, context: OwnContext) -> ChatOut:
    """Messages that wait go to the new address."""
    try:
        async with context.database.transaction() as uow:
            who = AuditActor.of(caller)
            changed = await change(uow, root_of(context), caller.tenant, chat_id, body.wanted(), who=who)
            if changed is None:
                raise Problem(404, detail=NO_CHANNEL)
            return await _shown(uow, changed)
    except SettingRefused as refused:
        raise refusal(refused) from None


@router.delete("/{chat_id}", status_code=204, summary="Delete a chat channel")
async def delete_chat(chat_id: ChatId, caller: SetupAdmin, context: OwnContext) -> Response:
    """Its address and its messages are deleted; what waits is not sent."""
    async with context.database.transaction() as uow:
        if not await remove(uow, caller.tenant, chat_id, who=AuditActor.of(caller)):
            raise Problem(404, detail=NO_CHANNEL)
    return Response(status_code=204)


@router.post("/{chat_id}/test", status_code=202, summary="Try a chat channel")
async def post_chat_test(chat_id: ChatId, caller: SetupAdmin, context: OwnContext) -> ChatTestOut:
    """A message is sent before all that wait, once, also while the channel is off. `messages` tells what
    became of it.
    """
    async with context.database.transaction() as uow:
        message_id = await try_out(uow, caller.tenant, chat_id)
        if message_id is None:
            raise Problem(404, detail=NO_CHANNEL)
    return ChatTestOut(message_id=message_id)


@router.get("/{chat_id}/messages", summary="What was sent to a chat channel")
async def list_chat_messages(
    chat_id: ChatId,
    caller: SetupAdmin,
    context: OwnContext,
    after: Annotated[
        int | None, Query(ge=-MAX_INTEGER, le=MAX_INTEGER, description="`next` of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 50,
) -> ChatMessageList:
    """Each message with what became of it, the newest first; never what it says."""
    async with context.database.reading() as uow:
        await found_channel(uow, caller.tenant, chat_id)
        found = await messages.list_page(uow, caller.tenant, chat_id, before=after, limit=limit + 1)
    more = str(found[limit - 1].seq) if len(found) > limit else None
    return ChatMessageList(messages=[ChatMessageOut.of(each) for each in found[:limit]], next=more)


async def found_channel(uow: UnitOfWork, tenant: str, channel_id: UUID) -> ChatChannel:
    """A channel of the company.

    :raises Problem: 404 where it has none of this id.
    """
    found = await channels.find(uow, tenant, channel_id)
    if found is None:
        raise Problem(404, detail=NO_CHANNEL)
    return found


def root_of(context: AlertsContext) -> ChatRoot:
    """What channels are checked with, and their addresses sealed."""
    return ChatRoot(secret=context.secret, guard=guard_from(context), languages=context.pages.languages)


async def _shown(uow: UnitOfWork, channel: ChatChannel) -> ChatOut:
    ((_, counts),) = await channels.list_of(uow, channel.tenant, channel.id)
    return ChatOut.of(channel, counts)
