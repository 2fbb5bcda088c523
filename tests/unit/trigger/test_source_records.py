"""How a record becomes an event: mapping, formats, schemas that come from outside, and ids that stay the same."""

import asyncio
import json
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.trigger.sources.avro import AvroSchema
from services.trigger.sources.domain import (
    Filter,
    Format,
    Reading,
    Rule,
    Source,
    SourceConnection,
    SourceRefused,
)
from services.trigger.sources.forms import UnreadableMappingLine, mapping_of, mapping_text
from services.trigger.sources.json_schema import JsonSchema
from services.trigger.sources.mapping import EventMapper, check_rules, look_up, time_of
from services.trigger.sources.record_reader import RecordReader, Skipped
from services.trigger.sources.registered_schemas import SchemaDocument
from services.trigger.sources.registry import SchemaRegistry, decoder_of
from services.trigger.sources.repository.faults import MAX_FAULTS
from services.trigger.sources.schema_faults import BadSchema, NotOfSchema
from services.trigger.sources.taking import Judge, ReadPosition, accepted_record, judge_key
from shared.intake.errors import Unacceptable
from shared.values.messages import message

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SOURCE = Source(
    tenant="acme",
    id=UUID(int=1),
    name="shop",
    topic="orders",
    state="running",
    read_from="oldest",
    connection=SourceConnection(bootstrap=("kafka:9092",)),
    reading=Reading(),
    sealed=None,
    revision=1,
    generation=0,
    created_at=NOW,
    changed_at=NOW,
)
ORDER = {"type": "order", "customer": {"id": "c-1"}}


@dataclass
class FakeRecord:
    value: bytes | None
    offset: int = 7
    partition: int = 2
    timestamp: int = int(NOW.timestamp() * 1_000)
    key: bytes | None = None
    headers: list[tuple[str, bytes]] = field(default_factory=list)


def a_record(value: Any, **changes: Any) -> Any:
    raw = value if isinstance(value, bytes | None) else json.dumps(value).encode()
    return FakeRecord(raw, **changes)


def a_reader(registry: SchemaRegistry | None = None, **reading: Any) -> RecordReader:
    return RecordReader(replace(SOURCE, reading=Reading(**reading)), registry)


def test_a_record_without_an_id_has_its_place_for_one_and_its_time_for_a_time() -> None:
    event, _ = a_reader().read(a_record(ORDER), NOW)
    assert (event.id, event.occurred_at) == ("orders/2/7", NOW)
    another = RecordReader(replace(SOURCE, generation=2), None)
    assert another.read(a_record(ORDER), NOW)[0].id == "orders@2/2/7"


def test_a_record_of_long_ago_and_a_tombstone_are_skipped() -> None:
    old = (NOW - timedelta(days=31)).isoformat()
    for value in (None, {**ORDER, "occurred_at": old}):
        with pytest.raises(Skipped):
            a_reader().read(a_record(value), NOW)


def test_a_fault_names_the_place_in_the_record_that_the_field_comes_from() -> None:
    mapping = {
        "type": Rule(value="order"),
        "customer.email": Rule(path="/who/mail"),
        "occurred_at": Rule(path="/at"),
    }
    for record, place in (
        ({"who": {"mail": "a@b.example"}}, "/at"),
        ({"who": {"mail": 5}, "at": NOW.isoformat()}, None),
        ({"who": {"mail": ["x"]}, "at": NOW.isoformat()}, "/who/mail"),
        ({"who": {"mail": "a@b.example"}, "at": "yesterday"}, "/at"),
    ):
        reader = a_reader(mapping=mapping)
        if place is None:
            assert reader.read(a_record(record), NOW)[0].customer.email == "5"
            continue
        with pytest.raises(Unacceptable) as refused:
            reader.read(a_record(record), NOW)
        assert refused.value.field == place


