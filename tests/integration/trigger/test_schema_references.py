"""Records whose schemas refer to others of a registry, and registries whose references lead nowhere.

``AFTERWORD_TEST_REGISTRY`` names a registry with Confluent's API, such as Apicurio's: then the first tests run
against it as well.
"""

import json
import os
import struct
from collections.abc import AsyncIterator, Iterator, Mapping
from io import BytesIO
from typing import Any

import fastavro
import pytest
from support.eventually import eventually
from support.lent_databases import LentDatabases
from support.registry import Answer, a_reference, a_registry, answering, register
from support.sources import SourceBench, a_source_bench, an_order

from services.trigger.sources import registry as registries
from shared.ids import uuid7
from shared.limits import MAX_EVENT_BYTES

REAL = os.environ.get("AFTERWORD_TEST_REGISTRY")
MAPPING = {
    "id": {"path": "/id"},
    "type": {"value": "order"},
    "customer.id": {"path": "/to/who"},
    "segments.country": {"path": "/to/country"},
}
DRAFT = {"$schema": "http://json-schema.org/draft-07/schema#"}


@pytest.fixture
async def bench(kafka: str, databases_to_lend: LentDatabases) -> AsyncIterator[SourceBench]:
    async with a_source_bench(kafka, databases_to_lend) as bench:
        yield bench


