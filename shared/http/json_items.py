"""JSON that carries many things: found in the body and read one by one.

A bad item never harms its neighbours, and is judged beside them as it would be alone: there is one way to
read an item, and it is strict.
"""

import json
import re
from collections.abc import Collection, Iterator
from itertools import islice, pairwise
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Raw

from shared.http.json_errors import CHOICES, fault_of
from shared.http.text_safety import text_faults
from shared.http.validation_errors import FieldFault

T = TypeVar("T")
MAX_ITEMS = 1_000
"""Items of one request."""
MAX_ITEM_DEPTH = 64
"""Levels of an item. Beyond some hundreds it depended on who reads it whether it can be read."""


class NotJson(Exception):
    """Nothing in it can be told from its neighbours."""


class TooMany(Exception):
    """More items than one request may carry."""


class BadItem(Exception):
    """This item cannot be taken."""

    def __init__(self, faults: list[FieldFault]) -> None:
        super().__init__(", ".join(fault["field"] for fault in faults))
        self.faults = faults


def elements(array: bytes) -> list[bytes]:
    """The elements of a JSON array, unread.

    :raises NotJson: when this is no array, or its brackets, quotes or commas do not fit together.
    :raises TooMany: when there are more than 1,000.
    """
    try:
        return [bytes(each) for each in _list.decode(array)]
    except msgspec.ValidationError as error:
        raise (TooMany if "length" in str(error) else NotJson) from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _parts(array, b"[", b"]")


def member(body: bytes, name: str) -> bytes | None:
    """The value of an object's member, unread; None where it has none of this name.

    :raises NotJson: when this is no object, or its brackets, quotes or commas do not fit together.
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
            if _loosely(key[1]) == name:
                value = part[key.end() :].strip()
        return value


def _parts(text: bytes, opening: bytes, closing: bytes) -> list[bytes]:
    """What stands between the commas of the outermost pair of brackets."""
    text = text.strip(_BLANKS)
    if text[:1] != opening or text[-1:] != closing:
        raise NotJson
    edges = [0, *islice(_commas(text), MAX_ITEMS), len(text) - 1]
    if len(edges) > MAX_ITEMS + 1:
        raise TooMany
    parts = [text[begin + 1 : end].strip(_BLANKS) for begin, end in pairwise(edges)]
    if parts == [b""]:
        return []
    if b"" in parts:
        raise NotJson
    return parts


def _commas(text: bytes) -> Iterator[int]:
    """Where the outermost commas stand. It looks at strings and brackets alone, in linear time, so it finds
    the end of an item that is no JSON.
    """
    expected: list[bytes] = []
    for token in _STRUCTURE.finditer(text):
        sign = token[0]
        if sign in _CLOSES:
            expected.append(_CLOSES[sign])
        elif sign in _CLOSES.values():
            if not expected or expected.pop() != sign or bool(expected) == (token.end() == len(text)):
                raise NotJson
        elif sign == b",":
            if len(expected) == 1:
                yield token.start()
        elif not token["end"]:
            raise NotJson  # a string without an end
    if expected:
        raise NotJson


def read_item(
    decoder: "msgspec.json.Decoder[T]", item: bytes, *, helps: Collection[str] = (), choices: str = CHOICES
) -> tuple[T, list[str]]:
    """One item, and the pointers of those of ``helps`` in which a character is no character (NUL, half a
    pair): there U+FFFD stands for it. ``choices`` are the words for what an enumeration allows.

    :raises BadItem: naming every fault that can be told, without quoting a value.
    """
    if (item.count(b"{") + item.count(b"[")) > MAX_ITEM_DEPTH and depth(item) > MAX_ITEM_DEPTH:
        raise BadItem(
            [FieldFault(field="/", detail=f"Nested deeper than {MAX_ITEM_DEPTH} levels. Flatten it.")]
        )
    spoilt: list[str] = []
    if b"\\u" in item and _SPOILT.search(item):
        for fault in text_faults(_loosely(item)):
            helping = [
                each for each in helps if fault["field"] == each or fault["field"].startswith(f"{each}/")
            ]
            if not helping:
                raise BadItem([fault])
            spoilt += helping
        if spoilt:
            item = _ESCAPE.sub(_replaced, item)
    try:
        return decoder.decode(item), spoilt
    except UnicodeDecodeError:
        raise BadItem([FieldFault(field="/", detail="Is not UTF-8. Send UTF-8.")]) from None
    except msgspec.ValidationError as error:
        raise BadItem([fault_of(str(error), choices=choices)]) from None
    except (msgspec.MsgspecError, RecursionError):
        faults = text_faults(_loosely(item)) or [
            FieldFault(field="/", detail="Not JSON: a bracket, a quote, a comma or a digit is missing.")
        ]
        raise BadItem(faults) from None


def depth(text: bytes) -> int:
    """How deep the brackets of a JSON text are nested."""
    deepest = now = 0
    for bracket in _BRACKETS.findall(text):
        if bracket in _CLOSES:
            now += 1
            deepest = max(deepest, now)
        elif bracket in (b"}", b"]"):
            now -= 1
    return deepest


def id_of(item: bytes) -> str | None:
    """The id that a refused item gives itself, for its sender to find it, if that much can be read."""
    found = _loosely(item)
    name = found.get("id") if isinstance(found, dict) else None
    return name[:200] if isinstance(name, str) and not text_faults(name) else None


def _loosely(item: bytes) -> Any:
    """Python's reader lets NaN and half characters pass: never to take an item, only to say what is wrong."""
    if depth(item) > MAX_ITEM_DEPTH:
        return None
    try:
        return json.loads(item)
    except ValueError:
        return None


def _replaced(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if _SPOILT.fullmatch(escape[0]) else escape[0]


_list = msgspec.json.Decoder(Annotated[list[Raw], Meta(max_length=MAX_ITEMS)])
_object = msgspec.json.Decoder(dict[str, Raw])
_BLANKS = b" \t\r\n"
_CLOSES = {b"{": b"}", b"[": b"]"}
# A string without an end is matched to the end of all: looked for again at each quote, it cost the square.
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+'
_KEY = re.compile(rb"\s*(" + _STRING + rb'")\s*:', re.DOTALL)
_STRUCTURE = re.compile(rb"(?P<open>" + _STRING + rb')(?P<end>"?)|[\[\]{},]', re.DOTALL)
_BRACKETS = re.compile(_STRING + rb'"?|[\[\]{}]', re.DOTALL)
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL
)
_SPOILT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})")
"""NUL, or half of a pair; the first half of a whole pair too, so who finds one looks again."""
