"""Customers whom a company gives by its programs and by a table."""

import asyncio
from typing import Any

import httpx
import pytest
from support.audit import audit_lines
from support.dispatcher_builders import TENANT, a_customer, a_transaction, decide, rows
from support.dispatcher_client import FOREIGN_KEY, a_person, by_key, csrf_header, form
from support.dispatcher_erasing import erase
from support.forms import forms_of

from shared.db.database import Database
from shared.permissions import Role

PATH = "/v1/customers"
KIM = {
    "id": "c-1",
    "email": "kim@example.com",
    "locale": "da_DK",
    "country": "dk",
    "segments": {"store": "a"},
}
TABLE = "id,email,country,segments.store\nc-1,kim@example.com,DK,a\nc-2,nobody,DK,b\nc-3,c-3@example.com,,"


async def post(client: httpx.AsyncClient, *customers: Any, key: str | None = None) -> Any:
    headers = by_key(key) if key else by_key()
    answer = await client.post(PATH, json={"customers": list(customers)}, headers=headers)
    assert answer.status_code == 200
    return answer.json()


async def known(database: Database) -> list[Any]:
    return list(
        await rows(
            database,
            "SELECT tenant, customer_id, email, locale, country, CAST(segments AS text) AS segments "
            "FROM customer_profile ORDER BY tenant, customer_id",
        )
    )


async def test_good_customers_are_kept_and_a_bad_one_says_what_is_wrong(
    client: httpx.AsyncClient, database: Database
) -> None:
    answer = await post(client, KIM, {"id": "c-2", "email": "nobody"}, 7, {"id": "c-3"})
    assert (answer["accepted"], answer["refused"]) == (1, 3)
    assert [each["id"] for each in answer["results"]] == ["c-1", "c-2", None, "c-3"]
    assert answer["results"][1]["errors"][0]["field"] == "/email"
    (row,) = await known(database)
    assert tuple(row) == (TENANT, "c-1", "kim@example.com", "da-DK", "DK", '{"store": "a"}')
    assert (await post(client, KIM, key=FOREIGN_KEY))["accepted"] == 1
    assert [row.tenant for row in await known(database)] == ["another", TENANT]


async def test_the_same_again_changes_nothing_and_other_content_replaces_all(
    client: httpx.AsyncClient, database: Database
) -> None:
    for _ in range(2):
        assert (await post(client, KIM))["accepted"] == 1
    (line,) = await audit_lines(database)
    assert (line.act, line.facts) == ("customers", {"count": 1})
    await post(client, {"id": "c-1", "email": "kim@example.org"})
    (row,) = await known(database)
    assert (row.email, row.locale, row.country, row.segments) == ("kim@example.org", None, None, "{}")


async def test_posted_many_times_at_once_each_customer_is_kept_once(
    client: httpx.AsyncClient, database: Database
) -> None:
    many = [{"id": f"c-{n}", "email": f"c-{n}@example.com"} for n in range(50)]
    answers = await asyncio.gather(*(post(client, *each) for each in [many, many[::-1]] * 4))
    assert {answer["accepted"] for answer in answers} == {50}
    assert len(await known(database)) == 50
    assert [line.facts for line in await audit_lines(database)] == [{"count": 50}]


async def test_a_thousand_customers_are_kept_and_one_more_is_too_many(
    client: httpx.AsyncClient, database: Database
) -> None:
    many = [{**KIM, "id": f"c-{n}", "email": f"c-{n}@example.com"} for n in range(1_001)]
    assert (await post(client, *many[:1_000]))["accepted"] == 1_000
    assert len(await known(database)) == 1_000
    refused = await client.post(PATH, json={"customers": many}, headers=by_key())
    assert refused.status_code == 413


async def test_an_erased_customer_is_refused_and_nothing_is_kept(
    client: httpx.AsyncClient, database: Database
) -> None:
    await post(client, KIM)
    await erase(database, customer_id="c-1")
    assert await known(database) == []
    answer = await post(client, KIM, {"id": "c-2", "email": "c-2@example.com"})
    assert [each["status"] for each in answer["results"]] == ["refused", "accepted"]
    assert "erased on request" in answer["results"][0]["errors"][0]["detail"]
    assert [row.customer_id for row in await known(database)] == ["c-2"]


async def test_a_customer_of_whom_nothing_else_is_known_can_be_erased_by_address(
    client: httpx.AsyncClient, database: Database
) -> None:
    await post(client, KIM)
    await erase(database, email="Kim@Example.com")
    assert await known(database) == []


