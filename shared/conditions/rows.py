"""Conditions in a form: one row for each comparison, and the word that joins them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from shared.conditions.bodies import (
    MAX_COMPARISONS,
    ORDERINGS,
    WITHOUT_VALUE,
    is_text_field,
)
from shared.events.conditions import Condition, ConditionScalar
from shared.values.messages import Message, message

MATCH = "condition_match"
"""The field of the form that says whether all or any must be met."""
EMPTY_ROWS = 3
"""Rows for further comparisons; the saved form has as many again."""
ROW_PARTS = {"field": message("field"), "op": message("comparison"), "value": message("value")}
TRUTHS = {"true": True, "false": False}

NO_ORDER = message('Write a number, such as 49.99. Text that has an order stands in quotes: "2026-01-31".')
DECIMAL_COMMA = message("Write a number with a point, such as 49.99; in quotes it is text.")
OPEN_QUOTE = message("A quote is opened and not closed.")
ROWS_LABEL = message("Which of these must hold")


def row_name(number: int, part: str) -> str:
    """The name of a row's field; it has no dot, since those have a language before it."""
    return f"condition_{number}_{part}"


def label_of_row(name: str) -> tuple[int, Message] | None:
    """The number of a row and the label of its field; None: the name is of no row."""
    found = re.fullmatch(r"condition_(\d{1,3})_(field|op|value)", name)
    return (int(found[1]), ROW_PARTS[found[2]]) if found else None


def can_be_rows(condition: Condition | None) -> bool:
    """Whether a form can show it: one comparison, or all or any of some."""
    return condition is None or all(child.children is None for child in condition.children or ())


def row_fields(condition: Condition | None) -> dict[str, str]:
    """The fields of the form: the comparisons, then empty rows."""
    rows = [] if condition is None else [condition] if condition.children is None else condition.children
    fields = {MATCH: "any" if condition is not None and condition.any is not None else "all"}
    for number, row in enumerate(rows, 1):
        field, op = row.field or "", row.op or "="
        fields |= {row_name(number, "field"): field, row_name(number, "op"): op}
        fields[row_name(number, "value")] = value_text(field, op, row.value)
    for number in range(len(rows) + 1, min(len(rows) + EMPTY_ROWS, MAX_COMPARISONS) + 1):
        fields |= {row_name(number, "field"): "", row_name(number, "op"): "=", row_name(number, "value"): ""}
    return fields


def row_numbers(fields: Mapping[str, str]) -> range:
    """The rows that a form shows: the filled ones, and empty ones behind them."""
    filled = max(_filled(fields), default=0)
    return range(1, min(filled + EMPTY_ROWS, max(MAX_COMPARISONS, filled)) + 1)


def rows_body(fields: Mapping[str, str]) -> dict[str, Any] | None:
    """The conditions as the API takes them, from what was typed; what cannot be read is a ``Message``."""
    rows = []
    for number in _filled(fields):
        field, op, typed = (fields.get(row_name(number, part), "").strip() for part in ROW_PARTS)
        row: dict[str, Any] = {"field": field, "op": op}
        if typed or op not in WITHOUT_VALUE:
            row["value"] = read_value(field, op, typed)
        rows.append(row)
    return {fields.get(MATCH) or "all": rows} if rows else None


def faulty_name(fields: Mapping[str, str], place: list[str]) -> str:
    """The form's field of a fault at a place in the conditions, such as ``["all", "1", "value"]``."""
    match place:
        case [_, index, *parts] if index.isdigit():
            rows, part = list(_filled(fields)), parts[0] if parts and parts[0] in ROW_PARTS else "value"
            return row_name(rows[int(index)], part) if int(index) < len(rows) else MATCH
    return MATCH


def read_value(field: str, op: str, typed: str) -> Any:
    """What somebody typed: several values stand between commas; a text with a comma stands in quotes.

    In attributes, what looks like a number, or is true or false, is that; in quotes it is text.
    """
    if op == "in":
        parts = [part.strip() for part in _PART.findall(typed)]
        listed = [_read_scalar(field, part, quoted=True) for part in parts if part]
        return next((each for each in listed if isinstance(each, Message)), listed)
    value = _read_scalar(field, typed, quoted=not is_text_field(field))
    if is_text_field(field) or not isinstance(value, str) or typed.startswith('"'):
        return value
    if _DECIMAL_COMMA.fullmatch(typed):
        return DECIMAL_COMMA
    return NO_ORDER if op in ORDERINGS and typed else value


def value_text(field: str, op: str, value: Any) -> str:
    """The inverse of :func:`read_value`."""
    if value is None:
        return ""
    if op == "in":
        return ", ".join(_scalar_text(field, op, each) for each in value)
    return _scalar_text(field, op, value)


def _filled(fields: Mapping[str, str]) -> Iterator[int]:
    """The numbers of the rows in which something was typed."""
    numbers = {row[0] for name in fields if (row := label_of_row(name)) is not None}
    for number in sorted(numbers):
        if any(fields.get(row_name(number, part), "").strip() for part in ("field", "value")):
            yield number


def _read_scalar(field: str, typed: str, *, quoted: bool) -> ConditionScalar | Message:
    if quoted and typed.startswith('"'):
        return typed[1:-1].replace('""', '"') if _QUOTED.fullmatch(typed) else OPEN_QUOTE
    if is_text_field(field):
        return typed
    if typed in TRUTHS:
        return TRUTHS[typed]
    if not _NUMBER.fullmatch(typed):
        return typed
    return int(typed) if _WHOLE.fullmatch(typed) else float(typed)


def _scalar_text(field: str, op: str, value: ConditionScalar) -> str:
    if not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else repr(value)
    return value if read_value(field, op, value) == ([value] if op == "in" else value) else _in_quotes(value)


def _in_quotes(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


_NUMBER = re.compile(r"-?\d{1,40}(\.\d{1,40})?([eE][-+]?\d{1,3})?", re.ASCII)
_WHOLE = re.compile(r"-?\d+", re.ASCII)
_DECIMAL_COMMA = re.compile(r"-?[\d.]*\d,\d+", re.ASCII)
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_PART = re.compile(r'\s*("(?:[^"]|"")*"[^,]*|[^,]+)(?:,|$)')
