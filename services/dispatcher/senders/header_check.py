"""Whether the header of a survey's mail is as mailbox providers ask for, by the bytes that would leave."""

from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from urllib.parse import urlsplit

from services.dispatcher.senders.findings import Finding
from shared.mail import MailMessage
from shared.mail.dmarc import tags_of
from shared.values.messages import Message, message, sentences

MAX_LINE_BYTES = 998
"""RFC 5322, 2.1.1."""
MAX_MAIL_BYTES = 100_000
"""Gmail cuts off what is longer, with the link to unsubscribe."""
SHOWN_FIELDS = ("From", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Id")
_SIGNED = ("from", "list-unsubscribe", "list-unsubscribe-post")


def check_headers(mail: MailMessage) -> Finding:
    """Judge a mail of a survey. It is never sent."""
    sent = mail.as_bytes()
    parsed = BytesParser(policy=policy.default).parsebytes(sent)
    faults = list(_faults(mail, sent, parsed))
    found = [f"{name}: {parsed[name]}" for name in SHOWN_FIELDS if parsed[name] is not None]
    if faults:
        return Finding(about="headers", verdict="bad", said=sentences(faults), found=found)
    if not mail.keys:
        said = message("The header has what mailbox providers ask for, but no signature of ours covers it.")
        return Finding(about="headers", verdict="warning", said=said, found=found)
    said = message(
        "The header has what mailbox providers ask for, and the signature covers it, with the fields for "
        "unsubscribing."
    )
    return Finding(about="headers", verdict="good", said=said, found=found)


def _faults(mail: MailMessage, sent: bytes, parsed: EmailMessage) -> Iterator[Message]:
    yield from _faults_of_signatures(mail, parsed)
    yield from _faults_of_fields(parsed)
    kinds = [part.get_content_type() for part in parsed.iter_parts()]
    if kinds != ["text/plain", "text/html"]:
        yield message("A part in plain text does not come before the one in HTML.")
    if max(map(len, sent.split(b"\r\n"))) > MAX_LINE_BYTES:
        yield message("A line is longer than mail servers take.")
    if len(sent) > MAX_MAIL_BYTES:
        yield message("The mail is so large that Gmail cuts it off.")


def _faults_of_signatures(mail: MailMessage, parsed: EmailMessage) -> Iterator[Message]:
    domain = mail.sender.rpartition("@")[2].lower()
    for signature in parsed.get_all("DKIM-Signature", []):
        tags = {name: "".join(value.split()) for name, value in tags_of(str(signature)).items()}
        if tags.get("d") != domain:
            yield message("The signature is of another domain than From.")
        if not set(_SIGNED) <= set(tags.get("h", "").lower().split(":")):
            yield message("The signature leaves out From, or a field for unsubscribing.")


def _faults_of_fields(parsed: EmailMessage) -> Iterator[Message]:
    link = urlsplit(str(parsed["List-Unsubscribe"] or "").strip("<>"))
    if link.scheme != "https":
        yield message(
            "The link for unsubscribing begins with no https://, so that mail programs leave it out."
        )
    if str(parsed["List-Unsubscribe-Post"] or "") != "List-Unsubscribe=One-Click":
        yield message("One click does not unsubscribe.")
    for name in ("From", "To", "Date", "Subject", "Message-ID", "MIME-Version"):
        if len(parsed.get_all(name, [])) != 1:
            yield message("The field %(name)s is not there once.", name=name)
    if "." not in str(parsed["Message-ID"] or "").strip("<>").rpartition("@")[2]:
        yield message("The Message-ID has no full domain behind its @.")
