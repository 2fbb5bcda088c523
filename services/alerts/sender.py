"""Mails to colleagues, one at a time, each at most once.

The mail about a case says the score, where it happened, what is due when, and where to read on. What the
customer wrote, and who they are, stays on the page: mailboxes are forwarded, searched and kept, and nobody
can erase a person from them.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from typing import Any

import structlog

from services.alerts import links, words
from services.alerts.handlers import CASE_ROLES
from services.alerts.repository import cases, copies, notices
from shared.db.database import Database, UnitOfWork
from shared.errors import is_retryable
from shared.events import may_see, segments_of
from shared.mail import Deferred, Delivered, Letter, Mailer, Outcome, Rejected, Unknown, message_id
from shared.plight import in_words
from shared.runtime import Backoff, Health, pause
from shared.telemetry import metrics
from shared.tenancy.tenants import find_tenant
from shared.zones import zone_of

log = structlog.get_logger()

EVERY = 0.5
MOST_TRIES = 12
LONGEST_WAIT = timedelta(hours=2)


@dataclass
class Sender:
    """The loop that sends what is due."""

    database: Database
    health: Health
    mailer: Mailer
    mail_from: str
    staff_url: str
    secret: str

    async def run(self, stopping: asyncio.Event) -> None:
        """Send until stopped; the mail in hand is finished first."""
        backoff = Backoff()
        while not stopping.is_set():
            self.health.tick("sender")
            wait = EVERY
            try:
                if await self.send_next():
                    wait = 0
                self.health.found("sender")
                backoff.reset()
            except Exception as error:
                if not is_retryable(error):
                    raise
                self.health.missing("sender", in_words(error))
                wait = backoff.next()
            if wait:
                await pause(stopping, wait)
        await self.mailer.close()
        self.health.forget("sender")

    async def send_next(self) -> bool:
        """Claim the next mail and send it; False when none is due."""
        async with self.database.transaction() as uow:
            notice = await notices.claim(uow)
            if notice is None:
                return False
            letter = await self._letter(uow, notice)
            if letter is None:
                await notices.settle(uow, notice.tenant, notice.id, "dropped", "not to be told any more")
        if letter is not None:
            outcome = await self.mailer.send(self.mail_from, notice.address, letter.as_bytes())
            await self._settle(notice, outcome)
        return True

    async def _settle(self, notice: Any, outcome: Outcome) -> None:
        metrics.MAILS.labels("alerts", type(outcome).__name__.lower()).inc()
        async with self.database.transaction() as uow:
            match outcome:
                case Delivered():
                    await notices.settle(uow, notice.tenant, notice.id, "sent")
                case Deferred(reason) if notice.attempts < MOST_TRIES:
                    wait = min(LONGEST_WAIT, timedelta(seconds=5 * 2**notice.attempts))
                    await notices.settle(uow, notice.tenant, notice.id, "waiting", reason, uow.now + wait)
                case Deferred(reason) | Rejected(reason):
                    await notices.settle(uow, notice.tenant, notice.id, "failed", reason)
                case Unknown(reason):
                    await notices.settle(uow, notice.tenant, notice.id, "unknown", reason)
        if not isinstance(outcome, Delivered):
            log.warning("notice_not_delivered", kind=type(outcome).__name__, reason=outcome.reason)

    async def _letter(self, uow: UnitOfWork, notice: Any) -> Letter | None:
        """The mail as things stand now; None when this person is not to be told any more."""
        if not notice.active:
            return None
        if notice.kind == "invite":
            return await self._invitation(uow, notice)
        case = await cases.find_case(uow, notice.tenant, notice.case_id)
        allowed = notice.wants_mail and notice.role in CASE_ROLES
        if case is None or case.state == "closed" or not allowed:
            return None
        answers = await copies.newest_answers(uow, [(notice.tenant, notice.answer_id)])
        answer = answers[notice.tenant, notice.answer_id][0]
        if not may_see(notice.segments, segments_of(answer)):
            return None
        tenant = await find_tenant(uow, notice.tenant)
        zone = zone_of(tenant.time_zone if tenant else "UTC")
        subject, paragraphs = words.case_mail(case, answer, uow.now, zone)
        return self._mail(notice, subject, paragraphs, f"{self.staff_url.rstrip('/')}/cases/{case.id}")

    async def _invitation(self, uow: UnitOfWork, notice: Any) -> Letter:
        tenant = await find_tenant(uow, notice.tenant)
        company = tenant.name if tenant else notice.tenant
        link = links.link_address(self.staff_url, await links.new_link(uow, notice.tenant, notice.staff_id))
        said = [
            f"You can now sign in to Afterword for {company}.",
            "This link works once, within 24 hours, and lets you choose a password:",
        ]
        return self._mail(notice, "Your way into Afterword", said, link)

    def _mail(self, notice: Any, subject: str, paragraphs: list[str], link: str) -> Letter:
        html = "".join(f"<p>{escape(words)}</p>" for words in paragraphs)
        html += f'<p><a href="{escape(link)}">{escape(link)}</a></p>'
        return Letter(
            sender=self.mail_from,
            sender_name="Afterword",
            recipient=notice.address,
            subject=subject,
            text="\n\n".join([*paragraphs, link]) + "\n",
            html=f'<!doctype html><html lang="en"><body>{html}</body></html>',
            message_id=message_id(self.secret, f"notice-{notice.kind}", str(notice.id), self.mail_from),
            date=self.database.clock(),
        )
