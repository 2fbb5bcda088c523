"""Erasures by the API: who may ask, whom a request means, and what a repeated one answers."""

import asyncio
from typing import Any

import httpx
import pytest
from support.audit import an_actor
from support.dispatcher_builders import (
    NOON,
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    decide,
    keep_tenant,
    published,
    rows,
)
from support.dispatcher_client import FOREIGN_KEY, KEY, a_person, by_key, csrf_header
from support.dispatcher_erasing import run_erasing

from services.dispatcher.erasures.handlers import keep_confirmations
from services.dispatcher.sending.sending_commands import set_placeholder_ids
from shared.db.database import Database
from shared.events import CUSTOMERS, ERASURES, ErasureConfirmed, KeyDigest
from shared.permissions import ROLES
from shared.privacy.erased import CONFIRMING_SERVICES
from shared.tenancy import digest_of

ERASING_KEY = "key of havnbo that may erase"
WAITING = dict.fromkeys(CONFIRMING_SERVICES, "waiting")


@pytest.fixture(autouse=True)
async def key_that_may_erase(context: Any, client: httpx.AsyncClient) -> None:
    keys = [
        KeyDigest(id="k-1", name="shop", digest=digest_of(KEY), scopes=("surveys:write", "decisions:read")),
        KeyDigest(id="k-2", name="privacy", digest=digest_of(ERASING_KEY), scopes=("customers:erase",)),
    ]
    await keep_tenant(context.database, TENANT, version=2, keys=tuple(keys))
    await context.keys.refresh()


async def buy(database: Database, *customers: Any) -> None:
    for customer in customers:
        await decide(
            database, a_transaction(f"order of {customer.id} {customer.email}", customer, digest="d")
        )


async def ask(client: httpx.AsyncClient, *, key: str = "", **body: str) -> httpx.Response:
    headers = by_key(ERASING_KEY) | ({"Idempotency-Key": key} if key else {})
    return await client.post("/v1/erasures", json=body, headers=headers)


