"""Amazon SES: notifications of an identity and published events, as its message to Amazon SNS has them."""

from collections.abc import Iterator

import msgspec

from services.dispatcher.bounces.failures import BounceKind, ReportFinding, judge_failure, status_in
from services.dispatcher.bounces.records import Record, UnreadableEvent, decode, first_mail
from shared.mail.references import MailReference, MailReferences

KINDS_BY_TYPE: dict[str, BounceKind | None] = {
    "Permanent": "hard",
    "Transient": "soft",
    "Undetermined": "soft",
}
"""Of a bounce without a status, as SES itself tells it."""
POLICY_SUBTYPES = frozenset({"MessageTooLarge", "ContentRejected", "AttachmentRejected"})
NO_COMPLAINTS = frozenset({"not-spam"})


class _Header(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    value: str = ""


class _CommonHeaders(msgspec.Struct, frozen=True, rename="camel"):
    message_id: str | None = None


class _Mail(msgspec.Struct, frozen=True, rename="camel"):
    source: str | None = None
    headers: list[_Header] = []
    common_headers: _CommonHeaders = _CommonHeaders()


class _Recipient(msgspec.Struct, frozen=True, rename="camel"):
    action: str | None = None
    status: str | None = None
    diagnostic_code: str | None = None


class _Bounce(msgspec.Struct, frozen=True, rename="camel"):
    bounce_type: str
    bounce_sub_type: str = ""
    bounced_recipients: list[_Recipient] = []


class _Complaint(msgspec.Struct, frozen=True, rename="camel"):
    complaint_feedback_type: str | None = None


class _SesEvent(msgspec.Struct, frozen=True, rename="camel"):
    mail: _Mail
    notification_type: str | None = None
    event_type: str | None = None
    bounce: _Bounce | None = None
    complaint: _Complaint | None = None


def read_ses(message: str, references: MailReferences) -> list[Record]:
    """What a message says; SES names our mail by the sender of its envelope and by its original fields.

    :raises UnreadableEvent: when it is no message of SES about a mail.
    """
    event = decode(_decoder, message)
    mail = _mail_of(event.mail, references)
    match event.event_type or event.notification_type:
        case "Bounce" if event.bounce is not None:
            return [Record(finding, mail) for finding in _bounces(event.bounce)]
        case "Complaint" if event.complaint is not None:
            kind = event.complaint.complaint_feedback_type
            return [Record(ReportFinding(None if kind in NO_COMPLAINTS else "complaint"), mail)]
        case "Bounce" | "Complaint":
            raise UnreadableEvent("Object missing required field `bounce` or `complaint`")
        case _:
            return [Record(ReportFinding(None), mail)]  # sent, delivered, delayed, opened


def _bounces(bounce: _Bounce) -> Iterator[ReportFinding]:
    for recipient in bounce.bounced_recipients or [_Recipient()]:
        if recipient.status and bounce.bounce_sub_type not in POLICY_SUBTYPES:
            said = judge_failure("failed", recipient.status, recipient.diagnostic_code or "")
            if said.kind is not None:
                yield said
                continue
        kind = (
            "policy" if bounce.bounce_sub_type in POLICY_SUBTYPES else KINDS_BY_TYPE.get(bounce.bounce_type)
        )
        yield ReportFinding(kind, status_in(recipient.status or ""))


def _mail_of(mail: _Mail, references: MailReferences) -> MailReference | None:
    ids = [mail.common_headers.message_id]
    ids += [each.value for each in mail.headers if each.name.lower() == "message-id"]
    return first_mail(references.read_bounce_address, [mail.source]) or first_mail(
        references.read_message_id, ids
    )


_decoder = msgspec.json.Decoder(_SesEvent)
