"""By which names a customer can be erased and exported: whatever a list shows can be sent back."""

from typing import Any

import httpx
import pytest
from support.audit import an_actor
from support.dispatcher_builders import (
    NOON,
    TENANT,
    a_customer,
    a_transaction,
    consume,
    decide,
    keep_tenant,
    rows,
)
from support.dispatcher_client import by_key
from support.dispatcher_erasing import execute, run_erasing
from support.http_clients import SECRET, context_on

from services.dispatcher.app import SERVICE
from services.dispatcher.erasures.requests import ErasureRequest
from services.dispatcher.exports.domain import SoughtCustomer, UnknownCustomer
from services.dispatcher.exports.lookup import find_subject
from services.dispatcher.handlers import handle_answers
from services.dispatcher.sending.sending_commands import set_placeholder_ids
from shared.db.database import Database
from shared.events import ANSWERS, Answer, KeyDigest
from shared.ids import uuid7
from shared.privacy.export_links import ExportSubject
from shared.privacy.persons import person_of
from shared.secrets import customer_hash
from shared.tenancy import digest_of
from shared.values.text import normalized_text

ERASING_KEY = "key of havnbo that may erase"
UGLY_IDS = (
    *("c-1 ", "c  1", "jo\u0308rg", "\u200bc-1", "c\u00a01", "\ufeff c\t\u3000 1\u00ad", "\u1e9b\u0323"),
    *("caf\u00e9", "a\u200bb", "\u2069 \u2066x\x1f y\x85"),
)


@pytest.fixture(autouse=True)
async def key_that_may_erase(context: Any, client: httpx.AsyncClient) -> None:
    keys = KeyDigest(id="k-2", name="privacy", digest=digest_of(ERASING_KEY), scopes=("customers:erase",))
    await keep_tenant(context.database, TENANT, version=2, keys=(keys,))
    await context.keys.refresh()


async def buy(database: Database, *customers: Any) -> None:
    for customer in customers:
        event_id = f"order {uuid7()}"
        await decide(database, a_transaction(event_id, customer, digest="d"))


async def ask(client: httpx.AsyncClient, *, key: str = "", **body: str) -> httpx.Response:
    headers = by_key(ERASING_KEY) | ({"Idempotency-Key": key} if key else {})
    return await client.post("/v1/erasures", json=body, headers=headers)


async def found(database: Database, **names: str) -> ExportSubject:
    async with database.reading() as uow:
        return await find_subject(uow, SECRET, TENANT, SoughtCustomer(**names))


async def declare(database: Database, *ids: str) -> None:
    async with database.transaction() as uow:
        await set_placeholder_ids(uow, TENANT, an_actor("the test"), ids)


