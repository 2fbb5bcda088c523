"""Avro schemas that are safe to read unknown bytes by.

A schema and a record come from outside, and one worker reads the records of many companies. A schema by
which few bytes could become endless values (items of no bytes, a type within itself, types that multiply)
is refused, and a decimal is read only up to a length: its time grows with the square of that.
"""

import io
from collections.abc import Mapping
from typing import Any

import fastavro
from fastavro.read import LOGICAL_READERS
from fastavro.schema import SchemaParseException, UnknownType

MAX_NODES = 5_000
"""Types of a schema, each counted where it is used."""
MAX_VALUES_PER_BYTE = 4
"""Of an array or a map: as many values as its bytes can become."""
MAX_DECIMAL_DIGITS = 1_000
MAX_DECIMAL_BYTES = 512
_PRIMITIVES = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})


class BadSchema(Exception):
    """The schema cannot be used; the message says why, without quoting it."""


_decimal = LOGICAL_READERS["bytes-decimal"]


def _short_decimal(data: bytes, *schemas: Any) -> Any:
    if len(data) > MAX_DECIMAL_BYTES:
        raise ValueError("the decimal is too long")
    return _decimal(data, *schemas)


# The other logical types are numbers of 64 bits, and ids, whose length is checked first.
LOGICAL_READERS["bytes-decimal"] = LOGICAL_READERS["fixed-decimal"] = _short_decimal


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
    """A walk over all types of a schema, with those that have names.

    Each gives its excess: how many values it becomes at most, less what its bytes allow. Where the excess of
    items is not above 0, the values of an array are bounded by its bytes, however many items there are.
    """

    def __init__(self) -> None:
        self._named: dict[str, Mapping[str, Any]] = {}
        self._within: list[str] = []
        self._nodes = 0

    def check(self, schema: Any) -> None:
        try:
            self._excess(schema, "")
        except RecursionError as error:
            raise BadSchema("it is nested too deeply") from error
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise BadSchema("it is no Avro schema") from error

    def _excess(self, schema: Any, namespace: str) -> int:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise BadSchema("it has too many types")
        if isinstance(schema, str):
            return self._of_name(schema, namespace)
        if isinstance(schema, list):
            branches = [self._excess(each, namespace) for each in schema]
            return max(branches, default=0) - MAX_VALUES_PER_BYTE
        return self._of_object(schema, namespace)

    def _of_object(self, schema: Mapping[str, Any], namespace: str) -> int:
        if schema.get("logicalType") == "decimal" and int(schema.get("precision", 0)) > MAX_DECIMAL_DIGITS:
            raise BadSchema("it has a decimal of too many digits")
        kind = schema.get("type")
        if isinstance(kind, list | Mapping):
            return self._excess(kind, namespace)
        match kind:
            case "array":
                return self._of_items(self._excess(schema["items"], namespace))
            case "map":
                return self._of_items(self._excess(schema["values"], namespace) + _of_bytes(1))
            case "record" | "error" | "fixed" | "enum":
                return self._of_named_type(schema, namespace)
            case _:
                return self._of_name(str(kind), namespace)

    def _of_items(self, excess: int) -> int:
        if excess > 0:
            raise BadSchema("it has an array or a map whose items have more values than bytes")
        return _of_bytes(1)

    def _of_named_type(self, schema: Mapping[str, Any], namespace: str) -> int:
        name = str(schema["name"])
        namespace = name.rpartition(".")[0] or schema.get("namespace", namespace)
        full = name if "." in name or not namespace else f"{namespace}.{name}"
        self._named[full] = {**schema, "namespace": namespace, "name": full}
        return self._inside(full)

    def _of_name(self, name: str, namespace: str) -> int:
        if name in _PRIMITIVES:
            return _of_bytes({"null": 0, "float": 4, "double": 8}.get(name, 1))
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
            if int(schema["size"]) < 0:
                raise BadSchema("it has a type of fewer than no bytes")
            return _of_bytes(int(schema["size"]))
        if schema["type"] == "enum":
            return _of_bytes(1)
        self._within.append(full)
        excess = 1 + sum(self._excess(each["type"], schema["namespace"]) for each in schema["fields"])
        self._within.pop()
        return excess


def _of_bytes(least: int) -> int:
    """The excess of one value of so many bytes at least."""
    return 1 - MAX_VALUES_PER_BYTE * least
