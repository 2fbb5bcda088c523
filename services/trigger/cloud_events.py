"""CloudEvents 1.0.2 over HTTP in its three modes: the attributes of an event, and its data.

The data are a JSON object: a purchase or a contact without its identity, which the attributes are.
"""

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import unquote_to_bytes

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from shared.events.envelope import Instant
from shared.http.body_text import BOM
from shared.http.json_items import MAX_ITEM_DEPTH, BadItem, read_item
from shared.http.media_types import is_json, media_type
from shared.intake.errors import Unacceptable
from shared.intake.schemas import HINTS, MAX_LABEL_LENGTH, EventContent, EventIn
from shared.values.messages import message

ATTRIBUTES = ("specversion", "id", "source", "type", "time")
_DATA = "/data"
_Attribute = Annotated[str, Meta(min_length=1, max_length=MAX_LABEL_LENGTH)]


class _StructuredEvent(Struct):
    """Each attribute may be null, which means absent (JSON format, 2.2); extension attributes are ignored."""

    specversion: str | None = None
    id: str | None = None
    source: str | None = None
    type: str | None = None
    time: Instant | None = None
    datacontenttype: str | None = None
    data: Raw | UnsetType = UNSET
    data_base64: str | None = None


class _UsualEvent(Struct):
    """A structured event as nearly all are."""

    specversion: Literal["1.0"]
    id: _Attribute
    source: _Attribute
    type: _Attribute
    time: Instant
    data: EventContent
    datacontenttype: Literal["application/json"] | None = None
    data_base64: None = None


def is_binary(headers: Mapping[str, str]) -> bool:
    """Whether a request's headers carry an event: one of the required attributes is enough."""
    return not _HEADERS.isdisjoint(headers.keys())


def read_structured(item: bytes) -> tuple[EventIn, Collection[str]]:
    """An event in the JSON format, and the pointers of the hints with a character that cannot be kept.

    :raises Unacceptable: naming the attribute, or the field below ``/data``.
    """
    if (event := _read_at_once(item)) is not None:
        return event, ()
    try:
        envelope, spoilt = read_item(_structured, item, helps=_HINTS)
    except BadItem as bad:
        raise _first(bad) from None
    attributes = {name: getattr(envelope, name) for name in ATTRIBUTES}
    _check(attributes, "/")
    content = _content(_data_of(envelope), _DATA)
    try:
        event = _event(attributes, content[0])
    except Unacceptable as fault:
        raise Unacceptable(f"/{fault.field}", fault.remedy) from None
    return event, [place.removeprefix(_DATA) for place in spoilt] + content[1]


def _read_at_once(item: bytes) -> EventIn | None:
    """An event in the usual form: all attributes, and data that are no text in base64. None: it is read in
    two steps, which know what is wrong with it and where; that takes twice the time.
    """
    if b"\\u" in item or item.count(b"{") + item.count(b"[") > MAX_ITEM_DEPTH:
        return None
    try:
        event = _usual.decode(item)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return _event_with(event.data, event.id, event.type, event.time, event.source)


def read_binary(body: bytes, headers: Mapping[str, str]) -> tuple[EventIn, Collection[str]]:
    """An event whose attributes are headers and whose data are the body, and the pointers of the hints with a
    character that cannot be kept.

    :raises Unacceptable: naming the header, or the field of the body.
    """
    attributes: dict[str, Any] = {}
    for name in ATTRIBUTES:
        if (value := headers.get(f"ce-{name}")) is not None:
            attributes[name] = header_value(f"ce-{name}", value)
    _check(attributes, "header/ce-")
    try:
        attributes["time"] = msgspec.convert(attributes["time"], Instant)
    except msgspec.ValidationError:
        raise Unacceptable(
            "header/ce-time", message("Must be a time with its zone, such as 2026-11-22T05:00:00Z.")
        ) from None
    if not body.strip():
        raise Unacceptable("/", message("The body is empty. It carries the event's data."))
    content, spoilt = _content(body, "")
    try:
        return _event(attributes, content), spoilt
    except Unacceptable as fault:
        raise Unacceptable(f"header/ce-{fault.field}", fault.remedy) from None


def pointer_in(field: str, *, binary: bool) -> str:
    """The place in a CloudEvent of a field of the plain form."""
    attribute = {"/occurred_at": "time", "/id": "id", "/source": "source", "/type": "type"}.get(field)
    if attribute is not None:
        return f"header/ce-{attribute}" if binary else f"/{attribute}"
    return field if binary else f"{_DATA}{field}".rstrip("/")