@pytest.fixture(params=["ours", *(["real"] if REAL else [])])
def registry(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "real" and REAL:
        yield REAL
        return
    with a_registry() as address:
        yield address


def framed(schema_id: int, value: bytes) -> bytes:
    return b"\0" + struct.pack(">I", schema_id) + value


async def test_an_avro_record_is_taken_in_by_the_types_of_other_subjects(
    bench: SourceBench, registry: str
) -> None:
    space, topic = f"shop{uuid7().hex}", await bench.topic()
    country = {"type": "enum", "namespace": space, "name": "Country", "symbols": ["DK", "NL"]}
    buyer = {
        "type": "record",
        "namespace": space,
        "name": "Buyer",
        "fields": [{"name": "who", "type": "string"}, {"name": "country", "type": f"{space}.Country"}],
    }
    order = {
        "type": "record",
        "namespace": space,
        "name": "Order",
        "fields": [{"name": "id", "type": "string"}, {"name": "to", "type": f"{space}.Buyer"}],
    }
    of_country = a_reference(f"{space}.Country", f"{space}/country")
    of_buyer = a_reference(f"{space}.Buyer", f"{space}/buyer")
    register(registry, f"{space}/country", country)
    register(registry, f"{space}/buyer", buyer, references=[of_country])
    schema_id = register(registry, f"{topic}-value", order, references=[of_buyer, of_country])
    named: dict[str, Any] = {}
    encoded = BytesIO()
    *_, parsed = (fastavro.parse_schema(each, named) for each in (country, buyer, order))
    fastavro.schemaless_writer(encoded, parsed, {"id": "o-1", "to": {"who": "c-1", "country": "NL"}})
    await bench.write(topic, framed(schema_id, encoded.getvalue()))
    source = await bench.declare(topic, format="avro", registry={"url": registry}, mapping=MAPPING)
    async with bench.workers():
        await bench.until(source, taken=1, refused=0)
    (event,) = await bench.taken()
    assert (event.id, event.customer.id, event.segments) == ("o-1", "c-1", {"country": "NL"})


async def test_a_json_record_is_checked_by_the_schemas_of_other_subjects(
    bench: SourceBench, registry: str
) -> None:
    space, topic = f"shop{uuid7().hex}", await bench.topic()
    country = {**DRAFT, "enum": ["DK", "NL"]}
    buyer = {
        **DRAFT,
        "type": "object",
        "properties": {"who": {"type": "string"}, "country": {"$ref": f"{space}-country.json"}},
        "required": ["who"],
    }
    order = {**DRAFT, "properties": {"id": {"type": "string"}, "to": {"$ref": f"{space}-buyer.json"}}}
    register(registry, f"{space}-country", country, "JSON")
    of_country = a_reference(f"{space}-country.json", f"{space}-country")
    register(registry, f"{space}-buyer", buyer, "JSON", [of_country])
    of_buyer = a_reference(f"{space}-buyer.json", f"{space}-buyer")
    schema_id = register(registry, f"{topic}-value", order, "JSON", [of_buyer])
    good = {"id": "o-1", "to": {"who": "c-1", "country": "DK"}}
    values = (good, {**good, "to": {"who": "c-1", "country": "SE"}}, {**good, "to": {}})
    await bench.write(topic, *(framed(schema_id, json.dumps(each).encode()) for each in values))
    source = await bench.declare(topic, format="json-schema", registry={"url": registry}, mapping=MAPPING)
    async with bench.workers():
        await bench.until(source, taken=1, refused=2)
    remedies = await the_remedies(bench, source)
    beginning = "Cannot be read by its schema: the value does not fit its schema at "
    assert remedies == [f"{beginning}/to.", f"{beginning}/to/country."]


async def the_remedies(bench: SourceBench, source: Mapping[str, Any]) -> list[str]:
    """Of the dead letters, the newest first."""
    answer = await bench.client.get(f"/v1/sources/{source['id']}/dead-letters")
    return [each["remedy"] for each in answer.json()["dead_letters"]]


def an_answer(*references: Mapping[str, Any]) -> Answer:
    return 200, {"schema": '"string"', "references": list(references)}


MISSING = (404, {"error_code": 40402, "message": "Version not found"})
ANSWERS: Mapping[str, Answer] = {
    "/schemas/ids/1": an_answer(a_reference("shop.Money", "money", 3)),
    "/subjects/money/versions/3": MISSING,
    "/schemas/ids/2": an_answer(a_reference("shop.A", "a/b")),
    "/subjects/a%2Fb/versions/1": an_answer(a_reference("shop.B", "b")),
    "/subjects/b/versions/1": an_answer(a_reference("shop.A", "a/b")),
    "/schemas/ids/3": MISSING,
    "/schemas/ids/4": an_answer(a_reference("shop.Huge", "huge")),
    "/subjects/huge/versions/1": (200, {"schema": "[" * MAX_EVENT_BYTES}),
    "/schemas/ids/5": (200, {"schema": "[" * 100_000}),
}


async def test_references_that_lead_nowhere_or_in_a_circle_are_dead_letters_that_say_so(
    bench: SourceBench,
) -> None:
    topic = await bench.topic()
    await bench.write(topic, *(framed(number, b"\x02x") for number in range(1, 6)))
    with answering(lambda path, _: ANSWERS[path]) as address:
        source = await bench.declare(topic, format="avro", registry={"url": address})
        async with bench.workers():
            await bench.until(source, taken=0, refused=5)
    beginning = "Cannot be read by its schema: "
    assert await the_remedies(bench, source) == [
        f"{beginning}schema 5 cannot be used: it is not JSON.",
        f"{beginning}schema 4 cannot be used: it, or one that it refers to, has more than 524,288 bytes.",
        f"{beginning}the registry has no schema 3.",
        f"{beginning}schema 2 cannot be used: it refers in a circle to the subject a/b 1.",
        f"{beginning}schema 1 refers to the subject money 3, which the registry does not have.",
    ]


async def test_a_schema_that_comes_late_is_asked_for_again_and_a_wrong_address_costs_no_record(
    bench: SourceBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registries, "ASK_AGAIN_S", 0.0)
    topic, known = await bench.topic(), dict[str, Answer]()
    nowhere: Answer = (404, {"error_code": 404, "message": "HTTP 404 Not Found"})
    schema = {"schema": '{"required": ["type"]}', "schemaType": "JSON"}
    await bench.write(topic, framed(1, json.dumps(an_order("one")).encode()))
    with answering(lambda path, _: known.get(path, nowhere)) as address:
        source = await bench.declare(topic, format="json-schema", registry={"url": address})
        async with bench.workers():
            await bench.until_problem(source, "registry")
            known["/schemas/ids/1"] = MISSING
            await bench.until(source, refused=1)
            known["/schemas/ids/1"] = (200, schema)
            await bench.write(topic, framed(1, json.dumps(an_order("two")).encode()))
            await bench.until(source, taken=1, refused=1)
    assert [each.id for each in await bench.taken()] == ["two"]


async def test_a_reference_is_fetched_from_the_registry_alone_and_by_checked_addresses(
    bench: SourceBench,
) -> None:
    """Whatever a reference is called, it is a path of the registry's own address."""
    asked: list[str] = []
    elsewhere = ["http://127.0.0.2/secret", "../../admin", "//127.0.0.2/x", "a?b#c"]

    def answer(path: str, _: Mapping[str, Any] | None) -> Answer:
        asked.append(path)
        number = len(asked) - 1
        return an_answer(a_reference(f"n{number}", elsewhere[number])) if number < 4 else MISSING

    topic = await bench.topic()
    await bench.write(topic, framed(1, b"\x02x"))
    with answering(answer) as address:
        await bench.declare(topic, format="avro", registry={"url": f"{address}/base/"})
        async with bench.workers():
            await eventually(lambda: len(asked) == 5)
    assert asked == [
        "/base/schemas/ids/1",
        "/base/subjects/http%3A%2F%2F127.0.0.2%2Fsecret/versions/1",
        "/base/subjects/..%2F..%2Fadmin/versions/1",
        "/base/subjects/%2F%2F127.0.0.2%2Fx/versions/1",
        "/base/subjects/a%3Fb%23c/versions/1",
    ]
