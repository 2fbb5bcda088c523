"""Feedback reports (RFC 5965): a mailbox provider says that somebody called our mail spam.

Microsoft's programme for Hotmail and Outlook sends the mail itself as an attachment, with a field of its own,
and no report beside it.
"""

from collections.abc import Sequence
from email.message import Message

from services.dispatcher.bounces.failures import ReportFinding

FEEDBACK_REPORT = "message/feedback-report"
NO_COMPLAINTS = frozenset({"not-spam", "auth-failure"})
"""The types of reports in which nobody complains: one takes a complaint back, the other is about signatures
(RFC 6430, RFC 6591)."""
_MICROSOFT_FIELD = "X-HmXmrOriginalRecipient"


def read_feedback(part: Message) -> ReportFinding | None:
    """What a report says; None: it has no type, so it is none.

    :param part: of the type :data:`FEEDBACK_REPORT`.
    """
    kind = _fields_of(part).get("Feedback-Type")
    if kind is None:
        return None
    return ReportFinding(None if str(kind).strip().lower() in NO_COMPLAINTS else "complaint")


def read_microsoft(parts: Sequence[Message]) -> ReportFinding | None:
    """The complaint of a mail that has one of our mails attached, with Microsoft's field; else None.

    :param parts: of the mail, itself the first.
    """
    attached = (part for part in parts[1:] if part.get(_MICROSOFT_FIELD) is not None)
    return ReportFinding("complaint") if any(True for _ in attached) else None


def _fields_of(part: Message) -> Message:
    payload = part.get_payload()
    return payload[0] if isinstance(payload, list) and isinstance(payload[0], Message) else part
