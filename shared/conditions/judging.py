"""Whether an event meets a survey's conditions, and which of its comparisons do not hold.

Numbers are compared by their exact decimal value, texts in their one normal form. A text is never a number,
however it looks, and neither is true or false. A comparison with a field that the event does not have, or
that is of another kind than the value, does not hold: ``!=`` neither. Only ``missing`` holds then. With a
list it holds if any of its elements compares so; ``!=`` if one of them is another and none the same.
"""

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from shared.conditions.event_fields import EventFields
from shared.conditions.field_forms import COUNTRY, LOCALE, condition_country, covers_locale
from shared.events.conditions import Condition, ConditionScalar, comparisons
from shared.events.segments import ORGANISATION, normalized_segment
from shared.values.text import normalized_text


class FailedComparison(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A comparison that did not hold. What the event had in the field is kept with the event alone."""

    index: int
    """Its place among the comparisons of the tree, from 0."""
    field: str
    op: str
    value: ConditionScalar | tuple[ConditionScalar, ...] | None = None


def failed_comparisons(condition: Condition, fields: EventFields) -> tuple[FailedComparison, ...]:
    """Why an event does not meet a condition; nothing when it does.

    Of several that must all be met, it is the first that is not; of several of which any would do, it is each
    of them. A node without any conditions is met.
    """
    return () if meets(condition, fields) else _failed_of(condition, fields, 0)


def meets(condition: Condition, fields: EventFields) -> bool:
    """Whether an event meets a condition."""
    if condition.all is not None:
        return all(meets(child, fields) for child in condition.all)
    if condition.any is not None:
        return not condition.any or any(meets(child, fields) for child in condition.any)
    return holds(condition, fields)


def _failed_of(condition: Condition, fields: EventFields, index: int) -> tuple[FailedComparison, ...]:
    """Why a condition is not met whose first comparison has this index among all."""
    if condition.children is None:
        return (_failed(condition, index),)
    missed: tuple[FailedComparison, ...] = ()
    for child in condition.children:
        if not meets(child, fields):
            missed += _failed_of(child, fields, index)
            if condition.all is not None:
                break
        index += sum(1 for _ in comparisons(child))
    return missed


def holds(comparison: Condition, fields: EventFields) -> bool:
    """Whether one comparison holds."""
    field, wanted = comparison.field or "", comparison.value
    actual = fields.value(field)
    match comparison.op:
        case "exists":
            return actual is not None
        case "missing":
            return actual is None
        case "in":
            return isinstance(wanted, tuple) and any(_compares(field, actual, "=", each) for each in wanted)
    return _compares(field, actual, comparison.op or "", wanted)


def _compares(field: str, actual: Any, op: str, wanted: Any) -> bool:
    """Whether a value of an event compares so with one of a condition; two kinds never do."""
    if isinstance(actual, tuple):
        return isinstance(wanted, str) and _compares_levels(actual, op, wanted)
    if isinstance(actual, list):
        is_in = any(_compares_one(field, each, "=", wanted) for each in actual)
        return not (op == "!=" and is_in) and any(_compares_one(field, each, op, wanted) for each in actual)
    return _compares_one(field, actual, op, wanted)


def _compares_one(field: str, actual: Any, op: str, wanted: Any) -> bool:
    """The same of one value; a list within a list is none."""
    if isinstance(wanted, str) and isinstance(actual, str):
        if field == LOCALE and op in _EQUALITIES:
            return covers_locale(wanted, actual) == (op == "=")
        if field == COUNTRY:  # an earlier version stored it in other forms
            wanted = condition_country(wanted) or wanted
    kind = _kind(actual)
    if kind is None or kind != _kind(wanted):
        return False
    compare = (_EQUALITIES if kind == "truth" else _OPERATORS).get(op)
    # None: an operator of a later version.
    return compare is not None and bool(compare(_comparable(actual), _comparable(wanted)))


def _compares_levels(levels: tuple[str, ...], op: str, wanted: str) -> bool:
    """An event belongs to each level of its organisation, so ``north`` is that of ``north/sales``, too."""
    is_one = normalized_segment(f"{ORGANISATION}:{wanted}") in levels
    return (op == "=" and is_one) or (op == "!=" and not is_one)


def _kind(value: Any) -> str | None:
    return _KINDS_BY_TYPE.get(type(value))


def _comparable(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(repr(value))  # the number that was typed: a condition has at most 15 digits
    return normalized_text(value) if isinstance(value, str) else value


_KINDS_BY_TYPE: dict[type, str] = {
    bool: "truth",
    int: "number",
    float: "number",
    Decimal: "number",
    str: "text",
}
_EQUALITIES: dict[str, Callable[[Any, Any], Any]] = {"=": operator.eq, "!=": operator.ne}
_OPERATORS = _EQUALITIES | {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def _failed(comparison: Condition, index: int) -> FailedComparison:
    return FailedComparison(
        index=index, field=comparison.field or "", op=comparison.op or "", value=comparison.value
    )
