"""Read a report that came as a mail: what it says, and of which of our mails.

Whose mail it is, our own signed references alone say (``shared/mail/references.py``): the address that the
report came to, else the sender of the envelope or the Message-ID of our mail, as the report quotes it.
"""

import re
from collections.abc import Iterator, Sequence
from email.message import Message
from itertools import islice

from services.dispatcher.bounces.arf import FEEDBACK_REPORT, read_feedback, read_microsoft
from services.dispatcher.bounces.bounded_mime import parse_mail
from services.dispatcher.bounces.dsn import (
    DELIVERY_STATUS,
    GLOBAL_DELIVERY_STATUS,
    read_delivery_status,
)
from services.dispatcher.bounces.failures import MailReport, ReportFinding
from services.dispatcher.bounces.plain_bounces import read_plain_bounce
from shared.mail.references import MailReference, MailReferences

MAX_REPORT_BYTES = 1024 * 1024
MAX_PARTS = 50
MAX_TEXT = 200_000
"""Characters of a part that are looked at."""
RECIPIENT_FIELDS = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Delivered-To", "X-Envelope-To", "To")
_BOUNCE_ADDRESS = re.compile(r"bounce\+[a-z2-7]{48}@[\w.-]+", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"^[ >]*message-id:\s*(<[a-z2-7]{48}@[\w.-]+>)", re.IGNORECASE | re.MULTILINE)
_REFERENCE = re.compile(r"^[ >]*x-[a-z0-9-]+:\s*([a-z2-7]{48})\s*$", re.IGNORECASE | re.MULTILINE)


class NoReport(Exception):
    """A mail that reports nothing, such as an automatic reply or one that nobody can read."""


class UnknownMail(Exception):
    """A report about no mail of ours, or about one that it does not prove to know."""


def read_report(
    raw: bytes, references: MailReferences, came_to: MailReference | None = None
) -> MailReport | None:
    """What a mail reports of one of ours; None: nothing that does anything, such as a delay. Takes long for
    large mails: call it in a thread.

    :param came_to: of the address that it came to, where that is known.
    :raises NoReport: when it is no report.
    :raises UnknownMail: when nothing in it says of which mail.
    """
    try:
        message = parse_mail(raw[:MAX_REPORT_BYTES])
        parts = list(islice(message.walk(), MAX_PARTS))
        texts = [text[:MAX_TEXT] for part in parts for text in _texts_of(part)]
        finding = _finding(message, parts)
    except (RecursionError, LookupError, ValueError, AttributeError, TypeError, AssertionError) as error:
        # The standard library's parser fails in these ways on mails that break the rules of MIME.
        raise NoReport from error
    if finding is None:
        raise NoReport
    mail = came_to or _named(message, texts, references)
    if mail is None:
        raise UnknownMail
    return MailReport(mail, finding.kind, finding.status) if finding.kind is not None else None


def _finding(message: Message, parts: Sequence[Message]) -> ReportFinding | None:
    for part in parts:
        kind = part.get_content_type()
        found = (
            read_feedback(part)
            if kind == FEEDBACK_REPORT
            else read_delivery_status(part)
            if kind in {DELIVERY_STATUS, GLOBAL_DELIVERY_STATUS}
            else None
        )
        if found is not None:
            return found
    plain = next(
        (text for part in parts if part.get_content_type() == "text/plain" for text in _bodies(part)), ""
    )
    return read_microsoft(parts) or read_plain_bounce(message, plain)


def _named(message: Message, texts: Sequence[str], references: MailReferences) -> MailReference | None:
    """The mail of the address that the report came to, else that of the mail that it quotes."""
    came_to = [str(value) for name in RECIPIENT_FIELDS for value in message.get_all(name, [])]
    addresses = (found[0] for text in (*came_to, *texts) for found in _BOUNCE_ADDRESS.finditer(text))
    ids = (found[1] for text in texts for found in _MESSAGE_ID.finditer(text))
    fields = (found[1] for text in texts for found in _REFERENCE.finditer(text))
    found = (
        *map(references.read_bounce_address, addresses),
        *map(references.read_message_id, ids),
        *map(references.read_reference, fields),
    )
    return next((mail for mail in found if mail is not None), None)


def _texts_of(part: Message) -> Iterator[str]:
    """What may quote our mail: the fields of what is attached, and the texts."""
    if part.get_content_maintype() == "message":
        payload = part.get_payload()
        for attached in payload if isinstance(payload, list) else ():
            if isinstance(attached, Message):
                yield "\n".join(f"{name}: {value}" for name, value in attached.items())
    yield from _bodies(part)


def _bodies(part: Message) -> Iterator[str]:
    if part.get_content_maintype() != "text":
        return
    body = part.get_payload(decode=True)
    if isinstance(body, bytes):
        yield body.decode(charset_of(part), errors="replace")


def charset_of(part: Message) -> str:
    """The character set of a part, where it names one that is known; else UTF-8."""
    charset = part.get_content_charset() or "utf-8"
    try:
        "".encode(charset)
    except LookupError:
        return "utf-8"
    return charset
