"""JSON Schemas that refer to others of their registry, as one: each other one becomes a definition of it.

So whatever a reference leads to lies within the one schema, where its cost is counted: nothing is fetched.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urljoin

from services.trigger.sources.registered_schemas import SchemaDocument
from services.trigger.sources.schema_faults import BadSchema
from shared.values.json_pointers import printable
from shared.values.messages import message

_NAMED_SCHEMAS = frozenset(
    {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"}
)
"""Keywords whose value has schemas by names that the company chooses."""
_VALUES = frozenset({"const", "enum", "default", "examples"})
"""Keywords whose value is none of schemas: what looks like a reference there is text."""
_OLD_DRAFTS = ("draft-03", "draft-04", "draft-06", "draft-07")
"""In these definitions stand in ``definitions``."""
_OF_A_WHOLE = frozenset({"$id", "$schema", "id"})
"""What begins a schema of its own, which no definition is. ``id`` is what ``$id`` is in the oldest drafts."""


def bundled(documents: Sequence[SchemaDocument]) -> Any:
    """The last of the schemas, with the others among its definitions.

    :raises BadSchema: when a reference leads to none of them, or one of them is of another draft.
    """
    *others, last = documents
    root = last.content
    if not others or not isinstance(root, dict):
        return root
    keyword = "definitions" if _is_old(root) else "$defs"
    definitions = root.get(keyword, {})
    if not isinstance(definitions, dict):
        raise BadSchema(message("its definitions are no object"))
    prefix = _free_prefix(definitions)
    places = [f"#/{keyword}/{prefix}{number}" for number in range(len(others))]
    added = {
        f"{prefix}{number}": _Document(each, places, places[number]).definition(root)
        for number, each in enumerate(others)
    }
    whole: dict[str, Any] = _Document(last, places, "#").rewritten(root)
    return {**whole, keyword: {**whole.get(keyword, {}), **added}}


def _is_old(root: Mapping[str, Any]) -> bool:
    return any(each in str(root.get("$schema")) for each in _OLD_DRAFTS)


def _free_prefix(definitions: Mapping[str, Any]) -> str:
    prefix = "referenced-"
    while any(name.startswith(prefix) for name in definitions):
        prefix += "-"
    return prefix


class _Document:
    """One of the schemas, on its way to its place in the whole."""

    def __init__(self, document: SchemaDocument, places: Sequence[str], own_place: str) -> None:
        """:param places: of the other documents by their numbers, as references."""
        self._content = document.content
        self._own_place = own_place
        base = document.content.get("$id") if isinstance(document.content, dict) else None
        self._base = base.partition("#")[0] if isinstance(base, str) else ""
        self._place_by_name = {
            _joined(self._base, name): places[number] for name, number in document.others.items()
        }

    def definition(self, root: Mapping[str, Any]) -> Any:
        """The schema as a definition of the root."""
        if not isinstance(self._content, dict):
            return self._content
        draft = self._content.get("$schema")
        if draft is not None and _plain(draft) != _plain(root.get("$schema")):
            raise BadSchema(
                message("it refers to a schema of another draft ($schema) of JSON Schema than its own")
            )
        kept = {
            name: value
            for name, value in self._content.items()
            if not (name in _OF_A_WHOLE and isinstance(value, str))
        }
        return self.rewritten(kept)

    def rewritten(self, schema: Any) -> Any:
        """A part of the schema, with its references to where their targets lie in the whole."""
        try:
            return self._schema(schema)
        except RecursionError as error:
            raise BadSchema(message("it is nested too deeply")) from error

    def _schema(self, schema: Any) -> Any:
        if isinstance(schema, list):
            return [self._schema(each) for each in schema]
        if not isinstance(schema, dict):
            return schema
        return {name: self._value(name, value) for name, value in schema.items()}

    def _value(self, name: str, value: Any) -> Any:
        if name == "$ref" and isinstance(value, str):
            return self._reference(value)
        if name in _VALUES:
            return value
        if name in _NAMED_SCHEMAS and isinstance(value, dict):
            return {each: self._schema(schema) for each, schema in value.items()}
        return self._schema(value)

    def _reference(self, written: str) -> str:
        target, _, fragment = written.partition("#")
        meant = _joined(self._base, target)
        place = self._place_by_name.get(meant) if target else self._own_place
        if place is None and meant == self._base:
            place = self._own_place
        if place is None:
            raise BadSchema(
                message("it refers to “%(name)s”, which is none of its references", name=printable(target))
            )
        if fragment and not fragment.startswith("/"):
            raise BadSchema(
                message(
                    "it refers to the anchor “%(name)s”; write a path such as #/definitions/%(name)s",
                    name=printable(fragment),
                )
            )
        return place + fragment


def _plain(draft: Any) -> str:
    return str(draft).rstrip("#")


def _joined(base: str, name: str) -> str:
    """What a name means in a schema of this id."""
    try:
        return urljoin(base, name)
    except ValueError as error:
        raise BadSchema(message("it refers to an address that is none")) from error
