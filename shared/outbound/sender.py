"""Sends deliveries that are due: claim, send, record. None is ever sent twice, whatever fails in between.

1. In one transaction: mark a delivery that is due as being sent, and check every rule again.
2. With no transaction open: send it.
3. In another transaction: record the outcome, and claim the next delivery as in 1.

A failure before DATA makes it due again. A process that dies between 1 and 3 leaves a row whose lease
expires: leases.py marks it ``unknown``, for ever.
"""

import asyncio
from contextlib import nullcontext
from datetime import timedelta
from typing import Any, NamedTuple

import structlog
from prometheus_client import Counter
from sqlalchemy import Row

from shared.db import Database, UnitOfWork
from shared.db.notifications import ChangeListener
from shared.health import Health
from shared.mail import Away, Blocked, Delivered, Outcome, Unknown
from shared.outbound import deliveries, mail_stream
from shared.outbound.channel import Channel
from shared.outbound.channel_names import DeliveryChannel
from shared.outbound.deliveries import Delivery
from shared.outbound.outcome_rules import LEASE_DURATION, MailResult, MailStream, mail_result
from shared.outbound.queue import Postponed, Prepared, Queue, Withdrawn
from shared.outbound.record_retries import RecordRetries
from shared.runtime import Periodic
from shared.telemetry import metrics

log = structlog.get_logger()

POLL_INTERVAL_S = 1.0
"""Until the next claim when no mail is due."""
MAX_CLAIM_DELAY = timedelta(seconds=2)
"""How long recording an outcome waits for the next claim: a stop leaves a process six seconds."""
MAX_SEND_TIME = LEASE_DURATION - timedelta(minutes=1)
"""After this an attempt is abandoned, so that its mail does not become unknown while it is being sent."""
SLOW_SERVER_S = 30.0
"""After this a mail server that does not reply makes the process unready."""
STOP_GRACE_S = 2.0
"""How long a mail server may take for its reply when the process stops."""
SERVERS: dict[DeliveryChannel, str] = {"mail": "mail server", "sms": "SMS provider"}
"""What takes the messages of a channel, as /readyz names it."""
COUNTERS: dict[DeliveryChannel, Counter] = {
    "mail": metrics.MAILS,
    "sms": metrics.TEXTS,
}


class Claimed(NamedTuple):
    """A delivery that this sender sends now."""

    delivery: Delivery
    prepared: Prepared


class NextDelivery(NamedTuple):
    """The next delivery to send, or how long to wait until the next claim."""

    claimed: Claimed | None
    wait_s: float = 0.0


def not_sent(prepared: Withdrawn | Postponed | None) -> MailResult:
    """What becomes of a delivery that may not be sent now; without a reason it stays due."""
    match prepared:
        case Withdrawn(reason):
            return MailResult("dropped", reason)
        case Postponed(until, reason):
            return MailResult("waiting", reason, next_at=until)
        case None:
            return MailResult("waiting")