def header_value(name: str, value: str) -> str:
    """The value of an attribute that a header carries (HTTP binding, 3.1.3.2): unquoted, then percent-decoded
    once, which must give UTF-8.

    Characters outside ASCII, which clients have to encode, are read as the UTF-8 that they came in.

    :raises Unacceptable: naming the header.
    """
    if not _QUOTED.fullmatch(value):
        raise Unacceptable(f"header/{name}", message("Has a quote without its end. Write it as %22."))
    plain = _QUOTE.sub(lambda quoted: re.sub(r"\\(.)", r"\1", quoted[1]), value)
    if _BAD_PERCENT.search(plain):
        raise Unacceptable(
            f"header/{name}", message("Has a percent sign without two hexadecimal digits. Write it as %25.")
        )
    try:
        # The server decodes each byte of a header as one character.
        return unquote_to_bytes(plain.encode("latin-1")).decode()
    except UnicodeError:
        raise Unacceptable(
            f"header/{name}", message("Is not UTF-8 once it is percent-decoded. Encode UTF-8.")
        ) from None


def _check(attributes: Mapping[str, Any], place: str) -> None:
    if "specversion" in attributes and attributes["specversion"] not in {None, "1.0"}:
        raise Unacceptable(f"{place}specversion", message("Must be 1.0: no other version is read here."))
    for name in ATTRIBUTES:
        value = attributes.get(name)
        if value is None:
            when = name == "time"
            missing = message("Required: when it happened. Add it.") if when else message("Required. Add it.")
            raise Unacceptable(f"{place}{name}", missing)
        if value == "":
            raise Unacceptable(f"{place}{name}", message("Must not be empty."))
        if isinstance(value, str) and "\0" in value:
            raise Unacceptable(f"{place}{name}", message("Take out the NUL character."))


def _data_of(envelope: _StructuredEvent) -> bytes:
    """The data of an event in the JSON format, as JSON."""
    if envelope.datacontenttype is not None and not is_json(media_type(envelope.datacontenttype)[0]):
        raise Unacceptable(
            "/datacontenttype", message("Must be application/json: no other data are read here.")
        )
    given = b"null" if envelope.data is UNSET else bytes(envelope.data).strip()
    if envelope.data_base64 is None:
        if given == b"null":
            raise Unacceptable(_DATA, message("Required. Add it."))
        return given
    if given != b"null":
        raise Unacceptable("/data_base64", message("Stands beside data. Send one of them."))
    try:
        return base64.b64decode(envelope.data_base64, validate=True).removeprefix(BOM)
    except (binascii.Error, ValueError):
        raise Unacceptable("/data_base64", message("Is not base64 (RFC 4648).")) from None


def _content(data: bytes, place: str) -> tuple[EventContent, list[str]]:
    try:
        return read_item(_decoder, data, helps=HINTS)
    except BadItem as bad:
        fault = _first(bad)
        raise Unacceptable(f"{place}{fault.field}".rstrip("/") or "/", fault.remedy) from None


def _event(attributes: Mapping[str, Any], data: EventContent) -> EventIn:
    """:raises Unacceptable: naming the attribute alone."""
    for name in ("id", "source", "type"):
        if len(attributes[name]) > MAX_LABEL_LENGTH:
            raise Unacceptable(
                name, message("Must have at most %(max_length)s characters.", max_length=MAX_LABEL_LENGTH)
            )
    return _event_with(data, *(attributes[name] for name in ("id", "type", "time", "source")))


def _event_with(data: EventContent, event_id: str, event_type: str, when: datetime, source: str) -> EventIn:
    return EventIn(
        id=event_id,
        type=event_type,
        occurred_at=when,
        source=source,
        customer=data.customer,
        account=data.account,
        handled_by=data.handled_by,
        segments=data.segments,
        organisation=data.organisation,
        attributes=data.attributes,
        delay_minutes=data.delay_minutes,
    )


def _first(bad: BadItem) -> Unacceptable:
    return Unacceptable(bad.faults[0]["field"], bad.faults[0]["detail"])


_HEADERS = frozenset(f"ce-{name}" for name in ATTRIBUTES)
_HINTS = frozenset(_DATA + hint for hint in HINTS)
_usual = msgspec.json.Decoder(_UsualEvent)
_structured = msgspec.json.Decoder(_StructuredEvent)
_decoder = msgspec.json.Decoder(EventContent)
_QUOTED = re.compile(r'(?:[^"]|"(?:[^"\\]|\\.)*+")*+')
_QUOTE = re.compile(r'"((?:[^"\\]|\\.)*+)"')
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
