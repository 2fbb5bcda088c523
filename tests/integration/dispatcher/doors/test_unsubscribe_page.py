"""The customer's way out: what the link in a mail does when it is opened, and when it is posted."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from support.asking import a_customer, a_transaction, decide, go_live, make_survey, reasons, rows, states
from support.dispatcher_door import by_key
from support.doors import SECRET

from shared.db.database import Database
from shared.http.tokens import LinkSigner


class TestUnsubscribe:
    @pytest.fixture
    async def invited(self, database: Database) -> UUID:
        await make_survey(database)
        await go_live(database)
        await decide(database, a_transaction())
        (invitation_id,) = await states(database)
        return invitation_id

    @staticmethod
    def link(invitation_id: UUID, purpose: Any = "unsubscribe") -> str:
        return f"/u/{LinkSigner(SECRET).sign(purpose, invitation_id)}"

    async def test_opening_the_link_changes_nothing(
        self, door: httpx.AsyncClient, database: Database, invited: UUID
    ):
        for method in ("GET", "HEAD", "GET"):
            answer = await door.request(method, self.link(invited))
            assert answer.status_code == 200
        assert "Vil du hellere være fri for at blive spurgt?" in answer.text
        assert "Havnbo" in answer.text
        assert "c-1" not in answer.text
        assert await rows(database, "SELECT 1 FROM suppression") == []

    @pytest.mark.parametrize("body", [{"List-Unsubscribe": "One-Click"}, {}])
    async def test_a_post_without_a_cookie_unsubscribes_at_once_and_for_good(
        self, door: httpx.AsyncClient, database: Database, invited: UUID, body: dict
    ):
        for _ in range(2):
            answer = await door.post(self.link(invited), data=body)
            assert answer.status_code == 200
            assert "Du bliver ikke spurgt igen." in answer.text
        found = await rows(database, "SELECT kind, key, reason FROM suppression ORDER BY kind")
        assert [(one.kind, one.reason) for one in found] == [
            ("address", "unsubscribed"),
            ("customer", "unsubscribed"),
        ]
        assert "example.com" not in found[0].key
        await decide(database, a_transaction("next", a_customer("new id", email="C-1@example.com")))
        assert (await reasons(database))["next"] == "opted_out"

    async def test_a_multipart_one_click_works_too(
        self, door: httpx.AsyncClient, database: Database, invited: UUID
    ):
        answer = await door.post(self.link(invited), files={"List-Unsubscribe": (None, "One-Click")})
        assert answer.status_code == 200
        assert len(await rows(database, "SELECT 1 FROM suppression")) == 2

    async def test_an_unsubscription_takes_the_place_of_a_list(
        self, door: httpx.AsyncClient, database: Database, invited: UUID
    ):
        await door.post("/v1/suppressions", json={"customer_id": "c-1"}, headers=by_key())
        await door.post(self.link(invited))
        await door.post("/v1/suppressions", json={"customer_id": "c-1"}, headers=by_key())
        (row,) = await rows(database, "SELECT reason FROM suppression WHERE kind = 'customer'")
        assert row.reason == "unsubscribed"

    async def test_wrong_foreign_and_forgotten_links_get_one_page(
        self, door: httpx.AsyncClient, database: Database, invited: UUID
    ):
        wrong = [
            self.link(invited, "answer"),
            self.link(uuid4()),
            self.link(invited)[:-1] + "!",
            "/u/x",
            self.link(invited) + "x",
        ]
        answers = [await door.request(method, link) for link in wrong for method in ("GET", "POST")]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.text for answer in answers}) == 1
        assert "does not work" in answers[0].text
        assert await rows(database, "SELECT 1 FROM suppression") == []
