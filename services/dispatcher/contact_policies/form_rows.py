"""Rows of the form: one for each of a company's rules of a kind, and empty ones behind them."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from shared.values.messages import Message

EMPTY_ROWS = 2
Rule = TypeVar("Rule")
Typed = Mapping[str, str]
"""What stands in a row, by its part."""


@dataclass(frozen=True, kw_only=True)
class FormRows(Generic[Rule]):
    """The rows of one kind of rule: what their fields are called, and how a row becomes a rule of the API."""

    prefix: str
    """Of the names of their fields: ``prefix_number_part``."""
    labels: Mapping[str, Message]
    """Of each part, in the order in which they stand."""
    choices: Mapping[str, Mapping[str, Message]]
    """What may be chosen in those parts that are chosen."""
    remedies: Mapping[str, Message]
    """What to do about a fault in each part."""
    in_summary: Callable[[int, Message], Message]
    """What a part of the row of a number is called in the summary of faults."""
    parts: Mapping[str, str]
    """By the fields of the API."""
    key: str
    """The part that names the rule: a row whose key alone was emptied is taken away."""
    whole: str
    """The part at which a fault of a whole row is shown."""
    most: int
    """So many rules there may be."""
    typed_of: Callable[[Rule | None], Typed]
    """What stands in the row of a rule; of None, in an empty one."""
    body_of: Callable[[Typed], dict[str, Any]]
    """The rule as the API takes it."""

    def name(self, number: int, part: str) -> str:
        """The name of a row's field."""
        return f"{self.prefix}_{number}_{part}"

    def part_of(self, name: str) -> tuple[int, str] | None:
        """The number of a row and the part of it; None: the name is of no row of this kind."""
        found = re.fullmatch(rf"{self.prefix}_([1-9]\d?)_({'|'.join(self.labels)})", name)
        return (int(found[1]), found[2]) if found else None

    def fields_of(self, rules: Sequence[Rule]) -> dict[str, str]:
        """The fields of the form: the rules, then empty rows."""
        empty = min(EMPTY_ROWS, self.most - len(rules))
        rows: list[Rule | None] = [*rules, *([None] * empty)]
        return {
            self.name(number, part): value
            for number, rule in enumerate(rows, 1)
            for part, value in self.typed_of(rule).items()
        }

    def numbers(self, fields: Typed) -> range:
        """The rows that the form shows: the filled ones, and empty ones behind them."""
        return range(1, min(max(self.filled(fields), default=0) + EMPTY_ROWS, self.most) + 1)

    def filled(self, fields: Typed) -> Iterator[int]:
        """The numbers of the rows that are a rule: anything in them is not as in an empty one."""
        numbers = {part[0] for name in fields if (part := self.part_of(name)) is not None}
        empty = self.typed_of(None)
        return (
            n
            for n in sorted(numbers)
            if any(fields.get(self.name(n, part), value).strip() != value for part, value in empty.items())
        )

    def without_emptied(self, fields: Typed, stored: Typed) -> dict[str, str]:
        """The fields; a row that is as it is stored but for its key, which is empty, is an empty row."""
        empty, changed = self.typed_of(None), dict(fields)
        for number in self.filled(stored):
            names = {part: self.name(number, part) for part in empty}
            if not fields.get(names[self.key], "").strip() and all(
                fields.get(name, "").strip() == stored.get(name, "")
                for part, name in names.items()
                if part != self.key
            ):
                changed |= {name: empty[part] for part, name in names.items()}
        return changed

    def bodies(self, fields: Typed) -> list[dict[str, Any]]:
        """The rules as the API takes them."""
        return [
            self.body_of({part: fields.get(self.name(number, part), "").strip() for part in self.labels})
            for number in self.filled(fields)
        ]

    def faulty_name(self, fields: Typed, place: Sequence[str]) -> str:
        """The form's field of a fault at a place such as ``["counter_events", "0", "hold_hours"]``."""
        index, part = (*place[1:3], "", "")[:2]
        rows = list(self.filled(fields))
        number = rows[int(index)] if index.isdigit() and int(index) < len(rows) else 1
        return self.name(number, self.parts.get(part, self.whole))

    def empty_value(self, name: str) -> str:
        """What an empty row has in this field."""
        part = self.part_of(name)
        return self.typed_of(None)[part[1]] if part is not None else ""

    def label_of(self, name: str) -> Message | None:
        """What a row's field is called in the summary of faults; None: the name is of no row."""
        part = self.part_of(name)
        return self.in_summary(part[0], self.labels[part[1]]) if part is not None else None

    def choices_of(self, name: str) -> Mapping[str, Message]:
        """What may be chosen in a row's field; nothing where it is typed, and where the name is of no row."""
        part = self.part_of(name)
        return self.choices.get(part[1], {}) if part is not None else {}

    def remedy_of(self, name: str) -> Message | None:
        """What to do about a fault in a row's field; None: the name is of no row."""
        part = self.part_of(name)
        return self.remedies[part[1]] if part is not None else None