@pytest.mark.parametrize(
    ("customer", "mapping", "place"),
    [
        ({}, {}, "/data/customer"),
        ({"id": 5}, {}, "/data/customer/id"),
        ({}, {"type": Rule(value="order"), "customer.id": Rule(path="/data/customer/number")}, "/customer"),
    ],
)
def test_a_fault_of_a_cloud_event_names_its_place_below_the_data(
    customer: dict[str, Any], mapping: dict[str, Rule], place: str
) -> None:
    envelope = {"specversion": "1.0", "id": "x", "source": "/shop", "type": "order", "time": NOW.isoformat()}
    reader = a_reader(format="cloudevents", mapping=mapping)
    with pytest.raises(Unacceptable) as fault:
        accepted_record(
            reader,
            "secret",
            judge_key(SOURCE, None),
            a_record({**envelope, "data": {"customer": customer}}),
            NOW,
        )
    assert fault.value.field == place


@pytest.mark.parametrize(
    "value", [b"", b"null", b"[]", b'"x"', b"{", b"\xff", b"[" * 100_000, b'{"type": NaN}', b'{"id": 1e999}']
)
def test_what_is_no_event_is_a_fault_of_that_record_alone(value: bytes) -> None:
    for reading in ({}, {"only": Filter(path="/type", values=("x",))}, {"format": "cloudevents"}):
        with pytest.raises((Unacceptable, Skipped)):
            a_reader(**reading).read(a_record(value), NOW)


def test_a_mapped_cloud_event_keeps_its_identity_and_its_data_may_be_mapped() -> None:
    envelope = {"specversion": "1.0", "id": "e", "source": "/s", "type": "t", "time": NOW.isoformat()}
    headers = [(f"ce_{name}", value.encode()) for name, value in envelope.items()]
    reader = a_reader(format="cloudevents", mapping={"customer.id": Rule(path="/data/who")})
    for record in (a_record({**envelope, "data": {"who": 9}}), a_record({"who": 9}, headers=headers)):
        event, _ = reader.read(record, NOW)
        assert (event.id, event.source, event.type, event.customer.id) == ("e", "/s", "t", "9")
    with pytest.raises(Unacceptable):
        reader.read(a_record({"who": 9}, headers=[*headers, ("content-type", b"text/xml")]), NOW)
    with pytest.raises(Unacceptable):
        reader.read(a_record({"who": 9}, headers=[("ce_id", b"\xff")]), NOW)


@settings(max_examples=40)
@given(
    st.dictionaries(
        st.text(),
        st.recursive(
            st.none() | st.text() | st.integers(),
            lambda each: st.lists(each) | st.dictionaries(st.text(), each),
            max_leaves=4,
        ),
    ),
    st.text(),
)
def test_no_record_and_no_path_raise_anything_else_than_what_they_say(
    record: dict[str, Any], name: str
) -> None:
    path = "/" + name.replace("~", "~0").replace("/", "~1")
    assert look_up(record, path) == record.get(name)
    rules = {"customer.id": Rule(path=path), "segments.a": Rule(path=path), "occurred_at": Rule(path=path)}
    EventMapper(rules).event(record)
    try:
        a_reader(mapping=rules).read(a_record(record), NOW)
    except (Unacceptable, Skipped):
        return


@given(
    st.dictionaries(
        st.sampled_from(["id", "type", "segments.a", "attributes.b"]),
        st.builds(lambda value: Rule(value=value), st.text(min_size=1) | st.integers(-9, 9) | st.booleans())
        | st.just(Rule(path="/a/b")),
    )
)
def test_rules_are_the_same_after_they_were_shown_in_the_form(rules: Mapping[str, Rule]) -> None:
    typed = mapping_of(mapping_text(rules))
    assert {name: Rule(**rule) for name, rule in typed.items()} == rules


def test_numbers_are_times_by_their_size() -> None:
    for number in (1_795_000_000, 1_795_000_000_000, 1_795_000_000_000_000, 1_795_000_000_000_000_000):
        assert time_of(number) == datetime.fromtimestamp(1_795_000_000, UTC)
    unknown: list[Any] = ["x", True, 1e300, 10**400, 2**63 - 1]
    assert [time_of(each) for each in unknown[:4]] == unknown[:4]
    assert time_of(unknown[4]) == datetime(2262, 4, 11, 23, 47, 16, 854776, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("customer.nobody", Rule(path="/a")),
        ("segments.", Rule(path="/a")),
        ("id", Rule(path="a")),
        ("id", Rule(path="/a~2")),
        ("id", Rule()),
        ("id", Rule(path="/a", value=1)),
    ],
)
def test_a_rule_that_cannot_be_is_refused_by_its_name(name: str, rule: Rule) -> None:
    with pytest.raises(SourceRefused) as refused:
        check_rules({name: rule}, None)
    assert refused.value.field.startswith("/mapping/")


