"""Avro schemas that are safe to read unknown bytes by.

A schema and a record come from outside, and one worker reads the records of many companies. A schema by
which few bytes could become endless values (items of no bytes, a type within itself, types that multiply)
is refused.
"""

import io
from collections.abc import Mapping
from typing import Any

import fastavro
from fastavro.schema import SchemaParseException, UnknownType

MAX_NODES = 5_000
"""Types of a schema, each counted where it is used."""
_PRIMITIVES = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})


class BadSchema(Exception):
    """The schema cannot be used; the message says why, without quoting it."""


class AvroSchema:
    """One schema, and the values that records of it have."""

    def __init__(self, schema: Any) -> None:
        """:raises BadSchema: when it is no Avro schema, or not a safe one."""
        try:
            self._schema = fastavro.parse_schema(schema, expand=False)
        except (SchemaParseException, UnknownType, KeyError, TypeError, ValueError, RecursionError) as error:
            raise BadSchema("it is no Avro schema") from error
        _Walk().check(schema)

    def decode(self, value: bytes) -> Any:
        """The value.

        :raises ValueError: when the bytes are none of this schema.
        """
        stream = io.BytesIO(value)
        try:
            decoded = fastavro.schemaless_reader(stream, self._schema, None)
        except Exception as error:  # fastavro raises whatever Python does on the bytes it finds
            raise ValueError("these bytes are none of the schema") from error
        if stream.read(1):
            raise ValueError("there are bytes behind the value")
        return decoded


class _Walk:
    """A walk over all types of a schema, with those that have names."""

    def __init__(self) -> None:
        self._named: dict[str, Mapping[str, Any]] = {}
        self._within: list[str] = []
        self._nodes = 0

    def check(self, schema: Any) -> None:
        try:
            self._least_bytes(schema, "")
        except RecursionError as error:
            raise BadSchema("it is nested too deeply") from error
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise BadSchema("it is no Avro schema") from error

    def _least_bytes(self, schema: Any, namespace: str) -> int:
        """How many bytes a value has at least."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise BadSchema("it has too many types")
        if isinstance(schema, str):
            return self._of_name(schema, namespace)
        if isinstance(schema, list):
            least = [self._least_bytes(each, namespace) for each in schema]
            return 1 + min(least, default=0)
        return self._of_object(schema, namespace)

    def _of_object(self, schema: Mapping[str, Any], namespace: str) -> int:
        kind = schema.get("type")
        if isinstance(kind, list | Mapping):
            return self._least_bytes(kind, namespace)
        match kind:
            case "array":
                if self._least_bytes(schema["items"], namespace) == 0:
                    raise BadSchema("it has an array whose items have no bytes")
                return 1
            case "map":
                self._least_bytes(schema["values"], namespace)
                return 1
            case "record" | "error" | "fixed" | "enum":
                return self._of_named_type(schema, namespace)
            case _:
                return self._of_name(str(kind), namespace)

    def _of_named_type(self, schema: Mapping[str, Any], namespace: str) -> int:
        name = str(schema["name"])
        namespace = name.rpartition(".")[0] or schema.get("namespace", namespace)
        full = name if "." in name or not namespace else f"{namespace}.{name}"
        self._named[full] = {**schema, "namespace": namespace, "name": full}
        return self._inside(full)

    def _of_name(self, name: str, namespace: str) -> int:
        if name in _PRIMITIVES:
            return {"null": 0, "float": 4, "double": 8}.get(name, 1)
        full = name if "." in name or not namespace else f"{namespace}.{name}"
        if full not in self._named:
            full = name
        if full not in self._named:
            raise BadSchema("it names a type that it does not have")
        return self._inside(full)

    def _inside(self, full: str) -> int:
        if full in self._within:
            raise BadSchema("it has a type within itself")
        schema = self._named[full]
        if schema["type"] == "fixed":
            return int(schema["size"])
        if schema["type"] == "enum":
            return 1
        self._within.append(full)
        least = sum(self._least_bytes(each["type"], schema["namespace"]) for each in schema["fields"])
        self._within.pop()
        return least
