"""Looks at a sender: what DNS says, the connection to the mail server, and a mail as it would leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from msgspec.structs import replace

from services.dispatcher.invitations.survey_mail import THE_COMPANY, MailSender, SurveyMailRenderer
from services.dispatcher.senders.dns_checks import check_dkim, check_dmarc, check_names, check_spf
from services.dispatcher.senders.domain import CompanySender
from services.dispatcher.senders.findings import Finding, SenderCheck
from services.dispatcher.senders.header_check import check_headers
from services.dispatcher.senders.sender_keys import keys_of, signing_key
from services.dispatcher.surveys.domain import SurveyDraft
from services.dispatcher.surveys.sample_invitations import sample_invitation
from shared.clock import Clock
from shared.events import Customer, SurveyTexts, Tenant
from shared.mail import MailMessage
from shared.mail.dns import Dns
from shared.mail.tls_check import FoundTls
from shared.settings import Afterword
from shared.values.dkim_keys import DkimKey
from shared.values.messages import message

_SAMPLE_CUSTOMER = Customer(id="nobody", email="customer@example.com")


@dataclass(frozen=True, kw_only=True)
class CheckedSender:
    """A sender as it is looked at."""

    address: str
    keys: Sequence[DkimKey]
    """The newest first."""
    own: MailSender = THE_COMPANY
    """As mails are rendered with."""

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


class SenderChecker:
    """Checks the senders of one process. It changes nothing and holds no connection to the database."""

    def __init__(self, afterword: Afterword, renderer: SurveyMailRenderer, clock: Clock) -> None:
        self._afterword = afterword
        self._renderer = renderer
        self._clock = clock
        self._dns = Dns(afterword.dns)

    def installation(self) -> CheckedSender:
        """The sender of the installation."""
        sender = self._renderer.installation
        return CheckedSender(address=f"{_local(sender.address)}@{sender.domain}", keys=sender.all_keys[::-1])

    def company(self, sender: CompanySender) -> CheckedSender:
        """A company's own."""
        secret = self._afterword.secret.get_secret_value()
        keys = keys_of(secret, sender)
        signing = signing_key(secret, sender)
        own = MailSender(address=sender.address, keys=(signing,) if signing is not None else ())
        return CheckedSender(address=sender.address, keys=keys, own=own)

    def _envelope(self) -> str:
        """An address as the envelopes of mails have it."""
        host = self._afterword.bounce_host
        return f"bounce@{host}" if host is not None else self.installation().address

    async def look_up(self, sender: CheckedSender) -> SenderCheck:
        """What DNS says alone."""
        look, envelope = self._dns.look(), self._envelope()
        terms = self._afterword.spf
        dkim, seen, missing = await check_dkim(look, sender.domain, sender.keys)
        findings = [
            dkim,
            await check_dmarc(look, sender.domain, envelope.rpartition("@")[2], sender.address),
            await check_spf(look, envelope, terms),
            await check_names(look, terms),
        ]
        return SenderCheck(findings=findings, seen=seen, missing=missing)

    async def check(self, sender: CheckedSender, tenant: Tenant, tls: FoundTls | None) -> SenderCheck:
        """All of it.

        :param tls: what a process that sends has found of the mail server; None: none has looked.
        """
        found = await self.look_up(sender)
        more = (_tls_finding(tls), check_headers(self.sample(sender, tenant)))
        return SenderCheck(findings=[*found.findings, *more], seen=found.seen, missing=found.missing)

    def sample(self, sender: CheckedSender, tenant: Tenant) -> MailMessage:
        """The mail of a survey from this sender, to nobody and with links that lead nowhere."""
        draft = SurveyDraft(name="check", trigger="order.delivered")
        invitation = sample_invitation(UUID(int=0), draft, "en", self._clock())
        invitation = replace(invitation, customer=_SAMPLE_CUSTOMER)
        return self._renderer.message(invitation, tenant, SurveyTexts(), own=sender.own)


def _tls_finding(found: FoundTls | None) -> Finding:
    if found is None:
        said = message("No process that sends has looked at the mail server yet.")
        return Finding(about="tls", verdict="unknown", said=said)
    facts = {"host": found.host, "detail": found.detail}
    match found.fault:
        case None:
            said = message(
                "The mail server takes mail encrypted (%(detail)s), and its certificate is trusted.", **facts
            )
            return Finding(about="tls", verdict="good", said=said)
        case "away":
            said = message("The mail server does not answer (%(detail)s).", **facts)
            return Finding(about="tls", verdict="bad", said=said)
        case _ if found.is_local:
            said = message("The mail server is on this machine; nothing goes to it over a network.")
            return Finding(about="tls", verdict="good", said=said)
        case "not_offered":
            said = message("The mail server %(host)s offers no encryption (STARTTLS).", **facts)
            remedy = message(
                "Use the port of the mail server that encrypts: smtps://…:465, or smtp://…:587?tls=required."
            )
        case "not_trusted":
            said = message(
                "Nobody whom we trust vouches for the certificate of %(host)s (%(detail)s).", **facts
            )
            remedy = message(
                "Give it a certificate for its name, or name its authority: AFTERWORD_SMTP_CA_FILE."
            )
        case _:
            said = message("The encryption with %(host)s fails (%(detail)s).", **facts)
            remedy = message("Look at the log of the mail server.")
    return Finding(about="tls", verdict="bad", said=said, remedy=remedy)


def _local(address: str) -> str:
    return address.rpartition("@")[0]
