"""The form of when and how often customers may be written to: its values, and what is wrong with them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from fastapi import Request
from pydantic import ValidationError

from services.dispatcher.contact_policies.counter_rows import COUNTER_ROWS
from services.dispatcher.contact_policies.country_rows import (
    COUNTRY_ROWS,
    NO,
    TWICE_REMEDY,
    YES,
    second_of_two,
)
from services.dispatcher.contact_policies.domain import CompanyPolicy
from services.dispatcher.contact_policies.form_rows import FormRows
from services.dispatcher.contact_policies.labels import (
    CHOICES,
    FIELD_LABELS,
    NOT_SAVED,
    REMEDIES,
    SAME_TIME,
    STALE_FORM,
)
from services.dispatcher.typed_times import HOUR_UNITS, typed_time
from shared.http.form_texts import read_texts
from shared.http.numbers import whole_number
from shared.pages.language import spoken
from shared.values.messages import Message, message

RULES_IN_ROWS: Mapping[str, FormRows[Any]] = {"counter_events": COUNTER_ROWS, "countries": COUNTRY_ROWS}
"""Those rules that are rows of the form, by the fields of the API."""
_FIELDS = {
    "/quiet_hours/mail": "quiet_to",
    "/quiet_hours/mail/from": "quiet_from",
    "/quiet_hours/mail/to": "quiet_to",
    "/quiet_hours/sms": "sms_quiet_to",
    "/quiet_hours/sms/from": "sms_quiet_from",
    "/quiet_hours/sms/to": "sms_quiet_to",
    "/cap_hours": "cap",
    "/relational_distance_days": "relational_distance",
    "/ask_with_open_case": "open_case",
    "/ids_are_shared": "shared_ids",
    "/fewer_months": "fewer_months",
}
"""The fields of the form by those of the API that they stand for."""
_OF_WHOLE = {"/quiet_hours/mail": SAME_TIME, "/quiet_hours/sms": SAME_TIME, "/countries": TWICE_REMEDY}
"""What to do about a fault of several fields together."""
_QUIET_FIELDS = {"mail": "quiet", "sms": "sms_quiet"}
"""By channel, how the fields of its quiet hours begin."""
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class PolicyForm:
    """The form as it was typed: a fault never clears a field."""

    fields: dict[str, str]
    faults: dict[str, Message | str] = field(default_factory=dict)
    refusal: Message | None = None
    """Why it was not saved."""

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")

    @property
    def seen(self) -> int | None:
        """The version of the rules that the form was rendered from."""
        return whole_number(self["version"])

    @property
    def heading(self) -> str:
        """Why it was not saved; empty when nothing was refused."""
        return spoken(self.refusal or "")

    @property
    def summary(self) -> list[tuple[str, str]]:
        """Each field with a fault once, by its label."""
        return [(name, f"{spoken(_label(name))}: {self.fault(name)}") for name in self.faults]

    def fault(self, name: str) -> str:
        """What is wrong with a field; empty when nothing is."""
        return spoken(self.faults.get(name, ""))

    def values(self) -> dict[str, Any]:
        """The body that the API would get."""
        quiet = {
            channel: {"from": self[f"{field}_from"].strip(), "to": self[f"{field}_to"].strip()}
            for channel, field in _QUIET_FIELDS.items()
        }
        distance = whole_number(self["relational_distance"].strip())
        months = whole_number(self["fewer_months"].strip())
        return {
            "quiet_hours": {channel: hours for channel, hours in quiet.items() if any(hours.values())},
            "sundays": {YES: True, NO: False}.get(self["sundays"], self["sundays"]),
            "holidays": {YES: True, NO: False}.get(self["holidays"], self["holidays"]),
            "sms_sundays": {YES: True, NO: False}.get(self["sms_sundays"], self["sms_sundays"]),
            "sms_holidays": {YES: True, NO: False}.get(self["sms_holidays"], self["sms_holidays"]),
            "cap_hours": typed_time(self.fields, "cap", HOUR_UNITS),
            "relational_distance_days": "" if distance is None else distance,
            "ask_with_open_case": {YES: True, NO: False}.get(self["open_case"], self["open_case"]),
            "ids_are_shared": {YES: True, NO: False}.get(self["shared_ids"], self["shared_ids"]),
            "fewer_months": "" if months is None else months,
            **{rules: rows.bodies(self.fields) for rules, rows in RULES_IN_ROWS.items()},
        }

    def with_faults(self, error: ValidationError) -> "PolicyForm":
        """The same with what is wrong beside each field."""
        faults: dict[str, Message | str] = {}
        for each in error.errors():
            place = [str(part) for part in each["loc"]]
            pointer = "/" + "/".join(place)
            name = _FIELDS.get(pointer, pointer.strip("/"))
            if (rows := RULES_IN_ROWS.get(place[0])) is not None:
                name = rows.faulty_name(self.fields, place)
            if pointer == "/countries":
                name = second_of_two(self.fields)
            remedy = _OF_WHOLE.get(pointer) or REMEDIES.get(name) or _of_rows(FormRows.remedy_of, name)
            faults.setdefault(name if remedy is not None else "cap", remedy or REMEDIES["cap"])
        return replace(self, faults=faults, refusal=NOT_SAVED)

    def completed(self, current: CompanyPolicy) -> "PolicyForm":
        """The same; a field that the form did not send is as it is stored, and rows whose key was emptied are
        taken away.
        """
        stored = form_of(current).fields
        fields = {**stored, "version": "", **self.fields}
        if self.seen == current.version:
            for rows in RULES_IN_ROWS.values():
                fields = rows.without_emptied(fields, stored)
        return replace(self, fields=fields)

    def with_conflicts(self, current: CompanyPolicy) -> "PolicyForm":
        """The form of rules that have changed meanwhile, beside each field what is stored by now."""
        stored = form_of(current).fields
        rows = [name for name in {**stored, **self.fields} if _of_rows(FormRows.part_of, name)]
        faults: dict[str, Message | str] = {
            name: message("By now it is “%(value)s”.", value=value)
            if (value := spoken(_choices(name).get(stored.get(name, ""), stored.get(name, ""))))
            else message("By now it is empty.")
            for name in (*FIELD_LABELS, *rows)
            if self[name].strip() != stored.get(name, _of_rows(FormRows.empty_value, name) or "")
        }
        return PolicyForm({**stored, **self.fields, "version": str(current.version)}, faults, STALE_FORM)


def _of_rows(ask: Callable[[FormRows[Any], str], Answer | None], name: str) -> Answer | None:
    """What those rows say of a field's name that have it; None: it is of no row."""
    return next((found for rows in RULES_IN_ROWS.values() if (found := ask(rows, name))), None)


