"""The mails to colleagues.

The mail about a case tells the score, where it happened, what is due when, and where to read on. What the
customer wrote, and who they are, stays on the page: mailboxes are forwarded, searched and kept, and nobody
can erase a person from them.
"""

from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.labels import moment, score_with_article
from services.alerts.staff.labels import ROLE_NAMES
from services.alerts.staff.sign_in_tokens import Token, link_address
from shared.clock import Clock
from shared.events import Answer
from shared.mail import MailMessage, message_id


@dataclass(frozen=True)
class NoticeRenderer:
    """Renders mails to colleagues. A ``notice`` is a claimed row with its recipient."""

    mail_from: str
    staff_url: str
    """Without a slash at its end."""
    secret: str
    clock: Clock

    def case_notice(
        self, notice: Any, case: CaseFile, answer: Answer, now: datetime, zone: ZoneInfo
    ) -> MailMessage:
        """The mail about an answer."""
        subject, paragraphs = case_text(case, answer, now, zone)
        return self._message(notice, subject, paragraphs, f"{self.staff_url}/cases/{case.id}")

    def invitation(self, notice: Any, company: str, inviter: str | None, link: Token) -> MailMessage:
        """The mail that invites a person to sign in."""
        paragraphs = [
            invitation_sentence(company, notice.role, inviter),
            "This link works once, within 24 hours, and lets you choose a password:",
        ]
        address = link_address(self.staff_url, link)
        return self._message(notice, "Your way into Afterword", paragraphs, address)

    def _message(self, notice: Any, subject: str, paragraphs: list[str], link: str) -> MailMessage:
        html = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
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


def case_text(case: CaseFile, answer: Answer, now: datetime, zone: ZoneInfo) -> tuple[str, list[str]]:
    """Subject and paragraphs of the mail about an answer."""
    score = score_with_article(answer.score or 0)
    where = f" after {answer.touchpoint}" if answer.touchpoint else ""
    happened = f"A customer gave {score}{where}."
    if answer.id != case.answer_id:
        happened = f"A customer whose case is open has answered again, with {score}{where}."
    if case.may_contact is False:
        due = f"They do not want to be contacted. Close the case by {moment(case.close_due_at, now, zone)}."
    else:
        wish = "They want to be contacted. " if case.may_contact else ""
        task = "First contact is due" if case.waits_for_contact else "Close the case"
        due = f"{wish}{task} by {moment(case.due_at, now, zone)}."
    return f"Case {case.number}: a customer gave {score}", [happened, due, "Read it and act:"]


def invitation_sentence(company: str, role: str, inviter: str | None) -> str:
    """The first sentence of the mail that invites a person."""
    if inviter is None:
        return f"You can now sign in to Afterword for {company}, as {ROLE_NAMES[role]}."
    return f"{inviter} lets you sign in to Afterword for {company}, as {ROLE_NAMES[role]}."
