"""Mails of strangers are parsed in a time that grows with their length.

The standard library's parser takes hours for some mails of a few megabytes: it reads the parameters of a
field in a time that grows with the square of its length, and asks of each line whether it ends any of the
parts that it stands in.
"""

from collections.abc import Sequence
from email import message_from_bytes
from email.message import Message
from email.policy import Compat32

MAX_FIELD_CHARS = 8_000
"""Of one field of a head, folded lines included; the rest is cut."""
MAX_MULTIPARTS = 30
"""Parts that consist of parts, in one mail."""


class _BoundedFields(Compat32):
    """The standard library's policy by which fields are kept as they came, each cut where it is too long."""

    def header_source_parse(self, sourcelines: Sequence[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(list(sourcelines))
        return name, value[:MAX_FIELD_CHARS]


_POLICY = _BoundedFields()


def parse_mail(raw: bytes) -> Message:
    """The mail with its parts.

    :raises ValueError: when it has more parts within parts than a mail program makes. The parser raises what
        Python does on mails that break the rules of MIME, too.
    """
    if raw.lower().count(b"multipart/") > MAX_MULTIPARTS:
        raise ValueError("too many parts within parts")
    return message_from_bytes(raw, policy=_POLICY)
