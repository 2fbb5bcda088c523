"""The dispatcher's own settings."""

import json
import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo

from shared.outbound.destinations import DestinationLimits, read_limits
from shared.settings import ServiceSettings

MAX_PORT = 65_535


def _topics(given: str) -> str:
    if not all(
        re.fullmatch(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d+:[\w.-]+", each.strip()) for each in given.split(",")
    ):
        raise ValueError(
            "must be an ARN like arn:aws:sns:eu-west-1:123456789012:bounces, or several with commas"
        )
    return given


def _listen_address(given: str) -> str:
    host, _, port = given.rpartition(":")
    if not host or not port.isdecimal() or not 1 <= int(port) <= MAX_PORT:
        raise ValueError("must be an address and a port, such as 0.0.0.0:25")
    return given


def _imap(given: SecretStr | None) -> SecretStr | None:
    if given is None:
        return None
    parts = urlsplit(given.get_secret_value())
    if parts.scheme not in {"imap", "imaps"} or not (parts.hostname and parts.username and parts.password):
        raise ValueError(
            "must be like imaps://user:password@mail.example.com/INBOX; a password has %2F for /, %23 for #, "
            "%3F for ?, %40 for @"
        )
    return given


def _pace(given: str) -> str:
    read_limits(given)
    return given


SmsProvider = Literal["twilio", "messagebird", "vonage", "generic"]
_NEEDS: dict[SmsProvider, tuple[str, ...]] = {
    "twilio": ("sms_account", "sms_secret"),
    "messagebird": ("sms_secret", "sms_signing_secret"),
    "vonage": ("sms_account", "sms_secret", "sms_signing_secret"),
    "generic": ("sms_url", "sms_secret", "sms_signing_secret"),
}


def _api(given: str) -> str:
    parts = urlsplit(given)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be like https://api.provider.example")
    return given


def _template(given: str) -> str:
    try:
        found = json.loads(given)
    except ValueError:
        raise ValueError("must be JSON") from None
    missing = [name for name in ("{to}", "{text}") if name not in given]
    if not isinstance(found, dict) or missing:
        raise ValueError("must be a JSON object with {to} and {text} in its texts")
    return given


def _headers(given: SecretStr | None) -> SecretStr | None:
    if given is None:
        return None
    try:
        found = json.loads(given.get_secret_value())
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(
        isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9-]+", name) and value.isprintable()
        for name, value in found.items()
    ):
        raise ValueError('must be a JSON object of texts, such as {"X-Api-Key": "..."}')
    return given


def _complete(given: SmsProvider | None, info: ValidationInfo) -> SmsProvider | None:
    """The provider, if all that it needs is set."""
    if given is None:
        return None
    # A field that is faulty is not there, and says so itself.
    missing = [name for name in _NEEDS[given] if info.data.get(name, ...) is None]
    if not missing and info.data.get("sms_name", ...) is None and info.data.get("sms_number", ...) is None:
        missing = ["sms_number"]
    if missing:
        names = ", ".join(f"DISPATCHER_{name.upper()}" for name in missing)
        raise ValueError(f"{given} needs {names}, too")
    return given


MAX_IMPORT_MIB = 512
"""What an operator may allow for a file of an import; the proxy lets no more through."""


