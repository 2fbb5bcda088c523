"""The loop that sends to chats: one lane (``shared.outbound.lanes``) for each channel, at most once.

One transaction records what became of the message before and marks the next one as being sent; then that one
is sent, with no transaction open. What a process that dies was sending is unknown to the one that serves the
lane next, and is not sent again. A channel that took nothing is left alone for a while, and all that waits
for it waits; a message whose reason is gone by then is dropped, one that has waited for a day is given up.
"""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import httpcore
import structlog
from msgspec.structs import replace

from services.alerts.chats.addresses import address_of
from services.alerts.chats.domain import (
    MAX_AGE,
    TEST_KIND,
    ChatAnswer,
    ChatChannel,
    ChatRetries,
    after_chat_try,
)
from services.alerts.chats.formats import body_of
from services.alerts.chats.given_up import notify_of_given_up
from services.alerts.chats.posting import post_chat
from services.alerts.chats.rendering import ChatRenderer
from services.alerts.chats.repository import lanes
from services.alerts.chats.repository.lanes import WaitingChat
from services.alerts.chats.switched_off import notify_administrators
from services.alerts.webhooks.endpoints import guard_of
from shared.db.database import UnitOfWork
from shared.db.notifications import ChangeListener
from shared.outbound.address_guard import AddressGuard
from shared.outbound.lanes import LEASE, POLL_INTERVAL_S, Lane, Lanes, StopSign, one_connection
from shared.sealed import SealBroken
from shared.service import Context
from shared.telemetry import metrics

log = structlog.get_logger()

CHATS_LOOP = "chats"
MAX_DROPPED = 50
"""In one transaction; what waits behind them is looked at in the next one."""
STOPPED = ChatAnswer("broken")
"""What is recorded of a message that was being sent when this process stopped."""
MakeChatPool = Callable[[AddressGuard], httpcore.AsyncConnectionPool]


class SendingChat(NamedTuple):
    """A message that is marked as being sent."""

    channel: ChatChannel
    waiting: WaitingChat
    body: bytes


class TriedChat(NamedTuple):
    """A message that was tried, and what became of it."""

    sent: SendingChat
    answer: ChatAnswer | None
    """None: this process stopped meanwhile, which says nothing of the channel."""


class ChatLanes(Lanes):
    """The loop that serves the chat channels of all companies."""

    def __init__(
        self,
        context: Context,
        renderer: ChatRenderer,
        *,
        make_pool: MakeChatPool = one_connection,
        policy: ChatRetries | None = None,
        poll_interval_s: float = POLL_INTERVAL_S,
        lease: timedelta = LEASE,
        listener: ChangeListener | None = None,
    ) -> None:
        """:param listener: to ``MESSAGES_CHANNEL``; without one the loop only polls."""
        server = ChatServer(context, renderer, make_pool, policy or ChatRetries(), lease)
        super().__init__(
            CHATS_LOOP,
            server,
            context.database,
            context.health,
            poll_interval_s=poll_interval_s,
            lease=lease,
            listener=listener,
        )


