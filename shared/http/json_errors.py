"""The errors of msgspec as field and remedy in a client's words, without the value."""

import re

from shared.http.validation_errors import FieldFault
from shared.values.json_pointers import pointer

TYPE_NAMES = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
ENUM_CHOICES = "one of the values that the API's document lists"


def fault_of(message: str, *, choices: str = ENUM_CHOICES) -> FieldFault:
    """A message such as "Expected `str`, got `int` - at `$.customer.id`" as field and remedy.

    :param choices: describes the allowed values where a text is not among those of an enumeration.
    """
    problem, path = _split(message)
    if problem.startswith("Object missing required field"):
        return FieldFault(field=pointer(*path, problem.split("`")[1]), detail="Required. Add it.")
    if problem.startswith("Object contains unknown field"):
        name = problem.removeprefix("Object contains unknown field `").removesuffix("`")
        detail = "There is no such field. Check its spelling, or put it under attributes."
        return FieldFault(field=pointer(*path, name), detail=detail)
    return FieldFault(field=pointer(*path), detail=_remedy(problem, choices))


def _remedy(problem: str, choices: str) -> str:
    for fragment, remedy in _REMEDIES:
        if fragment in problem:
            return remedy
    if problem.startswith("Invalid enum value"):
        return f"Must be {choices}."
    expected = re.match(r"Expected `([^`]*)`", problem)
    if expected is None:
        return "Cannot be read. See the API's document for what belongs here."
    types = expected[1].split(" | ")
    if limit := re.search(r" of length ([<>]=) (\d+)", problem):
        return _length_remedy(types[0], limit[1], limit[2])
    if bound := re.search(r" ([<>]=) (-?\d+)", problem):
        return f"Must be at {'most' if bound[1] == '<=' else 'least'} {bound[2]}."
    wanted = [TYPE_NAMES.get(name, "a time") for name in types if name != "null"]
    return f"Must be {' or '.join(wanted)}{_GOT.get(problem.rpartition(', got ')[2], '')}."


def _length_remedy(kind: str, sign: str, limit: str) -> str:
    units = {"str": "characters", "object": "members"}.get(kind, "items")
    if sign == "<=":
        return f"Must have at most {limit} {units}."
    return "Must not be empty." if limit == "1" else f"Must have at least {limit} {units}."


_REMEDIES = (
    ("timezone component", "Needs its time zone, such as 2026-11-22T05:00:00Z."),
    ("RFC3339", "Must be a time with its zone, such as 2026-11-22T05:00:00Z."),
    ("out of range", "This number is beyond all bounds."),
)
_GOT = {"`null`": ", not null", "`bool`": ", not true or false", "`str`": ", not text in quotes"}


def _split(message: str) -> tuple[str, list[str | int]]:
    """The problem, and the path to the field."""
    problem, at, where = message.rpartition(" - at ")
    path = _PATH.fullmatch(where)
    if not at or path is None:
        return message, []
    steps = _PATH_STEP.findall(path[1])
    return problem, [int(index) if index else name for name, index in steps if name or index]


_PATH = re.compile(r"(?:`key` in )?`\$([^`]*)`")
# msgspec writes a member of a map as [...], without its name.
_PATH_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[\.\.\.\]")
