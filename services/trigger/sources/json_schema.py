"""JSON Schemas that are safe to check unknown values by: what a check costs is known before it begins.

A schema and a record come from outside, and one worker reads the records of many companies. References
multiply: each of thirty definitions that names the next one twice is a thousand million checks of one value.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import jsonschema_rs
import msgspec

from services.trigger.sources.schema_faults import BadSchema, NotOfSchema
from shared.values.json_pointers import pointer, printable
from shared.values.messages import Count, Message, message

MAX_PARTS = 20_000
"""Keywords and entries of a schema, each counted where it is used."""
MAX_CHECKS = 10_000_000
"""Of a record: parts of the schema times values of the record; about half a second."""
MAX_DESCRIBED_CHECKS = 100_000
"""For which a fault is said with its place: all faults of all branches are described for that, which takes
hundreds of times as long."""
MAX_PLACE_PARTS = 6
"""Of the place of a fault, each of a bounded length."""
PATTERN_SIZES_KIB = (2, 10, 64, 128, 256, 512, 1024)
"""How large a compiled pattern may be; each counts as the first of these that it fits into."""
MAX_PATTERNS = 200
"""Different ones of a schema."""
MAX_PATTERN_COST = 5_000_000
"""Of a record: the sizes of all patterns of its schema, each where it is used, times the bytes of the record.
The engine's time is linear in either, with no way back; at worst this is some seconds."""
UNEVALUATED_WEIGHT = 8
"""What is beneath such a keyword is checked again for it: each within another multiplies the checks."""
_UNEVALUATED = frozenset({"unevaluatedProperties", "unevaluatedItems"})
_OTHER_REFERENCES = frozenset({"$dynamicRef", "$recursiveRef"})
_OTHER_BASES = frozenset({"$id", "$schema"})
_OLD_DRAFTS = ("draft-03", "draft-04")
"""In these ``id`` is what ``$id`` is later."""


class JsonSchema:
    """One schema, and the values that fit it."""

    def __init__(self, schema: Any) -> None:
        """:raises BadSchema: when it is no JSON Schema, or not a safe one."""
        expansion = _Expansion(schema)
        self._parts = expansion.parts()
        self._patterns_kib = expansion.patterns_kib
        try:
            # Patterns in linear time, and no schema from anywhere else: both come from outside.
            self._validator = jsonschema_rs.validator_for(
                schema, pattern_options=_options(PATTERN_SIZES_KIB[-1]), offline=True
            )
        except (ValueError, TypeError, RecursionError, jsonschema_rs.ValidationError) as error:
            raise BadSchema(message("it is no JSON Schema, or refers to another")) from error

    def decode(self, value: bytes) -> Any:
        """The value.

        :raises NotOfSchema: when it does not fit.
        """
        # Each part looks at each value once at most; so many values there are at most.
        values = 1 + sum(value.count(each) for each in (b",", b"[", b"{"))
        if self._parts * values > MAX_CHECKS:
            raise NotOfSchema(message("the value is too large for so large a schema"))
        if self._patterns_kib * len(value) > MAX_PATTERN_COST:
            raise NotOfSchema(message("the value is too long for so large patterns"))
        try:
            decoded = msgspec.json.decode(value)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise NotOfSchema(message("the value is not JSON")) from error
        try:
            fits = self._validator.is_valid(decoded)
        except ValueError as error:
            raise NotOfSchema(message("the value holds what cannot be checked")) from error
        if not fits:
            raise NotOfSchema(self._misfit(decoded, describe=self._parts * values <= MAX_DESCRIBED_CHECKS))
        return decoded

    def _misfit(self, decoded: Any, *, describe: bool) -> Message:
        fault = next(self._validator.iter_errors(decoded), None) if describe else None
        if fault is None:
            return message("the value does not fit its schema")
        place = pointer(*fault.instance_path[:MAX_PLACE_PARTS])
        return message("the value does not fit its schema at %(place)s", place=place)


