"""Postmark: its bounce and spam complaint webhooks, by Basic authentication or a secret in a header.

Postmark gives mails an id of its own and sends back the metadata that they carry: that is our reference
(``AFTERWORD_REFERENCE_FIELD=X-PM-Metadata-afterword``).
"""

import base64
import hmac
from collections.abc import Mapping

import msgspec

from services.dispatcher.bounces.failures import BounceKind, ReportFinding
from services.dispatcher.bounces.records import Record, decode, first_mail
from shared.mail.references import MailReferences

OWN_HEADER = "X-Afterword-Secret"
KINDS_BY_TYPE: dict[str, BounceKind] = {
    "HardBounce": "hard",
    "BadEmailAddress": "hard",
    "SoftBounce": "soft",
    "DnsError": "soft",
    "Blocked": "policy",
    "SpamNotification": "policy",
    "DMARCPolicy": "policy",
    "VirusNotification": "policy",
    "SpamComplaint": "complaint",
}
"""By Postmark's type; the others do nothing, such as a delay or an automatic reply."""


class _PostmarkEvent(msgspec.Struct, frozen=True, rename="pascal"):
    record_type: str
    type: str = ""
    metadata: dict[str, str] = {}


def is_authorized(headers: Mapping[str, str], secret: str) -> bool:
    """Whether a request has the secret, as the password of Basic authentication or in a header of its own."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    password = ""
    if scheme.lower() == "basic":
        try:
            password = base64.b64decode(credentials, validate=True).decode().partition(":")[2]
        except ValueError:  # no base64, no ASCII, or no UTF-8 in it
            return False
    given = password or headers.get(OWN_HEADER.lower(), "")
    return hmac.compare_digest(given.encode(), secret.encode())


def read_postmark(body: bytes, references: MailReferences) -> list[Record]:
    """What a request says: one record, or none where it is of another kind.

    :raises UnreadableEvent: when it is no request of Postmark's.
    """
    event = decode(_decoder, body)
    if event.record_type not in {"Bounce", "SpamComplaint"}:
        return []
    kind = "complaint" if event.record_type == "SpamComplaint" else KINDS_BY_TYPE.get(event.type)
    mail = first_mail(references.read_reference, event.metadata.values())
    return [Record(ReportFinding(kind), mail)]


_decoder = msgspec.json.Decoder(_PostmarkEvent)