@pytest.mark.parametrize("typed", ["id", "id = ", "= /a", "id = /a\nid = /b", "id = order"])
def test_a_line_of_the_form_that_is_no_rule_is_named_by_its_number(typed: str) -> None:
    with pytest.raises(UnreadableMappingLine):
        mapping_of(typed)


RECORD = {
    "type": "record",
    "name": "Order",
    "namespace": "shop",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {
            "name": "total",
            "type": ["null", {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}],
        },
    ],
}


def avro_value(schema_id: int, value: Any) -> bytes:
    encoded = BytesIO()
    fastavro.schemaless_writer(encoded, fastavro.parse_schema(RECORD), value)
    return b"\0" + struct.pack(">I", schema_id) + encoded.getvalue()


def a_registry(kind: Format, schema: Any) -> SchemaRegistry:
    known = decoder_of([SchemaDocument(schema, {})], kind)
    settings: Any = SimpleNamespace(url="", username="")
    return SchemaRegistry(
        settings, "", kind, settings, {1: known, 2: message("the registry has no schema 2")}
    )


def test_an_avro_record_becomes_an_event_by_its_schema() -> None:
    mapping = {
        "id": Rule(path="/id"),
        "type": Rule(value="order"),
        "occurred_at": Rule(path="/at"),
        "customer.id": Rule(path="/id"),
        "attributes.total": Rule(path="/total"),
    }
    reader = a_reader(a_registry("avro", RECORD), format="avro", mapping=mapping)
    event, _ = reader.read(a_record(avro_value(1, {"id": "o-1", "at": NOW, "total": None})), NOW)
    assert (event.id, event.occurred_at) == ("o-1", NOW)
    good = avro_value(1, {"id": "o-1", "at": NOW, "total": None})
    for bad in (good[:-1], good + b"x", b"{}", good[5:], avro_value(2, {"id": "", "at": NOW, "total": None})):
        with pytest.raises(Unacceptable):
            reader.read(a_record(bad), NOW)


def test_a_record_that_its_json_schema_refuses_does_not_fit() -> None:
    schema = {"type": "object", "properties": {"type": {"pattern": "^(o+)+$"}}, "required": ["type"]}
    reader = a_reader(a_registry("json-schema", schema), format="json-schema")
    prefix = b"\0" + struct.pack(">I", 1)
    assert reader.read(a_record(prefix + json.dumps({**ORDER, "type": "oo"}).encode()), NOW)[0].type == "oo"
    misfits: list[dict[str, Any]] = [{**ORDER, "type": "o" * 50 + "!"}, {"customer": {}}]
    for bad in misfits:
        with pytest.raises(Unacceptable) as refused:
            reader.read(a_record(prefix + json.dumps(bad).encode()), NOW)
        assert "schema" in str(refused.value.remedy)


WIDE = {
    "type": "record",
    "name": "Wide",
    "fields": [{"name": f"f{number}", "type": "null"} for number in range(1_000)]
    + [{"name": "byte", "type": "boolean"}],
}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": "null"},
        {"type": "array", "items": {"type": "record", "name": "Nothing", "fields": []}},
        {"type": "record", "name": "N", "fields": [{"name": "next", "type": ["null", "N"]}]},
        {"type": "map", "values": {"type": "array", "items": {"type": "fixed", "name": "F", "size": 0}}},
        {"type": "array", "items": {"type": "fixed", "name": "F", "size": -1}},
        {"type": "array", "items": WIDE},
        {"type": "map", "values": ["null", WIDE]},
        {"type": "bytes", "logicalType": "decimal", "precision": 1_000_000},
        {"type": "record", "name": "N"},
        {"type": "nothing"},
        5,
        None,
    ],
)
def test_an_avro_schema_by_which_few_bytes_are_endless_values_is_refused(schema: Any) -> None:
    with pytest.raises(BadSchema):
        AvroSchema(schema)


