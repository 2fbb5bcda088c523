"""Sends what is due: claim, hand over, record. Nothing is ever sent twice, whatever breaks in between.

1. In one transaction: lock one mail that is due, look at every rule again, mark it as being sent. 2. With
no transaction open: hand the mail to the server. 3. In another transaction: record what became of it, and
claim the next one as in 1. A failure before DATA makes it due again. Who dies between 1 and 3 leaves a
row whose lease ends: leases.py marks it ``unknown``, for ever.
"""

import asyncio
from datetime import timedelta
from typing import NamedTuple

import structlog

from shared.db import Database, UnitOfWork
from shared.errors import is_retryable
from shared.health import Health
from shared.mail import Away, Blocked, Mailer, Outcome
from shared.outbound import mail_stream as streams
from shared.outbound.outcome_rules import LEASE_DURATION, MailResult, MailStream, mail_result
from shared.outbound.queue import PASSED, Claimed, Queue
from shared.runtime import Backoff, Periodic, pause
from shared.telemetry import metrics

log = structlog.get_logger()

POLL_INTERVAL_S = 1.0
"""Seconds between two looks when nothing is due."""
HURRIED_RETRY_S = 0.2
"""Seconds between two tries to record when we are to stop: only a few are left."""
MAX_CLAIM_DELAY = timedelta(seconds=2)
"""Longer than this a mail's fate does not wait for the next claim: a stop leaves a process six seconds."""
MAX_RECORD_TIME = LEASE_DURATION - timedelta(minutes=1)
"""Longer than this nothing is waited for: the row must not be called unknown while we are at it."""
SLOW_SERVER_S = 30.0
"""Seconds after which a mail server that does not answer is told of."""
STOP_GRACE_S = 2.0
"""Seconds that a mail server has for its answer when we are to stop."""
MAIL_SERVER = "mail server"


class NextMail(NamedTuple):
    """The mail that is to leave now, or how many seconds to rest before the next look."""

    claimed: Claimed | None
    rest: float = 0.0


class Sender:
    """One connection to the mail server, and the loop that feeds it."""

    def __init__(self, name: str, database: Database, mailer: Mailer, queue: Queue, health: Health) -> None:
        self._name = name
        self._database = database
        self._mailer = mailer
        self._queue = queue
        self._health = health
        self._stopping = asyncio.Event()
        self._told: str | None = None
        """Why the stream is stopped, as far as this sender has said."""

    async def run(self, stopping: asyncio.Event) -> None:
        """Send until stopped; the mail in hand is finished first, if its server answers in time."""
        self._stopping = stopping
        await Periodic(self._name, self.step, POLL_INTERVAL_S, self._health, max_backoff_s=30.0).run(stopping)
        await self._mailer.close()

    async def step(self) -> float:
        """Send what is due, one mail after the other; returns how many seconds to rest."""
        async with self._database.transaction() as uow:
            stream = await streams.read(uow)
            claimed, rest = await self._next(uow, stream)
        self._tell(stream)
        while claimed is not None:
            self._health.tick(self._name)
            self._health.set_ready(self._name)
            outcome = await self._hand_over(claimed)
            claimed, rest = await self._record(claimed, outcome, last=self._stopping.is_set())
        return rest

    async def _next(self, uow: UnitOfWork, stream: MailStream) -> NextMail:
        """Claim one, unless the stream is stopped and it is not this sender's turn to try."""
        if not stream.may_try(uow.now):
            return NextMail(None, POLL_INTERVAL_S)
        if stream.stopped_at is not None and not await streams.claim_try(uow, stream):
            return NextMail(None, POLL_INTERVAL_S)
        claimed = await self._queue.claim(uow)
        if claimed is None:
            return NextMail(None, POLL_INTERVAL_S)
        if claimed != PASSED:
            return NextMail(claimed)
        if stream.stopped_at is not None:
            await streams.write(uow, stream)  # no mail was tried: the turn is still to be had
        return NextMail(None)

    async def _hand_over(self, claimed: Claimed) -> Outcome:
        """Send it, with a sign of life while the server thinks; when we are to stop it has little time
        left.
        """
        letter = claimed.letter
        sending = asyncio.ensure_future(self._mailer.send(letter.sender, letter.recipient, letter.as_bytes()))
        stop = asyncio.ensure_future(self._stopping.wait())
        try:
            async with asyncio.timeout(MAX_RECORD_TIME.total_seconds()):
                while not sending.done() and not stop.done():
                    await asyncio.wait(
                        {sending, stop}, timeout=SLOW_SERVER_S, return_when=asyncio.FIRST_COMPLETED
                    )
                    self._health.tick(self._name)
                    if not sending.done() and not stop.done():
                        self._told = "it does not answer"
                        self._health.set_unready(MAIL_SERVER, self._told)
                if not sending.done():
                    await asyncio.wait({sending}, timeout=STOP_GRACE_S)
                    self._mailer.end()
                return await sending
        finally:
            stop.cancel()
            if sending.cancel():
                await asyncio.wait({sending})

    async def _record(self, claimed: Claimed, outcome: Outcome, *, last: bool) -> NextMail:
        """Write down what became of it, if need be again and again until the lease ends, or the process; and
        claim the next one, unless this is the last.
        """
        backoff = Backoff(most=5.0)
        while True:
            self._health.tick(self._name)
            try:
                async with self._database.transaction() as uow:
                    stream = await self._settle(uow, claimed, outcome)
                    async with asyncio.timeout(MAX_CLAIM_DELAY.total_seconds()):
                        following = NextMail(None) if last else await self._next(uow, stream)
            except Exception as error:
                if not last:
                    last = True  # whatever is the matter with the next one, this one's fate is written down
                    continue
                if not is_retryable(error) or self._database.clock() > claimed.until:
                    raise
                await pause(self._stopping, backoff.next())
                if self._stopping.is_set():
                    await asyncio.sleep(HURRIED_RETRY_S)
            else:
                metrics.MAILS.labels(self._queue.service, type(outcome).__name__.lower()).inc()
                self._tell(stream)
                return following

    async def _settle(self, uow: UnitOfWork, claimed: Claimed, outcome: Outcome) -> MailStream:
        """Record the mail's fate and the stream's; how the stream stands."""
        before = await streams.read(uow)
        if self._stopping.is_set() and isinstance(outcome, Away | Blocked):
            await self._queue.settle(uow, claimed, MailResult("waiting"))  # we broke it off, perhaps
            return before
        after = before.after(outcome, claimed.id, uow.now)
        if after != before:
            before = await streams.read(uow, lock=True)
            after = before.after(outcome, claimed.id, uow.now)
            await streams.write(uow, after)
        decided = mail_result(
            outcome,
            claimed.id,
            tries=claimed.tries,
            refusals=claimed.refusals,
            most_tries=self._queue.most_tries,
            before=before,
            after=after,
            now=uow.now,
        )
        await self._queue.settle(uow, claimed, decided)
        return after

    def _tell(self, stream: MailStream) -> None:
        """Say in /readyz whether mail leaves."""
        reason = stream.reason if stream.stopped_at is not None else None
        if reason != self._told:
            if reason is None:
                self._health.set_ready(MAIL_SERVER)
            else:
                self._health.set_unready(MAIL_SERVER, reason)
        self._told = reason
