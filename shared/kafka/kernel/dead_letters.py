"""Dead letters: original bytes, place and reason, on a topic of their own, through the outbox."""

import base64
from datetime import datetime

import msgspec

Headers = list[tuple[str, bytes]]

HEADER_PREFIX = "afterword-"


def dead_letter_topic(topic: str, group: str) -> str:
    """Where a group puts what it cannot handle."""
    return f"{topic}.{group}.dlq"


def encode_headers(
    topic: str, partition: int, offset: int, reason: str, now: datetime, original: Headers
) -> bytes:
    """Where the record stood and why it was put aside, before its own headers; as the outbox keeps them."""
    place = {
        "topic": topic,
        "partition": str(partition),
        "offset": str(offset),
        "reason": reason[:500],
        "at": now.isoformat(),
    }
    headers = [(HEADER_PREFIX + name, value.encode()) for name, value in place.items()] + original
    return msgspec.json.encode([(name, base64.b64encode(value).decode()) for name, value in headers])


def decode_headers(kept: bytes | None) -> Headers:
    """Headers as a record wants them."""
    if not kept:
        return []
    return [
        (name, base64.b64decode(value))
        for name, value in msgspec.json.decode(kept, type=list[tuple[str, str]])
    ]