def test_an_avro_schema_whose_types_multiply_is_refused() -> None:
    kind: Any = {"type": "record", "name": "R0", "fields": []}
    for level in range(1, 40):
        kind = {
            "type": "record",
            "name": f"R{level}",
            "fields": [{"name": "a", "type": kind}, {"name": "b", "type": f"R{level - 1}"}],
        }
    with pytest.raises(BadSchema):
        AvroSchema(kind)


@pytest.mark.parametrize(
    "kind",
    [
        {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 2},
        {"type": "fixed", "name": "F", "size": 900_000, "logicalType": "decimal", "precision": 20},
        {"type": "string", "logicalType": "uuid"},
    ],
)
def test_a_long_value_of_a_logical_type_is_refused_before_it_is_converted(kind: Any) -> None:
    schema = AvroSchema(kind)
    encoded = BytesIO()
    plain = {name: each for name, each in kind.items() if name != "logicalType"}
    long_value = "7" * 900_000 if kind["type"] == "string" else b"7" * 900_000
    fastavro.schemaless_writer(encoded, fastavro.parse_schema(plain), long_value)
    began = time.process_time()
    with pytest.raises(ValueError, match="none of the schema"):
        schema.decode(encoded.getvalue())
    assert time.process_time() - began < 1


def test_a_decimal_keeps_its_scale() -> None:
    schema = AvroSchema({"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2})
    assert schema.decode(b"\x04\x04\xd2") == Decimal("12.34")


def nested_unevaluated(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"properties": {"a": {}}}
    for _ in range(levels):
        schema = {"allOf": [schema], "unevaluatedProperties": False}
    return schema


def test_a_record_with_a_million_faults_by_its_json_schema_is_refused_within_a_second() -> None:
    kind: dict[str, Any] = {"items": {"minimum": 5}}
    for _ in range(40):
        kind = {"anyOf": [{"items": {"minimum": 7}}, kind]}
    schema = JsonSchema(kind)
    began = time.process_time()
    with pytest.raises(ValueError, match="does not fit"):
        schema.decode(b"[" + b"1," * 25_000 + b"1]")
    assert time.process_time() - began < 1


def test_a_json_schema_whose_references_multiply_or_lead_in_a_circle_is_refused() -> None:
    twice = {f"d{number}": {"allOf": [{"$ref": f"#/$defs/d{number + 1}"}] * 2} for number in range(27)} | {
        "d27": {"type": "object"}
    }
    refused: list[Any] = [
        {"$defs": twice, "$ref": "#/$defs/d0"},
        {"$defs": {"outer": {"$id": "http://a.example/", "$defs": twice, "$ref": "#/$defs/d0"}}},
        {"properties": {"child": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}}},
        {"$defs": {"a": {"properties": {"child": {"$ref": "#/$defs/a"}}}}, "$ref": "#/$defs/a"},
        nested_unevaluated(60),
        {"$defs": {"a": {"$dynamicAnchor": "a"}}, "$dynamicRef": "#a"},
        {"$ref": "#/$defs/missing"},
    ]
    for schema in refused:
        with pytest.raises(BadSchema):
            JsonSchema(schema)


def test_a_record_that_is_too_large_for_its_json_schema_is_refused_before_it_is_checked() -> None:
    schema = JsonSchema({"items": {"allOf": [{"minimum": -number} for number in range(1_000)]}})
    assert schema.decode(b"[1,2]") == [1, 2]
    with pytest.raises(ValueError, match="too large"):
        schema.decode(b"[" + b"1," * 100_000 + b"1]")


def test_a_json_schema_may_use_a_definition_in_several_places() -> None:
    money = {"type": "object", "properties": {"amount": {"type": "number"}}, "required": ["amount"]}
    properties = {"id": {"type": "string"}, "$ref": {"type": "string"}}
    properties |= {name: {"$ref": "#/definitions/a~1money"} for name in ("net", "gross")}
    schema = JsonSchema(
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "$id": "http://shop.example/order",
            "definitions": {"a/money": money},
            "properties": properties,
        }
    )
    assert schema.decode(b'{"net": {"amount": 1}}') == {"net": {"amount": 1}}
    with pytest.raises(ValueError, match="/gross"):
        schema.decode(b'{"gross": {}}')


