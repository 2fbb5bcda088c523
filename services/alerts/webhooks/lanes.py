"""The loop that sends to webhooks: one lane for each, in order, one message in flight.

1. Claim lanes whose first message is due: a lease makes each one this process's.
2. For each lane, in a task of its own: read some messages, send them one after the other with no transaction
   open, and record in one transaction what became of them, together with reading the next ones.
3. A message that was not taken ends the lane until its next try is due, and all behind it wait.

No lane waits for another: a slow endpoint holds one task. A process that dies leaves leases that expire, and
what it had sent since its last record is sent again, under the same ids.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import NamedTuple

import httpcore
import structlog
from msgspec.structs import replace

from services.alerts.notices.queueing import queue_webhook_notices
from services.alerts.webhooks.domain import TEST, Posted, RetryPolicy, WebhookEndpoint, after_try
from services.alerts.webhooks.endpoints import guard_of
from services.alerts.webhooks.posting import post
from services.alerts.webhooks.repository import lanes
from services.alerts.webhooks.repository.lanes import Lane, Tried, Waiting
from services.alerts.webhooks.signing import headers_of, keys_of
from services.alerts.webhooks.wanted_types import publish_wanted
from shared.db.database import UnitOfWork
from shared.errors import is_retryable
from shared.ids import uuid7
from shared.outbound.address_guard import AddressGuard
from shared.outbound.guarded_http import guarded_pool
from shared.runtime import Periodic
from shared.sealed import SealBroken
from shared.service import Context
from shared.telemetry import metrics

log = structlog.get_logger()

WEBHOOKS_LOOP = "webhooks"
POLL_INTERVAL_S = 0.5
MAX_LANES = 200
"""Served at the same time by one process."""
MAX_CLAIMED = 50
"""By one statement."""
BATCH_SIZE = 10
"""Messages that one lane holds in memory."""
MAX_BATCH_S = 1.0
"""After this a batch ends, so that what was sent is recorded."""
LEASE = timedelta(seconds=60)
"""Longer than a batch with a request that takes as long as it may, and its record."""
STOP_GRACE_S = 2.0
"""How long a request may still take when the process stops; it leaves six seconds for all."""

MakePool = Callable[[AddressGuard], httpcore.AsyncConnectionPool]


def one_connection(guard: AddressGuard) -> httpcore.AsyncConnectionPool:
    """What a lane sends over: one message in flight needs one connection."""
    return guarded_pool(guard, connections=1)


class LaneBatch(NamedTuple):
    """The webhook as it is now, and messages whose turn it is; none: the lane is done for now."""

    webhook: WebhookEndpoint
    waiting: Sequence[Waiting]


class WebhookLanes:
    """A loop that serves lanes."""

    def __init__(
        self,
        context: Context,
        *,
        make_pool: MakePool = one_connection,
        policy: RetryPolicy | None = None,
        poll_interval_s: float = POLL_INTERVAL_S,
        lease: timedelta = LEASE,
    ) -> None:
        self._database = context.database
        self._secret = context.secret
        self._guard = AddressGuard.of(context.afterword.outbound_networks)
        self._health = context.health
        self._make_pool = make_pool
        self._policy = policy or RetryPolicy()
        self._poll_interval_s = poll_interval_s
        self._lease = lease
        self._stopping = asyncio.Event()
        self._served: set[asyncio.Task[None]] = set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Serve lanes until stopped; what is being sent then may end if the endpoint replies in time."""
        self._stopping = stopping
        loop = Periodic(WEBHOOKS_LOOP, self.step, self._poll_interval_s, self._health)
        try:
            await loop.run(stopping)
        finally:
            stopping.set()  # the process ends, whatever ended the loop
            await self._end_all()

    async def step(self) -> float | None:
        """Claim lanes that are due and serve each in a task; the seconds until the next claim."""
        self._end_served()
        free = min(MAX_LANES - len(self._served), MAX_CLAIMED)
        if free <= 0:
            return None
        async with self._database.transaction() as uow:
            claimed = await lanes.claim(uow, uuid7(), uow.now + self._lease, test=TEST, limit=free)
        for lane in claimed:
            self._served.add(
                asyncio.create_task(self._serve_or_leave(lane), name=f"webhook {lane.webhook_id}")
            )
        return 0 if len(claimed) == free else None

    async def _end_all(self) -> None:
        """Return when no lane is served any more: at once where the process has no time left."""
        try:
            if self._served:
                await asyncio.wait(self._served)
        finally:
            for task in self._served:
                task.cancel()

    def _end_served(self) -> None:
        """Forget the tasks that have ended; an error of one is that of the loop, which knows what to do."""
        ended = {task for task in self._served if task.done()}
        self._served -= ended
        for task in ended:
            task.result()

    async def _serve(self, lane: Lane) -> None:
        """Send what is due of a lane, in order, until nothing is, or the lane is another's."""
        tried: Sequence[Tried] = ()
        batch = await self._settle_and_read(lane, tried)
        while batch is not None:
            url = batch.webhook.url
            async with self._make_pool(guard_of(self._guard, url)) as pool:
                while batch is not None and batch.webhook.url == url:
                    tried = await self._send(pool, batch)
                    batch = await self._settle_and_read(lane, tried)

    async def _serve_or_leave(self, lane: Lane) -> None:
        """Serve a lane; one that fails is left to its lease, and harms no other.

        Whoever serves it next sends again what was not recorded.
        """
        try:
            await self._serve(lane)
        except Exception as error:  # noqa: BLE001  (it is counted and logged, and the lane is tried again)
            if is_retryable(error):
                log.warning("webhook_lane_left", webhook=str(lane.webhook_id), error=type(error).__name__)
                return
            metrics.LOOP_FAILURES.labels(WEBHOOKS_LOOP).inc()
            log.warning(
                "loop_step_failed",
                loop=WEBHOOKS_LOOP,
                tenant=lane.tenant,
                about=str(lane.webhook_id),
                error=type(error).__name__,
            )

    async def _settle_and_read(self, lane: Lane, tried: Sequence[Tried]) -> LaneBatch | None:
        """Record what was tried, and read what is due next; None: nothing, or the lane is another's."""
        async with self._database.transaction() as uow:
            webhook = await lanes.hold(uow, lane, uow.now + self._lease)
            if webhook is None:
                return None
            if tried:
                webhook = await self._settle(uow, lane, webhook, tried)
            waiting = [] if self._stopping.is_set() else await self._due(uow, lane, webhook)
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
        await queue_webhook_notices(uow, lane.tenant, lane.webhook_id)
        log.warning("webhook_off", tenant=lane.tenant, webhook=str(lane.webhook_id), reason=off)
        return replace(webhook, state="off")

    async def _send(self, pool: httpcore.AsyncConnectionPool, batch: LaneBatch) -> list[Tried]:
        """Send messages one after the other, until one is not taken, or it is time to record."""
        webhook, tried = batch.webhook, list[Tried]()
        failing_since = webhook.failing_since
        loop = asyncio.get_running_loop()
        began = loop.time()
        keys = self._keys_of(webhook)
        for waiting in batch.waiting:
            now = self._database.clock()
            posted: Posted | None = Posted(fault="secret")
            if keys:
                headers = headers_of(keys, waiting.message_id, now, waiting.body)
                posted = await self._unless_stopped(post(pool, webhook.url, headers, waiting.body, now))
            if posted is None:
                break
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
            tried.append(Tried(waiting, posted, result, now))
            failing_since = None if posted.fault is None else failing_since
            if posted.fault is not None or loop.time() - began > MAX_BATCH_S or self._stopping.is_set():
                break
        return tried

    def _keys_of(self, webhook: WebhookEndpoint) -> list[str]:
        """The secrets that sign; none where the secret of the installation was changed."""
        try:
            return keys_of(self._secret, webhook, self._database.clock())
        except SealBroken:
            return []

    async def _unless_stopped(self, request: Coroutine[None, None, Posted]) -> Posted | None:
        """What became of a request; None: the process stops, and nobody knows. It is sent again then."""
        sending = asyncio.ensure_future(request)
        stop = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({sending, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                await asyncio.wait({sending}, timeout=STOP_GRACE_S)
            return sending.result() if sending.done() else None
        finally:
            stop.cancel()
            if sending.cancel():
                await asyncio.wait({sending})
