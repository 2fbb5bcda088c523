"""Sends what is due: claim, hand over, record. Nothing is ever sent twice, whatever breaks in between.

  1. In one transaction: lock one delivery that is due, look at every rule again, mark it ``sending``.
  2. With no transaction open: hand the mail to the server.
  3. In another transaction: record what became of it, and claim the next one as in 1.
A failure before DATA makes it due again. Who dies between 1 and 3 leaves a row whose lease ends: schedule.py
marks it ``unknown``, for ever.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Row

from services.dispatcher import invitations, surveys
from services.dispatcher.addresses import judged
from services.dispatcher.contacts import contact_of
from services.dispatcher.domain import LEASE, Person, Sending, held_back, retry_at
from services.dispatcher.letters import Scribe
from services.dispatcher.repository import invitations as rows
from services.dispatcher.repository import sending as sending_rows
from services.dispatcher.sending import of_row
from services.dispatcher.wording import read_texts
from shared.db import Database, UnitOfWork
from shared.errors import is_retryable
from shared.events import Invitation, SurveyTexts, Tenant
from shared.mail import Deferred, Delivered, Letter, Mailer, Outcome, Rejected
from shared.plight import in_words
from shared.runtime import Backoff, Health, pause
from shared.telemetry import metrics
from shared.tenancy import read_tenant

log = structlog.get_logger()

LOOK_AGAIN = 0.3
"""Seconds between two looks when nothing is due."""
HURRIED = 0.2
"""Seconds between two tries to record when we are to stop: only a few are left."""
NEXT_WITHIN = timedelta(seconds=2)
"""Longer than this a mail's fate does not wait for the next claim: a stop leaves a process six seconds."""
GIVE_UP = LEASE - timedelta(seconds=20)
"""Longer than this nothing is waited for: the row must not be called unknown while we are at it."""


@dataclass(frozen=True)
class Claimed:
    """One delivery that is ours until its lease ends."""

    tenant: str
    invitation: Invitation
    attempts: int
    letter: Letter
    until: datetime


class Next(NamedTuple):
    """The delivery that is to leave now, or how many seconds to rest before the next look."""

    claimed: Claimed | None
    rest: float = 0.0


