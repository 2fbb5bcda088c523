"""Answers from elsewhere: every item for itself, each once."""

import gzip
import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.ids import derived
from shared.privacy.persons import person_of
from shared.privacy.service_tokens import TOKEN_SCHEME, ServiceTokens, claims_of_body
from shared.secrets import customer_hash

from .conftest import SECRET, Bench, bearer

GOOD: dict[str, Any] = {
    "id": "2024-17",
    "score": 9,
    "comment": "Quick, and the driver rang first.",
    "answered_at": "2024-05-17T23:30:00Z",
    "invited_at": "2024-05-16T09:00:00+02:00",
    "customer": {"id": "kw-4711", "email": "karen@example.com", "name": "Karen"},
    "segments": {"touchpoint": "delivery", "store": "aarhus"},
    "organisation": ["north", "sales"],
    "measurement": "relational",
}


def item(**changed: Any) -> dict[str, Any]:
    return {**GOOD, **changed}


async def test_an_imported_answer_counts_on_its_own_day_under_an_id_that_never_changes(bench: Bench) -> None:
    reply = await bench.import_answers(GOOD)
    assert reply.status_code == 200
    assert reply.json() == {
        "accepted": 1,
        "new": 1,
        "refused": 0,
        "results": [{"id": "2024-17", "status": "accepted", "errors": []}],
    }
    (answer,) = await bench.published()
    assert answer.id == derived("import", "acme", "2024-17")
    assert (answer.origin, answer.state, answer.score, answer.version) == ("import", "sent", 9, 1)
    assert answer.day == date(2024, 5, 18)  # half past one in Copenhagen
    assert (answer.customer_id, answer.touchpoint, answer.measurement) == (
        "kw-4711",
        "delivery",
        "relational",
    )
    assert answer.organisation == ("north", "sales")


async def test_the_same_again_changes_nothing(bench: Bench) -> None:
    for _ in range(2):
        assert (await bench.import_answers(GOOD, item(id="2024-18"))).json()["accepted"] == 2
    await bench.import_answers(item(answered_at="2024-05-18T01:30:00+02:00"))
    assert len(await bench.published()) == 2


async def test_other_content_under_a_known_id_amends_it_and_keeps_its_day(bench: Bench) -> None:
    await bench.import_answers(GOOD)
    bench.now += timedelta(days=100)
    await bench.import_answers(
        item(score=4, segments={"store": "odense"}, answered_at="2025-01-01T00:00:00Z")
    )
    first, second = await bench.published()
    assert (second.version, second.score, second.segments) == (2, 4, {"store": "odense"})
    assert (second.day, second.answered_at) == (first.day, first.answered_at)
    history = await bench.rows("SELECT version, score, comment FROM answer_history")
    assert [(row.version, row.score, row.comment) for row in history] == [(1, 9, GOOD["comment"])]


