"""Avro schemas that are safe to read unknown bytes by.

A schema and a record come from outside, and one worker reads the records of many companies. A schema by
which few bytes could become endless values (items of no bytes, a type within itself, types that multiply)
is refused, and a decimal is read only up to a length: its time grows with the square of that.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import fastavro
from fastavro.read import LOGICAL_READERS
from fastavro.schema import SchemaParseException, UnknownType

from services.trigger.sources.schema_faults import BadSchema, NotOfSchema
from shared.values.json_pointers import printable
from shared.values.messages import Count, message

MAX_NODES = 5_000
"""Types of a schema, each counted where it is used."""
MAX_VALUES_PER_BYTE = 4
"""Of an array or a map: as many values as its bytes can become."""
MAX_DECIMAL_DIGITS = 1_000
MAX_DECIMAL_BYTES = 512
_WHOLE = "afterword_value"
"""The record that each schema is the one field of: so it is read with the types of others, whatever it is."""
_PRIMITIVES = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})


_decimal = LOGICAL_READERS["bytes-decimal"]


def _short_decimal(data: bytes, *schemas: Any) -> Any:
    if len(data) > MAX_DECIMAL_BYTES:
        raise ValueError("the decimal is too long")
    return _decimal(data, *schemas)


def _time_or_number(read: Callable[..., Any]) -> Callable[..., Any]:
    """A time that no calendar of ours has, such as the largest number for “never”, stays the number it is."""

    def read_or_keep(data: int, *schemas: Any) -> Any:
        try:
            return read(data, *schemas)
        except (OverflowError, ValueError):
            return data

    return read_or_keep


# The other logical types are numbers of 64 bits, and ids, whose length is checked first.
LOGICAL_READERS["bytes-decimal"] = LOGICAL_READERS["fixed-decimal"] = _short_decimal
LOGICAL_READERS.update(
    {
        name: _time_or_number(read)
        for name, read in LOGICAL_READERS.items()
        if name.startswith(("int-", "long-"))
    }
)


class AvroSchema:
    """One schema, and the values that records of it have."""

    def __init__(self, schema: Any, others: Sequence[Any] = ()) -> None:
        """:param others: schemas whose types it uses, each behind those that it uses itself.

        :raises BadSchema: when it is no Avro schema, or not a safe one.
        """
        named: dict[str, Any] = {}
        walk = _Walk()
        for each in (*others, schema):
            self._schema = _parsed(each, named)
            # The type of a field: what is walked over are the parsed types, whose names are whole.
            walk.check(self._schema["fields"][0]["type"])
            del named[_WHOLE]

    def decode(self, value: bytes) -> Any:
        """The value.

        :raises NotOfSchema: when the bytes are none of this schema.
        """
        stream = io.BytesIO(value)
        try:
            decoded: Any = fastavro.schemaless_reader(stream, self._schema, None)
        except Exception as error:  # fastavro raises whatever Python does on the bytes it finds
            raise NotOfSchema(message("these bytes are none of the schema")) from error
        if stream.read(1):
            raise NotOfSchema(message("there are bytes behind the value"))
        return decoded["value"]


def _parsed(schema: Any, named: dict[str, Any]) -> Any:
    """The schema as the one field of a record, which has the same bytes.

    :param named: the types of schemas before; its own are added.
    """
    _require_fields(schema)
    whole = {"type": "record", "name": _WHOLE, "fields": [{"name": "value", "type": schema}]}
    try:
        return fastavro.parse_schema(whole, named, expand=False)
    except UnknownType as error:
        raise BadSchema(
            message(
                "it uses the type “%(name)s”, which neither it nor a schema that it refers to defines",
                name=printable(error.name),
            )
        ) from error
    except (SchemaParseException, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise BadSchema(message("it is no Avro schema")) from error


def _require_fields(schema: Any) -> None:
    """Refuse records without fields, which the parser takes for empty ones."""
    left = [schema]
    while left:
        each = left.pop()
        if isinstance(each, list):
            left += each
        elif isinstance(each, dict):
            if each.get("type") in ("record", "error"):
                if not isinstance(each.get("fields"), list):
                    raise BadSchema(message("it has a record without fields"))
                left += [field.get("type") for field in each["fields"] if isinstance(field, dict)]
            left += [each.get("items"), each.get("values")]


class _Walk:
    """A walk over all types of some schemas, with those that have names.

    Each gives its excess: how many values it becomes at most, less what its bytes allow. Where the excess of
    items is not above 0, the values of an array are bounded by its bytes, however many items there are.
    """

    def __init__(self) -> None:
        self._named: dict[str, Mapping[str, Any]] = {}
        self._within: list[str] = []
        self._nodes = 0

    def check(self, schema: Any) -> None:
        """Check one more schema.

        :raises BadSchema: when it is none that is safe to read by.
        """
        try:
            self._excess(schema)
        except RecursionError as error:
            raise BadSchema(message("it is nested too deeply")) from error
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise BadSchema(message("it is no Avro schema")) from error

    def _excess(self, schema: Any) -> int:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise BadSchema(
                message(
                    "it has more than %(most)s types, each counted where it is used", most=Count(MAX_NODES)
                )
            )
        if isinstance(schema, str):
            return self._of_name(schema)
        if isinstance(schema, list):
            return max(map(self._excess, schema), default=0) - MAX_VALUES_PER_BYTE
        return self._of_object(schema)

    def _of_object(self, schema: Mapping[str, Any]) -> int:
        if schema.get("logicalType") == "decimal" and int(schema.get("precision", 0)) > MAX_DECIMAL_DIGITS:
            raise BadSchema(
                message("it has a decimal of more than %(most)s digits", most=Count(MAX_DECIMAL_DIGITS))
            )
        match schema["type"]:
            case "array":
                return self._of_items(self._excess(schema["items"]))
            case "map":
                return self._of_items(self._excess(schema["values"]) + _of_bytes(1))
            case "record" | "error" | "fixed" | "enum":
                return self._of_definition(schema)
            case name:
                return self._of_name(name)

    def _of_items(self, excess: int) -> int:
        if excess > 0:
            raise BadSchema(message("it has an array or a map whose items have more values than bytes"))
        return _of_bytes(1)

    def _of_definition(self, schema: Mapping[str, Any]) -> int:
        name = str(schema["name"])
        if name in self._named:
            raise BadSchema(message("the type “%(name)s” is defined twice", name=printable(name)))
        self._named[name] = schema
        return self._inside(name)

    def _of_name(self, name: str) -> int:
        if name in _PRIMITIVES:
            return _of_bytes({"null": 0, "float": 4, "double": 8}.get(name, 1))
        if name not in self._named:
            raise BadSchema(message("it uses the type “%(name)s” before it is defined", name=printable(name)))
        return self._inside(name)

    def _inside(self, name: str) -> int:
        if name in self._within:
            raise BadSchema(message("it has the type “%(name)s” within itself", name=printable(name)))
        schema = self._named[name]
        if schema["type"] == "fixed":
            if int(schema["size"]) < 0:
                raise BadSchema(message("it has a type of fewer than no bytes"))
            return _of_bytes(int(schema["size"]))
        if schema["type"] == "enum":
            return _of_bytes(1)
        self._within.append(name)
        excess = 1 + sum(self._excess(each["type"]) for each in schema["fields"])
        self._within.pop()
        return excess


def _of_bytes(least: int) -> int:
    """The excess of one value of so many bytes at least."""
    return 1 - MAX_VALUES_PER_BYTE * least
