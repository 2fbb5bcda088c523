"""Signs mails: DKIM (RFC 6376) relaxed/relaxed, with RSA (RFC 8301) and Ed25519 (RFC 8463).

It signs the bytes that are sent, so it makes their line ends those of the wire first. The length of the body
(``l=``) is never signed: whoever has such a mail could add to it.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from shared.mail.wire_lines import wire_form
from shared.values.dkim_keys import DkimKey

SIGNED_FIELDS = (
    *(b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type", b"reply-to"),
    *(b"in-reply-to", b"references", b"list-id", b"list-unsubscribe", b"list-unsubscribe-post"),
)
"""Fields that are signed where the mail has them."""
CLOSED_FIELDS = frozenset({b"from", b"to", b"subject", b"reply-to"})
"""Fields that are signed once more than they occur: nobody can add one that a reader sees in their place."""
_NEXT_FIELD = re.compile(rb"\r\n(?![ \t])")
_BLANKS_OR_FOLDS = re.compile(rb"[ \t\r\n]+")
_NEXT_NAME = re.compile(rb"(?<=:)")
_LINE_LENGTH = 76


@dataclass(frozen=True, slots=True)
class DomainKey:
    """A key with which mails are signed in the name of a domain, which is that of their From."""

    domain: str
    """In the form of DNS."""
    key: DkimKey


def signed(message: bytes, keys: Sequence[DomainKey], at: datetime) -> bytes:
    """The message in the form of the wire, with a signature of each key before its header."""
    message = wire_form(message)
    if not keys:
        return message
    head, _, body = message.partition(b"\r\n\r\n")
    fields = [each for each in _NEXT_FIELD.split(head) if b":" in each]
    body_hash = b64encode(hashlib.sha256(relaxed_body(body)).digest())
    names, covered = _covered(fields)
    return b"".join(_signature(each, names, covered, body_hash, at) for each in keys) + message


def relaxed_body(body: bytes) -> bytes:
    """The canonical form of a body whose lines end as those of the wire do (RFC 6376, 3.4.4)."""
    text = body.replace(b"\t", b" ")
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    text = text.replace(b" \r\n", b"\r\n").rstrip(b"\r\n")
    return text + b"\r\n" if text else b""


def relaxed_field(field: bytes) -> bytes:
    """The canonical form of a header field (RFC 6376, 3.4.2), without the line end behind it."""
    name, _, value = field.partition(b":")
    return name.strip(b" \t").lower() + b":" + _BLANKS_OR_FOLDS.sub(b" ", value).strip(b" ")


def _covered(fields: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The names for ``h=``, and the canonical fields that they stand for, each with its line end.

    Of several fields of a name the last is taken first (RFC 6376, 5.4.2).
    """
    by_name: dict[bytes, list[bytes]] = {}
    for field in fields:
        by_name.setdefault(field.partition(b":")[0].strip(b" \t").lower(), []).append(relaxed_field(field))
    names: list[bytes] = []
    covered = b""
    for name in SIGNED_FIELDS:
        found = by_name.get(name, [])
        names += [name] * (len(found) + (name in CLOSED_FIELDS))
        covered += b"".join(each + b"\r\n" for each in reversed(found))
    return b":".join(names), covered


def _signature(key: DomainKey, names: bytes, covered: bytes, body_hash: bytes, at: datetime) -> bytes:
    """The signature's own field, which is signed with an empty ``b=``."""
    tags = (
        *(b"v=1; ", b"a=%b; " % key.key.algorithm.encode(), b"c=relaxed/relaxed; "),
        *(b"d=%b; " % key.domain.encode(), b"s=%b; " % key.key.selector.encode()),
        *(b"t=%d; " % int(at.timestamp()), *_NEXT_NAME.split(b"h=%b; " % names)),
        *(b"bh=%b; " % body_hash, b"b="),
    )
    field = b"DKIM-Signature: " + _folded(tags)
    value = b64encode(_sign(key.key, covered + relaxed_field(field)))
    parts = [value[start : start + _LINE_LENGTH] for start in range(0, len(value), _LINE_LENGTH)]
    return field + b"\r\n " + b"\r\n ".join(parts) + b"\r\n"


def _sign(key: DkimKey, data: bytes) -> bytes:
    if isinstance(key.private, RSAPrivateKey):
        return key.private.sign(data, PKCS1v15(), SHA256())
    return key.private.sign(hashlib.sha256(data).digest())


def _folded(parts: Sequence[bytes]) -> bytes:
    """The parts one after the other, on lines of the usual length."""
    lines = [b""]
    for part in parts:
        room = _LINE_LENGTH - (len(b"DKIM-Signature: ") if len(lines) == 1 else 1)
        if lines[-1] and len(lines[-1]) + len(part.rstrip()) > room:
            lines.append(b"")
        lines[-1] += part
    return b"\r\n ".join(line.rstrip() for line in lines)
