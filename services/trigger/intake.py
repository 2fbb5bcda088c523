"""The forms in which events arrive: plain JSON, an array, NDJSON, and CloudEvents in its three modes.

Each form comes down to pieces, one for each event; a piece that cannot be read never harms its neighbours.
"""

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

import msgspec

from services.trigger.cloud_events import is_binary, pointer_in, read_binary, read_structured
from services.trigger.domain import HINTS, EventIn
from services.trigger.errors import Unacceptable
from shared.http.body_text import BOM
from shared.http.json_items import MAX_ITEMS, BadItem, TooMany, elements, read_item
from shared.http.media_types import is_json, media_type

NDJSON_TYPES = ("application/x-ndjson", "application/ndjson", "application/jsonl")
CONTENT_TYPES = (
    "application/json",
    NDJSON_TYPES[0],
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
)


class UnsupportedContentType(Exception):
    """The content type is none that events come in."""


class EncodedEvent(NamedTuple):
    """The bytes of one event, how it is written, and in binary mode the headers with its attributes."""

    body: bytes
    form: Literal["plain", "structured", "binary"] = "plain"
    headers: Mapping[str, str] = {}

    def place(self, field: str) -> str:
        """Where a field of an event stands in what was sent."""
        if self.form == "plain" or not field.startswith("/"):
            return field
        return pointer_in(field, binary=self.form == "binary")


def split_events(body: bytes, headers: Mapping[str, str]) -> tuple[list[EncodedEvent], bool]:
    """The events of a request, unread, and whether the sender sent a batch.

    :raises NotJson: when the events of the body cannot be told from each other.
    :raises NoSuchForm: when the content type is none of ours.
    :raises TooMany: when there are more than 1,000.
    """
    kind, _ = media_type(headers.get("content-type", ""))
    if kind.startswith("application/cloudevents"):
        if kind == "application/cloudevents+json":
            return [EncodedEvent(body, "structured")], False
        if kind == "application/cloudevents-batch+json":
            return [EncodedEvent(each, "structured") for each in elements(body)], True
        raise UnsupportedContentType
    if kind in NDJSON_TYPES:
        lines = [line for each in body.split(b"\n") if (line := each.removeprefix(BOM).strip())]
        if len(lines) > MAX_ITEMS:
            raise TooMany
        return [EncodedEvent(line) for line in lines], True
    if kind and not is_json(kind):
        raise UnsupportedContentType
    if is_binary(headers):
        return [EncodedEvent(body, "binary", headers)], False
    if body.lstrip()[:1] == b"[":
        return [EncodedEvent(each) for each in elements(body)], True
    return [EncodedEvent(body)], False


def read_event(piece: EncodedEvent) -> tuple[EventIn, Collection[str]]:
    """One event, and the pointers of the hints in which a character is none.

    :raises Unacceptable: naming the place in what was sent, and the remedy.
    """
    if piece.form == "structured":
        return read_structured(piece.body)
    if piece.form == "binary":
        return read_binary(piece.body, piece.headers)
    try:
        return read_item(_plain, piece.body, helps=HINTS)
    except BadItem as bad:
        raise Unacceptable(bad.faults[0]["field"], bad.faults[0]["detail"]) from None


_plain = msgspec.json.Decoder(EventIn)
