"""From a record to an event as a client sends it: fields by their places in the record, and constants."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from services.trigger.sources.domain import Filter, Rule, SourceRefused
from shared.events.segments import ORGANISATION
from shared.intake.schemas import CUSTOMER_HINTS
from shared.values.json_pointers import pointer
from shared.values.messages import Count, message

MAX_RULES = 60
MAX_PATH_LENGTH = 200
_PLAIN = ("id", "type", "source", "occurred_at", "handled_by", "organisation", "delay_minutes", "attributes")
_CUSTOMER = ("id", "email", *CUSTOMER_HINTS)
_BASIS = ("kind", "at", "source", "wording")
TARGETS = frozenset(
    {
        *_PLAIN,
        *(f"customer.{name}" for name in _CUSTOMER),
        *(f"customer.basis.{name}" for name in _BASIS),
        "account.id",
        "account.manager",
    }
)
"""The fields that a rule may fill, besides ``segments.…`` and ``attributes.…``."""
OPEN_TARGETS = ("segments.", "attributes.")
TIME_FIELDS = frozenset({"occurred_at", "customer.basis.at"})
_TEXTS = frozenset(
    {"id", "type", "source", "customer.id", "customer.email", "customer.phone", "account.id", "handled_by"}
)
"""Where a whole number of the record is as good as a text."""
_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)+")
_IDENTITIES = ("customer.id", "customer.email", "customer.phone")
_MISSING = object()


def check_rules(mapping: Mapping[str, Rule], only: Filter | None) -> None:
    """Check what a company has typed.

    :raises SourceRefused: naming the rule.
    """
    if len(mapping) > MAX_RULES:
        raise SourceRefused("/mapping", message("May have at most %(most)s fields.", most=Count(MAX_RULES)))
    for target, rule in mapping.items():
        place = f"/mapping{pointer(target)}"
        beginning = next((each for each in OPEN_TARGETS if target.startswith(each)), None)
        if target not in TARGETS and (beginning is None or target == beginning):
            raise SourceRefused(
                place, message("There is no such field of an event. Check its spelling, or leave it out.")
            )
        if (rule.path is None) == (rule.value is None):
            raise SourceRefused(place, message("Give a path in the record or a value, and not both."))
        if rule.path is not None:
            _check_path(place, rule.path)
    if mapping and "attributes" in mapping and any(each.startswith("attributes.") for each in mapping):
        raise SourceRefused(
            "/mapping/attributes", message("Map all attributes at once, or each by itself, and not both.")
        )
    if only is not None:
        _check_path("/only/path", only.path)
        if not only.values:
            raise SourceRefused("/only/values", message("Name one value at least."))


def _check_path(place: str, path: str) -> None:
    if len(path) > MAX_PATH_LENGTH or not _POINTER.fullmatch(path):
        raise SourceRefused(place, message("Must be a place in the record such as /customer/email."))


def look_up(record: Any, path: str) -> Any:
    """The value at a JSON pointer; None where there is none."""
    return _found(record, _names(path))


def _found(record: Any, names: Sequence[str]) -> Any:
    found = record
    for name in names:
        if isinstance(found, dict):
            found = found.get(name, _MISSING)
        elif isinstance(found, list) and name.isdecimal() and len(name) < 7:  # noqa: PLR2004  (digits)
            found = found[int(name)] if int(name) < len(found) else _MISSING
        else:
            return None
        if found is _MISSING:
            return None
    return found


@lru_cache(maxsize=10_000)
def _names(path: str) -> tuple[str, ...]:
    """The names along a JSON pointer."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/"))


def is_wanted(record: Any, only: Filter | None) -> bool:
    """Whether the record is an event by the source's filter."""
    if only is None:
        return True
    found = look_up(record, only.path)
    text = "true" if found is True else "false" if found is False else str(found)
    return found is not None and text in only.values


class _Step(NamedTuple):
    """What one rule does."""

    names: Sequence[str] | None
    """Along the path in the record; None: the value is the same for all."""
    value: Any
    convert: Callable[[Any], Any]
    outer: Sequence[str]
    """The objects in which the field stands, from the event inwards."""
    name: str


class EventMapper:
    """Makes events of records by rules, which are prepared once for all records."""

    def __init__(self, mapping: Mapping[str, Rule]) -> None:
        # Without any of them the customer lacks an id, which says more than that there is no customer.
        self._of_customer = any(each in mapping for each in _IDENTITIES)
        self._steps = [_step(target, rule) for target, rule in mapping.items()]

    def event(self, record: Any) -> dict[str, Any]:
        """The event that the rules make of a record, unchecked; what the record lacks is left out."""
        event: dict[str, Any] = {"customer": {}} if self._of_customer else {}
        for names, constant, convert, outer, name in self._steps:
            value = constant if names is None else _found(record, names)
            if value is None:
                continue
            inner = event
            for each in outer:
                inner = inner.setdefault(each, {})
            inner[name] = convert(value)
        return event


def _step(target: str, rule: Rule) -> _Step:
    # The name of a segment or of an attribute may hold dots.
    open_target = any(target.startswith(each) for each in OPEN_TARGETS)
    *outer, name = target.split(".", maxsplit=1 if open_target else -1)
    names = None if rule.path is None else _names(rule.path)
    return _Step(names, rule.value, _conversion(target), outer, name)


def _conversion(target: str) -> Callable[[Any], Any]:
    if target in TIME_FIELDS:
        return time_of
    if target == ORGANISATION:
        return _levels
    if target in _TEXTS or target.startswith("segments."):
        return _text_of
    return lambda value: value


def _levels(value: Any) -> Any:
    return [each for each in value.split("/") if each.strip()] if isinstance(value, str) else value


def _text_of(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


_UNITS = ((10**11, 1), (10**14, 1_000), (10**17, 1_000_000), (10**20, 1_000_000_000))
"""Numbers below the first are seconds (until the year 5138), then milli-, micro- and nanoseconds."""


def time_of(value: Any) -> Any:
    """A time with its zone, where the value is one; a number is in the unit that its size tells."""
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    unit = next((unit for end, unit in _UNITS if abs(value) < end), None)
    if unit is None:
        return value
    try:
        return datetime.fromtimestamp(value / unit, UTC)
    except (OverflowError, ValueError, OSError):
        return value


def place_in_record(field: str, mapping: Mapping[str, Rule]) -> str:
    """The place in the record that a field of an event, a JSON pointer, comes from; else the field."""
    target = field.strip("/").replace("/", ".")
    while target:
        rule = mapping.get(target)
        if rule is not None:
            return rule.path if rule.path is not None else field
        target = target.rpartition(".")[0]
    return field
