"""A row of a file as the item that the API would take, or what is wrong with its cells."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from services.dispatcher.csv_records import Row
from services.dispatcher.csv_tables import MORE_CELLS, has_more_cells
from services.dispatcher.imports.cells import NUMBER_REMEDIES, TIME_REMEDIES, number_of, time_of, whole_of
from services.dispatcher.imports.decoding import UNREADABLE
from services.dispatcher.imports.fields import FIELDS, NUMBER, Kind, find_field
from services.dispatcher.imports.mapping import Mapping, values_of
from services.dispatcher.imports.tables import clean_cell
from shared.events.nps import SCALE
from shared.values.messages import Message, message

EMPTY = message("Is empty. Fill it.")
NO_TEXT = message("Has a character that cannot be read. Save the file as UTF-8 once more.")
NO_SCORE = message("Must be a whole number from 0 to %(most)s.", most=SCALE[-1])


class FaultyRow(NamedTuple):
    """What is wrong with a row."""

    number: int
    column: str
    """Empty: it is in the whole row."""
    remedy: Message | str
    """A text comes from another service, in the language of who began the import."""
    is_taken: bool = False
    """The row is taken without the cell."""


class Item(NamedTuple):
    """What a row becomes."""

    number: int
    content: dict[str, Any]
    """As the body of a request has it; a number may be ``msgspec.Raw``."""


@dataclass(frozen=True)
class ItemReader:
    """Reads the rows of one file."""

    kind: Kind
    mapping: Mapping
    names: Sequence[str]
    zone: ZoneInfo
    """Of the times without an offset."""
    _places: dict[str, int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._places.update((name, place) for place, name in enumerate(self.names))

    def read(self, row: Row) -> Item | FaultyRow:
        """The item of a row. One without an id gets that of its content: sent again it is the same."""
        if row.remedy is not None:
            return FaultyRow(row.number, "", row.remedy)
        if has_more_cells(self.names, row.cells):
            return FaultyRow(row.number, "", MORE_CELLS)
        values = values_of(self.mapping, self._places, [clean_cell(cell) for cell in row.cells])
        content: dict[str, Any] = {}
        for name, text in values.items():
            if UNREADABLE in text:
                return self._fault(row, name, NO_TEXT)
            value = self._value(name, text)
            if isinstance(value, Message):
                return self._fault(row, name, value)
            _put(content, name, value)
        for each in FIELDS[self.kind]:
            if each.required and each.name not in values:
                return self._fault(row, each.name, EMPTY)
        if "id" not in values and any(each.name == "id" for each in FIELDS[self.kind]):
            content["id"] = _id_of(self.kind, values)
        return Item(row.number, content)

    def _fault(self, row: Row, name: str, remedy: Message) -> FaultyRow:
        return FaultyRow(row.number, self.mapping.fields.get(name, ""), remedy)

    def _value(self, name: str, text: str) -> Any:
        """The value that a text says, or a remedy."""
        known = find_field(self.kind, name)
        form = known.form if known is not None else "text"
        if name.startswith(NUMBER):
            written = number_of(text, self.mapping.decimal)
            return NUMBER_REMEDIES[self.mapping.decimal] if written is None else msgspec.Raw(written.encode())
        match form:
            case "time":
                at = time_of(text, self.mapping.dates, self.zone)
                return TIME_REMEDIES[self.mapping.dates] if at is None else at.isoformat()
            case "whole":
                whole = whole_of(text, self.mapping.decimal)
                if name == "score":
                    return NO_SCORE if whole not in SCALE else whole
                return NUMBER_REMEDIES[self.mapping.decimal] if whole is None else whole
            case "path":
                return [part.strip() for part in text.split("/") if part.strip()]
            case _:
                return text


def _put(content: dict[str, Any], name: str, value: Any) -> None:
    if name.startswith(NUMBER):
        name = name.replace(NUMBER, "attributes.", 1)
    group, _, rest = name.partition(".")
    if rest:
        content.setdefault(group, {})[rest] = value
    else:
        content[name] = value


def _id_of(kind: Kind, values: dict[str, str]) -> str:
    written = msgspec.json.encode([kind, sorted(values.items())])
    return f"row-{sha256(written).hexdigest()[:32]}"
