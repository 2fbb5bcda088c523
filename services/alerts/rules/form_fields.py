"""A rule as the fields of a form, and the fields of a form as a rule of the API."""

from collections.abc import Mapping
from typing import Any

import msgspec

from services.alerts.calendars.working_time import TimeLimit
from services.alerts.rules.domain import CaseRule
from services.alerts.rules.labels import recipient_key
from shared.conditions import rows
from shared.http.numbers import whole_number

FORM_LEVELS = 2
"""Levels of escalation that the form shows; further ones are changed by the API."""
RECIPIENT_PARTS = ("to", *(f"level{level}" for level in range(1, FORM_LEVELS + 1)))
HOURS_PER_DAY = 24
EMPTY_RULE: Mapping[str, str] = {
    "place": "",
    "name": "",
    "lowest": "0",
    "highest": "10",
    "contact": "no",
    "measurement": "",
    "words": "",
    "segments": "",
    "priority": "normal",
    "to": "",
    "first": "1",
    "first_unit": "days",
    "close": "7",
    "close_unit": "days",
    "warn": "75",
    "level1": "role:team_leader",
    "level1_after": "0",
    "level1_unit": "hours",
    "level2": "",
    "level2_after": "0",
    "level2_unit": "hours",
}
"""The parts of a rule, as they stand where none is yet."""
PARTS_BY_FIELD = {
    "name": "name",
    "lowest": "lowest",
    "highest": "highest",
    "words": "words",
    "segments": "segments",
    "measurement": "measurement",
    "priority": "priority",
    "to": "to",
    "first_contact": "first",
    "closing": "close",
    "warn_percent": "warn",
}
"""The parts by the fields of the API."""


def fields_of_rule(rule: CaseRule) -> dict[str, str]:
    """What stands in the parts of a rule, and in the rows of its condition."""
    levels: dict[str, str] = {}
    for level in range(1, FORM_LEVELS + 1):
        found = rule.clocks.escalations[level - 1 : level]
        levels[f"level{level}"] = recipient_key(found[0].to) if found else ""
        levels |= _time_fields(
            f"level{level}_after", f"level{level}_unit", found[0].after if found else TimeLimit()
        )
    return {
        **(rows.row_fields(rule.condition) if rows.can_be_rows(rule.condition) else {}),
        "name": rule.name,
        "lowest": str(rule.lowest),
        "highest": str(rule.highest),
        "contact": "yes" if rule.wants_contact else "no",
        "measurement": rule.measurement or "",
        "words": "\n".join(rule.words),
        "segments": "\n".join(rule.segments),
        "priority": rule.priority,
        "to": recipient_key(rule.to),
        **_time_fields("first", "first_unit", rule.clocks.first_contact),
        **_time_fields("close", "close_unit", rule.clocks.closing),
        "warn": str(rule.clocks.warn_percent),
        **levels,
    }


def body_of_fields(fields: Mapping[str, str], stored: CaseRule | None) -> dict[str, Any]:
    """A rule as the API takes it; ``stored`` has what the form does not show."""
    typed = {part: fields.get(part, "").strip() for part in EMPTY_RULE}
    levels = [level for n in range(1, FORM_LEVELS + 1) if (level := _level(typed, f"level{n}")) is not None]
    if stored is not None:
        levels += [_as_json(each) for each in stored.clocks.escalations[FORM_LEVELS:]]
    return {
        "name": typed["name"],
        "lowest": _number(typed["lowest"]),
        "highest": _number(typed["highest"]),
        "words": _lines(fields.get("words", "")),
        "segments": _lines(fields.get("segments", "")),
        "wants_contact": typed["contact"] == "yes",
        "measurement": typed["measurement"] or None,
        "condition": _condition(fields, stored),
        "priority": typed["priority"],
        "to": _recipient(typed["to"]),
        "first_contact": _time(typed, "first"),
        "closing": _time(typed, "close"),
        "warn_percent": _number(typed["warn"] or "0"),
        "escalations": levels,
    }


def faulty_part(fields: Mapping[str, str], place: list[str]) -> str:
    """The part of a rule in which a fault is, by its place such as ``["closing", "days"]``."""
    match place:
        case ["escalations", level, part, *_] if level.isdigit():
            shown = f"level{min(int(level) + 1, FORM_LEVELS)}"
            return f"{shown}_after" if part == "after" else shown
        case ["escalations", *_]:
            return f"level{FORM_LEVELS}_after"
        case ["condition", *within]:
            faulty = rows.faulty_name(fields, within)
            return rows.row_name(1, "field") if faulty == rows.MATCH else faulty
        case [part, *_] if part in PARTS_BY_FIELD:
            return PARTS_BY_FIELD[part]
    return "highest"


def _condition(fields: Mapping[str, str], stored: CaseRule | None) -> Any:
    if stored is not None and not rows.can_be_rows(stored.condition):
        return _as_json(stored.condition)
    return rows.rows_body(fields)


def _as_json(value: Any) -> Any:
    """As the API takes it: with lists, which ``to_builtins`` makes tuples."""
    return msgspec.json.decode(msgspec.json.encode(value))


def _level(typed: Mapping[str, str], level: str) -> dict[str, Any] | None:
    to = _recipient(typed[level])
    return None if to is None else {"after": _time(typed, level, f"{level}_after"), "to": to}


def _time(typed: Mapping[str, str], name: str, number: str | None = None) -> dict[str, int | str]:
    return {typed[f"{name}_unit"] or "hours": _number(typed[number or name] or "0")}


def _time_fields(name: str, unit: str, limit: TimeLimit) -> dict[str, str]:
    """A time in one unit; where the API has set days and hours, a day is shown as 24 hours."""
    if limit.days and not limit.hours:
        return {name: str(limit.days), unit: "days"}
    return {name: str(limit.days * HOURS_PER_DAY + limit.hours), unit: "hours"}


def _number(text: str) -> int | str:
    number = whole_number(text)
    return text if number is None else number


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _recipient(key: str) -> dict[str, str] | None:
    kind, _, value = key.partition(":")
    return {kind: value} if key else None
