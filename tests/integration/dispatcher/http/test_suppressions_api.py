"""The list of those who are not asked, for programs."""

import asyncio
import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from support.audit import an_actor
from support.dispatcher_builders import (
    TENANT,
    a_customer,
    a_transaction,
    decide,
    keep_tenant,
    make_survey,
    reasons,
    rows,
)
from support.dispatcher_client import FOREIGN_KEY, KEY, a_person, by_key, csrf_header

from services.dispatcher.suppressions.domain import SuppressionEntry
from services.dispatcher.suppressions.repository import ErasedAddress, add_erased
from services.dispatcher.suppressions.suppression_commands import suppress
from shared.db.database import Database
from shared.events import KeyDigest
from shared.permissions import Role
from shared.service import Context
from shared.tenancy import digest_of

ADMIN_KEY = "key of havnbo that may do all"
UNSUBSCRIBED = "customer:gone"


class TestSuppressions:
    async def test_are_added_listed_by_pages_and_removed(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        for number in range(3):
            body = {"email": f"C-{number}@Example.com", "customer_id": f"c-{number}"}
            added = await client.post("/v1/suppressions", json=body, headers=by_key())
            assert added.status_code == 201
            assert len(added.json()["suppressions"]) == 2
        found, after = [], ""
        while after is not None:
            page = (
                await client.get("/v1/suppressions", params={"after": after, "limit": 4}, headers=by_key())
            ).json()
            found += page["suppressions"]
            after = page["next"]
        assert len({one["id"] for one in found}) == 6
        assert "example" not in str(found).lower()
        await make_survey(database)
        await decide(database, a_transaction("before"))
        (entry,) = [one["id"] for one in found if one["id"] == "customer:c-1"]
        address = (
            await client.post("/v1/suppressions", json={"email": "c-1@example.com"}, headers=by_key())
        ).json()
        for one in (entry, address["suppressions"][0]["id"]):
            assert (await client.delete(f"/v1/suppressions/{one}", headers=by_key())).status_code == 204
            assert (await client.delete(f"/v1/suppressions/{one}", headers=by_key())).status_code == 404
        await decide(database, a_transaction("after"))
        assert await reasons(database) == {"before": "suppressed", "after": "invited"}

    async def test_somebody_must_be_named(self, client: httpx.AsyncClient) -> None:
        assert (await client.post("/v1/suppressions", json={}, headers=by_key())).status_code == 422

    @pytest.mark.parametrize(
        "nobody", ["0", "guest", " NULL ", "n/a", "00000000-0000-0000-0000-000000000000"]
    )
    async def test_an_id_that_stands_for_nobody_is_refused_in_words(
        self, client: httpx.AsyncClient, database: Database, nobody: str
    ) -> None:
        for body in ({"customer_id": nobody}, {"customer_id": nobody, "email": "kim@example.com"}):
            answer = await client.post("/v1/suppressions", json=body, headers=by_key())
            assert answer.status_code == 422
            (fault,) = answer.json()["errors"]
            assert fault["field"] == "/customer_id"
            assert "stands for nobody" in fault["detail"]
        assert await rows(database, "SELECT 1 FROM suppression") == []


class TestAnUnsubscription:
    """What the customer has said is lifted by the customer, or by an administrator who says why."""

    @pytest.fixture(autouse=True)
    async def gone(self, context: Context) -> None:
        keys = (
            KeyDigest(id="k-1", name="shop", digest=digest_of(KEY), scopes=("surveys:write",)),
            KeyDigest(id="k-2", name="owner", digest=digest_of(ADMIN_KEY), scopes=("admin",)),
        )
        await keep_tenant(context.database, version=2, keys=keys)
        await context.keys.refresh()
        async with context.database.transaction() as uow:
            entries = [SuppressionEntry("customer", "gone"), SuppressionEntry("address", "a1")]
            await suppress(uow, TENANT, entries, reason="unsubscribed", who=an_actor("the customer"))
            await suppress(uow, TENANT, entries, reason="listed", who=an_actor("a list"))
            await add_erased(uow, [ErasedAddress(TENANT, "e1", "pseudonym", uow.now)])

    @pytest.mark.parametrize("entry", [UNSUBSCRIBED, "address:a1", "address:e1"])
    @pytest.mark.parametrize(
        ("who", "reason"),
        [
            (by_key(), None),
            (by_key(), "they called"),
            (by_key(ADMIN_KEY), None),
            (by_key(ADMIN_KEY), ""),
            (by_key(ADMIN_KEY), "  "),
            ("editor", None),
            ("editor", "they called"),
            ("admin", None),
            ("admin", " \t"),
        ],
    )
    async def test_is_not_lifted_without_both_the_right_and_a_reason(
        self,
        client: httpx.AsyncClient,
        database: Database,
        who: Role | dict[str, str],
        reason: str | None,
        entry: str,
    ) -> None:
        headers = who if isinstance(who, dict) else {**a_person(who), **csrf_header()}
        params = {} if reason is None else {"reason": reason}
        answer = await client.delete(f"/v1/suppressions/{entry}", params=params, headers=headers)
        assert answer.status_code == 409
        assert "reason" in answer.json()["detail"]
        found = await rows(database, "SELECT key, reason FROM suppression ORDER BY key")
        assert [tuple(row) for row in found] == [
            ("a1", "unsubscribed"),
            ("e1", "erased"),
            ("gone", "unsubscribed"),
        ]
        assert await rows(database, "SELECT 1 FROM suppression_lift") == []

    async def test_of_an_erased_address_is_listed_and_lifted_like_any_other(
        self, client: httpx.AsyncClient
    ) -> None:
        listed = (await client.get("/v1/suppressions", headers=by_key())).json()["suppressions"]
        assert [each["reason"] for each in listed if each["id"] == "address:e1"] == ["erased"]
        answer = await client.delete("/v1/suppressions/address:e1?reason=asked", headers=by_key(ADMIN_KEY))
        assert answer.status_code == 204
        (lifted,) = (await client.get("/v1/suppressions/lifted", headers=by_key())).json()["lifted"]
        assert (lifted["was"], lifted["reason"]) == ("erased", "asked")

    @pytest.mark.parametrize(("who", "name"), [("admin", "Sara Lund"), (by_key(ADMIN_KEY), "the key owner")])
    async def test_is_lifted_by_an_administrator_with_a_reason_that_is_kept_and_shown(
        self, client: httpx.AsyncClient, database: Database, who: Role | dict[str, str], name: str
    ) -> None:
        headers = who if isinstance(who, dict) else {**a_person(who), **csrf_header()}
        path = f"/v1/suppressions/{UNSUBSCRIBED}?reason={quote('asked us by phone on 3 May')}"
        assert (await client.delete(path, headers=headers)).status_code == 204
        assert (await client.delete(path, headers=headers)).status_code == 404
        (lifted,) = (await client.get("/v1/suppressions/lifted", headers=by_key())).json()["lifted"]
        assert lifted.pop("at")
        assert lifted == {
            "suppression_id": UNSUBSCRIBED,
            "kind": "customer",
            "was": "unsubscribed",
            "who": name,
            "reason": "asked us by phone on 3 May",
        }
        await make_survey(database)
        await decide(database, a_transaction(customer=a_customer("gone")))
        assert await reasons(database) == {"order-1": "invited"}

    async def test_is_lifted_by_nothing_that_is_posted(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await make_survey(database)
        for body in ({"customer_id": "gone"}, {"customer_id": "gone", "email": "gone@example.com"}):
            assert (await client.post("/v1/suppressions", json=body, headers=by_key())).status_code == 201
        await decide(
            database, a_transaction("one", a_customer("gone")), a_transaction("two", a_customer("gone"))
        )
        await decide(database, a_transaction("one", a_customer("gone", email="new@example.com")))
        assert set((await reasons(database)).values()) == {"opted_out"}

    async def test_that_comes_while_a_listed_entry_is_taken_away_is_not_lost(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """The entry is looked at and taken away under one lock."""
        for number in range(15):
            entry = SuppressionEntry("customer", f"c-{number}")
            await client.post("/v1/suppressions", json={"customer_id": entry.key}, headers=by_key())

            async def unsubscribe(entry: SuppressionEntry = entry) -> None:
                async with database.transaction() as uow:
                    await suppress(uow, TENANT, [entry], reason="unsubscribed", who=an_actor("the customer"))

            await asyncio.gather(
                client.delete(f"/v1/suppressions/customer:{entry.key}", headers=by_key()), unsubscribe()
            )
            (row,) = await rows(database, "SELECT reason FROM suppression WHERE key = :key", key=entry.key)
            assert row.reason == "unsubscribed"

    async def test_and_its_lift_are_nothing_to_another_company(self, client: httpx.AsyncClient) -> None:
        foreign = by_key(FOREIGN_KEY)
        path = f"/v1/suppressions/{UNSUBSCRIBED}"
        assert (await client.delete(path, params={"reason": "x"}, headers=foreign)).status_code == 404
        await client.delete(path, params={"reason": "x"}, headers=by_key(ADMIN_KEY))
        assert (await client.get("/v1/suppressions/lifted", headers=foreign)).json()["lifted"] == []

    async def test_lifts_are_listed_by_pages_newest_first(self, client: httpx.AsyncClient) -> None:
        for number in range(5):
            await client.post("/v1/suppressions", json={"customer_id": f"c-{number}"}, headers=by_key())
            await client.delete(f"/v1/suppressions/customer:c-{number}", headers=by_key())
        found: list[tuple[str, str, str | None]] = []
        after: dict[str, str] | None = {}
        while after is not None:
            page = (
                await client.get("/v1/suppressions/lifted", params={"limit": 2, **after}, headers=by_key())
            ).json()
            found += [(one["suppression_id"], one["was"], one["reason"]) for one in page["lifted"]]
            after = {"after": page["next"]} if page["next"] else None
        assert found == [(f"customer:c-{number}", "listed", None) for number in range(4, -1, -1)]


class TestPlaceholderIds:
    async def test_are_listed_by_an_administrator_and_count_from_the_next_event_on(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await make_survey(database)
        admin = {**a_person("admin"), **csrf_header()}
        answer = await client.put(
            "/v1/placeholder-ids", json={"ids": ["Walk-By", " walk-by "]}, headers=admin
        )
        assert answer.status_code == 200
        assert answer.json()["ids"] == ["walk-by"]
        assert "guest" in answer.json()["always"]
        assert (await client.get("/v1/placeholder-ids", headers=by_key())).json() == answer.json()
        assert (await client.get("/v1/placeholder-ids", headers=by_key(FOREIGN_KEY))).json()["ids"] == []
        refused = await client.post("/v1/suppressions", json={"customer_id": "WALK-BY"}, headers=by_key())
        assert refused.status_code == 422
        await decide(database, a_transaction(customer=a_customer("walk-by")))
        found = (await client.get("/v1/decisions?event_id=order-1", headers=by_key())).json()["decisions"]
        assert found[0]["values"]["ignored_id"] == "walk-by"
        assert len(found[0]["customer_id"]) == 64
        (change,) = await rows(database, "SELECT who, what FROM sending_change")
        assert (change.who, change.what) == ("Sara Lund", "set the customer ids that stand for nobody (1)")

    @pytest.mark.parametrize("role", ["editor", "analyst", "leader", "agent"])
    async def test_are_written_by_nobody_else(self, client: httpx.AsyncClient, role: Role) -> None:
        person = {**a_person(role), **csrf_header()}
        for headers in (by_key(), person):
            answer = await client.put("/v1/placeholder-ids", json={"ids": ["x"]}, headers=headers)
            assert answer.status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/suppressions?after=customer:%00", None),
        ("DELETE", "/v1/suppressions/customer:%00", None),
        ("DELETE", "/v1/suppressions/customer:%C3%28", None),
        ("DELETE", "/v1/suppressions/customer:listed?reason=%00", None),
        ("POST", "/v1/suppressions", {"customer_id": "a\0b"}),
        ("POST", "/v1/suppressions", {"email": "a\0b@example.com"}),
        ("POST", "/v1/suppressions", {"email": "\ud800@example.com"}),
        ("POST", "/v1/suppressions", {"email": "kim@" + "\u00fc" * 300}),
        ("GET", "/v1/suppressions/lifted?after=%00", None),
        ("PUT", "/v1/placeholder-ids", {"ids": ["a\0b"]}),
        ("PUT", "/v1/placeholder-ids", {"ids": ["\ud800"]}),
        ("PUT", "/v1/placeholder-ids", {"ids": ["x" * 201]}),
        ("PUT", "/v1/placeholder-ids", {"ids": [f"{n}" for n in range(201)]}),
    ],
)
async def test_no_value_is_a_fault_of_ours(
    client: httpx.AsyncClient, method: str, path: str, body: Any
) -> None:
    await client.post("/v1/suppressions", json={"customer_id": "listed"}, headers=by_key())
    headers = {**a_person("admin"), **csrf_header(), "Content-Type": "application/json"}
    content = json.dumps(body).encode() if body is not None else None
    answer = await client.request(method, path, content=content, headers=headers)
    assert answer.status_code < 500, answer.text