async def test_a_number_that_was_not_kept_before_is_published_and_is_no_change_of_the_answer(
    bench: Bench,
) -> None:
    named = item(customer={"id": "kw-4711", "email": "karen@example.com", "phone": "+4520123456"})
    await bench.import_answers(named)
    async with bench.context.database.transaction() as uow:  # as the version before kept it
        await uow.execute("UPDATE answer SET number_key = NULL")
    bench.now += timedelta(days=100)
    for _ in range(2):
        await bench.import_answers(named)
    first, second = await bench.published()
    assert (second.version, second.number_key) == (2, customer_hash(SECRET, "acme", "+4520123456"))
    assert second.changed_at == first.changed_at
    assert await bench.rows("SELECT version FROM answer_history") == []
    await bench.import_answers({**named, "score": 4})
    assert (await bench.published())[-1].changed_at == bench.now
    assert [row.score for row in await bench.rows("SELECT score FROM answer_history")] == [9]


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"score": 11}, "/score"),
        ({"score": -1}, "/score"),
        ({"score": 7.5}, "/score"),
        ({"score": "7"}, "/score"),
        ({"score": True}, "/score"),
        ({"score": None}, "/score"),
        ({"id": ""}, "/id"),
        ({"id": 17}, "/id"),
        ({"answered_at": "2024-05-17T13:04:00"}, "/answered_at"),
        ({"answered_at": "yesterday"}, "/answered_at"),
        ({"answered_at": "2199-01-01T00:00:00Z"}, "/answered_at"),
        ({"answered_at": "0001-01-01T00:00:00Z"}, "/answered_at"),
        ({"invited_at": "2024-05-18T00:00:00Z"}, "/invited_at"),
        ({"comment": "x" * 5001}, "/comment"),
        ({"comment": "a\0b"}, "/comment"),
        ({"segments": {f"d{n}": "v" for n in range(9)}}, "/segments"),
        ({"segments": {"store": "\0"}}, "/segments/store"),
        ({"segments": {"store": 4}}, "/segments/store"),
        ({"segments": {"a.b/c~[0]": 4}}, "/segments/a.b~1c~0[0]"),
        ({"organisation": ["north", 4]}, "/organisation/1"),
        ({"segments": {"": "v"}}, "/segments/"),
        ({"organisation": list("abcdefg")}, "/organisation"),
        ({"measurement": "emotional"}, "/measurement"),
        ({"customer": {"e-mail": "karen@example.com"}}, "/customer/e-mail"),
        ({"scores": 4}, "/scores"),
        ({"a.b/c`": 4}, "/a.b~1c`"),
    ],
)
async def test_a_bad_item_names_its_field_and_never_harms_its_neighbours(
    bench: Bench, bad: dict[str, Any], field: str
) -> None:
    reply = await bench.import_answers(item(id="before"), item(**bad), item(id="after"))
    told = reply.json()
    assert [result["status"] for result in told["results"]] == ["accepted", "refused", "accepted"]
    (error,) = told["results"][1]["errors"]
    assert error["field"] == field
    assert len(error["detail"]) > 10
    assert {answer.id for answer in await bench.published()} == {
        derived("import", "acme", name) for name in ("before", "after")
    }


@pytest.mark.parametrize(
    "bad",
    [
        '{"id": "x", "score": NaN, "answered_at": "2024-05-17T13:04:00Z"}',
        '{"id": "x", "score": 1e999, "answered_at": "2024-05-17T13:04:00Z"}',
        '{"id": "x", "score": 4, "answered_at": "2024-05-17T13:04:00Z", "comment": "\\ud800"}',
        '{"id": "\\ud800", "score": 4, "answered_at": "2024-05-17T13:04:00Z"}',
        '{"id": "x", "score": 4, "answered_at": "2024-05-17T13:04:00Z", "segments": {"\\udfff": "v"}}',
        '{"id": "x", "score": ' + "[" * 900 + "]" * 900 + "}",
        "[" * 100_000 + "]" * 100_000,
        "17",
        "null",
        "[]",
    ],
)
async def test_what_is_hardly_json_never_harms_its_neighbours(bench: Bench, bad: str) -> None:
    good = [json.dumps(item(id=name)) for name in ("before", "after")]
    body = f'{{"answers": [{good[0]}, {bad}, {good[1]}]}}'
    reply = await bench.client.post("/v1/answers/import", content=body, headers=bearer())
    assert [result["status"] for result in reply.json()["results"]] == ["accepted", "refused", "accepted"]
    assert reply.json()["results"][1]["errors"][0]["detail"]
    assert len(await bench.published()) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"answer": []}',
        b'{"answers": 7}',
        b"\xff",
        json.dumps({"answers": [GOOD] * 1001}).encode(),
    ],
)
async def test_a_body_that_is_no_batch_is_refused_as_a_whole(bench: Bench, body: bytes) -> None:
    reply = await bench.client.post("/v1/answers/import", content=body, headers=bearer())
    assert reply.status_code == 400
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["detail"]
    assert await bench.published() == []


async def test_doubles_in_one_batch_are_one_and_contradictions_are_refused(bench: Bench) -> None:
    told = (await bench.import_answers(GOOD, GOOD, item(score=2))).json()["results"]
    assert [result["status"] for result in told] == ["accepted", "accepted", "refused"]
    assert told[2]["errors"] == [
        {"field": "/id", "detail": "This id stands in this batch already, with other content."}
    ]
    assert [answer.score for answer in await bench.published()] == [9]


