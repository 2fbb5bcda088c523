"""Dead letters: a record's original bytes, its place and the reason, on a topic of their own."""

import base64
from datetime import datetime

import msgspec

Headers = list[tuple[str, bytes]]

HEADER_PREFIX = "afterword-"
"""Of the headers that say where the record was and why it is a dead letter."""
KEY_HEADER = "afterword-key"
"""The record's own key, if it has one: a dead letter's key is its place, so that each can be erased alone."""
TOPIC_HEADER = "afterword-topic"
PARTITION_HEADER = "afterword-partition"
OFFSET_HEADER = "afterword-offset"
MAX_REASON_LENGTH = 500


def dead_letter_topic(topic: str, group: str) -> str:
    """The topic of the dead letters of one group."""
    return f"{topic}.{group}.dlq"


def dead_letter_key(topic: str, partition: int | str, offset: int | str) -> bytes:
    """The key of the dead letter of the record at this place."""
    return f"{topic}/{partition}/{offset}".encode()


def place_key(headers: Headers) -> bytes | None:
    """The key of a dead letter by the place in its headers; None where there is none."""
    named = dict(headers)
    if TOPIC_HEADER not in named:
        return None
    topic, partition, offset = (
        named[name].decode() for name in (TOPIC_HEADER, PARTITION_HEADER, OFFSET_HEADER)
    )
    return dead_letter_key(topic, partition, offset)


def encode_headers(
    topic: str,
    partition: int,
    offset: int,
    key: bytes | None,
    reason: str,
    now: datetime,
    original: Headers,
) -> bytes:
    """Place, key and reason, followed by the record's own headers, in the encoding of the outbox."""
    place = {
        "topic": topic,
        "partition": str(partition),
        "offset": str(offset),
        "reason": reason[:MAX_REASON_LENGTH],
        "at": now.isoformat(),
    }
    headers = [(HEADER_PREFIX + name, value.encode()) for name, value in place.items()]
    headers += [(KEY_HEADER, key)] if key is not None else []
    headers += original
    return msgspec.json.encode([(name, base64.b64encode(value).decode()) for name, value in headers])


def decode_headers(encoded: bytes | None) -> Headers:
    """The headers of a record from the encoding of the outbox."""
    if not encoded:
        return []
    return [
        (name, base64.b64decode(value))
        for name, value in msgspec.json.decode(encoded, type=list[tuple[str, str]])
    ]
