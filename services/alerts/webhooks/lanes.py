"""The loop that sends to webhooks: one lane (``shared.outbound.lanes``) for each, one message in flight.

1. Read some messages, send them one after the other with no transaction
   open, and record in one transaction what became of them, together with reading the next ones.
2. A message that was not taken ends the lane until its next try is due, and all behind it wait.

What a process that dies had sent since its last record is sent again, under the same ids.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import httpcore
import structlog
from msgspec.structs import replace

from services.alerts.notices.queueing import queue_admin_notices
from services.alerts.webhooks.domain import TEST, Posted, RetryPolicy, WebhookEndpoint, after_try
from services.alerts.webhooks.endpoints import guard_of
from services.alerts.webhooks.held import HeldLook
from services.alerts.webhooks.posting import post
from services.alerts.webhooks.repository import lanes
from services.alerts.webhooks.repository.lanes import Tried, Waiting
from services.alerts.webhooks.signing import headers_of, keys_of
from services.alerts.webhooks.wanted_types import publish_wanted
from shared.db.database import UnitOfWork
from shared.db.notifications import ChangeListener
from shared.outbound.address_guard import AddressGuard
from shared.outbound.lanes import LEASE, POLL_INTERVAL_S, Lane, Lanes, StopSign, one_connection
from shared.sealed import SealBroken
from shared.service import Context
from shared.telemetry import metrics

log = structlog.get_logger()

WEBHOOKS_LOOP = "webhooks"
BATCH_SIZE = 10
"""Messages that one lane holds in memory."""
MAX_BATCH_S = 1.0
"""After this a batch ends, so that what was sent is recorded."""
LOOK_AGAIN_S = 0.1
"""What was read longer ago is looked at again before it is sent: its customer may have been erased."""

MakePool = Callable[[AddressGuard], httpcore.AsyncConnectionPool]


class LaneBatch(NamedTuple):
    """The webhook as it is now, and messages whose turn it is; none: the lane is done for now."""

    webhook: WebhookEndpoint
    waiting: Sequence[Waiting]


class WebhookLanes(Lanes):
    """The loop that serves the webhooks of all companies."""

    def __init__(
        self,
        context: Context,
        *,
        make_pool: MakePool = one_connection,
        policy: RetryPolicy | None = None,
        poll_interval_s: float = POLL_INTERVAL_S,
        lease: timedelta = LEASE,
        listener: ChangeListener | None = None,
    ) -> None:
        """:param listener: to ``MESSAGES_CHANNEL``; without one the loop only polls."""
        server = WebhookServer(context, make_pool, policy or RetryPolicy(), lease)
        super().__init__(
            WEBHOOKS_LOOP,
            server,
            context.database,
            context.health,
            poll_interval_s=poll_interval_s,
            lease=lease,
            listener=listener,
        )


class WebhookServer:
    """Sends what waits for one webhook."""

    def __init__(self, context: Context, make_pool: MakePool, policy: RetryPolicy, lease: timedelta) -> None:
        self._database = context.database
        self._secret = context.secret
        self._guard = AddressGuard.of(context.afterword.outbound_networks)
        self._make_pool = make_pool
        self._policy = policy
        self._lease = lease
        self._held = HeldLook(context.database)

    async def claim(self, uow: UnitOfWork, lease_id: UUID, lease: timedelta, limit: int) -> list[Lane]:
        """Claim the webhooks with a message that is due."""
        return await lanes.claim(uow, lease_id, uow.now + lease, test=TEST, limit=limit)

    async def serve(self, lane: Lane, stop: StopSign) -> None:
        """Send what is due of a webhook, in order; what is not recorded is sent again by the next process."""
        tried: Sequence[Tried] = ()
        batch = await self._settle_and_read(lane, tried, stop)
        while batch is not None:
            url = batch.webhook.url
            async with self._make_pool(guard_of(self._guard, url)) as pool:
                while batch is not None and batch.webhook.url == url:
                    tried = await self._send(pool, lane, batch, stop)
                    batch = await self._settle_and_read(lane, tried, stop)

    async def _settle_and_read(self, lane: Lane, tried: Sequence[Tried], stop: StopSign) -> LaneBatch | None:
        """Record what was tried, and read what is due next; None: nothing, or the lane is another's."""
        async with self._database.transaction() as uow:
            webhook = await lanes.hold(uow, lane, uow.now + self._lease)
            if webhook is None:
                return None
            if tried:
                webhook = await self._settle(uow, lane, webhook, tried)
            waiting = [] if stop.is_up else await self._due(uow, lane, webhook)
            if not waiting:
                await lanes.release(uow, lane)
        for each in tried:
            metrics.WEBHOOK_TRIES.labels(each.posted.fault or "taken").inc()
        return LaneBatch(webhook, waiting) if waiting else None

    async def _due(self, uow: UnitOfWork, lane: Lane, webhook: WebhookEndpoint) -> list[Waiting]:
        """The messages whose turn it is now: those behind one that is not due wait for it."""
        found = []
        for each in await lanes.read_waiting(uow, lane, BATCH_SIZE):
            if each.next_at > uow.now or (webhook.state != "on" and each.type != TEST):
                break
            found.append(each)
        return found

    async def _settle(
        self, uow: UnitOfWork, lane: Lane, webhook: WebhookEndpoint, tried: Sequence[Tried]
    ) -> WebhookEndpoint:
        """Record the results, and what they say of the endpoint."""
        await lanes.settle(uow, lane, tried)
        last = tried[-1]
        failing_since = None if last.posted.fault is None else webhook.failing_since or last.at
        off = last.result.switch_off if webhook.state == "on" else None
        if failing_since == webhook.failing_since and off is None:
            return webhook
        await lanes.set_health(uow, lane, failing_since=failing_since, off=off)
        if off is None:
            return webhook
        await publish_wanted(uow, lane.tenant)
        await queue_admin_notices(uow, lane.tenant, "webhook", webhook=lane.id)
        log.warning("webhook_off", tenant=lane.tenant, webhook=str(lane.id), reason=off)
        return replace(webhook, state="off")

    async def _send(
        self, pool: httpcore.AsyncConnectionPool, lane: Lane, batch: LaneBatch, stop: StopSign
    ) -> list[Tried]:
        """Send messages one after the other, until one is not taken, or it is time to record."""
        webhook, tried = batch.webhook, list[Tried]()
        failing_since = webhook.failing_since
        began = asyncio.get_running_loop().time()
        keys = self._keys_of(webhook)
        with self._held.holding(lane, [each.message_id for each in batch.waiting]) as held:
            for waiting in batch.waiting:
                await self._held.renew(held, LOOK_AGAIN_S)
                if waiting.message_id not in held.still:
                    continue
                one = await self._try(pool, webhook, keys, waiting, failing_since, stop)
                if one is None:
                    break
                tried.append(one)
                held.still.discard(waiting.message_id)
                failing_since = None if one.posted.fault is None else failing_since
                took_s = asyncio.get_running_loop().time() - began
                if one.posted.fault is not None or took_s > MAX_BATCH_S or stop.is_up:
                    break
        return tried

    async def _try(
        self,
        pool: httpcore.AsyncConnectionPool,
        webhook: WebhookEndpoint,
        keys: Sequence[str],
        waiting: Waiting,
        failing_since: datetime | None,
        stop: StopSign,
    ) -> Tried | None:
        """Send a message; None: the process stops, and nobody knows what became of it."""
        now = self._database.clock()
        posted: Posted | None = Posted(fault="secret")
        if keys:
            headers = headers_of(keys, waiting.message_id, now, waiting.body)
            posted = await stop.unless_stopped(post(pool, webhook.url, headers, waiting.body, now))
        if posted is None:
            return None
        now = self._database.clock()
        result = after_try(
            self._policy,
            posted,
            is_test=waiting.type == TEST,
            tries=waiting.attempts,
            failing_since=failing_since,
            now=now,
            jitter=random.random(),  # noqa: S311  (no secret hangs on it)
        )
        return Tried(waiting, posted, result, now)

    def _keys_of(self, webhook: WebhookEndpoint) -> list[str]:
        """The secrets that sign; none where the secret of the installation was changed."""
        try:
            return keys_of(self._secret, webhook, self._database.clock())
        except SealBroken:
            return []
