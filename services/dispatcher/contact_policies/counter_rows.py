"""Counter-events in the form: a row for each, and empty ones behind them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from shared.events import CounterEvent
from shared.events.contact_policies import MAX_COUNTER_EVENTS, MAX_HOLD_HOURS
from shared.http.numbers import whole_number
from shared.values.messages import Count, Message, message

EMPTY_ROWS = 2
HOUR_UNITS = {"hours": 1, "days": 24}
"""What a time can be written in, in hours."""
ROW_LABELS = {
    "type": message("Type of the event"),
    "effect": message("What it does"),
    "scope": message("To which mails"),
    "hold": message("For how long, where they wait"),
    "hold_unit": message("Unit of that time"),
}
EFFECT_LABELS = {"cancel": message("Cancels them"), "hold": message("Lets them wait")}
SCOPE_LABELS = {"order": message("About the same order"), "customer": message("All to the customer")}
ROW_CHOICES = {"effect": EFFECT_LABELS, "scope": SCOPE_LABELS}
ROW_REMEDIES = {
    "type": message("Write one type of event without blanks, such as refund.created; a * may end it."),
    "effect": message("Choose what it does."),
    "scope": message("Choose to which mails."),
    "hold": message(
        "Write a whole number, 1 or more; %(most)s days are the most. What is cancelled has none.",
        most=Count(MAX_HOLD_HOURS // HOUR_UNITS["days"]),
    ),
    "hold_unit": message("Choose hours or days."),
}
_PARTS = {"event_type": "type", "effect": "effect", "scope": "scope", "hold_hours": "hold"}
"""The parts of a row by the fields of the API."""


def row_name(number: int, part: str) -> str:
    """The name of a row's field."""
    return f"counter_{number}_{part}"


def part_of(name: str) -> tuple[int, str] | None:
    """The number of a row and the part of it; None: the name is of no row."""
    found = re.fullmatch(r"counter_([1-9]\d?)_(type|effect|scope|hold|hold_unit)", name)
    return (int(found[1]), found[2]) if found else None


def row_fields(rules: tuple[CounterEvent, ...]) -> dict[str, str]:
    """The fields of the form: the counter-events, then empty rows."""
    fields: dict[str, str] = {}
    for number, rule in enumerate(rules, 1):
        fields |= _row(number, rule)
    for number in range(len(rules) + 1, min(len(rules) + EMPTY_ROWS, MAX_COUNTER_EVENTS) + 1):
        fields |= _row(number, None)
    return fields


def row_numbers(fields: Mapping[str, str]) -> range:
    """The rows that the form shows: the filled ones, and empty ones behind them."""
    return range(1, min(max(_filled(fields), default=0) + EMPTY_ROWS, MAX_COUNTER_EVENTS) + 1)


def rows_body(fields: Mapping[str, str]) -> list[dict[str, Any]]:
    """The counter-events as the API takes them; a row without a type is none."""
    return [_body(fields, number) for number in _filled(fields)]


def faulty_name(fields: Mapping[str, str], place: list[str]) -> str:
    """The form's field of a fault at a place such as ``["counter_events", "0", "hold_hours"]``."""
    rows = list(_filled(fields))
    index = int(place[1]) if len(place) > 1 and place[1].isdigit() else 0
    number = rows[index] if index < len(rows) else 1
    # A fault of a whole row is one of its time.
    return row_name(number, _PARTS.get(place[2] if len(place) > 2 else "", "hold"))  # noqa: PLR2004


def empty_value(name: str) -> str:
    """What an empty row has in this field."""
    part = part_of(name)
    return _row(part[0], None)[name] if part is not None else ""


def row_label(name: str) -> Message | None:
    """The label of a row's field, for the summary of faults; None: the name is of no row."""
    if (part := part_of(name)) is None:
        return None
    return message("Counter-event %(number)s, %(field)s", number=part[0], field=ROW_LABELS[part[1]])


def row_remedy(name: str) -> Message | None:
    """What to do about a fault in a row's field; None: the name is of no row."""
    part = part_of(name)
    return ROW_REMEDIES[part[1]] if part is not None else None


def _row(number: int, rule: CounterEvent | None) -> dict[str, str]:
    hours = rule.hold_hours if rule is not None else None
    unit = "hours" if hours is not None and hours % HOUR_UNITS["days"] else "days"
    return {
        row_name(number, "type"): rule.event_type if rule is not None else "",
        row_name(number, "effect"): rule.effect if rule is not None else "cancel",
        row_name(number, "scope"): rule.scope if rule is not None else "order",
        row_name(number, "hold"): "" if hours is None else str(hours // HOUR_UNITS[unit]),
        row_name(number, "hold_unit"): unit,
    }


def _body(fields: Mapping[str, str], number: int) -> dict[str, Any]:
    typed = {part: fields.get(row_name(number, part), "").strip() for part in ROW_LABELS}
    body: dict[str, Any] = {name: typed[part] for name, part in _PARTS.items() if name != "hold_hours"}
    if typed["hold"]:
        value, unit = whole_number(typed["hold"]), HOUR_UNITS.get(typed["hold_unit"])
        body["hold_hours"] = "" if value is None or unit is None else value * unit
    return body


def _filled(fields: Mapping[str, str]) -> Iterator[int]:
    """The numbers of the rows that have a type."""
    numbers = {part[0] for name in fields if (part := part_of(name)) is not None}
    for number in sorted(numbers):
        if fields.get(row_name(number, "type"), "").strip():
            yield number