class ChatServer:
    """Sends what waits for one channel."""

    def __init__(
        self,
        context: Context,
        renderer: ChatRenderer,
        make_pool: MakeChatPool,
        policy: ChatRetries,
        lease: timedelta,
    ) -> None:
        self._database = context.database
        self._secret = context.secret
        self._guard = AddressGuard.of(context.afterword.outbound_networks)
        self._renderer = renderer
        self._make_pool = make_pool
        self._policy = policy
        self._lease = lease

    async def claim(self, uow: UnitOfWork, lease_id: UUID, lease: timedelta, limit: int) -> list[Lane]:
        """Claim the channels with a message that is due."""
        return await lanes.claim(uow, lease_id, uow.now + lease, limit)

    async def serve(self, lane: Lane, stop: StopSign) -> None:
        """Send what is due for a channel, in order, one message at a time."""
        tried: TriedChat | None = None
        while (sending := await self._settle_and_begin(lane, tried, stop)) is not None:
            tried = TriedChat(sending, await self._send(sending, stop))

    async def _settle_and_begin(
        self, lane: Lane, tried: TriedChat | None, stop: StopSign
    ) -> SendingChat | None:
        """Record what was tried, and mark what is sent next; None: nothing, or the lane is another's."""
        async with self._database.transaction() as uow:
            channel = await lanes.hold(uow, lane, uow.now + self._lease)
            if channel is None:
                return None
            if tried is None:
                abandoned = await lanes.end_abandoned(uow, lane)
                if abandoned:
                    log.warning("chat_message_unknown", tenant=lane.tenant, channel=str(lane.id))
            else:
                channel = await self._settle(uow, lane, channel, tried)
            sending = None if stop.is_up else await self._next(uow, lane, channel)
            if sending is None:
                await lanes.release(uow, lane)
        if tried is not None:
            answer = tried.answer or STOPPED
            metrics.CHAT_TRIES.labels(answer.fault or "taken").inc()
        return sending

    async def _next(self, uow: UnitOfWork, lane: Lane, channel: ChatChannel) -> SendingChat | None:
        """The next message that still has a reason, marked as being sent; others before it are settled.

        One of a kind that a newer version queued is left to it, until it is too old to be told.
        """
        for _ in range(MAX_DROPPED):
            waiting = await lanes.read_next(uow, lane)
            if waiting is None:
                return None
            is_test = waiting.kind == TEST_KIND
            resting = channel.resume_at is not None and channel.resume_at > uow.now
            if not is_test and (channel.state != "on" or resting):
                return None
            too_old = uow.now - waiting.created_at >= MAX_AGE
            is_known = self._renderer.knows(waiting.kind)
            if not is_known and not too_old:
                return None
            text = await self._renderer.text(uow, channel, waiting) if is_known else None
            if text is not None and not too_old:
                await lanes.begin(uow, lane, waiting.id)
                return SendingChat(channel, waiting, body_of(channel.kind, text))
            if is_known and text is None:
                await lanes.settle(uow, lane, waiting.id, "dropped")
                continue
            await lanes.settle(uow, lane, waiting.id, "expired")
            if not is_test:
                await notify_of_given_up(uow, lane.tenant, lane.id)
        return None

    async def _settle(
        self, uow: UnitOfWork, lane: Lane, channel: ChatChannel, tried: TriedChat
    ) -> ChatChannel:
        """Record the result, and what it says of the channel."""
        waiting, answer = tried.sent.waiting, tried.answer
        if answer is None:
            await lanes.settle(uow, lane, waiting.id, "unknown", STOPPED)
            return channel
        result = after_chat_try(
            self._policy,
            answer,
            channel,
            is_test=waiting.kind == TEST_KIND,
            now=uow.now,
            jitter=random.random(),  # noqa: S311  (no secret hangs on it)
        )
        await lanes.settle(uow, lane, waiting.id, result.state, answer)
        changed = replace(
            channel,
            failing_since=(channel.failing_since or uow.now) if result.failing else None,
            failures=channel.failures + 1 if result.failing else 0,
            resume_at=result.resume_at,
        )
        off = result.switch_off if channel.state == "on" else None
        if changed == channel and off is None:
            return channel
        await lanes.set_health(
            uow,
            lane,
            failing_since=changed.failing_since,
            failures=changed.failures,
            resume_at=changed.resume_at,
            off=off,
        )
        if off is None:
            return changed
        await notify_administrators(uow, lane.tenant, lane.id)
        log.warning("chat_channel_off", tenant=lane.tenant, channel=str(lane.id), reason=off)
        return replace(changed, state="off", off_reason=off)

    async def _send(self, sending: SendingChat, stop: StopSign) -> ChatAnswer | None:
        """Send a message; a process that stops meanwhile does not know what became of it."""
        channel = sending.channel
        try:
            url = address_of(self._secret, channel.tenant, channel.id, channel.sealed)
        except SealBroken:
            return ChatAnswer("secret")
        async with self._make_pool(guard_of(self._guard, url)) as pool:
            request = post_chat(pool, url, sending.body, self._database.clock())
            return await stop.unless_stopped(request)