async def test_an_address_is_kept_as_a_keyed_hash_under_any_id(bench: Bench) -> None:
    await bench.import_answers(
        item(id="a", customer={"id": "c9", "email": "Karen@Example.com"}),
        item(id="b", customer={"email": "karen@example.com"}),
        item(id="c", customer={"id": "c9", "phone": "+4512345678"}),
        item(id="d", customer="c9"),
    )
    contacts = {answer.id: answer.contact_key for answer in await bench.published()}
    karen = customer_hash(SECRET, "acme", "karen@example.com")
    assert contacts == {derived("import", "acme", name): karen for name in "ab"} | {
        derived("import", "acme", name): None for name in "cd"
    }


async def test_a_number_is_kept_as_a_keyed_hash_beside_an_address_or_an_id(bench: Bench) -> None:
    await bench.import_answers(
        item(id="a", customer={"id": "c9", "email": "karen@example.com", "phone": "+45 20 12 34 56"}),
        item(id="b", customer={"id": "c9", "phone": "+4520123456"}),
        item(id="c", customer={"id": "c9", "email": "karen@example.com", "phone": "no number"}),
        item(id="d", customer="c9"),
    )
    number = customer_hash(SECRET, "acme", "+4520123456")
    expected: dict[UUID, str | None] = {derived("import", "acme", name): number for name in "ab"}
    expected |= {derived("import", "acme", name): None for name in "cd"}
    assert {answer.id: answer.number_key for answer in await bench.published()} == expected
    kept = await bench.rows("SELECT id, number_key FROM answer")
    assert {row.id: row.number_key for row in kept} == expected


async def test_an_id_of_nobody_is_no_id(bench: Bench) -> None:
    """As at the door of events: the customer is called by the address, or else by the number."""
    named: list[tuple[str, dict[str, str]]] = [
        ("a", {"id": "guest", "email": "Karen@Example.com"}),
        ("b", {"id": "0", "phone": "+4512345678"}),
        ("c", {"id": "guest"}),
    ]
    await bench.import_answers(*(item(id=name, customer=customer) for name, customer in named))
    ids = [customer_hash(SECRET, "acme", "karen@example.com"), customer_hash(SECRET, "acme", "+4512345678")]
    assert {answer.id: (answer.customer_id, answer.person) for answer in await bench.published()} == {
        derived("import", "acme", name): (each, person_of(SECRET, "acme", each))
        for name, each in zip("abc", [*ids, "guest"], strict=True)
    }


async def test_a_customer_without_an_id_is_known_by_the_hash_of_the_address(bench: Bench) -> None:
    await bench.import_answers(
        item(id="a", customer={"email": "Karen@Example.com"}),
        item(id="b", customer="c-4"),
        item(id="c", customer=None),
    )
    published = {answer.id: answer.customer_id for answer in await bench.published()}
    assert published == {
        derived("import", "acme", "a"): customer_hash(SECRET, "acme", "karen@example.com"),
        derived("import", "acme", "b"): "c-4",
        derived("import", "acme", "c"): None,
    }
    rows = await bench.rows("SELECT CAST(to_jsonb(a) AS text) AS body FROM answer a")
    assert not any("example.com" in row.body.lower() for row in rows)


async def test_a_thousand_answers_are_one_request(bench: Bench) -> None:
    batch = [item(id=f"n-{n}", score=n % 11) for n in range(1000)]
    assert (await bench.import_answers(*batch)).json()["accepted"] == 1000
    assert len(await bench.published()) == 1000
    assert (await bench.import_answers(*batch)).json()["accepted"] == 1000
    assert len(await bench.published()) == 1000


async def test_two_tenants_with_the_same_ids_have_two_answers(bench: Bench) -> None:
    await bench.import_answers(GOOD)
    await bench.import_answers(GOOD, tenant="zenith")
    first, second = await bench.published()
    assert first.id != second.id
    assert (first.day, second.day) == (date(2024, 5, 18), date(2024, 5, 17))


async def test_nobody_imports_without_a_key(bench: Bench) -> None:
    assert (await bench.client.post("/v1/answers/import", json={"answers": [GOOD]})).status_code == 401


