"""The faults of a request: the field, and what to write instead, without the value."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from shared.values.json_pointers import pointer, printable

MAX_FAULTS = 100
MAX_FIELD_LENGTH = 100


class FieldFault(TypedDict):
    """One fault of a request.

    ``field`` is a JSON pointer into the body, or ``query/name``, ``path/name``, ``header/name``.
    """

    field: str
    detail: str


# pydantic's own messages may quote the input, so only these are shown. The placeholders are limits of our
# models.
REMEDIES: dict[str, str] = {
    "missing": "Required. Add it.",
    "json_invalid": "This is not JSON from character {position} on.",
    "extra_forbidden": "There is no such field. Check its spelling, or leave it out.",
    "string_type": "Must be text.",
    "string_too_short": "Must have at least {min_length} characters.",
    "string_too_long": "Must have at most {max_length} characters.",
    "string_pattern_mismatch": "Does not have the form that is asked for: {pattern}",
    "int_type": "Must be a whole number, without quotes.",
    "int_parsing": "Must be a whole number.",
    "int_from_float": "Must be a whole number.",
    "int_parsing_size": "Must be a smaller number.",
    "float_type": "Must be a number, without quotes.",
    "float_parsing": "Must be a number.",
    "finite_number": "NaN and Infinity are no numbers. Leave it out, or write null where that is allowed.",
    "bool_type": "Must be true or false, without quotes.",
    "bool_parsing": "Must be true or false.",
    "list_type": "Must be a list.",
    "tuple_type": "Must be a list.",
    "dict_type": "Must be an object.",
    "model_type": "Must be an object.",
    "model_attributes_type": "Must be an object. Send JSON, as “Content-Type: application/json”.",
    "none_required": "Must be null.",
    "too_short": "Must have at least {min_length} items.",
    "too_long": "Must have at most {max_length} items.",
    "greater_than": "Must be greater than {gt}.",
    "greater_than_equal": "Must be {ge} or more.",
    "less_than": "Must be less than {lt}.",
    "less_than_equal": "Must be {le} or less.",
    "multiple_of": "Must be a multiple of {multiple_of}.",
    "literal_error": "Must be one of {expected}.",
    "enum": "Must be one of {expected}.",
    "union_tag_invalid": "Must be one of {expected_tags}.",
    "union_tag_not_found": "Needs the field {discriminator}.",
    "timezone_aware": "Needs its time zone: 2026-11-22T05:00:00Z or 2026-11-22T06:00:00+01:00.",
    "uuid_type": "Must be a UUID.",
    "uuid_parsing": "Must be a UUID, such as 0190a5c0-8a3b-7c1d-9e2f-4b5a6c7d8e9f.",
}
REMEDIES_BY_PREFIX = {
    "datetime_": "Must be a time with its zone, such as 2026-11-22T05:00:00Z.",
    "date_": "Must be a day, such as 2026-11-22.",
    "time_": "Must be a time of day, such as 14:30.",
    "url_": "Must be an address such as https://shop.example/path.",
    "decimal_": "Must be a number.",
}


def faults_of(errors: Sequence[Mapping[str, Any]]) -> list[FieldFault]:
    """The errors of pydantic as field and remedy; at most ``MAX_FAULTS`` of them."""
    return [FieldFault(field=_field(error), detail=_remedy(error)) for error in errors[:MAX_FAULTS]]


def _field(error: Mapping[str, Any]) -> str:
    where, *parts = error.get("loc") or ("body",)
    if error.get("type") == "json_invalid":
        return "/"
    return pointer(*parts) if where == "body" else "/".join(printable(part) for part in (where, *parts))


def _remedy(error: Mapping[str, Any]) -> str:
    kind, limits = str(error.get("type", "")), dict(error.get("ctx") or {})
    if kind == "json_invalid":
        limits["position"] = (error.get("loc") or ("body", 0))[-1]
    if kind in REMEDIES:
        return REMEDIES[kind].format_map(limits)
    for prefix, remedy in REMEDIES_BY_PREFIX.items():
        if kind.startswith(prefix):
            return remedy
    if kind in {"value_error", "assertion_error"}:
        # Our own validators raise with the remedy; a library's (of addresses) may quote the value.
        own = limits.get("error")
        return str(own) if isinstance(own, Exception) else "Must be an address such as name@example.com."
    return "This value cannot be used here."
