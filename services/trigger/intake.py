"""The forms in which events arrive: plain JSON, an array, NDJSON, and CloudEvents in its three modes.

Each form is split into encoded events; one that cannot be read never harms its neighbours.
"""

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

import msgspec

from services.trigger.cloud_events import is_binary, pointer_in, read_binary, read_structured
from shared.http.body_text import BOM
from shared.http.json_items import MAX_ITEMS, BadItem, TooManyItems, read_item, split_array
from shared.http.media_types import is_json, media_type
from shared.intake.errors import Unacceptable
from shared.intake.schemas import HINTS, EventIn

NDJSON_TYPES = ("application/x-ndjson", "application/ndjson", "application/jsonl")
CONTENT_TYPES = (
    "application/json",
    NDJSON_TYPES[0],
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
)


class UnsupportedContentType(Exception):
    """Events do not come in this content type."""


class EncodedEvent(NamedTuple):
    """One event as it was sent: its bytes, its mode, and in binary mode the headers with its attributes."""

    body: bytes
    mode: Literal["plain", "structured", "binary"] = "plain"
    headers: Mapping[str, str] = {}

    def place(self, field: str) -> str:
        """The place of a field of the event in what was sent."""
        if self.mode == "plain" or not field.startswith("/"):
            return field
        return pointer_in(field, binary=self.mode == "binary")


def split_events(body: bytes, headers: Mapping[str, str]) -> tuple[list[EncodedEvent], bool]:
    """The events of a request, unread, and whether the client sent a batch.

    :raises NotJson: when the events of the body cannot be told from each other.
    :raises UnsupportedContentType: when events do not come in this content type.
    :raises TooMany: when there are more than 1,000.
    """
    kind, _ = media_type(headers.get("content-type", ""))
    if kind.startswith("application/cloudevents"):
        if kind == "application/cloudevents+json":
            return [EncodedEvent(body, "structured")], False
        if kind == "application/cloudevents-batch+json":
            return [EncodedEvent(each, "structured") for each in split_array(body)], True
        raise UnsupportedContentType
    if kind in NDJSON_TYPES:
        lines = [line for each in body.split(b"\n") if (line := each.removeprefix(BOM).strip())]
        if len(lines) > MAX_ITEMS:
            raise TooManyItems
        return [EncodedEvent(line) for line in lines], True
    if kind and not is_json(kind):
        raise UnsupportedContentType
    if is_binary(headers):
        return [EncodedEvent(body, "binary", headers)], False
    if body.lstrip()[:1] == b"[":
        return [EncodedEvent(each) for each in split_array(body)], True
    return [EncodedEvent(body)], False


def read_event(encoded: EncodedEvent) -> tuple[EventIn, Collection[str]]:
    """One event, and the pointers of the hints with a character that cannot be kept.

    :raises Unacceptable: naming the place in what was sent, and the remedy.
    """
    if encoded.mode == "structured":
        return read_structured(encoded.body)
    if encoded.mode == "binary":
        return read_binary(encoded.body, encoded.headers)
    try:
        return read_item(_plain, encoded.body, helps=HINTS)
    except BadItem as bad:
        raise Unacceptable(bad.faults[0]["field"], bad.faults[0]["detail"]) from None


_plain = msgspec.json.Decoder(EventIn)
