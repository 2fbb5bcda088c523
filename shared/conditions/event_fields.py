"""The fields of an event that conditions compare."""

from collections.abc import Callable, Iterator
from decimal import Decimal, DecimalException
from functools import cached_property
from typing import Any

import msgspec
from msgspec import UNSET

from shared.conditions.field_forms import COUNTRY, LOCALE, event_country, event_locale
from shared.events import Invitation, Transaction, levels
from shared.events.conditions import ATTRIBUTE_FIELD, SEGMENT_FIELD
from shared.values.text import normalized_text

MAX_NAMED_DEPTH = 4
"""Objects within objects of an event's attributes whose fields are named to an editor."""


class EventFields:
    """An event, or what its invitation tells of it, by the names of its fields.

    Its attributes are decoded once, and only when asked for.
    """

    def __init__(self, transaction: Transaction | Invitation) -> None:
        self._transaction = transaction
        self._decoded: dict[str, Any] | None = None

    def value(self, name: str) -> Any:
        """The value of a field; None: the event does not have it, or it is null.

        Numbers are ``int`` or ``Decimal``, with every digit as it was written; the organisation is the tuple
        of its levels, from the top. Whatever is nested further is a list or an object.
        """
        if name.startswith(SEGMENT_FIELD):
            return self._segment(name.removeprefix(SEGMENT_FIELD))
        if name.startswith(ATTRIBUTE_FIELD):
            return self._attribute(name.removeprefix(ATTRIBUTE_FIELD).split("."))
        read = _FIELDS.get(name)
        return read(self._transaction) if read is not None else None

    def names(self) -> Iterator[str]:
        """The names of the event's dimensions, and of the attributes that hold a value or a list of some."""
        for dimension in self._segments:
            yield SEGMENT_FIELD + dimension
        yield from _names(self._attributes, ATTRIBUTE_FIELD, 1)

    def _segment(self, dimension: str) -> str | None:
        value = self._transaction.segments.get(dimension)
        return normalized_text(value) if value is not None else self._segments.get(dimension)

    @cached_property
    def _segments(self) -> dict[str, str]:
        """Events of earlier versions hold texts in other forms."""
        segments = self._transaction.segments
        return {normalized_text(name): normalized_text(value) for name, value in segments.items()}

    @property
    def _attributes(self) -> dict[str, Any]:
        if self._decoded is None:  # a cached property takes a lock, which costs as much as the decoding
            self._decoded = self._read_attributes()
        return self._decoded

    def _read_attributes(self) -> dict[str, Any]:
        stored = self._transaction.attributes
        if stored is UNSET:
            return {}
        try:
            value = _attributes.decode(stored)
        except (msgspec.MsgspecError, DecimalException, RecursionError):
            return {}  # a number beyond all bounds, which the trigger service refuses
        return value if isinstance(value, dict) else {}

    def _attribute(self, path: list[str]) -> Any:
        value: Any = self._attributes
        for part in path:
            if not isinstance(value, dict):
                return None
            value = value[part] if part in value else _by_normal_form(value, part)
        return value


def _by_normal_form(value: dict[str, Any], part: str) -> Any:
    """Names of attributes are kept as the back-end writes them."""
    return next((each for name, each in value.items() if normalized_text(name) == part), None)


def _names(value: dict[str, Any], prefix: str, depth: int) -> Iterator[str]:
    for name, each in value.items():
        if not name or "." in name:
            continue  # no path leads to it
        if isinstance(each, dict) and depth < MAX_NAMED_DEPTH:
            yield from _names(each, f"{prefix}{name}.", depth + 1)
        elif any(
            isinstance(one, str | int | Decimal) for one in (each if isinstance(each, list) else [each])
        ):
            yield prefix + name


def _type(event: Transaction | Invitation) -> str:
    return event.type if isinstance(event, Transaction) else event.event_type


_FIELDS: dict[str, Callable[[Transaction | Invitation], Any]] = {
    "type": _type,
    "touchpoint": lambda event: event.segments.get("touchpoint"),
    "handled_by": lambda event: event.handled_by,
    COUNTRY: lambda event: event_country(event.customer.country),
    LOCALE: lambda event: event_locale(event.customer.locale),
    "organisation": lambda event: tuple(levels(event.organisation)) or None,
}
"""Those of ``EVENT_FIELDS``."""
_attributes = msgspec.json.Decoder(float_hook=Decimal)
