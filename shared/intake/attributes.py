"""The client's own JSON object: kept as it is, with each number as it was written (19.90 stays 19.90)."""

import json
import re

import msgspec
from msgspec import UNSET, Raw, UnsetType

from shared.http.json_items import nesting_depth
from shared.intake.errors import Unacceptable
from shared.limits import MAX_ATTRIBUTES_BYTES
from shared.values.messages import message

MAX_ATTRIBUTES_DEPTH = 32
_TOO_LARGE = message(
    "Hold more than %(most)s KiB. Send a reference to what is large instead.",
    most=MAX_ATTRIBUTES_BYTES // 1024,
)
Attributes = Raw | UnsetType


def canonical_attributes(attributes: Attributes) -> tuple[Attributes, Attributes]:
    """The attributes with sorted names and without blanks, in two forms: with each number as it was written,
    to be shown, and with its value, to be compared.

    :raises Unacceptable: when they are no JSON object, too large, or nested deeper than a reader follows.
    """
    text = b"null" if attributes is UNSET else bytes(attributes).strip()
    if text == b"null":
        return UNSET, UNSET
    if len(text) > MAX_ATTRIBUTES_BYTES:
        raise Unacceptable("/attributes", _TOO_LARGE)
    if (
        text.count(b"{") + text.count(b"[") > MAX_ATTRIBUTES_DEPTH
        and nesting_depth(text) > MAX_ATTRIBUTES_DEPTH
    ):
        raise Unacceptable(
            "/attributes",
            message("Nested deeper than %(most)s levels. Flatten them.", most=MAX_ATTRIBUTES_DEPTH),
        )
    try:
        value = _any.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Unacceptable(
            "/attributes", message("Hold a value that is no JSON, or a number beyond all bounds.")
        ) from None
    if not isinstance(value, dict):
        raise Unacceptable("/attributes", message("Must be an object."))
    compared = Raw(_encoder.encode(value))
    if not _RESPELLABLE.search(text):
        return compared, compared
    written = (
        json.loads(text, parse_float=_raw, parse_int=_raw) if b"-0" in text else _as_written.decode(text)
    )
    return Raw(_encoder.encode(written)), compared


def _raw(number: str) -> Raw:
    return Raw(number.encode())


_any = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder(order="deterministic")
_as_written = msgspec.json.Decoder(float_hook=_raw)  # never called for -0
# A whole number without a sign has one spelling only; a match within a text merely costs a little time.
_RESPELLABLE = re.compile(rb"[0-9][.eE]|-0")
