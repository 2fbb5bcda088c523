"""Rules of countries in the form."""

from collections.abc import Sequence
from typing import Any

from services.dispatcher.contact_policies.country_bodies import MAX_DECLARED_CHARS, NO_COUNTRY
from services.dispatcher.contact_policies.form_rows import FormRows, Typed
from shared.events import CountryRule
from shared.events.contact_policies import MAX_COUNTRIES, MIN_DECLARED_CHARS
from shared.http.numbers import whole_number
from shared.values.messages import message

YES, NO = "yes", "no"
TWICE_REMEDY = message("This country stands here twice. Keep one row of it.")


def _typed(rule: CountryRule | None) -> Typed:
    return {
        "code": rule.country if rule is not None else "",
        "needs": rule.needs if rule is not None else "evidence",
        "incentives": YES if rule is None or rule.incentives else NO,
        "age": str(rule.max_age_days or "") if rule is not None else "",
        "wording": rule.declared.wording if rule is not None and rule.declared else "",
    }


def _body(typed: Typed) -> dict[str, Any]:
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


COUNTRY_ROWS = FormRows[CountryRule](
    prefix="country",
    labels={
        "code": message("Country"),
        "needs": message("What an ask needs there"),
        "incentives": message("Surveys with a reward"),
        "age": message("Days after which an event is too old there"),
        "wording": message("Why you may ask all your customers there"),
    },
    choices={
        "needs": {
            "nothing": message("Nothing"),
            "neutral": message("A neutral survey, or consent"),
            "existing_customer": message("A neutral survey, an existing customer, or consent"),
            "evidence": message("Consent, or a notice when the address was collected"),
        },
        "incentives": {YES: message("May ask"), NO: message("May not ask")},
    },
    remedies={
        "code": NO_COUNTRY,
        "needs": message("Choose what an ask needs there."),
        "incentives": message("Choose whether a survey with a reward may ask."),
        "age": message("Write a whole number of days from 1 to 365, or leave it empty."),
        "wording": message(
            "Write in a sentence why you may ask, from %(least)s to %(most)s characters, or leave it empty.",
            least=MIN_DECLARED_CHARS,
            most=MAX_DECLARED_CHARS,
        ),
    },
    in_summary=lambda number, part: message("Country %(number)s, %(field)s", number=number, field=part),
    parts={
        "country": "code",
        "needs": "needs",
        "incentives": "incentives",
        "max_age_days": "age",
        "declared": "wording",
    },
    key="code",
    whole="code",
    most=MAX_COUNTRIES,
    typed_of=_typed,
    body_of=_body,
)


def with_recommended(fields: Typed, rules: Sequence[CountryRule]) -> dict[str, str]:
    """The fields with these rules in place of those of the form; what was declared of a country stays, and so
    does a row of which nobody has said for which country it is.
    """
    rows = COUNTRY_ROWS
    declared = {
        _code(fields, number): fields.get(rows.name(number, "wording"), "") for number in rows.filled(fields)
    }
    others = {name: value for name, value in fields.items() if rows.part_of(name) is None}
    made = rows.fields_of(rules)
    for number, rule in enumerate(rules, 1):
        made[rows.name(number, "wording")] = declared.get(rule.country, "")
    unnamed = [number for number in rows.filled(fields) if not _code(fields, number)]
    for to, number in zip(range(len(rules) + 1, MAX_COUNTRIES + 1), unnamed, strict=False):
        made |= {rows.name(to, part): fields.get(rows.name(number, part), "") for part in rows.labels}
    return others | made


def second_of_two(fields: Typed) -> str:
    """The field of a country that stands in an earlier row, too."""
    seen: set[str] = set()
    for number in COUNTRY_ROWS.filled(fields):
        if (code := _code(fields, number)) in seen:
            return COUNTRY_ROWS.name(number, "code")
        seen.add(code)
    return COUNTRY_ROWS.name(1, "code")


def _code(fields: Typed, number: int) -> str:
    return fields.get(COUNTRY_ROWS.name(number, "code"), "").strip().upper()