class TestForms:
    @pytest.mark.parametrize("customer_id", UGLY_IDS)
    async def test_the_database_has_the_same_form_as_all_other_texts(
        self, database: Database, customer_id: str
    ) -> None:
        async with database.reading() as uow:
            form = await uow.execute("SELECT customer_id_form(:id)", {"id": customer_id})
            assert form.scalar_one() == normalized_text(customer_id)

    @pytest.mark.parametrize("customer_id", UGLY_IDS)
    async def test_an_id_is_found_as_it_came_and_in_its_one_form(
        self, client: httpx.AsyncClient, database: Database, customer_id: str
    ) -> None:
        await buy(
            database,
            a_customer(customer_id, email="shared@example.com"),
            a_customer("bo-17", email="shared@example.com"),
        )
        listed = {
            each["customer_id"]
            for each in (await ask(client, email="shared@example.com")).json()["customers"]
        }
        assert listed == {customer_id, "bo-17"}
        person = person_of(SECRET, TENANT, customer_id)
        for form in (customer_id, normalized_text(customer_id)):
            assert (await found(database, customer_id=form)).person == person
        asked = [await ask(client, customer_id=form) for form in (normalized_text(customer_id), customer_id)]
        await run_erasing(database)
        asked += [await ask(client, customer_id=form) for form in (normalized_text(customer_id), customer_id)]
        assert {answer.status_code for answer in asked} == {202}
        assert len({answer.json()["id"] for answer in asked}) == 1
        assert [row.person for row in await rows(database, "SELECT person FROM erased")] == [person]

    async def test_of_two_ids_in_one_form_the_one_that_is_given_is_meant(self, database: Database) -> None:
        await buy(database, a_customer("c-1"), a_customer("c-1 "))
        for customer_id in ("c-1", "c-1 "):
            assert (await found(database, customer_id=customer_id)).person == person_of(
                SECRET, TENANT, customer_id
            )

    async def test_an_id_that_is_only_suppressed_too(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await execute(
            database,
            "INSERT INTO suppression (tenant, kind, key, reason, who, created_at) "
            f"VALUES ('{TENANT}', 'customer', 'c-1', 'listed', 'Sara', now())",
        )
        assert (await ask(client, customer_id=" c-1")).status_code == 202


class TestIdsOfNobody:
    async def test_mean_the_id_under_the_address_that_is_given_with_it(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await buy(
            database,
            a_customer("shop-guest", email="kim@example.com", phone="+4512345678"),
            a_customer("shop-guest", email="bo@example.com"),
        )
        await declare(database, "shop-guest")
        person, kim = (
            person_of(SECRET, TENANT, "shop-guest"),
            customer_hash(SECRET, TENANT, "kim@example.com"),
        )
        assert (await ask(client, email="kim@example.com")).status_code == 409
        assert (await ask(client, customer_id="shop-guest")).status_code == 422
        for other in ({"email": "kim@example.com"}, {"phone": "+4512345678"}):
            assert await found(database, customer_id="shop-guest", **other) == ExportSubject(
                TENANT, person, kim
            )
        asked = await ask(client, customer_id="shop-guest", email="kim@example.com")
        assert (asked.status_code, asked.json()["only_under_address"]) == (202, True)
        await run_erasing(database)
        assert [row.contact for row in await rows(database, "SELECT contact FROM known_customer")] == [
            customer_hash(SECRET, TENANT, "bo@example.com")
        ]
        again = await ask(client, customer_id="shop-guest", email="kim@example.com")
        assert again.json()["id"] == asked.json()["id"]

    async def test_that_came_under_one_address_do_not_erase_whoever_comes_later(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await buy(database, a_customer("shop-guest", email="kim@example.com"))
        await declare(database, "shop-guest")
        assert (await ask(client, email="kim@example.com")).json()["only_under_address"]

    @pytest.mark.parametrize("names", [{"email": "kim@example.com"}, {"phone": "+4512345678"}])
    async def test_mean_whoever_came_under_the_address_or_number_without_an_id(
        self, client: httpx.AsyncClient, database: Database, names: dict[str, str]
    ) -> None:
        (value,) = names.values()
        await buy(database, a_customer("guest", **({"email": None} | names)))
        person = person_of(SECRET, TENANT, customer_hash(SECRET, TENANT, value))
        assert (await found(database, customer_id="guest", **names)).person == person
        assert (await ask(client, customer_id="guest", **names)).status_code == 202
        await run_erasing(database)
        assert (await ask(client, customer_id="guest", **names)).status_code == 202


class TestImports:
    async def imported(self, database: Database, customer_id: str, contact: str | None = None) -> None:
        context = context_on(SERVICE, database)
        answer = Answer(
            id=uuid7(), version=1, state="sent", origin="import", score=9, customer_id=customer_id,
            contact_key=contact, answered_at=NOON, changed_at=NOON,
        )  # fmt: skip

        async def keep(uow: Any, events: Any) -> None:
            await handle_answers(context, uow, events)

        await consume(database, keep, ANSWERS, answer)

    async def test_are_found_by_their_address(self, client: httpx.AsyncClient, database: Database) -> None:
        await self.imported(database, "c9", customer_hash(SECRET, TENANT, "kim@example.com"))
        assert (await found(database, email="Kim@example.com")).person == person_of(SECRET, TENANT, "c9")
        assert (await ask(client, email="kim@example.com")).status_code == 202

    @pytest.mark.parametrize("names", [{"email": "kim@example.com"}, {"phone": "+4512345678"}])
    async def test_without_an_id_are_found_by_the_hash_that_stands_for_it(
        self, client: httpx.AsyncClient, database: Database, names: dict[str, str]
    ) -> None:
        (value,) = names.values()
        await self.imported(database, customer_hash(SECRET, TENANT, value))
        await found(database, **names)
        assert (await ask(client, **names)).status_code == 202


async def test_a_customer_who_has_all_names_is_found_among_very_many_who_have_one(
    client: httpx.AsyncClient, database: Database
) -> None:
    corp = {"email": "info@corp.example"}
    await buy(database, a_customer("z-1", **corp))
    await execute(
        database,
        "INSERT INTO known_customer (tenant, person, contact, phone, customer_id, known_at) "
        "SELECT tenant, 'p-' || n, contact, phone, 'a-' || n, known_at FROM known_customer, generate_series(1, 150) n",
    )
    assert (await found(database, customer_id="z-1", **corp)).person == person_of(SECRET, TENANT, "z-1")
    refused = await ask(client, customer_id="z-2", **corp)
    assert "No service has anything" in refused.json()["detail"]
    await buy(database, a_customer("z-2"))
    refused = await ask(client, customer_id="z-2", **corp)
    assert "not of one customer" in refused.json()["detail"]
    assert (await ask(client, customer_id="z-1", **corp)).status_code == 202


class TestKeys:
    async def test_are_bound_by_a_request_that_an_earlier_erasure_answers(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await buy(database, a_customer("c-1"), a_customer("c-2"))
        first = await ask(client, customer_id="c-1")
        assert (await ask(client, key="K", customer_id="c-1")).json()["id"] == first.json()["id"]
        assert (await ask(client, key="K", customer_id="c-2")).status_code == 422
        assert len(await rows(database, "SELECT 1 FROM erasure")) == 1
        assert (await ask(client, key="K", customer_id="c-1")).json()["id"] == first.json()["id"]

    @pytest.mark.parametrize("names", [{"customer_id": "walk-by"}, {"phone": "12 34 56 78"}])
    async def test_answer_the_same_request_as_before_whatever_the_rules_are_now(
        self, client: httpx.AsyncClient, database: Database, names: dict[str, str]
    ) -> None:
        await buy(database, a_customer("walk-by", phone="+4512345678"))
        first = await ask(client, key="K", **names)
        assert first.status_code == 202
        await declare(database, "walk-by")
        await execute(
            database,
            "UPDATE tenant SET body = convert_to(replace(convert_from(body, 'UTF8'), '\"DK\"', '\"US\"'), 'UTF8')",
        )
        assert (await ask(client, key="another", **names)).status_code == 422
        again = await ask(client, key="K", **names)
        assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])


class TestStandIn:
    async def test_for_a_removed_id_names_nobody(self, client: httpx.AsyncClient, database: Database) -> None:
        await buy(database, a_customer("kim-4711"))
        await execute(database, "UPDATE decision SET customer_id = 'erased', person = '', contact_key = NULL")
        await execute(database, "DELETE FROM known_customer")
        assert (await ask(client, customer_id="erased")).status_code == 404
        with pytest.raises(UnknownCustomer):
            await found(database, customer_id="erased")

    async def test_is_an_id_like_any_other_where_a_customer_has_it(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await buy(database, a_customer("erased"))
        assert (await ask(client, customer_id="erased")).status_code == 202
        await run_erasing(database)
        assert [row.customer_id for row in await rows(database, "SELECT customer_id FROM decision")] == [""]


@pytest.mark.usefixtures("survey")
@pytest.mark.parametrize(
    "reason", ["kim-4711 wrote", "called from 12 34 56 78", "Mrs Wexelblatt wrote", "for Kim"]
)
async def test_a_reason_must_not_have_a_name_that_is_found(
    client: httpx.AsyncClient, database: Database, reason: str
) -> None:
    await buy(
        database, a_customer("kim-4711", email="kim@example.com", phone="+4512345678", name="Kim Wexelblatt")
    )
    answer = await ask(client, email="kim@example.com", reason=reason)
    assert answer.status_code == 422, answer.text
    assert [one["field"] for one in answer.json()["errors"]] == ["/reason"]
    assert (await ask(client, email="kim@example.com", reason="asked by letter")).status_code == 202


def test_a_blank_id_is_none_and_another_stays_as_it_is() -> None:
    assert ErasureRequest(" \u200b", " a@b ").trimmed() == ErasureRequest(None, "a@b")
    assert ErasureRequest("c  1 ").trimmed() == ErasureRequest("c  1 ")
