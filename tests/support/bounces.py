"""Reports about mails that were sent, as mail systems and providers write them."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from shared.mail.references import MailReference, MailReferences

SAMPLES = Path(__file__).parents[1] / "unit" / "dispatcher" / "bounce_samples"
BOUNCE_HOST = "bounces.shop.example"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:bounces"
CERTIFICATE_URL = f"https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-{'0' * 32}.pem"
MAILGUN_KEY = "key of mailgun for the tests"
POSTMARK_SECRET = "secret of postmark for the tests"


def a_report(name: str, references: MailReferences, mail: MailReference) -> bytes:
    """A sample, about this mail."""
    text = (SAMPLES / f"{name}.eml").read_text()
    text = text.replace("{{BOUNCE}}", references.bounce_address(mail, BOUNCE_HOST))
    return text.replace("{{MESSAGE_ID}}", references.message_id(mail, "ask@shop.example")).encode()


@lru_cache(maxsize=1)
def amazons_key() -> rsa.RSAPrivateKey:
    """Made once: it takes long."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def amazons_certificate(now: datetime | None = None) -> bytes:
    """What Amazon serves, valid for a day before and after."""
    now = now or datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(amazons_key().public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
    return builder.sign(amazons_key(), hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def an_envelope(message: str, *, version: str = "2", **changes: str) -> dict[str, str]:
    """Signed as Amazon signs it; ``changes`` are signed, too."""
    envelope = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": message,
        "Timestamp": "2026-11-20T12:00:00.000Z",
        **changes,
    }
    names = (
        ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
        if envelope["Type"] == "Notification"
        else ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
    )
    text = "".join(f"{name}\n{envelope[name]}\n" for name in names if name in envelope)
    algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
    signature = amazons_key().sign(text.encode(), padding.PKCS1v15(), algorithm)
    return {
        **envelope,
        "SignatureVersion": version,
        "Signature": base64.b64encode(signature).decode(),
        "SigningCertURL": CERTIFICATE_URL,
    }


def ses_bounce(message_id: str, **bounce: Any) -> str:
    """A notification of Amazon SES."""
    return json.dumps(
        {
            "notificationType": "Bounce",
            "bounce": {
                "feedbackId": "0100018-1",
                "bounceType": "Permanent",
                "bounceSubType": "General",
                "bouncedRecipients": [
                    {
                        "emailAddress": "kim@customer.example",
                        "action": "failed",
                        "status": "5.1.1",
                        "diagnosticCode": "smtp; 550-5.1.1 The email account does not exist.\n550 5.1.1 x - gsmtp",
                    }
                ],
                "timestamp": "2026-11-20T11:59:00.000Z",
                **bounce,
            },
            "mail": {
                "timestamp": "2026-11-20T11:58:00.000Z",
                "source": "ask@shop.example",
                "messageId": "0100018-0",
                "destination": ["kim@customer.example"],
                "headersTruncated": False,
                "headers": [{"name": "Message-ID", "value": message_id}],
                "commonHeaders": {"from": ["ask@shop.example"], "messageId": message_id},
            },
        }
    )


def a_mailgun_request(
    message_id: str, now: datetime, *, token: str = "t" * 50, key: str = MAILGUN_KEY, **event: Any
) -> dict[str, Any]:
    """A webhook of Mailgun."""
    timestamp = str(int(now.timestamp()))
    signature = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    return {
        "signature": {"timestamp": timestamp, "token": token, "signature": signature},
        "event-data": {
            "id": "G9Bn5sl1TC6nu79C8C0bwg",
            "event": "failed",
            "severity": "permanent",
            "reason": "bounce",
            "log-level": "error",
            "recipient": "kim@customer.example",
            "timestamp": now.timestamp(),
            "envelope": {"sender": "ask@shop.example", "transport": "smtp"},
            "message": {"headers": {"to": "kim@customer.example", "message-id": message_id.strip("<>")}},
            "delivery-status": {
                "attempt-no": 1,
                "code": 550,
                "enhanced-code": "5.1.1",
                "message": "5.1.1 The email account that you tried to reach does not exist.",
                "description": "",
            },
            **event,
        },
    }


def a_postmark_request(reference: str, type_: str = "HardBounce", **changes: Any) -> dict[str, Any]:
    """A webhook of Postmark."""
    return {
        "RecordType": "SpamComplaint" if type_ == "SpamComplaint" else "Bounce",
        "ID": 692560173,
        "Type": type_,
        "TypeCode": 1,
        "Name": "Hard bounce",
        "Tag": "",
        "MessageID": "2c1b63fe-43f2-4db5-91b0-8bdfa44a9316",
        "Metadata": {"afterword": reference},
        "ServerID": 23,
        "MessageStream": "outbound",
        "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
        "Details": "action: failed\r\n",
        "Email": "kim@customer.example",
        "From": "ask@shop.example",
        "BouncedAt": "2026-11-20T11:59:00Z",
        "DumpAvailable": False,
        "Inactive": True,
        "CanActivate": True,
        **changes,
    }
