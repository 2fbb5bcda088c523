"""Rules of countries in the form: a row for each, and empty ones behind them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.dispatcher.contact_policies.country_bodies import MAX_DECLARED_CHARS, NO_COUNTRY
from shared.events import CountryRule
from shared.events.contact_policies import MAX_COUNTRIES, MIN_DECLARED_CHARS
from shared.http.numbers import whole_number
from shared.values.messages import Message, message

EMPTY_ROWS = 2
YES, NO = "yes", "no"
ROW_LABELS = {
    "code": message("Country"),
    "needs": message("What an ask needs there"),
    "incentives": message("Surveys with a reward"),
    "age": message("Days after which an event is too old there"),
    "wording": message("Why you may ask all your customers there"),
}
NEED_LABELS = {
    "nothing": message("Nothing"),
    "neutral": message("A neutral survey, or consent"),
    "existing_customer": message("A neutral survey, an existing customer, or consent"),
    "evidence": message("Consent, or a notice when the address was collected"),
}
INCENTIVE_LABELS = {YES: message("May ask"), NO: message("May not ask")}
ROW_CHOICES = {"needs": NEED_LABELS, "incentives": INCENTIVE_LABELS}
ROW_REMEDIES = {
    "code": NO_COUNTRY,
    "needs": message("Choose what an ask needs there."),
    "incentives": message("Choose whether a survey with a reward may ask."),
    "age": message("Write a whole number of days from 1 to 365, or leave it empty."),
    "wording": message(
        "Write in a sentence why you may ask, from %(least)s to %(most)s characters, or leave it empty.",
        least=MIN_DECLARED_CHARS,
        most=MAX_DECLARED_CHARS,
    ),
}
TWICE_REMEDY = message("This country stands here twice. Keep one row of it.")
_PARTS = {
    "country": "code",
    "needs": "needs",
    "incentives": "incentives",
    "max_age_days": "age",
    "declared": "wording",
}
"""The parts of a row by the fields of the API."""


def row_name(number: int, part: str) -> str:
    """The name of a row's field."""
    return f"country_{number}_{part}"


def part_of(name: str) -> tuple[int, str] | None:
    """The number of a row and the part of it; None: the name is of no row."""
    found = re.fullmatch(r"country_([1-9]\d?)_(code|needs|incentives|age|wording)", name)
    return (int(found[1]), found[2]) if found else None


def row_fields(rules: Sequence[CountryRule]) -> dict[str, str]:
    """The fields of the form: the rules, then empty rows."""
    fields: dict[str, str] = {}
    for number, rule in enumerate(rules, 1):
        fields |= _row(number, rule)
    for number in range(len(rules) + 1, min(len(rules) + EMPTY_ROWS, MAX_COUNTRIES) + 1):
        fields |= _row(number, None)
    return fields


def row_numbers(fields: Mapping[str, str]) -> range:
    """The rows that the form shows: the filled ones, and empty ones behind them."""
    return range(1, min(max(_filled(fields), default=0) + EMPTY_ROWS, MAX_COUNTRIES) + 1)


def rows_body(fields: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rules as the API takes them; a row without a country is none."""
    return [_body(fields, number) for number in _filled(fields)]


def faulty_name(fields: Mapping[str, str], place: list[str]) -> str:
    """The form's field of a fault at a place such as ``["countries", "0", "max_age_days"]``."""
    rows = list(_filled(fields))
    if len(place) == 1:
        return _second_of_two(fields, rows)
    index = int(place[1]) if place[1].isdigit() else 0
    number = rows[index] if index < len(rows) else 1
    return row_name(number, _PARTS.get(place[2] if len(place) > 2 else "", "code"))  # noqa: PLR2004


def with_recommended(fields: Mapping[str, str], rules: Sequence[CountryRule]) -> dict[str, str]:
    """The fields with these rules in place of those of the form; what was declared of a country stays."""
    declared = {
        fields.get(row_name(number, "code"), "").strip().upper(): fields.get(row_name(number, "wording"), "")
        for number in _filled(fields)
    }
    others = {name: value for name, value in fields.items() if part_of(name) is None}
    made = row_fields(rules)
    for number, rule in enumerate(rules, 1):
        made[row_name(number, "wording")] = declared.get(rule.country, "")
    return others | made


def empty_value(name: str) -> str:
    """What an empty row has in this field."""
    part = part_of(name)
    return _row(part[0], None)[name] if part is not None else ""


def row_label(name: str) -> Message | None:
    """The label of a row's field, for the summary of faults; None: the name is of no row."""
    if (part := part_of(name)) is None:
        return None
    return message("Country %(number)s, %(field)s", number=part[0], field=ROW_LABELS[part[1]])


def row_remedy(name: str) -> Message | None:
    """What to do about a fault in a row's field; None: the name is of no row."""
    part = part_of(name)
    return ROW_REMEDIES[part[1]] if part is not None else None


def _second_of_two(fields: Mapping[str, str], rows: Sequence[int]) -> str:
    """The field of a country that stands in an earlier row, too."""
    seen: set[str] = set()
    for number in rows:
        code = fields.get(row_name(number, "code"), "").strip().upper()
        if code in seen:
            return row_name(number, "code")
        seen.add(code)
    return row_name(rows[-1] if rows else 1, "code")


def _row(number: int, rule: CountryRule | None) -> dict[str, str]:
    return {
        row_name(number, "code"): rule.country if rule is not None else "",
        row_name(number, "needs"): rule.needs if rule is not None else "evidence",
        row_name(number, "incentives"): YES if rule is None or rule.incentives else NO,
        row_name(number, "age"): str(rule.max_age_days or "") if rule is not None else "",
        row_name(number, "wording"): rule.declared.wording if rule is not None and rule.declared else "",
    }


def _body(fields: Mapping[str, str], number: int) -> dict[str, Any]:
    typed = {part: fields.get(row_name(number, part), "").strip() for part in ROW_LABELS}
    body: dict[str, Any] = {
        "country": typed["code"],
        "needs": typed["needs"],
        "incentives": {YES: True, NO: False}.get(typed["incentives"], typed["incentives"]),
    }
    if typed["age"]:
        days = whole_number(typed["age"])
        body["max_age_days"] = typed["age"] if days is None else days
    if typed["wording"]:
        body["declared"] = {"wording": typed["wording"]}
    return body


def _filled(fields: Mapping[str, str]) -> Iterator[int]:
    """The numbers of the rows that have a country."""
    numbers = {part[0] for name in fields if (part := part_of(name)) is not None}
    for number in sorted(numbers):
        if fields.get(row_name(number, "code"), "").strip():
            yield number