def test_a_json_schema_that_refers_to_another_server_is_not_fetched() -> None:
    with pytest.raises(BadSchema):
        decoder_of([SchemaDocument({"$ref": "http://10.0.0.1/x"}, {})], "json-schema")


@given(st.lists(st.sampled_from(["good", "bad", "old"]), min_size=1, max_size=250), st.integers(0, 99))
def test_what_becomes_of_a_batch_adds_up_and_stops_after_a_hundred_misfits(
    kinds: list[str], before: int
) -> None:
    values = {
        "good": ORDER,
        "bad": {"type": "order"},
        "old": {**ORDER, "occurred_at": "2020-01-01T00:00:00Z"},
    }
    records = [a_record(values[kind], offset=number, partition=0) for number, kind in enumerate(kinds)]
    judge = Judge(SOURCE, a_reader(), "x" * 32, None)
    batch = asyncio.run(judge.batch({0: records}, {0: ReadPosition(0, before)}, NOW))
    move = batch.moves[0]
    assert move.taken + move.refused + move.skipped == move.end == batch.records
    assert (len(batch.events), len(batch.letters), len(batch.faults)) == (
        move.taken,
        move.refused,
        move.refused,
    )
    assert (batch.fused == [0]) == (move.bad_run >= 100)
    assert move.end == len(kinds) or batch.fused
    assert MAX_FAULTS > 100


@pytest.mark.parametrize("timestamp", [-1, 0, 2**62, 2**63 - 1])
def test_a_record_whose_own_time_is_none_needs_one_in_the_event(timestamp: int) -> None:
    with pytest.raises(Unacceptable) as fault:
        a_reader().read(a_record(ORDER, timestamp=timestamp), NOW)
    assert fault.value.field == "/occurred_at"
    given_time = {**ORDER, "occurred_at": NOW.isoformat()}
    assert a_reader().read(a_record(given_time, timestamp=timestamp), NOW)[0].occurred_at == NOW


def test_a_record_of_another_format_is_told_which_to_choose() -> None:
    for read_format in ("json", "cloudevents"):
        with pytest.raises(Unacceptable) as fault:
            a_reader(format=read_format).read(
                a_record(avro_value(1, {"id": "o", "at": NOW, "total": None})), NOW
            )
        assert str(fault.value.remedy).startswith("Begins with the id of a schema")
    with pytest.raises(Unacceptable) as fault:
        a_reader(a_registry("avro", RECORD), format="avro").read(a_record(ORDER), NOW)
    assert "without a registry the format is JSON" in str(fault.value.remedy)


@pytest.mark.parametrize(
    "value",
    [b'{"n": 1e400}', b'{"s": "\\ud800"}', b'{"n": NaN}', b'{"n": %d}' % 10**30, b"[" * 5_000, b"\xff"],
)
def test_json_that_only_some_readers_take_is_a_fault_of_the_record(value: bytes) -> None:
    prefix = b"\0" + struct.pack(">I", 1)
    mapping = {"id": Rule(path="/n"), "attributes.n": Rule(path="/n"), "type": Rule(path="/s")}
    reader = a_reader(a_registry("json-schema", {}), format="json-schema", mapping=mapping)
    with pytest.raises(Unacceptable):
        reader.read(a_record(prefix + value), NOW)


def test_a_fault_that_comes_often_keeps_nothing_of_the_records_before() -> None:
    registry = a_registry("avro", RECORD)
    faults = []
    for _ in range(3):
        with pytest.raises(NotOfSchema) as fault:
            registry.decode(b"\0\0\0\0\2x")
        faults.append(fault.value)
    assert len({id(each) for each in faults}) == 3
