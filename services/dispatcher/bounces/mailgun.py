"""Mailgun: its webhooks, signed by HMAC over a time and a token.

The signature says nothing of the body, so a request that somebody has seen could be sent again with another
one: each token is taken once, and none that is older than Mailgun sends again.
"""

import hashlib
import hmac
from datetime import datetime, timedelta

import msgspec

from services.dispatcher.bounces.failures import ReportFinding, judge_failure
from services.dispatcher.bounces.records import Record, decode, first_mail
from shared.mail.references import MailReferences

REPLAY_WINDOW = timedelta(hours=12)
"""Mailgun sends a request that was not taken again for eight hours."""
MAX_CLOCK_SKEW = timedelta(minutes=5)


class Signature(msgspec.Struct, frozen=True):
    """What a request is signed by."""

    timestamp: str
    token: str
    signature: str


class _Status(msgspec.Struct, frozen=True):
    code: int | str | None = None
    message: str | None = None
    description: str | None = None
    enhanced_code: str | None = msgspec.field(name="enhanced-code", default=None)


class _Message(msgspec.Struct, frozen=True):
    headers: dict[str, str | None] = {}


class _Envelope(msgspec.Struct, frozen=True):
    sender: str | None = None


class _EventData(msgspec.Struct, frozen=True):
    event: str
    severity: str | None = None
    reason: str | None = None
    delivery_status: _Status = msgspec.field(name="delivery-status", default_factory=_Status)
    message: _Message = msgspec.field(default_factory=_Message)
    envelope: _Envelope = msgspec.field(default_factory=_Envelope)


class MailgunRequest(msgspec.Struct, frozen=True):
    """The body of a request."""

    signature: Signature
    event_data: _EventData = msgspec.field(name="event-data")


def read_request(body: bytes) -> MailgunRequest:
    """The body of a request.

    :raises UnreadableEvent: when it is no request of Mailgun's.
    """
    return decode(_decoder, body)


def is_signed(signature: Signature, key: str, now: datetime) -> bool:
    """Whether Mailgun has signed it, and not too long ago."""
    signed = f"{signature.timestamp}{signature.token}".encode()
    expected = hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.signature.encode()):
        return False
    if not (signature.timestamp.isascii() and signature.timestamp.isdecimal()):
        return False
    age = now.timestamp() - int(signature.timestamp[:15])
    return -MAX_CLOCK_SKEW.total_seconds() <= age <= REPLAY_WINDOW.total_seconds()


def token_hash(signature: Signature) -> str:
    """By which a token is known to have been taken."""
    return hashlib.sha256(signature.token.encode()).hexdigest()


def read_mailgun(request: MailgunRequest, references: MailReferences) -> list[Record]:
    """What a verified request says: a mail that failed for good, or a complaint; else nothing."""
    event = request.event_data
    mail = first_mail(references.read_bounce_address, [event.envelope.sender]) or first_mail(
        references.read_message_id, [event.message.headers.get("message-id")]
    )
    if event.event == "complained":
        return [Record(ReportFinding("complaint"), mail)]
    if event.event != "failed":
        return []
    status = event.delivery_status
    said = " ".join(str(each) for each in (status.code, status.message, status.description) if each)
    if event.severity != "permanent":
        return [Record(ReportFinding(None), mail)]  # Mailgun tries it again
    found = judge_failure("failed", status.enhanced_code or "", said)
    if found.kind is None:
        found = ReportFinding("soft", found.status)  # it has tried for as long as it does
    if event.reason == "suppress-bounce" and found.kind == "soft":
        found = ReportFinding("hard", found.status)  # it did not try, since the address had come back before
    return [Record(found, mail)]


_decoder = msgspec.json.Decoder(MailgunRequest)