def _label(name: str) -> Message:
    return FIELD_LABELS.get(name) or _of_rows(FormRows.label_of, name) or message("Counter-events")


def _choices(name: str) -> Mapping[str, Message]:
    """What may be chosen in a field, in words."""
    return CHOICES.get(name) or _of_rows(FormRows.choices_of, name) or {}


async def read_form(request: Request) -> PolicyForm:
    """What was typed.

    :raises Problem: 400 when a part of it is no text.
    """
    return PolicyForm(await read_texts(request))


def form_of(policy: CompanyPolicy) -> PolicyForm:
    """The form of the rules as they are stored."""
    rules = policy.rules
    quiet = {field: rules.quiet_hours.get(channel) for channel, field in _QUIET_FIELDS.items()}
    whole_days = rules.cap_hours > HOUR_UNITS["days"] and rules.cap_hours % HOUR_UNITS["days"] == 0
    unit = "days" if whole_days else "hours"
    return PolicyForm(
        {
            "version": str(policy.version),
            **{f"{field}_from": hours.start if hours is not None else "" for field, hours in quiet.items()},
            **{f"{field}_to": hours.end if hours is not None else "" for field, hours in quiet.items()},
            "sundays": YES if rules.sundays else NO,
            "holidays": YES if rules.holidays else NO,
            "sms_sundays": YES if rules.sms_sundays else NO,
            "sms_holidays": YES if rules.sms_holidays else NO,
            "cap": str(rules.cap_hours // HOUR_UNITS[unit]),
            "cap_unit": unit,
            "relational_distance": str(rules.relational_distance_days),
            "open_case": YES if rules.ask_with_open_case else NO,
            "shared_ids": YES if rules.ids_are_shared else NO,
            "fewer_months": str(rules.fewer_months),
            **COUNTER_ROWS.fields_of(rules.counter_events),
            **COUNTRY_ROWS.fields_of(rules.countries),
        }
    )
