"""The forms in which events arrive: plain JSON, an array, NDJSON, and CloudEvents in its three modes.

Each form comes down to pieces, one for each event; a piece that cannot be read never harms its neighbours.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated
from urllib.parse import unquote

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from services.trigger.domain import Content, EventIn, Unacceptable
from shared.events.envelope import Instant, Name

MOST = 1_000


class CloudEvent(Struct):
    """CloudEvents 1.0, structured. Extension attributes are allowed and not read."""

    specversion: str
    id: Name
    source: Name
    type: Name
    data: Content
    time: Instant | UnsetType = UNSET


class TooMany(Exception):
    """More events than one request may carry."""


class NoSuchForm(Exception):
    """The content type is none that events come in."""


class NotJson(Exception):
    """The body as a whole cannot be read."""


Piece = tuple[bytes, bool]
"""The bytes of one event, and whether it is a CloudEvent."""


def pieces(body: bytes, headers: Mapping[str, str]) -> tuple[list[Piece], bool]:
    """The events of a request, unread, and whether the sender sent a batch.

    :raises NotJson: when the body as a whole is no JSON.
    :raises NoSuchForm: when the content type is none of ours.
    :raises TooMany: when there are more than 1,000.
    """
    kind = headers.get("content-type", "application/json").split(";")[0].strip().lower()
    if kind == "application/cloudevents+json":
        return [(body, True)], False
    if kind == "application/cloudevents-batch+json":
        return [(piece, True) for piece in _array(body)], True
    if kind in {"application/x-ndjson", "application/ndjson", "application/jsonl"}:
        lines = [line for line in body.split(b"\n") if line.strip()]
        if len(lines) > MOST:
            raise TooMany
        return [(line, False) for line in lines], True
    if kind not in {"application/json", "text/json", ""}:
        raise NoSuchForm
    if "ce-specversion" in headers:
        return [(_from_binary(body, headers), True)], False
    if body.lstrip()[:1] == b"[":
        return [(piece, False) for piece in _array(body)], True
    return [(body, False)], False


def read(piece: Piece) -> EventIn:
    """One event.

    :raises Unacceptable: naming the field and the remedy.
    """
    body, is_cloud_event = piece
    if b"\\u0000" in body and _NUL.search(body):
        raise Unacceptable("/", r"A text holds the character \u0000. Take it out.")
    try:
        if not is_cloud_event:
            return _plain.decode(body)
        event = _cloud.decode(body)
    except RecursionError:
        raise Unacceptable("/", "Nested too deeply. Flatten it.") from None
    except UnicodeDecodeError:
        raise Unacceptable("/", "Not UTF-8, or a lone surrogate. Send whole characters.") from None
    except msgspec.ValidationError as error:
        raise _unacceptable(str(error)) from None
    except msgspec.MsgspecError:
        raise Unacceptable(
            "/", "Not JSON: a bracket, a quote or a comma is missing, or NaN stands where a number should."
        ) from None
    if event.specversion != "1.0":
        raise Unacceptable("/specversion", "Must be 1.0.")
    if event.time is UNSET:
        raise Unacceptable("/time", "Required: when it happened. Add it.")
    data = event.data
    return EventIn(
        id=event.id,
        type=event.type,
        occurred_at=event.time,
        source=event.source,
        customer=data.customer,
        account=data.account,
        handled_by=data.handled_by,
        segments=data.segments,
        organisation=data.organisation,
        attributes=data.attributes,
    )


def _array(body: bytes) -> Iterator[bytes]:
    try:
        found = _list.decode(body)
    except RecursionError:
        raise NotJson("nested too deeply") from None
    except UnicodeDecodeError:
        raise NotJson("not UTF-8") from None
    except msgspec.ValidationError:
        raise TooMany from None
    except msgspec.MsgspecError as error:
        raise NotJson(str(error)) from None
    return (bytes(piece) for piece in found)


def _from_binary(body: bytes, headers: Mapping[str, str]) -> bytes:
    """Binary mode: the attributes come as headers, percent-encoded; the body is the data."""
    names = ("specversion", "id", "source", "type", "time")
    attributes = {name: unquote(headers[f"ce-{name}"]) for name in names if f"ce-{name}" in headers}
    head = msgspec.json.encode(attributes)
    return head[:-1] + b',"data":' + (body.strip() or b"null") + b"}"


def _unacceptable(message: str) -> Unacceptable:
    """Msgspec's sentence "Expected `str`, got `int` - at `$.customer.id`" as field and remedy."""
    what, _, place = message.partition(" - at ")
    place = place.removeprefix("`key` in ").strip("`")
    field = (
        re.sub(r"\[(\d+)\]", r"/\1", place.removeprefix("$")).replace(".", "/").replace("[...]", "") or "/"
    )
    if what.startswith("Object missing required field"):
        return Unacceptable(f"{field.rstrip('/')}/{what.split('`')[1]}", "Required. Add it.")
    if what.startswith("Object contains unknown field"):
        return Unacceptable(
            f"{field.rstrip('/')}/{what.split('`')[1][:100]}",
            "There is no such field. Check its spelling, or put it under attributes.",
        )
    if "timezone component" in what:
        return Unacceptable(field, "Needs its time zone, such as 2026-11-22T05:00:00Z.")
    if "RFC3339" in what:
        return Unacceptable(field, "Must be a time with its zone, such as 2026-11-22T05:00:00Z.")
    return Unacceptable(field, f"{what.replace('`', '')}.")


_plain = msgspec.json.Decoder(EventIn)
_cloud = msgspec.json.Decoder(CloudEvent)
_list = msgspec.json.Decoder(Annotated[list[Raw], Meta(max_length=MOST)])
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
