"""The trigger's API against the real broker: what 202 means, and what never counts twice."""

import gzip
import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from support.eventually import eventually
from support.http_clients import a_context, an_app, api_client
from support.kernel_service import create_topics, records_of
from support.stack import Postgres

from services.trigger import tenants
from services.trigger.app import SERVICE
from services.trigger.errors import BadTenant, TenantExists, UnknownKey, UnknownTenant
from shared.events import TENANTS, TRANSACTIONS, People, Transaction
from shared.service import Context


@pytest.fixture
async def context(kafka: str, postgres: Postgres) -> AsyncIterator[Context]:
    await create_topics(kafka, [TRANSACTIONS.name], 3)
    context = await a_context(SERVICE, postgres, kafka)
    yield context
    await context.database.close()


@pytest.fixture
async def key(context: Context) -> str:
    await tenants.create_tenant(context.database, "acme", name="Acme")
    return await tenants.create_key(context.database, "acme", ["events:write"], name="webshop")


@pytest.fixture
async def client(context: Context, key: str) -> AsyncIterator[httpx.AsyncClient]:
    async with api_client(SERVICE, context) as client:
        client.headers["Authorization"] = f"Bearer {key}"
        await eventually(lambda: not context.health.unready())
        yield client


def an_event(id_: str, **changes: object) -> dict[str, object]:
    now = datetime.now(UTC).isoformat()
    return {
        "id": id_,
        "type": "order.delivered",
        "occurred_at": now,
        "customer": {"id": f"c-{id_}"},
        **changes,
    }


async def on_topic(context: Context, id_: str) -> list[Transaction]:
    records = await records_of(context.afterword.kafka, TRANSACTIONS.name)
    # Other tests may have left tombstones on the shared topic.
    found = [TRANSACTIONS.decode(value).data for _, value, _ in records if value is not None]
    return [transaction for transaction in found if transaction.id == id_]


async def test_202_means_that_the_event_stands_on_the_topic_and_says_where_to_look(
    client: httpx.AsyncClient, context: Context
) -> None:
    response = await client.post("/v1/events", json=an_event("one", segments={"store": "aarhus"}))
    assert response.status_code == 202, response.text
    (transaction,) = await on_topic(context, "one")
    assert (transaction.source, transaction.segments) == ("webshop", {"store": "aarhus"})
    assert response.json() == {
        "id": "one",
        "status": "accepted",
        "see": f"http://afterword.example/events/{transaction.event_id}",
    }


async def test_in_a_batch_each_has_its_result_and_the_good_neighbours_are_accepted(
    client: httpx.AsyncClient, context: Context
) -> None:
    batch = [an_event("b1"), an_event("b2", customer={}), "no event", an_event("b3")]
    response = await client.post("/v1/events", json=batch)
    assert response.status_code == 207
    results = response.json()["results"]
    assert [(result["id"], result["status"]) for result in results] == [
        ("b1", "accepted"),
        ("b2", "refused"),
        (None, "refused"),
        ("b3", "accepted"),
    ]
    assert results[1]["errors"][0]["field"] == "/customer"
    assert await on_topic(context, "b1")
    assert not await on_topic(context, "b2")


async def test_the_same_id_twice_in_a_batch_is_one_event_and_other_content_is_refused(
    client: httpx.AsyncClient, context: Context
) -> None:
    same, other = an_event("twin"), an_event("twin", handled_by="p-1")
    response = await client.post("/v1/events", json=[same, same, other])
    assert [result["status"] for result in response.json()["results"]] == ["accepted", "accepted", "refused"]
    assert len(await on_topic(context, "twin")) == 1


async def test_a_thousand_at_once_are_all_acknowledged(client: httpx.AsyncClient) -> None:
    lines = b"\n".join(json.dumps(an_event(f"k{i}")).encode() for i in range(1_000))
    response = await client.post(
        "/v1/events", content=lines, headers={"Content-Type": "application/x-ndjson"}
    )
    assert (response.status_code, response.json()["accepted"]) == (202, 1_000)


async def test_a_single_fault_is_a_problem_document_with_field_and_remedy(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/events", json=an_event("bad", occurred_at="2026-11-22T05:00:00"))
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["errors"] == [
        {"field": "/occurred_at", "detail": "Needs its time zone, such as 2026-11-22T05:00:00Z."}
    ]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"[1, 2", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"x" * 2_000_000, "application/json", 413),
        (b"a=1", "application/x-www-form-urlencoded", 415),
        (b"", "application/json", 422),
        (b"{" * 10_000, "application/json", 422),
    ],
)
async def test_what_cannot_be_read_is_refused_with_words(
    client: httpx.AsyncClient, body: bytes, kind: str, status: int
) -> None:
    response = await client.post("/v1/events", content=body, headers={"Content-Type": kind})
    assert response.status_code == status
    assert response.json()["title"]


