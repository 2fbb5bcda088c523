"""The dispatcher's own settings."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

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
    bounce_listen: Annotated[str, AfterValidator(_listen_address)] | None = Field(
        default=None,
        description="Where `afterword run dispatcher bounces` takes mail that comes back, by SMTP, for the "
        "addresses of AFTERWORD_BOUNCE_HOST and for no other.",
        examples=["0.0.0.0:25"],
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

    @property
    def ses_topic_arns(self) -> frozenset[str]:
        """The topics, one by one."""
        return frozenset(each.strip() for each in (self.ses_topics or "").split(",") if each.strip())
