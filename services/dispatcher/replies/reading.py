"""Read a mail that came to the address of a case: who wrote, what, and whether a program did.

All of it is bounded, whatever came. What is attached is named and not read.
"""

import hashlib
import re
from collections.abc import Iterator
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parseaddr
from itertools import islice
from typing import NamedTuple

from services.dispatcher.bounces.bounded_mime import parse_mail
from services.dispatcher.bounces.reading import MAX_PARTS, RECIPIENT_FIELDS, charset_of
from services.dispatcher.replies.html_text import text_of_html
from services.dispatcher.replies.quoting import without_quote
from shared.events.case_mails import MAX_ATTACHMENT_NAMES, MAX_RECEIVED_CHARS

MAX_MAIL_BYTES = 10 * 1024 * 1024
"""Of a customer's mail, with what is attached to it."""
MAX_BODY_CHARS = 200_000
"""Of a part that is looked at."""
MAX_NAME_CHARS = 200
MAX_HEAD_BYTES = 100_000
MAX_ADDRESSES = 100
_AUTOMATIC_SUBJECT = re.compile(
    r"^\s*(automatic reply|auto(matic)?[- ]?(reply|response)|out of (the )?office|autosvar|automatisk svar"
    r"|automatisches antwort|automatische antwort|abwesenheits|automatisch antwoord|afwezig"
    r"|réponse automatique|absence du bureau|respuesta automática|automaattinen vastaus|fraværsbesked"
    r"|ikke til stede|ej på plats|frånvaro)",
    re.IGNORECASE,
)
_AUTOMATIC_SENDER = re.compile(r"^(mailer-daemon|postmaster|no-?reply|donotreply)@", re.IGNORECASE)
_AUTOMATIC_FIELDS = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply-From")
_AUTOMATIC_PRECEDENCE = frozenset({"auto_reply", "auto-reply", "bulk", "junk", "list"})
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029]")


class UnreadableMail(Exception):
    """A mail that nobody can read."""


class ReceivedMail(NamedTuple):
    """What a mail says."""

    identity: str
    """Of the mail: the same one that comes twice has the same."""
    sender: str
    """The address in From; empty: there is none."""
    subject: str
    text: str
    """What its sender wrote, without what is quoted."""
    cut: bool
    automatic: bool
    attachments: tuple[str, ...]


def addresses_of(raw: bytes) -> list[str]:
    """The addresses that a mail says it came to."""
    try:
        message = parse_mail(raw[:MAX_HEAD_BYTES])
        fields = [str(each) for name in RECIPIENT_FIELDS for each in message.get_all(name, [])]
    except (RecursionError, LookupError, ValueError, AttributeError, TypeError, AssertionError):
        return []
    return [address for _, address in getaddresses(fields)][:MAX_ADDRESSES]


def is_report(raw: bytes) -> bool:
    """Whether a mail says of itself that it is a machine's report about another mail."""
    try:
        message = parse_mail(raw[:MAX_HEAD_BYTES])
        sender = parseaddr(_field(message, "From"))[1]
        kind = message.get_content_type()
    except (RecursionError, LookupError, ValueError, AttributeError, TypeError, AssertionError):
        return False
    return kind == "multipart/report" or sender.lower().startswith(("mailer-daemon@", "postmaster@"))


def read_received(raw: bytes, *, null_sender: bool = False) -> ReceivedMail:
    """What a mail says. Takes long for large mails: call it in a thread.

    :param null_sender: whether its envelope has no sender, as that of no person's mail.
    :raises UnreadableMail: when it cannot be read.
    """
    try:
        message = parse_mail(raw[:MAX_MAIL_BYTES])
        parts = list(islice(message.walk(), MAX_PARTS))
        whole = _text(parts)
        attachments = tuple(islice(_attachments(parts), MAX_ATTACHMENT_NAMES))
        sender, subject = parseaddr(_field(message, "From"))[1], _field(message, "Subject")
        message_id = _field(message, "Message-ID")
        automatic = null_sender or _is_automatic(message, sender, subject)
    except (RecursionError, LookupError, ValueError, AttributeError, TypeError, AssertionError) as error:
        # The standard library's parser fails in these ways on mails that break the rules of MIME.
        raise UnreadableMail from error
    text = without_quote(whole)
    return ReceivedMail(
        identity=message_id or hashlib.sha256(raw).hexdigest(),
        sender=sender,
        subject=subject[:MAX_NAME_CHARS],
        text=text[:MAX_RECEIVED_CHARS],
        cut=len(text) > MAX_RECEIVED_CHARS or len(raw) > MAX_MAIL_BYTES,
        automatic=automatic,
        attachments=attachments,
    )


def _is_automatic(message: Message, sender: str, subject: str) -> bool:
    """Whether a program answered (RFC 3834, and what programs wrote before it)."""
    submitted = _field(message, "Auto-Submitted").partition(";")[0].strip().lower()
    return (
        submitted not in {"", "no"}
        or any(message.get(name) is not None for name in _AUTOMATIC_FIELDS)
        or _field(message, "Precedence").strip().lower() in _AUTOMATIC_PRECEDENCE
        or _AUTOMATIC_SENDER.match(sender) is not None
        or _AUTOMATIC_SUBJECT.match(subject) is not None
    )


def _text(parts: list[Message]) -> str:
    """The first text that is not attached; of HTML alone what a reader sees."""
    own = [part for part in parts if part.get_content_disposition() != "attachment"]
    for kind, read in (("text/plain", str), ("text/html", text_of_html)):
        for part in own:
            if part.get_content_type() == kind and (text := _clean(read(_body(part)))):
                return text
    return ""


def _body(part: Message) -> str:
    body = part.get_payload(decode=True)
    return body.decode(charset_of(part), errors="replace")[:MAX_BODY_CHARS] if isinstance(body, bytes) else ""


def _attachments(parts: list[Message]) -> Iterator[str]:
    for part in parts:
        name = part.get_filename()
        if part.get_content_maintype() == "multipart" or not (
            name or part.get_content_disposition() == "attachment"
        ):
            continue
        shown = " ".join(_clean(_decoded(name or "")).split())
        yield shown[:MAX_NAME_CHARS] or part.get_content_type()[:MAX_NAME_CHARS]


def _field(message: Message, name: str) -> str:
    return " ".join(_clean(_decoded(str(message.get(name, "")))).split())


def _decoded(text: str) -> str:
    try:
        return str(make_header(decode_header(text)))
    except (ValueError, LookupError):
        return text


def _clean(text: str) -> str:
    """Without what no text holds: control characters, and halves of characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", text).encode(errors="replace").decode().strip()
