"""The text that asks: one sentence, the link and how to stop, in the customer's language."""

from services.dispatcher.invitations.survey_mail import THE_COMPANY, MailSender, ReminderMail
from services.dispatcher.sms.installation import SmsInstallation
from services.dispatcher.sms.lengths import simplified
from services.dispatcher.sms.messages import TextMessage
from services.dispatcher.sms.repository import TextBackKind
from services.dispatcher.sms.sender_ids import sender_for
from shared.clock import Clock, system_clock
from shared.events import Customer, Invitation, SurveyTexts, Tenant
from shared.events.placeholders import fill
from shared.events.surveys import Layout
from shared.link_tokens import LinkSigner, Purpose
from shared.pages.language import rendering_for, translated
from shared.pages.placeholder_values import values_of
from shared.pages.renderer import Renderer
from shared.settings import Afterword
from shared.values.zones import known_zone


class SurveyTextRenderer:
    """Renders the texts of one process."""

    def __init__(
        self, afterword: Afterword, installation: SmsInstallation, clock: Clock = system_clock
    ) -> None:
        self._public_url = afterword.public_url.rstrip("/")
        self._links = LinkSigner(afterword.secret.get_secret_value())
        self._templates = Renderer("services.dispatcher", clock=clock)
        self.installation = installation

    @staticmethod
    def address(customer: Customer) -> str | None:
        """The number by which a text reaches the customer."""
        return customer.phone

    def message(
        self,
        invitation: Invitation,
        tenant: Tenant,
        texts: SurveyTexts,
        reminder: ReminderMail | None = None,
        layout: Layout = "horizontal",  # noqa: ARG002  (of mails alone)
        own: MailSender = THE_COMPANY,  # noqa: ARG002
    ) -> TextMessage:
        """The text of an invitation that has a number. ``layout`` and ``own`` are a mail's."""
        to = self.address(invitation.customer) or ""
        installation = self.installation
        sender = sender_for(to, name=installation.name, own_number=installation.number)
        return TextMessage(
            to=to,
            sender=sender,
            text=self.text(invitation, tenant, texts, reminder, by_reply=sender == installation.number),
            reference=reference_of(invitation, reminder),
        )

    def text(
        self,
        invitation: Invitation,
        tenant: Tenant,
        texts: SurveyTexts,
        reminder: ReminderMail | None = None,
        *,
        by_reply: bool = True,
    ) -> str:
        """What it says.

        :param by_reply: whether the customer can reply; a sender with a name takes none.
        """
        purpose: Purpose = "anonymous" if invitation.anonymous else "answer"
        answer = f"{self._public_url}/s/{self._links.sign(purpose, invitation.id)}"
        leave = f"{self._public_url}/u/{self._links.sign('unsubscribe', invitation.id)}"
        zone = known_zone(invitation.customer.time_zone, tenant.time_zone)
        with rendering_for(self._templates.reader(invitation.language, zone)):
            values = values_of(
                texts,
                company=tenant.name,
                measurement=invitation.measurement,
                event_type=invitation.event_type,
                occurred_at=invitation.occurred_at,
                touchpoint=invitation.touchpoint,
            )
            sentence = fill(texts.sms, values) if texts.sms else standard_sentence(tenant.name)
            if reminder is not None:
                sentence = translated("Reminder: %(subject)s") % {"subject": sentence}
            stop = translated("No more? Reply STOP") if by_reply else f"{translated('Unsubscribe:')} {leave}"
        return f"{simplified(sentence)} {answer} {simplified(stop)}"

    def text_back(
        self,
        invitation: Invitation,
        tenant: Tenant,
        kind: TextBackKind,
        *,
        by_number: bool,
        score: int | None,
    ) -> str:
        """What a reply is answered with.

        :param by_number: whether a number in a reply is an answer.
        :param score: the number that the reply had, if any; the link chooses it.
        """
        purpose: Purpose = "anonymous" if invitation.anonymous else "answer"
        link = f"{self._public_url}/s/{self._links.sign(purpose, invitation.id)}"
        zone = known_zone(invitation.customer.time_zone, tenant.time_zone)
        with rendering_for(self._templates.reader(invitation.language, zone)):
            if kind == "help":
                asked = translated("%(company)s has asked you a question:") % {"company": tenant.name}
                return f"{simplified(asked)} {link} {simplified(translated('No more? Reply STOP'))}"
            if kind == "reason":
                return f"{simplified(translated('Thank you. Would you tell us why?'))} {link}"
            if by_number:
                said = translated("Please reply with a number from 0 to 10, or answer here:")
                return f"{simplified(said)} {link}"
            chosen = f"?v={score}" if score is not None else ""
            return f"{simplified(translated('Please answer here:'))} {link}{chosen}"


def standard_sentence(company: str) -> str:
    """The sentence where a survey has none of its own, in the reader's language."""
    return translated("%(company)s asks: how did it go?") % {"company": company}


def reference_of(invitation: Invitation, reminder: ReminderMail | None) -> str:
    """Which message it is, as the provider's reports name it."""
    return f"{invitation.id}/{1 if reminder is None else 1 + reminder.number}"
