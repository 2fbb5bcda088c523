"""Mails to colleagues, one at a time, each at most once.

The mail about a case says the score, where it happened, what is due when, and where to read on. What the
customer wrote, and who they are, stays on the page: mailboxes are forwarded, searched and kept, and nobody
can erase a person from them.
"""

from dataclasses import dataclass
from html import escape
from typing import Any, Literal

from services.alerts import links, words
from services.alerts.repository import cases, copies, notices, people
from shared.clock import Clock
from shared.db.database import UnitOfWork
from shared.events import may_see, segments_of
from shared.mail import MailMessage, message_id
from shared.outbound import LEASE_DURATION, PASSED, ClaimedMail, MailResult
from shared.permissions import CASE_ROLES
from shared.tenancy.tenants import find_tenant
from shared.values.zones import zone_of


@dataclass
class NoticeQueue:
    """Mails on their way to colleagues: a :class:`shared.outbound.Queue`."""

    mail_from: str
    staff_url: str
    secret: str
    clock: Clock
    service = "alerts"
    most_tries = 12

    async def claim(self, uow: UnitOfWork) -> ClaimedMail | Literal["passed"] | None:
        """The next that is due, marked ``sending``; who is not to be told any more is looked at again."""
        notice = await notices.claim(uow)
        if notice is None:
            return None
        letter = await self._letter(uow, notice)
        if letter is None:
            await notices.settle(uow, notice.tenant, notice.id, "dropped", "not to be told any more")
            return PASSED
        return ClaimedMail(
            notice.id, notice.attempts, notice.refusals, letter, uow.now + LEASE_DURATION, about=notice.tenant
        )

    async def settle(self, uow: UnitOfWork, claimed: ClaimedMail, fate: MailResult) -> None:
        """What became of it."""
        await notices.settle(
            uow,
            claimed.about,
            claimed.id,
            fate.state,
            fate.reason,
            fate.next_at,
            tried=fate.tried,
            refused=fate.refused,
        )

    async def _letter(self, uow: UnitOfWork, notice: Any) -> MailMessage | None:
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

    async def _invitation(self, uow: UnitOfWork, notice: Any) -> MailMessage:
        tenant = await find_tenant(uow, notice.tenant)
        company = tenant.name if tenant else notice.tenant
        link = links.link_address(self.staff_url, await links.new_link(uow, notice.tenant, notice.staff_id))
        inviter = None
        if notice.by_id is not None:
            inviter = await people.find_person(uow, notice.tenant, notice.by_id)
        said = [
            words.invitation(company, notice.role, inviter.name if inviter is not None else None),
            "This link works once, within 24 hours, and lets you choose a password:",
        ]
        return self._mail(notice, "Your way into Afterword", said, link)

    def _mail(self, notice: Any, subject: str, paragraphs: list[str], link: str) -> MailMessage:
        html = "".join(f"<p>{escape(words)}</p>" for words in paragraphs)
        html += f'<p><a href="{escape(link)}">{escape(link)}</a></p>'
        return MailMessage(
            sender=self.mail_from,
            sender_name="Afterword",
            recipient=notice.address,
            subject=subject,
            text="\n\n".join([*paragraphs, link]) + "\n",
            html=f'<!doctype html><html lang="en"><body>{html}</body></html>',
            message_id=message_id(self.secret, f"notice-{notice.kind}", str(notice.id), self.mail_from),
            date=self.clock(),
        )
