"""The form of all rules: its fields, the rules as the API takes them, and what is wrong with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from services.alerts.rules.domain import CaseRule, CaseRules
from services.alerts.rules.form_fields import (
    EMPTY_RULE,
    RECIPIENT_PARTS,
    body_of_fields,
    faulty_part,
    fields_of_rule,
)
from services.alerts.rules.labels import RULE_LABELS, RULES_NOT_SAVED
from services.alerts.rules.rule_commands import SavedRules
from services.alerts.rules.schemas import MAX_RULES
from shared.conditions import rows
from shared.conditions.bodies import MAX_COMPARISONS
from shared.http.numbers import whole_number
from shared.http.validation_errors import FieldFault, faults_of
from shared.values.messages import Message

_PLACE_OF_RULE = 2
"""Parts of the place of a rule: the list, and its number there."""


def field_name(number: int, part: str) -> str:
    """The name of a part of the rule of this number."""
    return f"rule_{number}_{part}"


@dataclass(frozen=True)
class RulesForm:
    """The form as it was typed: a fault never clears a field."""

    fields: Mapping[str, str]
    stored: CaseRules
    """The rules as they are stored: they have what the form does not show."""
    faults: Mapping[str, Message | str] = field(default_factory=dict)
    refusal: Message | None = None

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")

    def part(self, number: int, part: str) -> str:
        """What stands in a part of a rule, or in a new one's."""
        return self.fields.get(field_name(number, part), EMPTY_RULE.get(part, ""))

    def fault(self, name: str) -> Message | str:
        """What is wrong with a field; empty: nothing."""
        return self.faults.get(name, "")

    @property
    def seen(self) -> int:
        """The version that it was made of; -1: it was not rendered by us."""
        number = whole_number(self["version"])
        return -1 if number is None else number

    @property
    def numbers(self) -> range:
        """The rules that the form shows: those that are there, and an empty one."""
        return range(1, min(max(self._filled(), default=0) + 1, MAX_RULES) + 1)

    def recipients(self) -> set[str]:
        """Whom the rules name."""
        return {self.part(number, part) for number in self.numbers for part in RECIPIENT_PARTS}

    def condition_rows(self, number: int) -> range | None:
        """The rows of a rule's condition; None: rows cannot show it, so it stays as it is stored."""
        rule = self._stored(number)
        if rule is not None and not rows.can_be_rows(rule.condition):
            return None
        own = self._own(number)
        filled = [n for n in range(1, MAX_COMPARISONS + 1) if own.get(rows.row_name(n, "field"), "").strip()]
        return range(1, min(max(filled, default=0) + 1, MAX_COMPARISONS) + 1)

    def stored_condition(self, number: int) -> Any:
        """The condition that rows cannot show."""
        rule = self._stored(number)
        return rule.condition if rule is not None else None

    def body(self) -> dict[str, Any]:
        """The rules as the API takes them."""
        return {
            "rules": [body_of_fields(self._own(number), self._stored(number)) for number in self._in_order()],
            "account_manager": self["account_manager"].strip() or None,
            "handler": self["handler"].strip() or None,
        }

    def with_errors(self, error: ValidationError) -> "RulesForm":
        """The same with what is wrong beside each field."""
        errors = error.errors()
        return self.with_faults(
            [
                FieldFault(field="/".join(map(str, each["loc"])), detail=fault["detail"])
                for each, fault in zip(errors, faults_of(errors), strict=False)
            ]
        )

    def with_faults(self, found: Sequence[FieldFault]) -> "RulesForm":
        """The same with faults of the API beside the fields that they are about."""
        faults: dict[str, Message | str] = {}
        for each in found:
            faults.setdefault(self._faulty(each["field"].strip("/").split("/")), each["detail"])
        return replace(self, faults=faults, refusal=RULES_NOT_SAVED)

    def summary(self) -> list[tuple[str, Message, Message | str]]:
        """Each faulty field, what it is called, and what is wrong."""
        return [(name, _label(name), fault) for name, fault in self.faults.items()]

    def _in_order(self) -> list[int]:
        def place(number: int) -> tuple[int, int, int]:
            """A rule that is moved gets the place that is typed, whichever rule has it."""
            typed = whole_number(self.part(number, "place").strip())
            wanted = number if typed is None else typed
            return wanted, (wanted > number) - (wanted < number), number

        return sorted(self._filled(), key=place)

    def _filled(self) -> list[int]:
        return [n for n in range(1, MAX_RULES + 1) if self[field_name(n, "name")].strip()]

    def _own(self, number: int) -> dict[str, str]:
        prefix = field_name(number, "")
        mine = ((name, text) for name, text in self.fields.items() if name.startswith(prefix))
        return {name.removeprefix(prefix): text for name, text in mine}

    def _stored(self, number: int) -> CaseRule | None:
        kept = whole_number(self[field_name(number, "stored")])
        return self.stored.rules[kept] if kept is not None and kept < len(self.stored.rules) else None

    def _faulty(self, place: Sequence[str]) -> str:
        """The form's field of a fault at a place such as ``["rules", "0", "closing", "days"]``."""
        numbers = self._in_order()
        if place[0] in RULE_LABELS:
            return place[0]
        index = int(place[1]) if len(place) >= _PLACE_OF_RULE and place[1].isdigit() else 0
        if index >= len(numbers) or len(place) < _PLACE_OF_RULE:
            return field_name(numbers[0] if numbers else 1, "name")
        number = numbers[index]
        return field_name(number, faulty_part(self._own(number), list(place[_PLACE_OF_RULE:])))


def form_of(saved: SavedRules, refusal: Message | None = None) -> RulesForm:
    """The form of the rules as they are stored."""
    fields = {
        "version": str(saved.version),
        "account_manager": saved.rules.account_manager or "",
        "handler": saved.rules.handler or "",
    }
    for number, rule in enumerate(saved.rules.rules, 1):
        own = {**fields_of_rule(rule), "place": str(number), "stored": str(number - 1)}
        fields |= {field_name(number, part): text for part, text in own.items()}
    return RulesForm(fields, saved.rules, refusal=refusal)


def _label(name: str) -> Message:
    part = name.split("_", 2)[-1] if name.startswith("rule_") else name
    return RULE_LABELS.get(part, RULE_LABELS["condition"])