class TestAsking:
    async def test_answers_the_erasure_and_publishes_the_customer(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await buy(database, a_customer("kim-4711"))
        answer = await ask(client, customer_id="kim-4711", reason="asked by letter")
        assert answer.status_code == 202
        asked = answer.json()
        assert (asked["state"], asked["services"]) == ("under_way", WAITING)
        assert asked["see"] == f"/v1/erasures/{asked['id']}"
        assert (asked["who"], asked["reason"]) == ("the key privacy", "asked by letter")
        assert asked["asked_for"] == ["customer_id"]
        read = await client.get(asked["see"], headers=by_key(ERASING_KEY))
        assert read.json() == asked
        (customer,) = await published(database, CUSTOMERS)
        assert customer.contact is None

    async def test_lists_who_else_is_known_under_the_address(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        karen, other, guest = (
            a_customer(id_, email="karen@example.com") for id_ in ("c-17", "c-99", "guest")
        )
        await buy(database, karen, other, guest)
        asked = (await ask(client, customer_id="c-17", email="karen@example.com")).json()
        assert [each["without_id"] for each in asked["others"]] == [True, False]
        assert asked["others"][1]["customer_id"] == "c-99"
        for each in asked["others"]:
            assert (await ask(client, customer_id=each["customer_id"])).status_code == 202
        listed = await client.get("/v1/erasures", headers=by_key(ERASING_KEY))
        assert [each["others"] for each in listed.json()["erasures"]] == [[], [], []]

    async def test_ends_when_each_service_has_confirmed(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await buy(database, a_customer("kim-4711"))
        see = (await ask(client, customer_id="kim-4711")).json()["see"]
        (customer,) = await published(database, CUSTOMERS)
        states = []
        for service in CONFIRMING_SERVICES:
            confirmed = ErasureConfirmed(id=customer.id, service=service, confirmed_at=NOON)
            async with database.transaction() as uow:
                await keep_confirmations(uow, [ERASURES.event(TENANT, confirmed, NOON)])
            answer = (await client.get(see, headers=by_key(ERASING_KEY))).json()
            states.append((answer["services"][service], answer["state"]))
        assert states == [("done", "under_way")] * 3 + [("done", "done")]

    async def test_keeps_neither_id_nor_address_nor_number(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await buy(database, a_customer("kim-4711", email="kim@example.com", phone="+4512345678"))
        body = {
            "customer_id": "kim-4711",
            "email": "Kim@example.com",
            "phone": "12 34 56 78",
            "reason": "letter",
        }
        assert (await ask(client, key="1", **body)).status_code == 202
        kept = str(await rows(database, "SELECT * FROM erasure")) + str(
            await rows(database, "SELECT * FROM erased")
        )
        assert not [word for word in ("4711", "kim@", "345678", "34 56") if word in kept.casefold()]

    async def test_by_the_address_alone(self, client: httpx.AsyncClient, database: Database) -> None:
        await buy(database, a_customer("kim-4711", email="kim@example.com"))
        assert (await ask(client, email="KIM@Example.com")).status_code == 202

    async def test_by_the_number_alone_however_it_is_written(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await buy(database, a_customer("kim-4711", email=None, phone="+4512345678"))
        assert (await ask(client, phone="12 34 56 78")).status_code == 202

    async def test_of_a_guest_by_the_code_that_stands_for_the_address(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        address = {"email": "kim@example.com"}
        await buy(database, a_customer("kim-4711", **address), a_customer("guest", **address))
        listed = (await ask(client, **address)).json()["customers"]
        assert [one["addresses"] for one in listed] == [1, 1]
        for one in listed:
            assert (await ask(client, customer_id=one["customer_id"])).status_code == 202


class TestRefusals:
    async def test_an_address_of_several_lists_them_and_asks_which(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        address = {"email": "family@example.com"}
        await buy(database, a_customer("anna-17", **address), a_customer("bo-17", **address))
        answer = await ask(client, **address)
        assert answer.status_code == 409
        problem = answer.json()
        assert problem["customers"] == [
            {"customer_id": "anna-17", "addresses": 1},
            {"customer_id": "bo-17", "addresses": 1},
        ]
        assert "customer id of the one" in problem["detail"]
        assert "family@" not in answer.text
        assert (await ask(client, customer_id="bo-17", **address)).status_code == 202
        assert await rows(database, "SELECT 1 FROM erased WHERE contact IS NOT NULL") == []

    async def test_an_address_of_a_customer_with_another_asks_which(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        anna, bo = (a_customer("family-17", email=f"{name}@example.com") for name in ("anna", "bo"))
        await buy(database, anna, bo)
        answer = await ask(client, email="anna@example.com")
        assert answer.status_code == 409
        assert answer.json()["customers"] == [{"customer_id": "family-17", "addresses": 2}]
        both = await ask(client, customer_id="family-17", email="anna@example.com")
        assert both.json()["only_under_address"]
        alone = await ask(client, customer_id="family-17")
        assert not alone.json()["only_under_address"]
        assert alone.json()["id"] != both.json()["id"]

    @pytest.mark.parametrize(
        ("body", "sought"),
        [
            ({"customer_id": "nobody-1"}, "the customer id"),
            ({"email": "nobody@example.com"}, "the address"),
            ({"phone": "+4512345678"}, "the phone number"),
            ({"customer_id": "nobody-1", "email": "nobody@example.com"}, "the customer id and the address"),
        ],
    )
    async def test_an_unknown_customer_is_told_by_what_was_looked_for(
        self, client: httpx.AsyncClient, body: dict[str, str], sought: str
    ) -> None:
        answer = await ask(client, **body)
        assert answer.status_code == 404
        assert answer.json()["detail"].startswith(f"Looked for: {sought}.")
        assert not any(value in answer.text for value in body.values())

    async def test_names_of_two_customers_are_nobodys_together(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await buy(database, a_customer("anna-17"), a_customer("bo-17"))
        answer = await ask(client, customer_id="anna-17", email="bo-17@example.com")
        assert answer.status_code == 404
        assert "not of one customer" in answer.json()["detail"]
        assert await published(database, CUSTOMERS) == []

    @pytest.mark.parametrize("customer_id", ["guest", "0", "walk by"])
    async def test_an_id_that_stands_for_nobody(
        self, client: httpx.AsyncClient, database: Database, customer_id: str
    ) -> None:
        async with database.transaction() as uow:
            await set_placeholder_ids(uow, TENANT, an_actor("the test"), ["walk by"])
        answer = await ask(client, customer_id=customer_id)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "/customer_id"
        assert "stands for nobody" in answer.json()["errors"][0]["detail"]

    @pytest.mark.parametrize(
        "reason",
        ["kim-4711 wrote", "from Kim@Example.com", "other@example.com wrote", "called from 12 34 56 78"],
    )
    async def test_a_reason_that_names_the_customer(
        self, client: httpx.AsyncClient, database: Database, reason: str
    ) -> None:
        await buy(database, a_customer("kim-4711", email="kim@example.com", phone="+4512345678"))
        named = {"customer_id": "kim-4711", "email": "kim@example.com", "phone": "+4512345678"}
        answer = await ask(client, reason=reason, **named)
        assert answer.status_code == 422
        assert [one["field"] for one in answer.json()["errors"]] == ["/reason"]
        assert await rows(database, "SELECT 1 FROM erasure") == []

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"reason": "letter"}, "/"),
            ({"phone": "one two"}, "/phone"),
            ({"customer_id": "c-1", "name": "x"}, "/name"),
        ],
    )
    async def test_a_body_that_names_nobody(
        self, client: httpx.AsyncClient, body: dict[str, str], field: str
    ) -> None:
        answer = await ask(client, **body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == field


class TestAgain:
    async def test_is_the_same_erasure_by_whatever_name_and_key(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await buy(database, a_customer("kim-4711", email="kim@example.com", phone="+4512345678"))
        names = {"customer_id": "kim-4711", "email": "kim@example.com", "phone": "+4512345678"}
        asked = [await ask(client, key="1", customer_id="kim-4711")]
        for _ in range(2):
            asked += [await ask(client, key=f"k{n}", **{name: names[name]}) for n, name in enumerate(names)]
            asked.append(await ask(client, **names))
            await run_erasing(database)
        assert {answer.status_code for answer in asked} == {202}
        assert len({answer.json()["id"] for answer in asked}) == 1
        assert len(await rows(database, "SELECT 1 FROM erasure")) == 1

    async def test_a_key_of_another_request_is_refused(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await buy(database, a_customer("anna-17"), a_customer("bo-17"))
        assert (await ask(client, key="1", customer_id="anna-17")).status_code == 202
        answer = await ask(client, key="1", customer_id="bo-17")
        assert answer.status_code == 422
        assert "Idempotency-Key" in answer.json()["title"]
        assert len(await published(database, CUSTOMERS)) == 1

    async def test_at_the_same_time_is_one_erasure(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await buy(database, a_customer("kim-4711"))
        asked = await asyncio.gather(*(ask(client, key=str(n % 2), customer_id="kim-4711") for n in range(6)))
        assert len({answer.json()["id"] for answer in asked}) == 1


class TestList:
    async def test_is_newest_first_and_paged(
        self, client: httpx.AsyncClient, database: Database, context: Any
    ) -> None:
        clock = context.database.clock
        assert isinstance(clock, Clock)
        customers = [a_customer(f"c-{n}") for n in range(5)]
        await buy(database, *customers)
        for customer in customers:
            clock.on(seconds=1)
            await ask(client, customer_id=customer.id)
        found: list[dict[str, Any]] = []
        after: str | None = ""
        while after is not None:
            page = await client.get(
                "/v1/erasures", params={"after": after, "limit": 2}, headers=by_key(ERASING_KEY)
            )
            found += page.json()["erasures"]
            after = page.json()["next"]
        times = [one["asked_at"] for one in found]
        assert times == sorted(times, reverse=True)
        assert len({one["id"] for one in found}) == 5

    async def test_another_companys_is_not_there(self, client: httpx.AsyncClient, database: Database) -> None:
        await buy(database, a_customer("kim-4711"))
        see = (await ask(client, customer_id="kim-4711")).json()["see"]
        admin = a_person(tenant="another")
        assert (await client.get(see, headers={**admin, "Accept": "application/json"})).status_code == 404
        listed = await client.get("/v1/erasures", headers={**admin, "Accept": "application/json"})
        assert listed.json()["erasures"] == []


class TestWhoMay:
    async def test_no_key_without_the_scope(self, client: httpx.AsyncClient) -> None:
        for key in (KEY, FOREIGN_KEY):
            answer = await client.post("/v1/erasures", json={"customer_id": "c-1"}, headers=by_key(key))
            assert answer.status_code == 403
            assert (await client.get("/v1/erasures", headers=by_key(key))).status_code == 403

    @pytest.mark.parametrize("role", ROLES)
    async def test_administrators_alone(
        self, client: httpx.AsyncClient, database: Database, role: Any
    ) -> None:
        await buy(database, a_customer("kim-4711"))
        headers = {**a_person(role), **csrf_header(), "Accept": "application/json"}
        answer = await client.post("/v1/erasures", json={"customer_id": "kim-4711"}, headers=headers)
        assert answer.status_code == (202 if role == "admin" else 403)
