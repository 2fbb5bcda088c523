"""The mail that says what has been done: the company's text in our words, in the look of mails that ask."""

from dataclasses import dataclass
from urllib.parse import quote

from services.dispatcher.invitations.survey_mail import MailSender, sender_line
from services.dispatcher.replies.domain import OutgoingMail
from services.dispatcher.replies.reply_mail import CaseMailRenderer, paragraphs_of
from shared.events import Invitation, Tenant
from shared.mail import MailMessage
from shared.pages.language import rendering_for, translated
from shared.values.colours import Accent

UPDATE_TEMPLATES = ("mail_update.txt", "mail_update.html")


@dataclass(frozen=True, kw_only=True)
class UpdatePage:
    """What the templates of its two parts see."""

    subject: str
    company: str
    paragraphs: list[list[str]]
    """Of lines."""
    language: str
    """Of the text."""
    comes_back: bool
    """Whether an answer reaches the case."""
    sender: str
    unsubscribe: str
    accent: Accent | None
    """The company's colour; None: ours."""


class UpdateMailRenderer(CaseMailRenderer):
    """Renders the mails of one process."""

    def message(
        self,
        mail: OutgoingMail,
        language: str,
        text: str,
        invitation: Invitation,
        tenant: Tenant,
        own: MailSender,
        *,
        mailed: bool,
    ) -> MailMessage:
        """The mail to a customer who has an address, in the name of the company.

        :param language: of the text, and of our words around it.
        """
        with rendering_for(self._templates.reader(language, None)):
            subject = translated("%(company)s: you said, we did") % {"company": tenant.name}
        unsubscribe = self._mails.unsubscribe_url(invitation)
        page = UpdatePage(
            subject=" ".join(subject.split()),
            company=tenant.name,
            paragraphs=paragraphs_of(text),
            language=language,
            comes_back=self._comes_back,
            sender=sender_line(tenant.name, tenant.postal_address),
            unsubscribe=unsubscribe,
            accent=Accent.of(tenant.accent) if tenant.accent else None,
        )
        plain, html = (self._templates.text(each, language, **vars(page)) for each in UPDATE_TEMPLATES)
        host = self._mails.mail_from.rpartition("@")[2]
        return self._message(
            mail.id,
            invitation,
            own,
            mailed=mailed,
            sender_name=own.name or tenant.name,
            subject=page.subject,
            text=plain,
            html=html,
            unsubscribe=unsubscribe,
            list_id=f"update.{quote(tenant.id, safe='')}.{host}",
        )
