"""The mail that asks: our standard words, or the survey's own, in the customer's language."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote

from shared.clock import Clock, system_clock
from shared.events import Customer, Invitation, SurveyTexts, Tenant
from shared.events.placeholders import filled_texts, own_occasion
from shared.events.surveys import Layout, Measurement, SurveyRules
from shared.link_tokens import LinkSigner, Purpose
from shared.mail import MailMessage
from shared.mail.dkim import DomainKey
from shared.mail.installation import InstallationSender, installation_sender
from shared.mail.references import MailReference, MailReferences
from shared.pages.filters import day
from shared.pages.language import direction, rendering_for, translated
from shared.pages.placeholder_values import known_occasion, values_of
from shared.pages.renderer import Renderer
from shared.settings import Afterword
from shared.values.colours import Accent
from shared.values.zones import known_zone


@dataclass(frozen=True, kw_only=True)
class ReminderMail:
    """Which reminder a mail is."""

    number: int
    """Counted from 1."""
    of: int
    """How many there are at most."""
    asked_at: datetime
    """When the first mail left."""

    @property
    def last(self) -> bool:
        """Whether none comes after it."""
        return self.number >= self.of


@dataclass(frozen=True, kw_only=True)
class MailSender:
    """Whom a survey's mails come from, where it is not simply the company by the installation's address."""

    name: str | None = None
    reply_to: str | None = None
    address: str | None = None
    """The company's own address; it comes with the keys of its domain."""
    keys: Sequence[DomainKey] = ()

    def named_by(self, survey: SurveyRules | None) -> "MailSender":
        """The same with the name and the reply address of a survey."""
        if survey is None:
            return self
        return replace(self, name=survey.sender_name, reply_to=survey.reply_to)


THE_COMPANY = MailSender()


@dataclass(frozen=True, kw_only=True)
class SurveyMail:
    """What the templates of the subject, the text part and the HTML part see."""

    company: str
    sender: str
    relational: bool
    """Whether it asks about no single event."""
    occasion: str | None
    """What the mail is about; None when neither the survey nor the type of the event tells."""
    day: str
    words: SurveyTexts
    """The survey's own, their placeholders filled."""
    own_language: str
    own_direction: str
    anonymous: bool
    """The answer is kept without a person."""
    layout: Layout
    """Of the numbers, as on the page that they open."""
    answer: str
    unsubscribe: str
    time_zone: str | None
    reminder: ReminderMail | None
    """None: it is the first mail."""
    asked_on: str
    """The day of the first mail; of no reminder empty."""
    accent: Accent | None
    """The company's colour, of the numbers and their borders; None: ours."""


@dataclass(frozen=True)
class RenderedMail:
    """A mail before it has an envelope."""

    subject: str
    text: str
    html: str
    unsubscribe: str


