"""The mails to colleagues.

The mail about a case tells the score, where it happened, what is due when, and where to read on. What the
customer wrote, and who they are, stays on the page: mailboxes are forwarded, searched and kept, and nobody
can erase a person from them.
"""

from collections.abc import Iterator
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.sentences import score_with_article
from services.alerts.cases.times import moment
from services.alerts.staff.labels import role_name
from services.alerts.staff.sign_in_tokens import Token, link_address
from services.alerts.webhooks.domain import WebhookEndpoint
from shared.clock import Clock
from shared.events import Answer, Tenant
from shared.mail import MailMessage, message_id
from shared.mail.installation import InstallationSender
from shared.pages.filters import touchpoint_name
from shared.pages.language import first_available, reader_locale, rendering_for, spoken, translated
from shared.pages.renderer import Renderer
from shared.values.display_names import NO_NAMES, showing_names
from shared.values.messages import Message, message
from shared.values.zones import zone_of


class NoticeRenderer:
    """Renders mails to colleagues. A ``notice`` is a claimed row with its recipient."""

    def __init__(self, sender: InstallationSender, staff_url: str, secret: str, clock: Clock) -> None:
        """``staff_url`` is without a slash at its end."""
        self._sender = sender
        self._staff_url = staff_url
        self._secret = secret
        self._clock = clock
        self._texts = Renderer("services.alerts", clock=clock)

    def case_notice(
        self, notice: Any, case: CaseFile, answer: Answer, now: datetime, tenant: Tenant | None
    ) -> MailMessage:
        """The mail about an answer."""
        zone = zone_of(tenant.time_zone if tenant else "UTC")
        names = tenant.display_names if tenant else NO_NAMES
        reader = self._texts.reader(self._language(notice, tenant), zone.key)
        with rendering_for(reader), showing_names(names):
            subject, paragraphs = case_text(case, answer, now, zone)
            return self._message(notice, subject, paragraphs, f"{self._staff_url}/cases/{case.id}")

    def clock_notice(self, notice: Any, case: CaseFile, now: datetime, tenant: Tenant | None) -> MailMessage:
        """The mail about a deadline that is near or was missed. It tells nothing of the answers."""
        zone = zone_of(tenant.time_zone if tenant else "UTC")
        with rendering_for(self._texts.reader(self._language(notice, tenant), zone.key)):
            subject, paragraphs = clock_text(notice.notice_kind, case, now, zone)
            return self._message(notice, subject, paragraphs, f"{self._staff_url}/cases/{case.id}")

    def invitation(self, notice: Any, tenant: Tenant | None, inviter: str | None, link: Token) -> MailMessage:
        """The mail that invites a person to sign in."""
        company = tenant.name if tenant else notice.tenant
        with rendering_for(self._texts.reader(self._language(notice, tenant), None)):
            paragraphs = [
                invitation_sentence(company, notice.role, inviter),
                translated("This link works once, within 24 hours, and lets you choose a password:"),
            ]
            address = link_address(self._staff_url, link)
            return self._message(notice, translated("Your way into Afterword"), paragraphs, address)

    def webhook_notice(self, notice: Any, tenant: Tenant | None, webhook: WebhookEndpoint) -> MailMessage:
        """The mail that a webhook was switched off."""
        zone = zone_of(tenant.time_zone if tenant else "UTC")
        with rendering_for(self._texts.reader(self._language(notice, tenant), zone.key)):
            facts = {"name": webhook.name}
            subject = translated("The webhook %(name)s is switched off") % facts
            if webhook.off_reason == "gone":
                reason = translated(
                    "Its endpoint answered that it is gone for good (410), so we have stopped sending to it."
                )
            else:
                reason = translated(
                    "For five days its endpoint took nothing that we sent, so we have stopped sending to it."
                )
            remedy = translated(
                "What waits for it is kept. Until somebody switches it on again nothing new is kept for it."
            )
            link = f"{self._staff_url}/webhooks/{webhook.id}"
            return self._message(notice, subject, [reason, remedy], link)

    def _language(self, notice: Any, tenant: Tenant | None) -> str:
        """The recipient's own, else the first of the company's languages that we have, else English."""
        return first_available(
            [notice.language, *(tenant.languages if tenant else ())], self._texts.languages
        )

    def _message(self, notice: Any, subject: str, paragraphs: list[str], link: str) -> MailMessage:
        html = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
        html += f'<p><a href="{escape(link)}">{escape(link)}</a></p>'
        return MailMessage(
            sender=self._sender.address,
            keys=self._sender.keys,
            sender_name="Afterword",
            recipient=notice.address,
            subject=subject,
            text="\n\n".join([*paragraphs, link]) + "\n",
            html=f'<!doctype html><html lang="{reader_locale().language}"><body>{html}</body></html>',
            message_id=message_id(
                self._secret, f"notice-{notice.notice_kind}", str(notice.id), self._sender.address
            ),
            date=self._clock(),
        )


