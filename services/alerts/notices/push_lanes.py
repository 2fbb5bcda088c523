"""The loop that sends push messages: one lane (``shared.outbound.lanes``) for each browser.

A message is claimed, sent and settled as a mail is (``shared.outbound.sender``): at most once. One whose
request had begun to leave and that got no answer is ``unknown``, for ever.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import NamedTuple
from uuid import UUID

import httpcore

from services.alerts.notices.queue import NOT_ANY_MORE, PushQueue
from services.alerts.notices.repository import push_lanes, push_subscriptions
from shared.db.database import Database, UnitOfWork
from shared.db.notifications import ChangeListener
from shared.health import Health
from shared.mail import Outcome, Unknown
from shared.outbound import Delivery, Postponed, Prepared, deliveries
from shared.outbound.address_guard import AddressGuard
from shared.outbound.guarded_http import PUBLIC
from shared.outbound.lanes import LEASE, POLL_INTERVAL_S, Lane, Lanes, StopSign, one_connection
from shared.outbound.outcome_rules import MailResult, MailStream, mail_result
from shared.outbound.push_channel import BROKEN, PushChannel
from shared.outbound.record_retries import RecordRetries
from shared.outbound.sender import not_sent
from shared.outbound.web_push import Vapid
from shared.telemetry import metrics

PUSHES_LOOP = "pushes"
MAX_DROPPED = 50
"""In one transaction, of what is not sent now; what waits behind them is looked at in the next one."""
MOST_OF_COMPANY = 20
"""Browsers of one company that are served at the same time: a tenth of what a process serves."""
STOPPED = Unknown(BROKEN)
"""What is recorded of a message that was being sent when this process stopped."""

MakePushPool = Callable[[AddressGuard], httpcore.AsyncConnectionPool]


class ClaimedPush(NamedTuple):
    """A message that is sent now."""

    delivery: Delivery
    prepared: Prepared


class PushLanes(Lanes):
    """The loop that serves the browsers of all companies.

    Anybody who signs in names a push service, so none is in a network that the operator allows to webhooks.
    """

    def __init__(
        self,
        database: Database,
        queue: PushQueue,
        vapid: Vapid,
        health: Health,
        *,
        guard: AddressGuard = PUBLIC,
        make_pool: MakePushPool | None = None,
        listener: ChangeListener | None = None,
        poll_interval_s: float = POLL_INTERVAL_S,
        lease: timedelta = LEASE,
    ) -> None:
        # The authorities are read once: a lane sends few messages, and would read them for each.
        make = make_pool or partial(one_connection, trusted=httpcore.default_ssl_context())
        server = PushServer(database, queue, vapid, partial(make, guard), lease)
        super().__init__(
            PUSHES_LOOP,
            server,
            database,
            health,
            poll_interval_s=poll_interval_s,
            lease=lease,
            listener=listener,
        )


class PushServer:
    """Sends what waits for one browser."""

    def __init__(
        self,
        database: Database,
        queue: PushQueue,
        vapid: Vapid,
        make_pool: Callable[[], httpcore.AsyncConnectionPool],
        lease: timedelta,
    ) -> None:
        self._database = database
        self._queue = queue
        self._vapid = vapid
        self._make_pool = make_pool
        self._lease = lease

    async def claim(self, uow: UnitOfWork, lease_id: UUID, lease: timedelta, limit: int) -> list[Lane]:
        """Claim the browsers with a message that is due."""
        await push_lanes.drop_without_browser(uow, NOT_ANY_MORE.reason)
        return await push_lanes.claim(uow, lease_id, uow.now + lease, most=MOST_OF_COMPANY, limit=limit)

    async def serve(self, lane: Lane, stop: StopSign) -> None:
        """Send what is due of a browser, until it takes nothing."""
        claimed = await self._claim_next(lane, stop)
        if claimed is None:
            return
        async with self._make_pool() as pool:
            channel = PushChannel(pool, self._vapid, self._database.clock)
            while claimed is not None:
                outcome = await stop.unless_stopped(channel.send(claimed.prepared.message))
                await self._record(lane, claimed, outcome, stop)
                claimed = await self._claim_next(lane, stop)

    async def _claim_next(self, lane: Lane, stop: StopSign) -> ClaimedPush | None:
        """Claim the next message, and check every rule again; None: the lane is done for now."""
        async with self._database.transaction() as uow:
            health = await push_lanes.hold(uow, lane, uow.now + self._lease)
            if health is None:
                return None
            for _ in range(MAX_DROPPED):
                if stop.is_up or health.rests(uow.now):
                    break
                found = await deliveries.claim(
                    uow, push_lanes.CLAIM_NEXT, "push", tenant=lane.tenant, browser=lane.id
                )
                if found is None:
                    break
                delivery, row = found
                prepared = await self._queue.prepare(uow, delivery, row)
                if isinstance(prepared, Prepared):
                    return ClaimedPush(delivery, prepared)
                await deliveries.settle(uow, delivery, not_sent(prepared))
                if isinstance(prepared, Postponed):
                    metrics.PUSHES.labels("alerts", "postponed").inc()
            await push_lanes.release(uow, lane)
        return None

    async def _record(
        self, lane: Lane, claimed: ClaimedPush, outcome: Outcome | None, stop: StopSign
    ) -> None:
        """Record the outcome; retried until the message's own lease ends, when it is unknown.

        :param outcome: None: this process stops, so nobody knows.
        """
        retries = RecordRetries(claimed.delivery, self._database.clock)
        while True:
            try:
                async with self._database.transaction() as uow:
                    await self._settle(uow, lane, claimed, outcome)
            except Exception as error:
                if not retries.may_help(error):
                    raise
                await retries.wait(stop.event)
            else:
                metrics.PUSHES.labels("alerts", type(outcome or STOPPED).__name__.lower()).inc()
                return

    async def _settle(
        self, uow: UnitOfWork, lane: Lane, claimed: ClaimedPush, outcome: Outcome | None
    ) -> None:
        delivery = claimed.delivery
        health = await push_lanes.hold(uow, lane, uow.now + self._lease)
        result = self._result(delivery, outcome or STOPPED, uow)
        if await deliveries.settle(uow, delivery, result):
            await self._queue.record(uow, delivery, claimed.prepared.about, result)
        if health is None or outcome is None:  # the lane is another's, or our own end says nothing of it
            return
        after = health.after(outcome, uow.now)
        if after.has_ended(uow.now):
            person, browser = claimed.prepared.about
            await push_subscriptions.remove(uow, lane.tenant, person, browser)
        elif after != health:
            await push_lanes.set_health(uow, lane, after)

    def _result(self, delivery: Delivery, outcome: Outcome, uow: UnitOfWork) -> MailResult:
        """As of a mail; each browser has a service of its own, so nothing is said of others."""
        return mail_result(
            outcome,
            delivery.about_id,
            tries=delivery.attempts,
            refusals=delivery.refusals,
            most_tries=self._queue.most_tries,
            before=MailStream(),
            after=MailStream(),
            now=uow.now,
        )
