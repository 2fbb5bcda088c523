"""The faults of a request: the field, and what to write instead, without the value."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

import msgspec

from shared.values.json_pointers import pointer, printable
from shared.values.messages import Message, alternatives, message

if TYPE_CHECKING:
    from pydantic import ValidationError

MAX_FAULTS = 100
MAX_FIELD_LENGTH = 100


class FieldFault(TypedDict):
    """One fault of a request.

    ``field`` is a JSON pointer into the body, or ``query/name``, ``path/name``, ``header/name``.
    """

    field: str
    detail: Message | str


# pydantic's own messages may quote the input, so only these are shown. Their facts are limits of our models.
REMEDIES: dict[str, Message] = {
    "missing": message("Required. Add it."),
    "json_invalid": message("This is not JSON from character %(position)s on."),
    "extra_forbidden": message("There is no such field. Check its spelling, or leave it out."),
    "string_type": message("Must be text."),
    "string_too_short": message("Must have at least %(min_length)s characters."),
    "string_too_long": message("Must have at most %(max_length)s characters."),
    "string_pattern_mismatch": message("Does not have the form that is asked for: %(pattern)s"),
    "int_type": message("Must be a whole number, without quotes."),
    "int_parsing": message("Must be a whole number."),
    "int_from_float": message("Must be a whole number."),
    "int_parsing_size": message("Must be a smaller number."),
    "float_type": message("Must be a number, without quotes."),
    "float_parsing": message("Must be a number."),
    "finite_number": message(
        "NaN and Infinity are no numbers. Leave it out, or write null where that is allowed."
    ),
    "bool_type": message("Must be true or false, without quotes."),
    "bool_parsing": message("Must be true or false."),
    "list_type": message("Must be a list."),
    "tuple_type": message("Must be a list."),
    "dict_type": message("Must be an object."),
    "model_type": message("Must be an object."),
    "model_attributes_type": message("Must be an object. Send JSON, as “Content-Type: application/json”."),
    "none_required": message("Must be null."),
    "too_short": message("Must have at least %(min_length)s items."),
    "too_long": message("Must have at most %(max_length)s items."),
    "greater_than": message("Must be greater than %(gt)s."),
    "greater_than_equal": message("Must be %(ge)s or more."),
    "less_than": message("Must be less than %(lt)s."),
    "less_than_equal": message("Must be %(le)s or less."),
    "multiple_of": message("Must be a multiple of %(multiple_of)s."),
    "literal_error": message("Must be one of %(expected)s."),
    "enum": message("Must be one of %(expected)s."),
    "union_tag_invalid": message("Must be one of %(expected_tags)s."),
    "union_tag_not_found": message("Needs the field %(discriminator)s."),
    "timezone_aware": message("Needs its time zone: 2026-11-22T05:00:00Z or 2026-11-22T06:00:00+01:00."),
    "uuid_type": message("Must be a UUID."),
    "uuid_parsing": message("Must be a UUID, such as 0190a5c0-8a3b-7c1d-9e2f-4b5a6c7d8e9f."),
}
REMEDIES_BY_PREFIX = {
    "datetime_": message("Must be a time with its zone, such as 2026-11-22T05:00:00Z."),
    "date_": message("Must be a day, such as 2026-11-22."),
    "time_": message("Must be a time of day, such as 14:30."),
    "url_": message("Must be an address such as https://shop.example/path."),
    "decimal_": message("Must be a number."),
}


def faults_of_body(error: "ValidationError") -> list[FieldFault]:
    """The faults of a body that something else than a request's JSON has filled, such as a form."""
    return faults_of([{**each, "loc": ("body", *each["loc"])} for each in error.errors()])


def faults_by_name(faults: Iterable[FieldFault]) -> dict[str, Message | str]:
    """What is wrong with each field of a body, or within it: the first fault of each."""
    found: dict[str, Message | str] = {}
    for fault in faults:
        found.setdefault(fault["field"].strip("/").partition("/")[0], fault["detail"])
    return found


def faults_of(errors: Sequence[Mapping[str, Any]]) -> list[FieldFault]:
    """The errors of pydantic as field and remedy; at most ``MAX_FAULTS`` of them."""
    return [FieldFault(field=_field(error), detail=_remedy(error)) for error in errors[:MAX_FAULTS]]


def _field(error: Mapping[str, Any]) -> str:
    where, *parts = error.get("loc") or ("body",)
    if error.get("type") == "json_invalid":
        return "/"
    return pointer(*parts) if where == "body" else "/".join(printable(part) for part in (where, *parts))


def _remedy(error: Mapping[str, Any]) -> Message | str:
    kind, limits = str(error.get("type", "")), dict(error.get("ctx") or {})
    if kind == "json_invalid":
        limits["position"] = (error.get("loc") or ("body", 0))[-1]
    if kind in REMEDIES:
        if "expected" in limits:
            limits["expected"] = alternatives(re.split(", | or ", limits["expected"]))
        return msgspec.structs.replace(REMEDIES[kind], facts=limits)
    for prefix, remedy in REMEDIES_BY_PREFIX.items():
        if kind.startswith(prefix):
            return remedy
    if kind in {"value_error", "assertion_error"}:
        # Our own validators raise with the remedy; a library's (of addresses) may quote the value.
        own = limits.get("error")
        if not isinstance(own, Exception):
            return message("Must be an address such as name@example.com.")
        return own.args[0] if own.args and isinstance(own.args[0], Message) else str(own)
    return message("This value cannot be used here.")
