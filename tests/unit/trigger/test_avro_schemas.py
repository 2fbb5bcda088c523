"""Avro schemas and values from outside: no few bytes become endless values, and odd values stay what they are."""

import contextlib
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.trigger.sources.avro import AvroSchema
from services.trigger.sources.mapping import time_of
from services.trigger.sources.schema_faults import BadSchema, NotOfSchema

KIND_BY_LOGICAL_TYPE = {
    "date": "int",
    "time-millis": "int",
    "time-micros": "long",
    "timestamp-millis": "long",
    "timestamp-micros": "long",
    "local-timestamp-millis": "long",
    "local-timestamp-micros": "long",
}


def encoded(schema: Any, value: Any) -> bytes:
    stream = BytesIO()
    fastavro.schemaless_writer(stream, fastavro.parse_schema(schema), value)
    return stream.getvalue()


def named(name: str, *fields: Any, **more: Any) -> dict[str, Any]:
    """A record; each field is given by its type."""
    listed = [{"name": f"f{number}", "type": each} for number, each in enumerate(fields)]
    return {"type": "record", "name": name, "fields": listed, **more}


@pytest.mark.parametrize(
    "schema",
    [
        # The last of two types of one name counts when values are read.
        [named("A", "long"), {"type": "array", "items": "A"}, named("A")],
        named("R", named("A", "long"), {"type": "array", "items": "A"}, named("A")),
        # A name that begins with a dot is in no namespace, whatever the namespace beside it.
        named(
            "Top",
            named("ns.B", "long"),
            named("B"),
            named(".Within", {"type": "array", "items": "B"}, namespace="ns"),
        ),
        {"type": "array", "items": "afterword_value"},
        "afterword_value",
    ],
)
def test_no_name_leads_to_another_type_than_the_one_that_was_checked(schema: Any) -> None:
    with pytest.raises(BadSchema):
        AvroSchema(schema)


def test_a_schema_that_uses_or_repeats_a_type_says_which() -> None:
    for schema, why in (
        (named("shop.Order", "Money"), "the type “shop.Money”, which"),
        (named("Tree", ["null", "Tree"]), "“Tree” within itself"),
        ([named("A", "long"), named("A", "long")], "no Avro schema"),
        ({"type": "record", "name": "N"}, "without fields"),
    ):
        with pytest.raises(BadSchema, match=why):
            AvroSchema(schema)


@given(st.sampled_from(sorted(KIND_BY_LOGICAL_TYPE)), st.integers(-(2**63), 2**63 - 1))
def test_a_time_that_no_calendar_has_costs_only_the_field_that_it_is_mapped_to(
    name: str, number: int
) -> None:
    kind = KIND_BY_LOGICAL_TYPE[name]
    number = number if kind == "long" else number >> 32
    schema = AvroSchema(named("R", {"type": kind, "logicalType": name}, "string"))
    found = schema.decode(encoded(named("R", kind, "string"), {"f0": number, "f1": "kept"}))
    assert found["f1"] == "kept"
    assert found["f0"] == number or not isinstance(found["f0"], int)


def test_times_in_nanoseconds_and_without_a_zone_are_times() -> None:
    at = datetime(2026, 11, 30, 12, tzinfo=UTC)
    nanoseconds = int(at.timestamp()) * 10**9
    plain = AvroSchema({"type": "long", "logicalType": "timestamp-nanos"})
    assert time_of(plain.decode(encoded("long", nanoseconds))) == at
    local = AvroSchema({"type": "long", "logicalType": "local-timestamp-millis"})
    assert time_of(local.decode(encoded("long", nanoseconds // 10**6))) == at


@given(st.binary(max_size=60))
def test_bytes_that_are_none_of_the_schema_raise_nothing_else(value: bytes) -> None:
    schema = AvroSchema(
        named(
            "R",
            {"type": "array", "items": ["null", "string", {"type": "map", "values": "double"}]},
            {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
            {"type": "string", "logicalType": "uuid"},
            {"type": "enum", "name": "E", "symbols": ["A"]},
        )
    )
    with contextlib.suppress(NotOfSchema):
        assert set(schema.decode(value)) == {"f0", "f1", "f2", "f3"}