async def test_without_a_key_or_with_a_wrong_one_nothing_is_taken(client: httpx.AsyncClient) -> None:
    for headers in (
        {"Authorization": ""},
        {"Authorization": "Bearer aw_wrong"},
        {"Authorization": "Basic x"},
    ):
        response = await client.post("/v1/events", json=an_event("no"), headers=headers)
        assert response.status_code == 401


async def test_a_key_without_the_scope_is_told_which_it_lacks(
    client: httpx.AsyncClient, context: Context
) -> None:
    other = await tenants.create_key(context.database, "acme", ["scores:read"])
    await context.keys.refresh()
    response = await client.post(
        "/v1/events", json=an_event("no"), headers={"Authorization": f"Bearer {other}"}
    )
    assert response.status_code == 403
    assert "events:write" in response.json()["detail"]


async def test_a_revoked_key_is_dead_within_seconds(
    client: httpx.AsyncClient, context: Context, key: str
) -> None:
    await tenants.revoke_key(context.database, "acme", key)

    async def dead() -> bool:
        return (await client.post("/v1/events", json=an_event("late"))).status_code == 401

    await eventually(dead, within=5)
    with pytest.raises(UnknownKey):
        await tenants.revoke_key(context.database, "acme", key)


async def test_when_kafka_does_not_answer_the_response_is_503_and_says_when_to_come_back(
    context: Context, key: str, postgres: Postgres
) -> None:
    away = await a_context(SERVICE, postgres, "127.0.0.1:1")
    away.keys.database = context.database
    async with api_client(SERVICE, away) as client:
        response = await client.post(
            "/v1/events", json=an_event("x"), headers={"Authorization": f"Bearer {key}"}
        )
    await away.database.close()
    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"


async def test_a_tenant_is_published_with_its_keys_digests_and_never_the_key(
    context: Context, key: str
) -> None:
    async with context.database.reading() as uow:
        rows = (
            await uow.execute("SELECT value FROM outbox WHERE topic = :t ORDER BY seq", {"t": TENANTS.name})
        ).all()
    published = [TENANTS.decode(row.value).data for row in rows]
    assert [tenant.version for tenant in published] == [1, 2]
    assert published[-1].keys[0].scopes == ("events:write",)
    assert key.encode() not in rows[-1].value


async def test_a_value_that_a_tenant_cannot_have_is_refused_in_words(context: Context) -> None:
    await tenants.create_tenant(context.database, "one", name="One")
    with pytest.raises(TenantExists):
        await tenants.create_tenant(context.database, "one", name="Again")
    refused: tuple[dict[str, Any], ...] = (
        {"tenant": "Not Short", "name": "x"},
        {"tenant": "two", "name": "x", "time_zone": "Mars/Base"},
        {"tenant": "two", "name": "x", "country": "dk"},
    )
    for wrong in refused:
        with pytest.raises(BadTenant):
            await tenants.create_tenant(context.database, **wrong)
    with pytest.raises(BadTenant):
        await tenants.create_key(context.database, "one", ["events:wright"])
    with pytest.raises(UnknownTenant):
        await tenants.create_key(context.database, "none", ["events:write"])


async def test_which_segments_are_people_is_set_part_by_part_and_published(context: Context) -> None:
    database = context.database
    await tenants.create_tenant(database, "one", name="One")
    await tenants.set_people(database, "one", dimensions=["table host"])
    await tenants.set_people(database, "one", level=4)
    kept = await tenants.set_people(database, "one", shown=True)
    assert kept == People(dimensions=("table host",), level=4, shown=True)
    async with database.reading() as uow:
        rows = (await uow.execute("SELECT value FROM outbox WHERE topic = :t", {"t": TENANTS.name})).all()
    published = [tenant for tenant in (TENANTS.decode(row.value).data for row in rows) if tenant.id == "one"]
    assert max(published, key=lambda tenant: tenant.version).people == kept
    for wrong in ({"level": -1}, {"level": 7}, {"dimensions": [" "]}, {"dimensions": ["x" * 201]}):
        with pytest.raises(BadTenant):
            await tenants.set_people(database, "one", **wrong)
    with pytest.raises(UnknownTenant):
        await tenants.set_people(database, "none", shown=True)


async def test_the_migrated_database_is_what_the_models_say(context: Context) -> None:
    async with context.database.engine.connect() as connection:
        difference = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), SERVICE.metadata)
        )
    assert [change for change in difference if "alembic_version" not in str(change)] == []


