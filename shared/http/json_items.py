"""JSON bodies with many items: split into items, which are then read one by one.

A bad item never affects its neighbours: each is judged as it would be alone, by one strict reader.
"""

import json
import re
from collections.abc import Collection, Iterator
from itertools import islice, pairwise
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Raw

from shared.http.json_errors import ENUM_CHOICES, fault_of
from shared.http.text_safety import text_faults
from shared.http.validation_errors import FieldFault
from shared.values.messages import Message, message

T = TypeVar("T")
MAX_ITEMS = 1_000
"""Of one request."""
MAX_ITEM_DEPTH = 64
"""Levels of nesting of an item. Beyond some hundreds JSON libraries differ in what they can read."""
MAX_ECHOED_ID_LENGTH = 200


class NotJson(Exception):
    """The items cannot be separated from each other."""


class TooManyItems(Exception):
    """More items than one request may carry."""


class BadItem(Exception):
    """This item is refused."""

    def __init__(self, faults: list[FieldFault]) -> None:
        super().__init__(", ".join(fault["field"] for fault in faults))
        self.faults = faults


def split_array(array: bytes) -> list[bytes]:
    """The elements of a JSON array, undecoded.

    :raises NotJson: when this is no array, or its brackets, quotes or commas do not match.
    :raises TooMany: when there are more than ``MAX_ITEMS``.
    """
    try:
        return [bytes(each) for each in _array.decode(array)]
    except msgspec.ValidationError as error:
        raise (TooManyItems if "length" in str(error) else NotJson) from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _parts(array, b"[", b"]")


def find_member(body: bytes, name: str) -> bytes | None:
    """The value of an object's member, undecoded; None when there is no member of this name.

    :raises NotJson: when this is no object, or its brackets, quotes or commas do not match.
    """
    try:
        found = _object.decode(body).get(name)
        return bytes(found) if found is not None else None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        value = None
        for part in _parts(body, b"{", b"}"):
            key = _KEY.match(part)
            if key is None:
                raise NotJson from None
            if _decoded_leniently(key[1]) == name:
                value = part[key.end() :].strip()
        return value


def _parts(text: bytes, opening: bytes, closing: bytes) -> list[bytes]:
    """The parts between the commas of the outermost pair of brackets."""
    text = text.strip(_WHITE_SPACE)
    if text[:1] != opening or text[-1:] != closing:
        raise NotJson
    edges = [0, *islice(_outer_commas(text), MAX_ITEMS), len(text) - 1]
    if len(edges) > MAX_ITEMS + 1:
        raise TooManyItems
    parts = [text[begin + 1 : end].strip(_WHITE_SPACE) for begin, end in pairwise(edges)]
    if parts == [b""]:
        return []
    if b"" in parts:
        raise NotJson
    return parts


def _outer_commas(text: bytes) -> Iterator[int]:
    """The places of the outermost commas.

    Only strings and brackets are read, in linear time: the end of an item is found even if it is not JSON.
    """
    expected: list[bytes] = []
    for token in _STRUCTURE.finditer(text):
        sign = token[0]
        if sign in _CLOSING:
            expected.append(_CLOSING[sign])
        elif sign in _CLOSING.values():
            if not expected or expected.pop() != sign or bool(expected) == (token.end() == len(text)):
                raise NotJson
        elif sign == b",":
            if len(expected) == 1:
                yield token.start()
        elif not token["end"]:
            raise NotJson  # a string without a closing quote
    if expected:
        raise NotJson


def read_item(
    decoder: "msgspec.json.Decoder[T]",
    item: bytes,
    *,
    helps: Collection[str] = (),
    choices: Message = ENUM_CHOICES,
) -> tuple[T, list[str]]:
    """One item, and the pointers of its repaired fields.

    A field is repaired when its pointer is one of ``helps`` (or lies below one): a character that cannot be
    stored (NUL, half of a surrogate pair) becomes U+FFFD. ``choices`` describes what an enumeration allows.

    :raises BadItem: naming every fault that can be found, without quoting a value.
    """
    if (item.count(b"{") + item.count(b"[")) > MAX_ITEM_DEPTH and nesting_depth(item) > MAX_ITEM_DEPTH:
        raise BadItem(
            [
                FieldFault(
                    field="/",
                    detail=message("Nested deeper than %(most)s levels. Flatten it.", most=MAX_ITEM_DEPTH),
                )
            ]
        )
    repaired: list[str] = []
    if b"\\u" in item and _BAD_ESCAPE.search(item):
        for fault in text_faults(_decoded_leniently(item)):
            repairable = [
                each for each in helps if fault["field"] == each or fault["field"].startswith(f"{each}/")
            ]
            if not repairable:
                raise BadItem([fault])
            repaired += repairable
        if repaired:
            item = _ESCAPE.sub(_without_bad_escape, item)
    try:
        return decoder.decode(item), repaired
    except UnicodeDecodeError:
        raise BadItem([FieldFault(field="/", detail=message("Is not UTF-8. Send UTF-8."))]) from None
    except msgspec.ValidationError as error:
        raise BadItem([fault_of(str(error), choices=choices)]) from None
    except (msgspec.MsgspecError, RecursionError):
        faults = text_faults(_decoded_leniently(item)) or [
            FieldFault(
                field="/", detail=message("Not JSON: a bracket, a quote, a comma or a digit is missing.")
            )
        ]
        raise BadItem(faults) from None


def nesting_depth(text: bytes) -> int:
    """How deep the brackets of a JSON text are nested."""
    deepest = current = 0
    for bracket in _BRACKETS.findall(text):
        if bracket in _CLOSING:
            current += 1
            deepest = max(deepest, current)
        elif bracket in (b"}", b"]"):
            current -= 1
    return deepest


def id_of(item: bytes) -> str | None:
    """The id of a refused item, so that its sender can find it; None when there is no readable one."""
    found = _decoded_leniently(item)
    name = found.get("id") if isinstance(found, dict) else None
    return name[:MAX_ECHOED_ID_LENGTH] if isinstance(name, str) and not text_faults(name) else None


def _decoded_leniently(item: bytes) -> Any:
    """The item as Python's decoder reads it, with NaN and lone surrogates: only to describe its faults."""
    if nesting_depth(item) > MAX_ITEM_DEPTH:
        return None
    try:
        return json.loads(item)
    except ValueError:
        return None


def _without_bad_escape(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if _BAD_ESCAPE.fullmatch(escape[0]) else escape[0]


_array = msgspec.json.Decoder(Annotated[list[Raw], Meta(max_length=MAX_ITEMS)])
_object = msgspec.json.Decoder(dict[str, Raw])
_WHITE_SPACE = b" \t\r\n"
_CLOSING = {b"{": b"}", b"[": b"]"}
# A string without a closing quote matches to the end of the text: trying again at each quote took quadratic
# time.
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+'
_KEY = re.compile(rb"\s*(" + _STRING + rb'")\s*:', re.DOTALL)
_STRUCTURE = re.compile(rb"(?P<open>" + _STRING + rb')(?P<end>"?)|[\[\]{},]', re.DOTALL)
_BRACKETS = re.compile(_STRING + rb'"?|[\[\]{}]', re.DOTALL)
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL
)
_BAD_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})")
"""NUL, or half of a surrogate pair; also the first half of a whole pair, so a match is checked again."""