class SurveyMailRenderer:
    """Renders the mails of one process."""

    def __init__(
        self,
        afterword: Afterword,
        clock: Clock = system_clock,
        installation: InstallationSender | None = None,
    ) -> None:
        """:param installation: the sender of the settings, where the process has it already."""
        self._afterword = afterword
        self.installation = installation or installation_sender(afterword)
        self._secret = afterword.secret.get_secret_value()
        self._links = LinkSigner(self._secret)
        self._references = MailReferences(self._secret)
        self._templates = Renderer("services.dispatcher", clock=clock)
        self._clock = clock

    @property
    def mail_from(self) -> str:
        """The address that mails come from, unless the company has one of its own."""
        return self.installation.address

    def envelope_sender(self, mail: MailReference) -> str:
        """The address that a mail is sent back to: one of its own where bounces have a host."""
        host = self._afterword.bounce_host
        return self._references.bounce_address(mail, host) if host is not None else self.mail_from

    @staticmethod
    def address(customer: Customer) -> str | None:
        """Where mail reaches the customer."""
        return customer.email

    def message(
        self,
        invitation: Invitation,
        tenant: Tenant,
        texts: SurveyTexts,
        reminder: ReminderMail | None = None,
        layout: Layout = "horizontal",
        own: MailSender = THE_COMPANY,
    ) -> MailMessage:
        """The mail of an invitation that has an address; a reminder of it replies to the first mail.

        Ids of mails and of the list are of the installation's domain, and stay as they are when the company
        gets another sender.
        """
        sender = self.mail_from
        mail = self.render(invitation, tenant, texts, reminder, layout)
        first = MailReference(invitation.id)
        this = first._replace(n=first.n + reminder.number) if reminder is not None else first
        field = self._afterword.reference_field
        host = sender.rpartition("@")[2]
        return MailMessage(
            sender=own.address or sender,
            envelope_sender=self.envelope_sender(this),
            keys=own.keys if own.address is not None else self.installation.keys,
            sender_name=own.name or tenant.name,
            reply_to=own.reply_to,
            recipient=self.address(invitation.customer) or "",
            subject=mail.subject,
            text=mail.text,
            html=mail.html,
            message_id=self._references.message_id(this, sender),
            in_reply_to=self._references.message_id(first, sender) if reminder is not None else None,
            reference=(field, self._references.reference(this)) if field is not None else None,
            date=self._clock(),
            unsubscribe=mail.unsubscribe,
            list_id=f"survey.{quote(tenant.id, safe='')}.{host}",
        )

    def answer_url(self, invitation: Invitation) -> str:
        """The personal link by which its customer answers."""
        public_url = self._afterword.public_url.rstrip("/")
        return f"{public_url}/s/{self._links.sign(_purpose(invitation), invitation.id)}"

    def unsubscribe_url(self, invitation: Invitation) -> str:
        """The personal link by which its customer chooses to get no mail, or fewer."""
        public_url = self._afterword.public_url.rstrip("/")
        return f"{public_url}/u/{self._links.sign('unsubscribe', invitation.id)}"

    def render(
        self,
        invitation: Invitation,
        tenant: Tenant,
        texts: SurveyTexts,
        reminder: ReminderMail | None = None,
        layout: Layout = "horizontal",
    ) -> RenderedMail:
        """Subject, text and HTML."""
        mail = self._mail(invitation, tenant, texts, reminder, layout)
        subject, text, html = (
            self._templates.text(template, invitation.language, **vars(mail))
            for template in ("mail_subject.txt", "mail.txt", "mail.html")
        )
        return RenderedMail(" ".join(subject.split()), text, html, mail.unsubscribe)

    def _mail(
        self,
        invitation: Invitation,
        tenant: Tenant,
        texts: SurveyTexts,
        reminder: ReminderMail | None,
        layout: Layout,
    ) -> SurveyMail:
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
            known = own_occasion(texts) or known_occasion(invitation.event_type, invitation.measurement)
            asked_on = day(reminder.asked_at) if reminder is not None else ""
        return SurveyMail(
            company=tenant.name,
            sender=sender_line(tenant.name, tenant.postal_address),
            relational=invitation.measurement != "transactional",
            occasion=values["occasion"] if known else None,
            day=values["day"],
            words=filled_texts(texts, values),
            own_language=invitation.language,
            own_direction=direction(invitation.language),
            anonymous=invitation.anonymous,
            layout=layout,
            answer=self.answer_url(invitation),
            unsubscribe=self.unsubscribe_url(invitation),
            time_zone=zone,
            reminder=reminder,
            asked_on=asked_on,
            accent=Accent.of(tenant.accent) if tenant.accent else None,
        )

    def standard_texts(
        self, language: str, tenant: Tenant, measurement: Measurement, event_type: str
    ) -> dict[str, str]:
        """Our own words where a survey has none, by the field that would hold others; the day is left open.

        A field that is missing here is either not asked or depends on the answer.
        """
        with rendering_for(self._templates.reader(language, None)):
            occasion = known_occasion(event_type, measurement)
            values = {"company": tenant.name, "occasion": occasion, "day": "{day}"}
            intro = (
                translated("%(company)s asks one question.")
                if measurement != "transactional"
                else translated("%(company)s asks about %(occasion)s on %(day)s.")
                if occasion
                else translated("%(company)s asks about your contact with them on %(day)s.")
            )
            question = translated(
                "How likely is it that you would recommend %(company)s to a friend or colleague?"
            )
            return {
                "occasion": occasion or translated("your contact with us"),
                "subject": translated("%(company)s asks: how did it go?") % values,
                "sms": translated("%(company)s asks: how did it go?") % values,
                "intro": intro % values,
                "question": question % values,
                "reason": translated("What is the primary reason for your score?"),
            }


def _purpose(invitation: Invitation) -> Purpose:
    return "anonymous" if invitation.anonymous else "answer"


def sender_line(company: str, address: str | None) -> str:
    """Who writes, as the law asks: the name and the postal address, which often begins with that name."""
    place = " ".join((address or "").split())
    rest = place[len(company) :]
    if place.casefold().startswith(company.casefold()) and not rest[:1].isalnum():
        return place
    return ", ".join(part for part in (company, place) if part)
