"""The mail that asks: our standard words, or the survey's own, in the customer's language."""

from dataclasses import dataclass
from urllib.parse import quote

from services.dispatcher.wording import said
from shared.clock import Clock, system_clock
from shared.events import Invitation, SurveyTexts, Tenant
from shared.http.tokens import LinkSigner
from shared.mail import Letter, message_id
from shared.pages.texts import Texts
from shared.settings import Afterword
from shared.zones import known_zone


@dataclass(frozen=True)
class Drawn:
    """A mail before it has an envelope."""

    subject: str
    text: str
    html: str
    unsubscribe: str


class Scribe:
    """Writes the mails of one process."""

    def __init__(self, afterword: Afterword, clock: Clock = system_clock) -> None:
        self._afterword = afterword
        self._secret = afterword.secret.get_secret_value()
        self._links = LinkSigner(self._secret)
        self._texts = Texts("services.dispatcher", clock=clock)
        self._clock = clock

    def letter(self, invitation: Invitation, tenant: Tenant, texts: SurveyTexts) -> Letter:
        """The mail of an invitation that has an address."""
        sender = self._afterword.mail_from
        drawn = self.draw(invitation, tenant, texts)
        host = sender.rpartition("@")[2]
        return Letter(
            sender=sender,
            sender_name=tenant.name,
            recipient=invitation.customer.email or "",
            subject=drawn.subject,
            text=drawn.text,
            html=drawn.html,
            message_id=message_id(self._secret, "invitation", str(invitation.id), sender),
            date=self._clock(),
            unsubscribe=drawn.unsubscribe,
            list_id=f"survey.{quote(tenant.id, safe='')}.{host}",
        )

    def draw(self, invitation: Invitation, tenant: Tenant, texts: SurveyTexts) -> Drawn:
        """Subject, text and HTML."""
        public = self._afterword.public_url.rstrip("/")
        answer = f"{public}/s/{self._links.sign('answer', invitation.id)}"
        unsubscribe = f"{public}/u/{self._links.sign('unsubscribe', invitation.id)}"
        context = {
            "company": tenant.name,
            "address": tenant.postal_address or "",
            "occurred_at": invitation.occurred_at,
            "words": said(texts, tenant.name),
            "answer": answer,
            "unsubscribe": unsubscribe,
            "time_zone": known_zone(invitation.customer.time_zone, tenant.time_zone),
        }
        subject, text, html = (
            self._texts.text(template, invitation.language, **context)
            for template in ("mail_subject.txt", "mail.txt", "mail.html")
        )
        return Drawn(subject.strip(), text, html, unsubscribe)
