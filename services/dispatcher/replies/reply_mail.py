"""The mail from a case: what a colleague wrote, as they wrote it, and below it who writes and why."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.dispatcher.invitations.survey_mail import MailSender, SurveyMailRenderer, sender_line
from services.dispatcher.replies.domain import MailWords, OutgoingMail
from shared.clock import Clock, system_clock
from shared.events import Invitation, Tenant
from shared.mail import MailMessage
from shared.mail.references import MailReference, MailReferences
from shared.pages.language import direction
from shared.pages.renderer import Renderer
from shared.settings import Afterword

REPLY_TEMPLATES = ("mail_reply.txt", "mail_reply.html")


@dataclass(frozen=True, kw_only=True)
class ReplyPage:
    """What the templates of its two parts see."""

    subject: str
    paragraphs: list[list[str]]
    """Of lines."""
    direction: str
    company: str
    number: int
    comes_back: bool
    """Whether an answer reaches the case."""
    sender: str


class CaseMailRenderer:
    """Mails from cases of one process, of whatever kind: whom they come from, and what their fields name."""

    def __init__(self, afterword: Afterword, mails: SurveyMailRenderer, clock: Clock = system_clock) -> None:
        """:param mails: which knows whom mails come from, and where they are sent back to."""
        self._afterword = afterword
        self._mails = mails
        self._references = MailReferences(afterword.secret.get_secret_value())
        self._templates = Renderer("services.dispatcher", clock=clock)
        self._clock = clock

    @property
    def _comes_back(self) -> bool:
        """Whether an answer reaches the case."""
        return self._afterword.reply_host is not None

    def _message(
        self, mail_id: UUID, invitation: Invitation, own: MailSender, *, mailed: bool, **parts: Any
    ) -> MailMessage:
        """The mail to a customer who has an address.

        :param own: whom mails of the invitation's survey come from.
        :param mailed: whether a mail of the invitation has left, below which mail programs then show it.
        :param parts: the fields of ``MailMessage`` that differ by kind.
        """
        sender, this = self._mails.mail_from, MailReference(mail_id)
        field = self._afterword.reference_field
        return MailMessage(
            sender=own.address or sender,
            envelope_sender=self._mails.envelope_sender(this),
            keys=own.keys if own.address is not None else self._mails.installation.keys,
            reply_to=self._reply_address(mail_id) or own.reply_to,
            recipient=self._mails.address(invitation.customer) or "",
            message_id=self._references.message_id(this, sender),
            in_reply_to=self._references.message_id(MailReference(invitation.id), sender) if mailed else None,
            reference=(field, self._references.reference(this)) if field is not None else None,
            date=self._clock(),
            **parts,
        )

    def _reply_address(self, mail_id: UUID) -> str | None:
        host = self._afterword.reply_host
        return self._references.reply_address(MailReference(mail_id), host) if host is not None else None


class ReplyMailRenderer(CaseMailRenderer):
    """Renders what colleagues write."""

    def message(
        self,
        mail: OutgoingMail,
        words: MailWords,
        invitation: Invitation,
        tenant: Tenant,
        own: MailSender,
        *,
        mailed: bool,
    ) -> MailMessage:
        """The mail to a customer who has an address, in the name of the colleague and the company."""
        text, html = self._render(mail, words, tenant)
        return self._message(
            mail.id,
            invitation,
            own,
            mailed=mailed,
            sender_name=", ".join(filter(None, (words.author, own.name or tenant.name))),
            subject=words.subject,
            text=text,
            html=html,
            by_person=True,
        )

    def _render(self, mail: OutgoingMail, words: MailWords, tenant: Tenant) -> tuple[str, str]:
        page = ReplyPage(
            subject=words.subject,
            paragraphs=paragraphs_of(words.text),
            direction=direction(words.language),
            company=tenant.name,
            number=mail.case_number,
            comes_back=self._comes_back,
            sender=sender_line(tenant.name, tenant.postal_address),
        )
        text, html = (
            self._templates.text(template, words.language, **vars(page)) for template in REPLY_TEMPLATES
        )
        return text, html


def paragraphs_of(text: str) -> list[list[str]]:
    """The paragraphs of a text, each of its lines."""
    return [part.split("\n") for part in text.strip().split("\n\n")]