async def test_a_packed_body_with_a_mark_of_byte_order_is_read(bench: Bench) -> None:
    body = gzip.compress(b"\xef\xbb\xbf" + json.dumps({"answers": [GOOD]}).encode())
    reply = await bench.client.post(
        "/v1/answers/import", content=body, headers={**bearer(), "Content-Encoding": "gzip"}
    )
    assert (reply.status_code, reply.json()["accepted"]) == (200, 1)


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Encoding": "gzip"}, b"{}", 400),
        ({"Content-Encoding": "deflate"}, b"{}", 415),
        ({"Content-Encoding": "gzip"}, gzip.compress(b" " * 2**24), 413),
        ({}, '{"answers": []}'.encode("utf-16"), 415),
        ({"Content-Type": "application/json; charset=iso-8859-1"}, b'{"answers": []}', 415),
    ],
)
async def test_a_body_that_is_not_read_is_refused_with_the_true_reason(
    bench: Bench, headers: dict[str, str], body: bytes, status: int
) -> None:
    reply = await bench.client.post("/v1/answers/import", content=body, headers={**bearer(), **headers})
    assert reply.status_code == status


async def test_a_year_or_a_name_that_cannot_be_kept_is_refused_beside_a_nan(bench: Bench) -> None:
    items = [
        json.dumps(item(id="future", answered_at="2999-01-01T00:00:00Z")),
        json.dumps(item(id="early", answered_at="0001-01-01T00:00:00+14:00", invited_at=None)),
        json.dumps(item(id="long", organisation=["長" * 200] * 6)),
        json.dumps(item(id="good")),
        '{"id": "nan", "score": NaN}',
    ]
    reply = await bench.client.post(
        "/v1/answers/import", content=f'{{"answers": [{",".join(items)}]}}', headers=bearer()
    )
    assert reply.status_code == 200
    assert {each["id"]: each["status"] for each in reply.json()["results"]} == {
        "future": "refused",
        "early": "refused",
        "long": "refused",
        "good": "accepted",
        "nan": "refused",
    }


async def test_a_phone_number_stands_for_one_person_however_it_is_written(bench: Bench) -> None:
    spellings = ["12 34 56 78", "+45 12345678", "0045\u00a012345678"]
    await bench.import_answers(*(item(id=phone, customer={"phone": phone}) for phone in spellings))
    assert {answer.customer_id for answer in await bench.published()} == {
        customer_hash(SECRET, "acme", "+4512345678")
    }


async def test_answers_are_listed_by_a_segment_in_any_spelling(bench: Bench) -> None:
    await bench.import_answers(item(segments={"store": " A\u030arhus "}))
    for written in ("store:Århus", "store:A\u030arhus", "store: Århus\u00a0"):
        reply = await bench.client.get("/v1/answers", params={"segment": written}, headers=bearer())
        assert [answer["segments"] for answer in reply.json()["answers"]] == [{"store": "Århus"}]


async def test_rows_of_a_file_come_by_a_token_that_is_good_for_them_alone(bench: Bench) -> None:
    path = "/v1/personal-data/collector/answers"
    body = json.dumps({"answers": [GOOD, item(id="2024-18", score=11)]}).encode()
    tokens = ServiceTokens(SECRET, clock=lambda: bench.now)

    async def send(token: str, content: bytes = body) -> Any:
        headers = {
            "authorization": f"{TOKEN_SCHEME} {token}",
            "content-type": "application/json",
            "accept-language": "da",
        }
        return await bench.client.post(path, content=content, headers=headers)

    good = tokens.sign("import", "acme", claims_of_body(body))
    for _ in range(2):  # a part that comes twice changes nothing
        reply = (await send(good)).json()
        assert [each["status"] for each in reply["results"]] == ["accepted", "refused"]
        assert reply["results"][1]["errors"][0]["detail"].startswith("Skal være")
    assert len(await bench.published()) == 1
    assert (await send(good, b'{"answers": []}')).status_code == 401
    assert (await send(tokens.sign("export", "acme", claims_of_body(body)))).status_code == 401
    assert (await send("x.y")).status_code == 401
    empty = b"[]"
    assert (await send(tokens.sign("import", "acme", claims_of_body(empty)), empty)).status_code == 422