async def test_an_event_completes_what_was_given(client: httpx.AsyncClient, database: Database) -> None:
    await post(client, {"id": "c-1", "email": "kim@example.com", "country": "DK"})
    customer = a_customer(email="kim@example.com", locale="nl")
    await decide(database, a_transaction("1", customer, segments={"touchpoint": "checkout"}))
    (row,) = await known(database)
    assert (row.locale, row.country, row.segments) == ("nl", "DK", "{}")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"customers": 1}', b'{"customers": [', b"\xff"])
async def test_what_is_no_list_is_refused_as_a_whole(client: httpx.AsyncClient, body: bytes) -> None:
    sent = await client.post(PATH, content=body, headers={**by_key(), "content-type": "application/json"})
    assert sent.status_code == 400


@pytest.mark.parametrize(
    ("role", "limited", "may"),
    [
        ("admin", {}, True),
        ("editor", {}, True),
        ("editor", {"segments": ("store:aarhus",)}, False),
        ("leader", {}, False),
        ("analyst", {}, False),
    ],
)
async def test_administrators_and_editors_of_the_whole_company_may(
    client: httpx.AsyncClient, role: Role, limited: dict[str, Any], may: bool
) -> None:
    who = a_person(role, **limited)
    api = {**who, **csrf_header(), "accept": "application/json"}
    assert (await client.post(PATH, json={"customers": [KIM]}, headers=api)).is_success is may
    assert (await client.get("/customers/table", headers=who)).is_success is may
    posted = await client.post("/customers/table", data=form(table=TABLE, act="try"), headers=who)
    assert posted.is_success is may
    assert ("/customers/table" in (await client.get("/surveys", headers=who)).text) is may


async def test_a_table_is_shown_before_anything_is_kept(
    client: httpx.AsyncClient, database: Database
) -> None:
    shown = await client.post("/customers/table", data=form(table=TABLE, act="save"), headers=a_person())
    assert "2 customers would be taken." in shown.text
    assert "1 row is left out." in shown.text
    assert "Row 3" in shown.text
    assert await known(database) == []
    (sent,) = [one for one in forms_of(shown.text) if one.action == "/customers/table"]
    fields = {**form(), **sent.fields, "act": "save"}
    other = {**fields, "table": TABLE.replace("c-3", "c-4")}
    assert "would be taken" in (await client.post("/customers/table", data=other, headers=a_person())).text
    assert await known(database) == []
    done = await client.post("/customers/table", data=fields, headers=a_person())
    assert done.headers["location"] == "/customers/table?taken=2"
    assert [row.customer_id for row in await known(database)] == ["c-1", "c-3"]
    page = await client.get(done.headers["location"], headers=a_person())
    assert "2 customers were taken." in page.text
    assert "2 customers are known." in page.text


async def test_whoever_stands_there_several_times_counts_as_one(client: httpx.AsyncClient) -> None:
    answer = await post(client, KIM, KIM, KIM)
    assert {name: answer[name] for name in ("accepted", "refused", "customers", "repeated")} == {
        "accepted": 3, "refused": 0, "customers": 1, "repeated": 2,
    }  # fmt: skip
    table = "Id;Email;;\n" + "kim;kim@example.com;;\n" * 3
    shown = await client.post("/customers/table", data=form(table=table, act="try"), headers=a_person())
    assert "1 customer would be taken." in shown.text
    assert "2 rows repeat one before them." in shown.text
    (sent,) = [one for one in forms_of(shown.text) if one.action == "/customers/table"]
    fields = {**form(), **sent.fields, "act": "save"}
    done = await client.post("/customers/table", data=fields, headers=a_person())
    assert done.headers["location"] == "/customers/table?taken=1"


async def test_a_table_of_ten_thousand_rows_is_taken(client: httpx.AsyncClient, database: Database) -> None:
    table = "id,email,segments.store\n" + "".join(f"c-{n},c-{n}@example.com,a\n" for n in range(10_000))
    shown = await client.post("/customers/table", data=form(table=table, act="try"), headers=a_person())
    (sent,) = [one for one in forms_of(shown.text) if one.action == "/customers/table"]
    done = await client.post(
        "/customers/table", data={**form(), **sent.fields, "act": "save"}, headers=a_person()
    )
    assert done.status_code == 303
    (count,) = await rows(database, "SELECT count(*) AS n FROM customer_profile")
    assert count.n == 10_000


async def test_what_is_no_table_is_said_beside_the_field(client: httpx.AsyncClient) -> None:
    page = await client.post("/customers/table", data=form(table="id\n1", act="try"), headers=a_person())
    assert page.status_code == 422
    assert "There is no column “email” and none “phone” in the first row." in page.text