class Settings(ServiceSettings):
    """Variables that begin with DISPATCHER_."""

    PREFIX = "DISPATCHER_"

    senders: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Connections to the mail server, of each process that sends.",
        examples=["8"],
    )
    company_senders: bool = Field(
        default=False,
        description="Whether a company may let its surveys come from an address of its own, once the records "
        "of its domain have been seen in DNS. Set it only where the mail server lets us send mails with any "
        "From: one that refuses a mail for its From stops the mail of all companies.",
        examples=["true"],
    )
    mail_pace: Annotated[str, AfterValidator(_pace)] | None = Field(
        default=None,
        description="How many surveys leave for the mailboxes of a domain in any hour (h) or minute (min), "
        "separated by commas; domains with + between them share one limit, * is each domain that is not "
        "named. They leave evenly, and what waits for one domain delays no other. Without it no domain has a "
        "limit.",
        examples=["gmail.com+googlemail.com=600/h, *=3000/h"],
    )
    bounce_listen: Annotated[str, AfterValidator(_listen_address)] | None = Field(
        default=None,
        description="Where `afterword run dispatcher bounces` takes mail that comes back, by SMTP, for the "
        "addresses of AFTERWORD_BOUNCE_HOST and for no other.",
        examples=["0.0.0.0:25"],
    )
    bounce_certificate: Path | None = Field(
        default=None,
        description="The certificate, with those that sign it, by which other mail servers may encrypt what "
        "they send to DISPATCHER_BOUNCE_LISTEN (STARTTLS): a PEM file, read again when it is written anew.",
        examples=["/run/secrets/bounces.pem"],
    )
    bounce_key: Path | None = Field(
        default=None,
        description="The key of DISPATCHER_BOUNCE_CERTIFICATE: a PEM file without a passphrase.",
        examples=["/run/secrets/bounces.key"],
    )
    bounce_mailbox: Annotated[SecretStr | None, AfterValidator(_imap)] = Field(
        default=None,
        description="A mailbox (IMAP) in which reports of bounces and complaints arrive, and which "
        "`afterword run dispatcher bounces` reads.",
        examples=["imaps://bounces:secret@mail.example.com/INBOX"],
    )
    ses_topics: Annotated[str, AfterValidator(_topics)] | None = Field(
        default=None,
        description="The topics of Amazon SNS on which Amazon SES reports to `/v1/bounces/ses`, separated by "
        "commas; no other topic is listened to.",
        examples=["arn:aws:sns:eu-west-1:123456789012:bounces"],
    )
    postmark_secret: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="What Postmark proves itself with at `/v1/bounces/postmark`: the password of Basic "
        "authentication, or the header X-Afterword-Secret.",
        examples=["a-long-random-text"],
    )
    mailgun_key: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="The HTTP webhook signing key of Mailgun: of requests to `/v1/bounces/mailgun`.",
        examples=["0123456789abcdef0123456789abcdef"],
    )
    sms_url: Annotated[str, AfterValidator(_api)] | None = Field(
        default=None,
        description="Where the API of the SMS provider begins; without it the provider's own address. Of the "
        "generic provider the whole address that messages are posted to.",
        examples=["https://api.twilio.com"],
    )
    sms_account: str | None = Field(
        default=None,
        description="The account at the SMS provider: Twilio's account SID, Vonage's API key.",
        examples=["AC0123456789abcdef0123456789abcdef"],
    )
    sms_secret: SecretStr | None = Field(
        default=None,
        description="What opens the account: Twilio's auth token, MessageBird's access key, Vonage's API "
        "secret; of the generic provider it is sent as Authorization: Bearer.",
        examples=["from the provider's console"],
    )
    sms_signing_secret: SecretStr | None = Field(
        default=None,
        description="By what the SMS provider signs its requests to us: MessageBird's signing key, Vonage's "
        "signature secret (HMAC SHA-256), of the generic provider what it sends as Authorization: Bearer. "
        "Twilio signs with the auth token.",
        examples=["from the provider's console"],
    )
    sms_name: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9 ]{0,10}[A-Za-z][A-Za-z0-9 ]{0,10}$",
        max_length=11,
        description="The name that texts come from: at most eleven letters, digits and blanks. Nobody can "
        "reply to it, so texts have a link to unsubscribe; where a country takes no names "
        "DISPATCHER_SMS_NUMBER is the sender.",
        examples=["Havnbo"],
    )
    sms_number: str | None = Field(
        default=None,
        pattern=r"^(\+[1-9][0-9]{6,14}|[0-9]{3,8})$",
        description="The number that texts come from, with its country code, or a short code; customers can "
        "reply STOP to it.",
        examples=["+4591234567"],
    )
    sms_template: Annotated[str, AfterValidator(_template)] | None = Field(
        default=None,
        description="Of the generic SMS provider: the JSON of a message, with {to}, {from}, {text} and "
        "{reference} in its texts.",
        examples=['{"to": "{to}", "from": "{from}", "body": "{text}", "id": "{reference}"}'],
    )
    sms_headers: Annotated[SecretStr | None, AfterValidator(_headers)] = Field(
        default=None,
        description="Of the generic SMS provider: further headers of each request, as a JSON object.",
        examples=['{"X-Api-Key": "..."}'],
    )
    sms_provider: Annotated[SmsProvider | None, AfterValidator(_complete)] = Field(
        default=None,
        description="Who carries texts: twilio, messagebird, vonage, or generic (any that takes JSON by "
        "POST). Without it no survey asks by SMS. The provider's requests about replies and deliveries go to "
        "AFTERWORD_STAFF_URL/v1/texts/ and this name.",
        examples=["twilio"],
    )
    import_max_mib: int = Field(
        default=32,
        ge=1,
        le=MAX_IMPORT_MIB,
        description="How large a file of an import may be, in MiB. Until its rows are stored it waits in "
        "the folder of temporary files, which in the compose file is memory: mount a volume there, and name "
        "it in TMPDIR, before you raise this.",
        examples=["256"],
    )
    import_days: int = Field(
        default=7,
        ge=1,
        le=30,
        description="For how many days a file that was uploaded waits to be begun, and the faulty rows of "
        "one that was taken can be downloaded. Then their cells are deleted.",
        examples=["3"],
    )

    @property
    def pace(self) -> DestinationLimits:
        """The limits of ``mail_pace``."""
        return read_limits(self.mail_pace or "")

    @property
    def ses_topic_arns(self) -> frozenset[str]:
        """The topics, one by one."""
        return frozenset(each.strip() for each in (self.ses_topics or "").split(",") if each.strip())
