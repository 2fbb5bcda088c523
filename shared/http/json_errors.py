"""The errors of msgspec as field and remedy in a client's words, without the value."""

import re

import msgspec

from shared.http.validation_errors import FieldFault
from shared.values.json_pointers import pointer
from shared.values.messages import Message, message

TYPE_NAMES = {
    "str": message("text"),
    "int": message("a whole number"),
    "float": message("a number"),
    "bool": message("true or false"),
    "array": message("a list"),
    "object": message("an object"),
    "null": message("null"),
}
ENUM_CHOICES = message("one of the values that the API's document lists")


def fault_of(error: str, *, choices: Message = ENUM_CHOICES) -> FieldFault:
    """An error such as "Expected `str`, got `int` - at `$.customer.id`" as field and remedy.

    :param choices: describes the allowed values where a text is not among those of an enumeration.
    """
    problem, path = _split(error)
    if problem.startswith("Object missing required field"):
        return FieldFault(field=pointer(*path, problem.split("`")[1]), detail=message("Required. Add it."))
    if problem.startswith("Object contains unknown field"):
        name = problem.removeprefix("Object contains unknown field `").removesuffix("`")
        detail = message("There is no such field. Check its spelling, or put it under attributes.")
        return FieldFault(field=pointer(*path, name), detail=detail)
    return FieldFault(field=pointer(*path), detail=_remedy(problem, choices))


def _remedy(problem: str, choices: Message) -> Message:
    for fragment, remedy in _REMEDIES:
        if fragment in problem:
            return remedy
    if problem.startswith("Invalid enum value"):
        return message("Must be %(choices)s.", choices=choices)
    expected = re.match(r"Expected `([^`]*)`", problem)
    if expected is None:
        return message("Cannot be read. See the API's document for what belongs here.")
    types = expected[1].split(" | ")
    if limit := re.search(r" of length ([<>]=) (\d+)", problem):
        return _length_remedy(types[0], limit[1], limit[2])
    if bound := re.search(r" ([<>]=) (-?\d+)", problem):
        return msgspec.structs.replace(_BOUND_REMEDIES[bound[1]], facts={"bound": bound[2]})
    return _type_remedy(types, problem.rpartition(", got ")[2])


def _type_remedy(types: list[str], got: str) -> Message:
    wanted, *others = [TYPE_NAMES.get(name, message("a time")) for name in types if name != "null"]
    for other in others:
        wanted = message("%(first)s or %(last)s", first=wanted, last=other)
    if got in _GOT:
        return message("Must be %(wanted)s, not %(got)s.", wanted=wanted, got=_GOT[got])
    return message("Must be %(choices)s.", choices=wanted)


def _length_remedy(kind: str, sign: str, limit: str) -> Message:
    units = {"str": message("characters"), "object": message("members")}.get(kind, message("items"))
    if sign == "<=":
        return message("Must have at most %(limit)s %(units)s.", limit=limit, units=units)
    if limit == "1":
        return message("Must not be empty.")
    return message("Must have at least %(limit)s %(units)s.", limit=limit, units=units)


_REMEDIES = (
    ("timezone component", message("Needs its time zone, such as 2026-11-22T05:00:00Z.")),
    ("RFC3339", message("Must be a time with its zone, such as 2026-11-22T05:00:00Z.")),
    ("out of range", message("This number is beyond all bounds.")),
)
_BOUND_REMEDIES = {
    "<=": message("Must be at most %(bound)s."),
    ">=": message("Must be at least %(bound)s."),
}
_GOT = {
    "`null`": message("null"),
    "`bool`": message("true or false"),
    "`str`": message("text in quotes"),
}


def _split(error: str) -> tuple[str, list[str | int]]:
    """The problem, and the path to the field."""
    problem, at, where = error.rpartition(" - at ")
    path = _PATH.fullmatch(where)
    if not at or path is None:
        return error, []
    steps = _PATH_STEP.findall(path[1])
    return problem, [int(index) if index else name for name, index in steps if name or index]


_PATH = re.compile(r"(?:`key` in )?`\$([^`]*)`")
# msgspec writes a member of a map as [...], without its name.
_PATH_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[\.\.\.\]")