def case_text(case: CaseFile, answer: Answer, now: datetime, zone: ZoneInfo) -> tuple[str, list[str]]:
    """Subject and paragraphs of the mail about an answer."""
    facts = {
        "number": case.number,
        "score": score_with_article(answer.score or 0),
        "touchpoint": touchpoint_name(answer.touchpoint) if answer.touchpoint else "",
        "due": moment(case.due_at, now, zone),
    }
    subject = translated("Case %(number)s: a customer gave %(score)s") % facts
    paragraphs = [_happened(case, answer), " ".join(_wish_and_task(case)), translated("Read it and act:")]
    return subject, [paragraph % facts for paragraph in paragraphs]


CLOCK_TEXTS: dict[str, tuple[Message, Message]] = {
    "contact_warning": (
        message("Case %(number)s: speak to the customer by %(due)s"),
        message("Nobody has spoken to the customer yet. First contact is due by %(due)s."),
    ),
    "contact_escalation": (
        message("Case %(number)s: nobody has spoken to the customer in time"),
        message("First contact was due by %(due)s."),
    ),
    "closing_warning": (
        message("Case %(number)s: to be closed by %(due)s"),
        message("The case is still open. It is to be closed by %(due)s."),
    ),
    "closing_escalation": (
        message("Case %(number)s was not closed in time"),
        message("It was to be closed by %(due)s."),
    ),
}
"""Subject and sentence of the mail about a deadline, by its kind."""


def clock_text(kind: str, case: CaseFile, now: datetime, zone: ZoneInfo) -> tuple[str, list[str]]:
    """Subject and paragraphs of the mail about a deadline."""
    due = case.contact_due_at if kind.startswith("contact") else case.close_due_at
    facts = {"number": case.number, "due": moment(due, now, zone)}
    subject, sentence = CLOCK_TEXTS[kind]
    paragraphs = [spoken(sentence) % facts]
    if case.owner_id is None:
        paragraphs[0] += " " + translated("Nobody has taken it.")
    return spoken(subject) % facts, [*paragraphs, translated("Read it and act:")]


def _happened(case: CaseFile, answer: Answer) -> str:
    if answer.id == case.answer_id:
        if answer.touchpoint:
            return translated("A customer gave %(score)s after %(touchpoint)s.")
        return translated("A customer gave %(score)s.")
    if answer.touchpoint:
        return translated(
            "A customer whose case is open has answered again, with %(score)s after %(touchpoint)s."
        )
    return translated("A customer whose case is open has answered again, with %(score)s.")


def _wish_and_task(case: CaseFile) -> Iterator[str]:
    if case.anonymous:
        yield translated("The answer is anonymous, so there is nobody to contact.")
    elif case.may_contact:
        yield translated("They want to be contacted.")
    elif case.may_contact is False:
        yield translated("They do not want to be contacted.")
    if case.waits_for_contact:
        yield translated("First contact is due by %(due)s.")
    else:
        yield translated("Close the case by %(due)s.")


def invitation_sentence(company: str, role: str, inviter: str | None) -> str:
    """The first sentence of the mail that invites a person."""
    facts = {"company": company, "role": role_name(role), "inviter": inviter}
    if inviter is None:
        return translated("You can now sign in to Afterword for %(company)s, as %(role)s.") % facts
    return translated("%(inviter)s lets you sign in to Afterword for %(company)s, as %(role)s.") % facts
