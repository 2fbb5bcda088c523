"""The page of erasures, and what other pages show of a customer who was erased."""

import re
from typing import Any

import httpx
import pytest
from support.dispatcher_builders import (
    a_customer,
    a_transaction,
    decide,
    go_live,
    make_survey,
    rows,
    states,
)
from support.dispatcher_client import a_person, by_key, form
from support.dispatcher_erasing import ask, erase, run_erasing
from support.http_clients import SECRET

from shared.db.database import Database
from shared.link_tokens import LinkSigner
from shared.permissions import ROLES

FILLED = {"customer_id": "kim-4711", "email": "", "phone": "", "reason": "asked by letter", "confirmed": "on"}


@pytest.fixture(autouse=True)
async def customers(database: Database) -> None:
    await make_survey(database)
    await go_live(database)
    await decide(database, a_transaction("order-1", a_customer("kim-4711", email="kim@example.com")))
    for name in ("anna", "bo"):
        family = a_customer("family-17", email=f"{name}@example.com")
        await decide(database, a_transaction(f"order of {name}", family))


async def send(client: httpx.AsyncClient, **typed: str) -> httpx.Response:
    return await client.post("/erasures", data=form(**{**FILLED, **typed}), headers=a_person())


class TestPage:
    async def test_erases_and_comes_back_to_the_list(self, client: httpx.AsyncClient) -> None:
        answer = await send(client)
        assert (answer.status_code, answer.headers["location"]) == (303, "/erasures?did=asked")
        page = await client.get("/erasures?did=asked", headers=a_person())
        for words in (
            "It has begun",
            "1 erasure is under way.",
            "Sara Lund",
            "asked by letter",
            "By the customer id",
        ):
            assert words in page.text
        assert "kim-4711" not in page.text

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({"confirmed": ""}, "Tick the box"),
            ({"reason": " "}, "Write why"),
            ({"reason": "x" * 501}, "at most 500"),
            ({"reason": "kim-4711 wrote"}, "without their id"),
            ({"customer_id": ""}, "Give customer_id"),
            ({"customer_id": "guest"}, "stands for nobody"),
            ({"phone": "one two"}, "no phone number"),
        ],
    )
    async def test_says_what_is_wrong_and_keeps_what_was_typed(
        self, client: httpx.AsyncClient, database: Database, typed: dict[str, str], words: str
    ) -> None:
        answer = await send(client, **typed)
        assert answer.status_code == 422
        assert words in answer.text
        assert ({**FILLED, **typed})["reason"] in answer.text
        assert await rows(database, "SELECT 1 FROM erasure") == []

    async def test_lists_several_customers_to_choose_from(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await decide(database, a_transaction("order-2", a_customer("lea-4", email="kim@example.com")))
        answer = await send(client, customer_id="", email="kim@example.com")
        assert answer.status_code == 409
        assert '<option value="kim-4711">' in answer.text
        assert '<option value="lea-4">' in answer.text
        assert (await send(client, customer_id="lea-4", email="kim@example.com")).status_code == 303

    async def test_of_a_customer_with_several_addresses_asks_which(self, client: httpx.AsyncClient) -> None:
        answer = await send(client, customer_id="", email="anna@example.com")
        assert answer.status_code == 409
        assert "several addresses" in answer.text
        assert (await send(client, customer_id="family-17", email="anna@example.com")).status_code == 303
        page = await client.get("/erasures", headers=a_person())
        assert "Only what came under that address." in page.text

    async def test_an_unknown_customer(self, client: httpx.AsyncClient) -> None:
        answer = await send(client, customer_id="nobody-1")
        assert answer.status_code == 404
        assert "Looked for: the customer id." in answer.text

    @pytest.mark.parametrize("role", [role for role in ROLES if role != "admin"])
    async def test_is_for_administrators(self, client: httpx.AsyncClient, role: Any) -> None:
        assert (await client.get("/erasures", headers=a_person(role))).status_code == 404
        answer = await client.post("/erasures", data=form(**FILLED), headers=a_person(role))
        assert answer.status_code == 404
        assert "/erasures" not in (await client.get("/surveys", headers=a_person(role))).text

    async def test_is_linked_from_the_surveys(self, client: httpx.AsyncClient) -> None:
        assert 'href="/erasures"' in (await client.get("/surveys", headers=a_person())).text

    async def test_takes_no_form_of_another_site(self, client: httpx.AsyncClient, database: Database) -> None:
        answer = await client.post("/erasures", data=FILLED, headers=a_person())
        assert answer.status_code == 403
        assert await rows(database, "SELECT 1 FROM erasure") == []

    @pytest.mark.parametrize("language", ["da", "nl"])
    async def test_is_in_the_readers_language(self, client: httpx.AsyncClient, language: str) -> None:
        page = await client.get("/erasures", headers={**a_person(), "Accept-Language": language})
        assert {"da": "Hvem skal slettes?", "nl": "Wie moet gewist worden?"}[language] in page.text


class TestOtherPages:
    async def test_the_event_says_that_its_customer_was_erased(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        (row,) = await rows(database, "SELECT event_id FROM decision WHERE source_id = 'order-1'")
        await erase(database, customer_id="kim-4711")
        page = await client.get(f"/events/{row.event_id}", headers=a_person())
        assert page.status_code == 200
        assert "erased on request" in page.text
        assert "The customer was erased on request." in page.text
        assert "kim-4711" not in page.text
        assert "kim@example" not in page.text
        listed = await client.get("/events", headers=a_person())
        assert "erased on request" in listed.text

    async def test_a_new_event_of_theirs_says_why_nobody_was_asked(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await erase(database, customer_id="kim-4711")
        again = a_customer("kim-4711", email="kim@example.com")
        await decide(database, a_transaction("order-9", again, digest="d"))
        page = await client.get("/events", headers=a_person())
        # The mail about the first event waited, and was dropped for the same reason.
        assert ">Customer erased on request</a>: 2." in page.text
        found = await client.get("/v1/decisions", params={"event_id": "order-9"}, headers=by_key())
        (decision,) = found.json()["decisions"]
        assert (decision["reason"], decision["customer_id"]) == ("erased", None)
        assert "erased" in (await client.get(f"/events/{decision['id']}", headers=a_person())).text

    async def test_a_search_for_the_id_finds_nothing(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await erase(database, customer_id="kim-4711")
        page = await client.get("/events", params={"q": "kim-4711"}, headers=a_person())
        assert "No event was found." in page.text


class TestLinks:
    @pytest.fixture
    async def link(self, database: Database) -> str:
        (row,) = await rows(database, "SELECT id FROM invitation WHERE customer_id = 'kim-4711'")
        return f"/u/{LinkSigner(SECRET).sign('unsubscribe', row.id)}"

    @pytest.mark.parametrize("done", [False, True])
    async def test_of_an_erased_customer_say_that_nothing_is_kept_and_change_nothing(
        self, client: httpx.AsyncClient, database: Database, link: str, done: bool
    ) -> None:
        await ask(database, customer_id="kim-4711")
        if done:
            await run_erasing(database)
        before = await states(database), await rows(database, "SELECT * FROM suppression")
        for method, path in (
            ("GET", link),
            ("POST", link),
            ("GET", f"{link}/again"),
            ("POST", f"{link}/again"),
        ):
            answer = await client.request(method, path, headers={"Accept-Language": "en"})
            assert answer.status_code == 200
            assert "Havnbo" in answer.text
            assert "Her er ikke længere gemt noget om dig." in answer.text
        assert (await states(database), await rows(database, "SELECT * FROM suppression")) == before


class TestSuppressions:
    async def test_of_an_erased_customer_store_no_id(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await erase(database, customer_id="kim-4711")
        body = {"customer_id": "kim-4711", "email": "kim@example.com"}
        answer = await client.post("/v1/suppressions", json=body, headers=by_key())
        assert answer.status_code == 201
        assert [one["kind"] for one in answer.json()["suppressions"]] == ["address"]
        alone = await client.post("/v1/suppressions", json={"customer_id": "kim-4711"}, headers=by_key())
        assert (alone.status_code, alone.json()["suppressions"]) == (201, [])


class TestOthers:
    async def test_of_the_address_are_shown_and_their_links_fill_the_form(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await send(client)
        for n, customer_id in enumerate(("c-99", "guest")):
            other = a_customer(customer_id, email="kim@example.com")
            await decide(database, a_transaction(f"later order {n}", other))
        page = (await client.get("/erasures", headers=a_person())).text
        assert "Known under the same address, too:" in page
        assert "purchases without an id" in page
        assert 'href="/erasures?customer' not in page
        links = re.findall(r'href="(/erasures\?other=[0-9a-f]{64})"', page)
        filled = [(await client.get(link, headers=a_person())).text for link in links]
        found = [re.findall(r'name="customer_id"[^>]*value="([^"]+)"', each) for each in filled]
        ids = sorted(each for (each,) in found)
        assert ids[-1] == "c-99"
        assert len(ids) == 2
        for each in ids:
            assert (await send(client, customer_id=each)).status_code == 303
        assert "Known under the same address" not in (await client.get("/erasures", headers=a_person())).text

    async def test_of_another_company_fill_in_nothing(self, client: httpx.AsyncClient) -> None:
        page = await client.get(f"/erasures?other={'0' * 64}", headers=a_person())
        assert page.status_code == 200
        assert "kim-4711" not in page.text

    async def test_the_story_says_that_another_customer_of_the_address_was_erased(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await send(client)
        await decide(database, a_transaction("later", a_customer("c-99", email="kim@example.com")))
        (row,) = await rows(database, "SELECT event_id FROM decision WHERE source_id = 'later'")
        page = await client.get(f"/events/{row.event_id}", headers=a_person())
        assert "another customer who came under it was erased on request" in page.text