class Sender:
    """One connection to the mail server, and the loop that feeds it."""

    def __init__(
        self, name: str, database: Database, mailer: Mailer, scribe: Scribe, secret: str, health: Health
    ) -> None:
        self._name = name
        self._database = database
        self._mailer = mailer
        self._scribe = scribe
        self._secret = secret
        self._health = health
        self._backoff = Backoff(most=30.0)
        self._stopping = asyncio.Event()

    async def run(self, stopping: asyncio.Event) -> None:
        """Send until stopped; the mail in hand is finished first."""
        self._stopping = stopping
        while not stopping.is_set():
            self._health.tick(self._name)
            try:
                wait = await self.step()
                self._health.found(self._name)
            except Exception as error:
                if not is_retryable(error):
                    raise
                self._health.missing(self._name, in_words(error))
                wait = self._backoff.next()
            if wait:
                await pause(stopping, wait)
        await self._mailer.close()
        self._health.forget(self._name)

    async def step(self) -> float:
        """Send what is due, one delivery after the other; returns how many seconds to rest."""
        async with self._database.transaction() as uow:
            claimed, rest = await self._next(uow)
        while claimed is not None:
            self._health.tick(self._name)
            self._health.found(self._name)
            async with asyncio.timeout(GIVE_UP.total_seconds()):
                letter = claimed.letter
                outcome = await self._mailer.send(letter.sender, letter.recipient, letter.as_bytes())
            if isinstance(outcome, Deferred) and outcome.ours:
                await self._record(claimed, outcome, last=True)
                self._health.missing("mail server", outcome.reason)
                return self._backoff.next()
            claimed, rest = await self._record(claimed, outcome, last=self._stopping.is_set())
            self._health.found("mail server")
            self._backoff.reset()
        return rest

    async def _record(self, claimed: Claimed, outcome: Outcome, *, last: bool) -> Next:
        """Write down what became of it, if need be again and again until the lease ends, or the process; and
        claim the next one, unless this is the last.
        """
        backoff = Backoff(most=5.0)
        while True:
            self._health.tick(self._name)
            try:
                async with self._database.transaction() as uow:
                    await record(uow, claimed, outcome)
                    async with asyncio.timeout(NEXT_WITHIN.total_seconds()):
                        following = Next(None) if last else await self._next(uow)
            except Exception as error:
                if not last:
                    last = True  # whatever is the matter with the next one, this one's fate is written down
                    continue
                if not is_retryable(error) or self._database.clock() > claimed.until:
                    raise
                await pause(self._stopping, backoff.next())
                if self._stopping.is_set():
                    await asyncio.sleep(HURRIED)
            else:
                metrics.MAILS.labels("dispatcher", type(outcome).__name__.lower()).inc()
                return following

    async def _next(self, uow: UnitOfWork) -> Next:
        row = await rows.claim(uow)
        return Next(None, LOOK_AGAIN) if row is None else Next(await self._claim(uow, row))

    async def _claim(self, uow: UnitOfWork, row: Row[Any]) -> Claimed | None:
        """Look at every rule again; None when the mail must not leave now, or ever."""
        # Held until we commit: who stops all sending waits for this claim, and no later one begins.
        sending = of_row(await sending_rows.hold(uow, row.tenant, change=False))
        if sending.stopped:
            return None
        invitation = invitations.of_row(row)
        address = invitation.customer.email
        around = await rows.around(
            uow,
            row.tenant,
            survey_id=row.survey_id,
            survey_version=invitation.survey_version,
            contact=contact_of(self._secret, row.tenant, invitation.customer, sending.placeholder_ids),
        )
        survey = surveys.rules_of(around) if around.id is not None else None
        forbidden = held_back(
            now=uow.now,
            occurred_at=invitation.occurred_at,
            expires_at=invitation.expires_at,
            test=invitation.test,
            live=survey is not None and survey.live,
            max_age_days=survey.max_age_days if survey is not None else 0,
            quarantine_days=survey.quarantine_days if survey is not None else 0,
            person=_person(around, address, sending),
            mode=sending.mode,
        )
        if forbidden is not None:
            state, reason = forbidden
            await invitations.move(uow, row.tenant, invitation, state, reason=reason)
            return None
        moved = await invitations.move(
            uow, row.tenant, invitation, "sending", lease_until=uow.now + LEASE, tried=True
        )
        if moved is None:
            return None
        texts = read_texts(around.words).get(invitation.language, SurveyTexts())
        tenant = read_tenant(around.tenant_body) if around.tenant_body else unheard_of(row.tenant)
        letter = self._scribe.letter(moved, tenant, texts)
        return Claimed(row.tenant, moved, row.attempts + 1, letter, uow.now + LEASE)


def _person(around: Row[Any], address: str | None, sending: Sending) -> Person:
    return Person(
        address=judged(address),
        test_address=sending.is_test(address),
        opted_out="unsubscribed" in around.reasons,
        suppressed="listed" in around.reasons,
        invited_at=around.asked_elsewhere_at,
    )


async def record(uow: UnitOfWork, claimed: Claimed, outcome: Outcome) -> None:
    """Say what became of it. A row that was called unknown meanwhile stays so."""
    tenant, invitation = claimed.tenant, claimed.invitation
    if isinstance(outcome, Delivered):
        after = await invitations.move(uow, tenant, invitation, "sent")
    elif isinstance(outcome, Deferred):
        after = await invitations.move(
            uow,
            tenant,
            invitation,
            "waiting",
            reason=outcome.reason,
            next_at=retry_at(claimed.attempts, uow.now),
        )
    elif isinstance(outcome, Rejected):
        after = await invitations.move(uow, tenant, invitation, "failed", reason=outcome.reason)
    else:
        after = await invitations.move(uow, tenant, invitation, "unknown", reason=outcome.reason)
    log.info(
        "mail",
        tenant=tenant,
        invitation=str(invitation.id),
        outcome=type(outcome).__name__.lower(),
        late=after is None,
    )


def unheard_of(tenant: str) -> Tenant:
    """A tenant whose event is still on its way: its short name stands for its name."""
    return Tenant(id=tenant, version=0, name=tenant, time_zone="UTC", country="")