class _Expansion:
    """A schema with each reference replaced by what it refers to."""

    def __init__(self, schema: Any) -> None:
        self._schema = schema
        self._within: list[str] = []
        self._parts = 0
        self._weight = 1
        self._patterns: dict[str, int] = {}
        self.patterns_kib = 0
        """The size of all patterns, each where it is used."""

    def parts(self) -> int:
        """How many parts it has.

        :raises BadSchema: when they are too many, or endless.
        """
        root = self._schema
        if not isinstance(root, dict):
            return 1
        try:
            self._refuse_other_bases(root)
            # Definitions count where they are referred to.
            self._count({name: each for name, each in root.items() if name not in {"$defs", "definitions"}})
        except RecursionError as error:
            raise BadSchema(message("it is nested too deeply")) from error
        return self._parts

    def _refuse_other_bases(self, root: dict[str, Any]) -> None:
        """Another base, or a reference by a name, would lead elsewhere than to the place that is counted."""
        old = any(each in str(root.get("$schema")) for each in _OLD_DRAFTS)
        for each in _objects(root):
            bases = {*_OTHER_BASES, "id"} if old else _OTHER_BASES
            names = _OTHER_REFERENCES if each is root else _OTHER_REFERENCES | bases
            if any(isinstance(each.get(name), str) for name in names):
                raise BadSchema(message("it has references other than to its own definitions"))

    def _count(self, schema: Any) -> None:
        if not isinstance(schema, dict | list):
            return
        weight = self._weight
        if not _UNEVALUATED.isdisjoint(schema if isinstance(schema, dict) else ()):
            self._weight *= UNEVALUATED_WEIGHT
        self._parts += self._weight * (1 + len(schema))
        if self._parts > MAX_PARTS:
            raise BadSchema(
                message(
                    "it has more than %(most)s parts, each counted where it is used", most=Count(MAX_PARTS)
                )
            )
        for pattern in _patterns_of(schema) if isinstance(schema, dict) else ():
            self.patterns_kib += self._weight * self._size_kib(pattern)
        for each in schema.values() if isinstance(schema, dict) else schema:
            self._count(each)
        reference = schema.get("$ref") if isinstance(schema, dict) else None
        if isinstance(reference, str):
            self._follow(reference)
        self._weight = weight

    def _size_kib(self, pattern: str) -> int:
        """How large it is compiled.

        :raises BadSchema: when it is no pattern, or too large a one.
        """
        if pattern not in self._patterns:
            if len(self._patterns) == MAX_PATTERNS:
                raise BadSchema(message("it has more than %(most)s patterns", most=Count(MAX_PATTERNS)))
            self._patterns[pattern] = _compiled_kib(pattern)
        return self._patterns[pattern]

    def _follow(self, reference: str) -> None:
        if reference in self._within:
            raise BadSchema(message("it has the type “%(name)s” within itself", name=printable(reference)))
        if not reference.startswith("#/"):
            raise BadSchema(message("it has references other than to its own definitions"))
        found = self._schema
        try:
            for step in unquote(reference[2:]).split("/"):
                name = step.replace("~1", "/").replace("~0", "~")
                found = found[int(name)] if isinstance(found, list) else found[name]
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise BadSchema(
                message("it refers to “%(name)s”, which it does not define", name=printable(reference))
            ) from error
        self._within.append(reference)
        self._count(found)
        self._within.pop()


def _patterns_of(schema: dict[str, Any]) -> Iterator[str]:
    """The patterns that values, or names of properties, are matched with."""
    if isinstance(schema.get("pattern"), str):
        yield schema["pattern"]
    if isinstance(schema.get("patternProperties"), dict):
        yield from schema["patternProperties"]


def _compiled_kib(pattern: str) -> int:
    for size in PATTERN_SIZES_KIB:
        try:
            jsonschema_rs.validator_for({"pattern": pattern}, pattern_options=_options(size), offline=True)
        except (ValueError, jsonschema_rs.ValidationError):
            continue
        return size
    raise BadSchema(
        message(
            "the pattern “%(pattern)s” cannot be read in linear time, or is too large",
            pattern=printable(pattern),
        )
    )


def _options(size_kib: int) -> jsonschema_rs.RegexOptions:
    """Patterns in linear time, compiled to so much at most."""
    return jsonschema_rs.RegexOptions(size_limit=size_kib * 1024)


def _objects(schema: Any) -> Iterator[dict[str, Any]]:
    """All objects of a schema, in whatever place."""
    left = [schema]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            yield each
            left += each.values()
        elif isinstance(each, list):
            left += each
