"""Conditions as sentences, for staff."""

from shared.conditions.bodies import Operator
from shared.events.conditions import Condition
from shared.pages.language import spoken, translated
from shared.values.messages import Message, message

OPERATOR_LABELS: dict[Operator, Message] = {
    "=": message("is"),
    "!=": message("is there and is not"),
    "<": message("is less than"),
    "<=": message("is at most"),
    ">": message("is more than"),
    ">=": message("is at least"),
    "in": message("is one of"),
    "exists": message("is there"),
    "missing": message("is not there"),
}


def operator_label(op: str) -> str:
    """An operator in words; one of a later version as it is."""
    return next((spoken(label) for known, label in OPERATOR_LABELS.items() if known == op), op)


def value_label(value: object) -> str:
    """A value as a sentence has it: texts in quotation marks, so that they differ from numbers."""
    match value:
        case bool():
            return "true" if value else "false"  # as the form takes them
        case str():
            return translated("“%(text)s”") % {"text": value}
        case tuple() | list():
            return ", ".join(value_label(each) for each in value)
        case dict():
            return translated("an object")
    return str(value)


def comparison_sentence(field: str, op: str, value: object) -> str:
    """One comparison, such as “attributes.total is at least 50”."""
    words = [field, operator_label(op), *([value_label(value)] if value is not None else [])]
    return " ".join(words)


def condition_sentence(condition: Condition, *, inner: bool = False) -> str:
    """A whole tree; ``inner``: it is a part of another one, and stands in brackets."""
    if condition.children is None:
        return comparison_sentence(condition.field or "", condition.op or "", condition.value)
    parts = [condition_sentence(child, inner=True) for child in condition.children]
    word = translated("and") if condition.all is not None else translated("or")
    joined = f" {word} ".join(parts)
    return f"({joined})" if inner and len(parts) > 1 else joined