class Sender:
    """A loop that sends the deliveries of one channel over one connection."""

    def __init__(
        self,
        name: str,
        database: Database,
        channel: Channel,
        queue: Queue,
        health: Health,
        *,
        listener: ChangeListener | None = None,
    ) -> None:
        """:param listener: wakes the sender when something is due; without one it only polls."""
        self._name = name
        self._listener = listener
        self._due = asyncio.Event()
        self._database = database
        self._channel = channel
        self._queue = queue
        self._health = health
        self._server = SERVERS[channel.name]
        self._stopping = asyncio.Event()
        self._reported: str | None = None
        """The reason of a stopped stream that this sender has reported."""

    async def run(self, stopping: asyncio.Event) -> None:
        """Send until stopped; a mail that is being sent is finished first if the server replies in time."""
        self._stopping = stopping
        loop = Periodic(
            self._name, self.step, POLL_INTERVAL_S, self._health, max_backoff_s=30.0, wake=self._due
        )
        with self._listener.waking(self._due) if self._listener is not None else nullcontext():
            await loop.run(stopping)
        await self._channel.close()

    async def step(self) -> float:
        """Send the mails that are due, one after the other; return the seconds until the next claim."""
        claimed, wait_s = await self._claim()
        while claimed is not None:
            self._health.tick(self._name)
            self._health.set_ready(self._name)
            outcome = await self._send(claimed)
            claimed, wait_s = await self._record(claimed, outcome, last=self._stopping.is_set())
        return wait_s

    async def _claim(self) -> NextDelivery:
        """Claim a mail in a transaction of its own."""
        async with self._database.transaction() as uow:
            stream = await self._stream(uow)
            found = await self._claim_next(uow, stream)
        self._report(stream)
        return found

    async def _stream(self, uow: UnitOfWork, *, lock: bool = False) -> MailStream:
        """The stream of the channel."""
        return await mail_stream.read(uow, lock=lock, channel=self._channel.name)

    async def _claim_next(self, uow: UnitOfWork, stream: MailStream) -> NextDelivery:
        """Claim a mail, unless the stream is stopped and another sender has claimed the next attempt."""
        if not stream.may_try(uow.now):
            return NextDelivery(None, POLL_INTERVAL_S)
        if stream.stopped_at is not None and not await mail_stream.claim_try(uow, stream, self._channel.name):
            return NextDelivery(None, POLL_INTERVAL_S)
        found = await self._claim_due(uow, stream)
        if found is None:
            return NextDelivery(None, POLL_INTERVAL_S)
        delivery, row = found
        prepared = await self._queue.prepare(uow, delivery, row)
        if isinstance(prepared, Prepared):
            return NextDelivery(Claimed(delivery, prepared))
        await deliveries.settle(uow, delivery, not_sent(prepared))
        if isinstance(prepared, Postponed):
            self._count("postponed")
        if stream.stopped_at is not None:
            # Nothing is tried: the attempt can still be claimed.
            await mail_stream.write(uow, stream, self._channel.name)
        return NextDelivery(None)

    async def _claim_due(self, uow: UnitOfWork, stream: MailStream) -> tuple[Delivery, Row[Any]] | None:
        """Claim what has been due for longest; after a refusal, first of what was not tried yet.

        Many mails that are refused for their recipients' sake would else be tried one after the other, and
        all others wait.
        """
        statement, channel = self._queue.claim_sql, self._channel.name
        if stream.stopped_at is not None or stream.refused:
            untried = await deliveries.claim(uow, statement, channel, untried=True)
            if untried is not None:
                return untried
        return await deliveries.claim(uow, statement, channel)

    async def _send(self, claimed: Claimed) -> Outcome:
        """Send the message, and tick while the server takes its time; at a stop it has little time left."""
        sending = asyncio.ensure_future(self._channel.send(claimed.prepared.message))
        stop = asyncio.ensure_future(self._stopping.wait())
        try:
            async with asyncio.timeout(MAX_SEND_TIME.total_seconds()):
                while not sending.done() and not stop.done():
                    await asyncio.wait(
                        {sending, stop}, timeout=SLOW_SERVER_S, return_when=asyncio.FIRST_COMPLETED
                    )
                    self._health.tick(self._name)
                    if not sending.done() and not stop.done():
                        self._reported = "it does not answer"
                        self._health.set_unready(self._server, self._reported)
                if not sending.done():
                    await asyncio.wait({sending}, timeout=STOP_GRACE_S)
                    self._channel.end()
                return await sending
        finally:
            stop.cancel()
            if sending.cancel():
                await asyncio.wait({sending})

    async def _record(self, claimed: Claimed, outcome: Outcome, *, last: bool) -> NextDelivery:
        """Record the outcome, and claim the next mail unless this is the last.

        A mail that did not leave gives back what it took, and locks its contact for that. The next mail locks
        another contact, so it is claimed in a transaction of its own: in one they would be locked in no
        order. The same holds where the outcome has locked what its queue locks behind other rows.
        Recording is retried until the lease expires or the process ends.
        """
        gave_back = not isinstance(outcome, Delivered | Unknown)
        retries = RecordRetries(claimed.delivery, self._database.clock)
        while True:
            self._health.tick(self._name)
            try:
                async with self._database.transaction() as uow:
                    stream, has_locked = await self._settle(uow, claimed, outcome)
                    alone = gave_back or has_locked
                    async with asyncio.timeout(MAX_CLAIM_DELAY.total_seconds()):
                        following = (
                            NextDelivery(None) if last or alone else await self._claim_next(uow, stream)
                        )
            except Exception as error:
                if not last:
                    last = True  # perhaps the claim failed: record the outcome without one
                    continue
                if not retries.may_help(error):
                    raise
                await retries.wait(self._stopping)
            else:
                self._count(type(outcome).__name__.lower())
                self._report(stream)
                return await self._claim() if alone and not last else following

    async def _settle(self, uow: UnitOfWork, claimed: Claimed, outcome: Outcome) -> tuple[MailStream, bool]:
        """Record the result for the mail and for the stream; return the stream, and whether rows were locked
        behind which nothing may be claimed.
        """
        before = await self._stream(uow)
        if self._stopping.is_set() and isinstance(outcome, Away | Blocked):
            # Perhaps only because we ended the connection.
            return before, await self._settle_delivery(uow, claimed, MailResult("waiting"))
        delivery = claimed.delivery
        # The stream knows a mail by what it is about: only one delivery about it is on its way.
        after = before.after(outcome, delivery.about_id, uow.now)
        if after != before:
            before = await self._stream(uow, lock=True)
            after = before.after(outcome, delivery.about_id, uow.now)
            await mail_stream.write(uow, after, self._channel.name)
        result = mail_result(
            outcome,
            delivery.about_id,
            tries=delivery.attempts,
            refusals=delivery.refusals,
            most_tries=self._queue.most_tries,
            before=before,
            after=after,
            now=uow.now,
        )
        return after, await self._settle_delivery(uow, claimed, result)

    async def _settle_delivery(self, uow: UnitOfWork, claimed: Claimed, result: MailResult) -> bool:
        """Record the result, unless the lease has expired: the delivery stays unknown; return what its queue
        says of locks.
        """
        delivery, prepared = claimed
        settled = await deliveries.settle(uow, delivery, result)
        has_locked = settled and await self._queue.record(uow, delivery, prepared.about, result)
        log.info(
            self._channel.name,
            tenant=delivery.tenant,
            about=str(delivery.about_id),
            outcome=result.state,
            late=not settled,
        )
        return has_locked

    def _count(self, outcome: str) -> None:
        COUNTERS[self._channel.name].labels(self._queue.service, outcome).inc()

    def _report(self, stream: MailStream) -> None:
        """Show in /readyz whether the stream is stopped."""
        reason = stream.reason if stream.stopped_at is not None else None
        if reason != self._reported:
            if reason is None:
                self._health.set_ready(self._server)
            else:
                self._health.set_unready(self._server, reason)
        self._reported = reason
