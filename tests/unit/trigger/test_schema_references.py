"""Schemas that refer to others of their registry: read as one, within bounds, or refused with the reason."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.trigger.sources.domain import Format
from services.trigger.sources.registered_schemas import (
    MAX_REFERENCE_DEPTH,
    MAX_REFERENCED,
    MAX_SCHEMA_BYTES,
    Reference,
    RegisteredSchema,
    SchemaDocument,
    Version,
    read_with_references,
)
from services.trigger.sources.registry import Decode, decoder_of
from services.trigger.sources.schema_bundles import bundled
from services.trigger.sources.schema_faults import BadSchema, NotOfSchema


def registered(schema: Any, kind: str | None = None, **subjects: str) -> RegisteredSchema:
    """:param subjects: of the references by their names; ``__`` stands for a dot, and the version is 1."""
    references = [Reference(name.replace("__", "."), subject, 1) for name, subject in subjects.items()]
    return RegisteredSchema(json.dumps(schema), kind, tuple(references))


def read(
    kind: Format, schema: RegisteredSchema, subjects: Mapping[str, RegisteredSchema]
) -> tuple[list[SchemaDocument], list[Version]]:
    """The documents, and the versions that were fetched."""
    fetched: list[Version] = []

    async def fetch(version: Version) -> RegisteredSchema:
        fetched.append(version)
        return subjects[version.subject]

    return asyncio.run(read_with_references(schema, kind, fetch)), fetched


def decoder(kind: Format, schema: RegisteredSchema, subjects: Mapping[str, RegisteredSchema]) -> Decode:
    return decoder_of(read(kind, schema, subjects)[0], kind)


def avro_bytes(schemas: Sequence[Any], value: Any) -> bytes:
    """A value of the last schema, as a producer with all of them writes it."""
    named: dict[str, Any] = {}
    encoded = BytesIO()
    parsed = [fastavro.parse_schema(each, named) for each in schemas]
    fastavro.schemaless_writer(encoded, parsed[-1], value)
    return encoded.getvalue()


MONEY = {
    "type": "record",
    "namespace": "shop",
    "name": "Money",
    "fields": [{"name": "cents", "type": "long"}, {"name": "currency", "type": "shop.Currency"}],
}
CURRENCY = {"type": "enum", "namespace": "shop", "name": "Currency", "symbols": ["DKK", "EUR"]}
ORDER = {
    "type": "record",
    "namespace": "shop",
    "name": "Order",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "total", "type": "Money"},
        {"name": "paid_in", "type": "shop.Currency"},
    ],
}
AVRO_SUBJECTS = {
    "money": registered(MONEY, shop__Currency="currency"),
    "currency": registered(CURRENCY),
}


def test_an_avro_record_is_read_by_the_types_that_its_schema_refers_to_each_fetched_once() -> None:
    order = registered(ORDER, shop__Money="money", shop__Currency="currency")
    documents, fetched = read("avro", order, AVRO_SUBJECTS)
    assert fetched == [("money", 1), ("currency", 1)]
    value = {"id": "o-1", "total": {"cents": 1250, "currency": "EUR"}, "paid_in": "DKK"}
    assert decoder_of(documents, "avro")(avro_bytes([CURRENCY, MONEY, ORDER], value)) == value


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (["shop.Currency", "shop.Money"], {"cents": 5, "currency": "DKK"}),
        ({"type": "array", "items": "shop.Money"}, [{"cents": 5, "currency": "EUR"}]),
        ({"type": "map", "values": "shop.Currency"}, {"a": "DKK"}),
    ],
)
def test_a_union_an_array_and_a_map_of_referenced_types_are_read_too(schema: Any, value: Any) -> None:
    whole = {"type": "record", "name": "W", "fields": [{"name": "w", "type": schema}]}
    encoded = avro_bytes([CURRENCY, MONEY, whole], {"w": value})
    several = registered(schema, shop__Money="money", shop__Currency="currency")
    assert decoder("avro", several, AVRO_SUBJECTS)(encoded) == value


ADDRESS = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "$id": "https://shop.example/address.json",
    "definitions": {"zip": {"type": "string", "pattern": "^[0-9]{4}$"}},
    "type": "object",
    "properties": {"zip": {"$ref": "#/definitions/zip"}, "country": {"$ref": "country.json"}},
    "required": ["zip"],
}
COUNTRY = {"enum": ["DK", "NL"]}
JSON_ORDER = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "$id": "https://shop.example/order.json",
    "definitions": {"id": {"type": "string"}},
    "properties": {
        "id": {"$ref": "#/definitions/id"},
        "to": {"$ref": "address.json"},
        "zip": {"$ref": "https://shop.example/address.json#/definitions/zip"},
        "$ref": {"type": "string"},
    },
}
JSON_SUBJECTS = {
    "address": registered(ADDRESS, "JSON", country__json="country"),
    "country": registered(COUNTRY, "JSON"),
}


def test_a_value_is_checked_by_the_json_schemas_that_its_schema_refers_to() -> None:
    decode = decoder("json-schema", registered(JSON_ORDER, "JSON", address__json="address"), JSON_SUBJECTS)
    good = {
        "id": "o-1",
        "to": {"zip": "8000", "country": "DK"},
        "zip": "1000",
        "$ref": "x",
    }
    assert decode(json.dumps(good).encode()) == good
    for changes, place in (
        ({"id": 5}, "/id"),
        ({"to": {"zip": "80"}}, "/to/zip"),
        ({"to": {"zip": "8000", "country": "SE"}}, "/to/country"),
        ({"zip": "x"}, "/zip"),
    ):
        with pytest.raises(NotOfSchema, match=f"at {place}$"):
            decode(json.dumps({**good, **changes}).encode())


def test_only_what_is_a_reference_is_changed() -> None:
    kept = {"properties": {"default": {"type": "string"}, "a": {"const": {"$ref": "country.json"}}}}
    root = {**kept, "items": {"$ref": "country.json"}, "default": {"$ref": "country.json"}}
    documents, _ = read("json-schema", registered(root, "JSON", country__json="country"), JSON_SUBJECTS)
    assert bundled(documents) == {
        **root,
        "items": {"$ref": "#/$defs/referenced-0"},
        "$defs": {"referenced-0": COUNTRY},
    }


def test_a_schema_in_the_newest_draft_refers_by_the_address_that_the_reference_names() -> None:
    root = {"properties": {"to": {"$ref": "http://a.example/country"}}, "$defs": {"referenced-0": {}}}
    country = Reference("http://a.example/country", "country", 1)
    decode = decoder("json-schema", RegisteredSchema(json.dumps(root), "JSON", (country,)), JSON_SUBJECTS)
    assert decode(b'{"to": "NL"}') == {"to": "NL"}
    with pytest.raises(NotOfSchema, match="/to"):
        decode(b'{"to": "SE"}')


TWICE = {"type": "record", "name": "shop.Currency", "fields": []}
ENDLESS = {"type": "array", "items": "shop.Nothing"}
NOTHING = {"type": "record", "name": "shop.Nothing", "fields": []}


@pytest.mark.parametrize(
    ("kind", "schema", "subjects", "why"),
    [
        ("avro", registered(ORDER), {}, "the type “shop.Money”"),
        ("avro", registered("long", a="a"), {"a": registered("long", a="a")}, "in a circle.* a 1"),
        (
            "avro",
            registered("long", a="a"),
            {"a": registered("long", b="b"), "b": registered("long", a="a")},
            "in a circle to the subject a 1",
        ),
        (
            "avro",
            registered(["shop.Currency", TWICE], shop__Currency="currency"),
            AVRO_SUBJECTS,
            "“shop.Currency” is defined twice",
        ),
        (
            "avro",
            registered(ENDLESS, shop__Nothing="nothing"),
            {"nothing": registered(NOTHING)},
            "more values",
        ),
        ("avro", registered("long", a="a"), {"a": registered({}, "JSON")}, "another kind"),
        ("avro", registered("long", a="a"), {"a": RegisteredSchema("{")}, "is not JSON"),
        ("json-schema", registered({"$ref": "x.json"}, "JSON", y="country"), JSON_SUBJECTS, "“x.json”"),
        (
            "json-schema",
            registered({"$ref": "y#anchor"}, "JSON", y="country"),
            JSON_SUBJECTS,
            "the anchor “anchor”",
        ),
        ("json-schema", registered({"$ref": "http://[x"}, "JSON", y="country"), JSON_SUBJECTS, "none"),
        (
            "json-schema",
            registered({"$ref": "y"}, "JSON", y="address"),
            JSON_SUBJECTS,
            "another draft",
        ),
        (
            "json-schema",
            registered({"$defs": 5, "$ref": "y"}, "JSON", y="country"),
            JSON_SUBJECTS,
            "no object",
        ),
        (
            "json-schema",
            registered({"$ref": "y"}, "JSON", y="tree"),
            {"tree": registered({"items": {"$ref": "#"}}, "JSON")},
            "within itself",
        ),
    ],
)
def test_a_schema_whose_references_cannot_be_used_says_why(
    kind: Format, schema: RegisteredSchema, subjects: Mapping[str, RegisteredSchema], why: str
) -> None:
    with pytest.raises(BadSchema, match=why):
        decoder(kind, schema, subjects)


def test_how_deep_how_many_and_how_long_referenced_schemas_are_is_bounded() -> None:
    deep = {f"s{n}": registered("long", next=f"s{n + 1}") for n in range(MAX_REFERENCE_DEPTH + 1)}
    many = {f"s{n}": registered("long") for n in range(MAX_REFERENCED + 1)}
    long = {f"s{n}": RegisteredSchema('"long"' + " " * (MAX_SCHEMA_BYTES // 4)) for n in range(4)}
    for subjects, names, why in (
        (deep, ["s0"], "deeper than 16 levels"),
        (many, list(many), "more than 100 others"),
        (long, list(long), "characters"),
    ):
        with pytest.raises(BadSchema, match=why):
            read("avro", registered("long", **{name: name for name in names}), subjects)


@given(st.integers(2, 8), st.randoms(use_true_random=False))
def test_whatever_refers_to_whatever_each_is_fetched_once_and_read_behind_what_it_needs(
    count: int, chance: Any
) -> None:
    subjects = {
        f"s{number}": registered("long", **{f"s{n}": f"s{n}" for n in range(number) if chance.random() < 0.5})
        for number in range(count)
    }
    top = registered("long", **{name: name for name in subjects})
    documents, fetched = read("avro", top, subjects)
    assert sorted(fetched) == [Version(name, 1) for name in subjects]
    assert len(documents) == count + 1
    for number, document in enumerate(documents):
        assert all(other < number for other in document.others.values())