async def test_the_openapi_document_tells_every_answer(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi/trigger.json")).json()
    post = document["paths"]["/v1/events"]["post"]
    assert {"202", "207", "400", "401", "413", "422", "429", "503"} <= set(post["responses"])
    assert "application/cloudevents+json" in post["requestBody"]["content"]


async def test_a_database_that_is_away_is_503_and_never_500(context: Context, postgres: Postgres) -> None:
    app = an_app([], service="test")

    @app.get("/v1/look")
    async def look() -> int:
        async with context.database.reading() as uow:
            return int((await uow.execute("SELECT 1")).scalar_one())

    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://afterword.example") as client:
        assert (await client.get("/v1/look")).status_code == 200
        await postgres.drop_database(context.database.url)
        response = await client.get("/v1/look")
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")


async def test_an_event_is_taken_without_the_hints_that_nobody_understands_and_says_which(
    client: httpx.AsyncClient, context: Context
) -> None:
    customer = {
        "id": "c",
        "phone": "0121 234 5678",
        "locale": "klingon",
        "country": "uk",
        "time_zone": "Mars",
    }
    response = await client.post("/v1/events", json=an_event("hints", customer=customer))
    assert response.status_code == 202
    assert [each["field"] for each in response.json()["warnings"]] == [
        "/customer/locale",
        "/customer/time_zone",
    ]
    (kept,) = await on_topic(context, "hints")
    assert kept.dropped == ("/customer/locale", "/customer/time_zone")
    assert (kept.customer.country, kept.customer.phone) == ("GB", "+441212345678")
    assert (kept.customer.locale, kept.customer.time_zone) == (None, None)


async def test_a_phone_number_in_national_form_is_that_of_the_company_s_country(
    client: httpx.AsyncClient, context: Context
) -> None:
    await client.post("/v1/events", json=an_event("phone", customer={"phone": "12 34 56 78"}))
    (kept,) = await on_topic(context, "phone")
    assert kept.customer.phone == "+4512345678"
    other = an_event("phone-2", customer={"phone": "+45\u00a012345678"})
    await client.post("/v1/events", json=other)
    (same,) = await on_topic(context, "phone-2")
    assert same.customer.id == kept.customer.id


async def test_a_batch_tells_of_each_event_what_was_left_out(client: httpx.AsyncClient) -> None:
    batch = [an_event("w1"), an_event("w2", handled_by={"id": 1}), an_event("w3", customer={"id": 4})]
    response = await client.post("/v1/events", json=batch)
    results = response.json()["results"]
    assert [result["status"] for result in results] == ["accepted", "accepted", "refused"]
    assert [[each["field"] for each in result.get("warnings", [])] for result in results] == [
        [],
        ["/handled_by"],
        [],
    ]


@pytest.mark.parametrize("form", ["application/json", "application/x-ndjson"])
async def test_packed_bodies_with_a_mark_of_byte_order_are_read(client: httpx.AsyncClient, form: str) -> None:
    events = [an_event(f"bom-{form[-4:]}-{number}") for number in range(2)]
    lines = [json.dumps(event).encode() for event in events]
    body = b"[" + b",".join(lines) + b"]" if form.endswith("/json") else b"\r\n\r\n".join(lines)
    response = await client.post(
        "/v1/events",
        content=gzip.compress(b"\xef\xbb\xbf" + body),
        headers={"Content-Type": form, "Content-Encoding": "gzip"},
    )
    assert (response.status_code, response.json()["accepted"]) == (202, 2)


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "application/json; charset=utf-16"}, '{"id": "x"}'.encode("utf-16"), 415),
        ({"Content-Type": "application/json"}, '{"id": "x"}'.encode("utf-16"), 415),
        ({"Content-Type": "application/json", "Content-Encoding": "br"}, b"{}", 415),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, b"{}", 400),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, gzip.compress(b"1" * 2**24), 413),
        ({"Content-Type": "application/cloudevents+xml"}, b"<event/>", 415),
    ],
)
async def test_a_body_that_is_not_read_is_refused_with_the_true_reason(
    client: httpx.AsyncClient, headers: dict[str, str], body: bytes, status: int
) -> None:
    response = await client.post("/v1/events", content=body, headers=headers)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


async def test_an_item_that_is_no_json_leaves_its_neighbours_in_an_array_alone(
    client: httpx.AsyncClient,
) -> None:
    good = json.dumps(an_event("beside-nan"))
    body = f'[{good}, {{"id": "nan", "score": NaN}}, {{"id": "half", "type": "\\ud800"}}]'
    response = await client.post("/v1/events", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 207
    assert [(each["id"], each["status"]) for each in response.json()["results"]] == [
        ("beside-nan", "accepted"),
        ("nan", "refused"),
        ("half", "refused"),
    ]


async def test_a_key_that_takes_another_s_place_keeps_the_source_of_events_that_name_none(
    context: Context, client: httpx.AsyncClient
) -> None:
    await client.post("/v1/events", json=an_event("rotated"))
    assert await tenants.default_sources(context.database, "acme") == ["webshop"]
    for name, source, expected in (("shop-2027", "webshop", "webshop"), ("other", None, "other")):
        key = await tenants.create_key(context.database, "acme", ["events:write"], name=name, source=source)
        headers = {"Authorization": f"Bearer {key}"}

        async def taken(headers: dict[str, str] = headers) -> bool:
            answer = await client.post("/v1/events", json=an_event("rotated"), headers=headers)
            return answer.status_code == 202

        before = Counter(each.source for each in await on_topic(context, "rotated"))
        await eventually(taken)  # the key is known as soon as the ring has heard of it
        after = Counter(each.source for each in await on_topic(context, "rotated"))
        assert after - before == {expected: 1}  # of another source, an event may be in another partition
