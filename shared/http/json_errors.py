"""What msgspec finds wrong with a JSON text, as field and remedy in a client's words, without the value."""

import re

from shared.http.validation_errors import FieldFault
from shared.values.json_pointers import pointer

_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
CHOICES = "one of the values that the API's document lists"


def fault_of(message: str, *, choices: str = CHOICES) -> FieldFault:
    """The sentence "Expected `str`, got `int` - at `$.customer.id`" as field and remedy.

    :param choices: what is allowed where a text is none of a few.
    """
    what, place = _apart(message)
    if what.startswith("Object missing required field"):
        return FieldFault(field=pointer(*place, what.split("`")[1]), detail="Required. Add it.")
    if what.startswith("Object contains unknown field"):
        name = what.removeprefix("Object contains unknown field `").removesuffix("`")
        detail = "There is no such field. Check its spelling, or put it under attributes."
        return FieldFault(field=pointer(*place, name), detail=detail)
    return FieldFault(field=pointer(*place), detail=_remedy(what, choices))


def _remedy(what: str, choices: str) -> str:
    for beginning, remedy in _REMEDIES:
        if beginning in what:
            return remedy
    if what.startswith("Invalid enum value"):
        return f"Must be {choices}."
    kind = re.match(r"Expected `([^`]*)`", what)
    if kind is None:
        return "Cannot be read. See the API's document for what belongs here."
    names = kind[1].split(" | ")
    if limit := re.search(r" of length ([<>]=) (\d+)", what):
        return _length(names[0], limit[1], limit[2])
    if bound := re.search(r" ([<>]=) (-?\d+)", what):
        return f"Must be at {'most' if bound[1] == '<=' else 'least'} {bound[2]}."
    wanted = [_WORDS.get(name, "a time") for name in names if name != "null"]
    return f"Must be {' or '.join(wanted)}{_WRONG.get(what.rpartition(', got ')[2], '')}."


def _length(kind: str, sign: str, limit: str) -> str:
    things = {"str": "characters", "object": "members"}.get(kind, "items")
    if sign == "<=":
        return f"Must have at most {limit} {things}."
    return "Must not be empty." if limit == "1" else f"Must have at least {limit} {things}."


_REMEDIES = (
    ("timezone component", "Needs its time zone, such as 2026-11-22T05:00:00Z."),
    ("RFC3339", "Must be a time with its zone, such as 2026-11-22T05:00:00Z."),
    ("out of range", "This number is beyond all bounds."),
)
_WRONG = {"`null`": ", not null", "`bool`": ", not true or false", "`str`": ", not text in quotes"}


def _apart(message: str) -> tuple[str, list[str | int]]:
    what, at, where = message.rpartition(" - at ")
    place = _PLACE.fullmatch(where)
    if not at or place is None:
        return message, []
    steps = _STEP.findall(place[1])
    return what, [int(index) if index else name for name, index in steps if name or index]


_PLACE = re.compile(r"(?:`key` in )?`\$([^`]*)`")
# A member of a map stands as [...]: which one is not told.
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[\.\.\.\]")
