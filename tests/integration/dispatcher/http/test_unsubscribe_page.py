"""The customer's way out: what the link in a mail does when it is opened, and when it is posted."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from support.dispatcher_builders import (
    a_customer,
    a_transaction,
    decide,
    decided,
    go_live,
    make_survey,
    reasons,
    rows,
    share_ids,
    states,
)
from support.dispatcher_client import by_key
from support.http_clients import SECRET

from shared.db.database import Database
from shared.link_tokens import LinkSigner


class TestUnsubscribe:
    @pytest.fixture
    async def invited(self, database: Database) -> UUID:
        await make_survey(database)
        await go_live(database)
        await decide(database, a_transaction("order-1", a_customer("kim-4711")))
        (invitation_id,) = await states(database)
        return invitation_id

    @staticmethod
    def link(invitation_id: UUID, purpose: Any = "unsubscribe") -> str:
        return f"/u/{LinkSigner(SECRET).sign(purpose, invitation_id)}"

    async def test_opening_the_link_changes_nothing(
        self, client: httpx.AsyncClient, database: Database, invited: UUID
    ) -> None:
        answers = [await client.request(method, self.link(invited)) for method in ("GET", "HEAD", "GET")]
        assert [answer.status_code for answer in answers] == [200] * 3
        answer = answers[-1]
        assert "Vil du hellere være fri for at blive spurgt?" in answer.text
        assert "Havnbo" in answer.text
        assert "kim-4711" not in answer.text
        assert await rows(database, "SELECT 1 FROM suppression") == []

    @pytest.mark.parametrize("body", [{"List-Unsubscribe": "One-Click"}, {}])
    async def test_a_post_without_a_cookie_unsubscribes_at_once_and_for_good(
        self, client: httpx.AsyncClient, database: Database, invited: UUID, body: dict[str, str]
    ) -> None:
        for _ in range(2):
            answer = await client.post(self.link(invited), data=body)
            assert answer.status_code == 200
            assert "Du bliver ikke spurgt igen." in answer.text
        found = await rows(database, "SELECT kind, key, reason FROM suppression ORDER BY kind")
        assert [(one.kind, one.reason) for one in found] == [
            ("address", "unsubscribed"),
            ("customer", "unsubscribed"),
        ]
        assert "example.com" not in found[0].key
        await decide(database, a_transaction("next", a_customer("new id", email="KIM-4711@example.com")))
        assert (await reasons(database))["next"] == "opted_out"

    async def test_a_multipart_one_click_works_too(
        self, client: httpx.AsyncClient, database: Database, invited: UUID
    ) -> None:
        answer = await client.post(self.link(invited), files={"List-Unsubscribe": (None, "One-Click")})
        assert answer.status_code == 200
        assert len(await rows(database, "SELECT 1 FROM suppression")) == 2

    async def test_an_unsubscription_takes_the_place_of_a_list(
        self, client: httpx.AsyncClient, database: Database, invited: UUID
    ) -> None:
        await client.post("/v1/suppressions", json={"customer_id": "kim-4711"}, headers=by_key())
        await client.post(self.link(invited))
        await client.post("/v1/suppressions", json={"customer_id": "kim-4711"}, headers=by_key())
        (row,) = await rows(database, "SELECT reason FROM suppression WHERE kind = 'customer'")
        assert row.reason == "unsubscribed"

    async def test_wrong_foreign_and_forgotten_links_get_one_page(
        self, client: httpx.AsyncClient, database: Database, invited: UUID
    ) -> None:
        wrong = [
            self.link(invited, "answer"),
            self.link(uuid4()),
            self.link(invited)[:-1] + "!",
            "/u/x",
            self.link(invited) + "x",
        ]
        wrong += [f"{link}/again" for link in wrong]
        answers = [await client.request(method, link) for link in wrong for method in ("GET", "POST")]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.text for answer in answers}) == 1
        assert "does not work" in answers[0].text
        assert await rows(database, "SELECT 1 FROM suppression") == []

    async def test_who_has_unsubscribed_is_shown_so_and_offered_the_way_back(
        self, client: httpx.AsyncClient, invited: UUID
    ) -> None:
        link = self.link(invited)
        await client.post(link)
        page = (await client.get(link)).text
        assert "Du er nu afmeldt." in page
        assert f'<a href="{link}/again">Spørg mig igen</a>' in page
        assert "<form" not in page  # scanners press buttons
        page = (await client.get(f"{link}/again")).text
        assert f'<form method="post" action="{link}/again">' in page

    async def test_looking_at_the_way_back_changes_nothing(
        self, client: httpx.AsyncClient, database: Database, invited: UUID
    ) -> None:
        link = self.link(invited)
        await client.post(link)
        before = await rows(database, "SELECT * FROM suppression ORDER BY kind")
        for method in ("GET", "HEAD", "GET"):
            for path in (link, f"{link}/again"):
                assert (await client.request(method, path)).status_code == 200
        assert await rows(database, "SELECT * FROM suppression ORDER BY kind") == before

    async def test_the_customer_takes_the_no_back_and_may_say_it_again(
        self, client: httpx.AsyncClient, database: Database, invited: UUID
    ) -> None:
        link = self.link(invited)
        await client.post(link)
        for _ in range(2):
            answer = await client.post(f"{link}/again")
            assert answer.status_code == 200
            assert "Du kan nu blive spurgt igen." in answer.text
            assert f'href="{link}"' in answer.text
        assert await rows(database, "SELECT 1 FROM suppression") == []
        lifted = await rows(database, "SELECT kind, was, who, reason FROM suppression_lift ORDER BY kind")
        assert [tuple(one) for one in lifted] == [
            ("address", "unsubscribed", "the customer", None),
            ("customer", "unsubscribed", "the customer", None),
        ]
        assert "Vil du hellere" in (await client.get(link)).text
        await client.post(link)
        await decide(database, a_transaction("next", a_customer("new id", email="KIM-4711@example.com")))
        assert (await reasons(database))["next"] == "opted_out"

    async def test_what_the_company_has_listed_stays_listed(
        self, client: httpx.AsyncClient, database: Database, invited: UUID
    ) -> None:
        await client.post("/v1/suppressions", json={"email": "c-1@example.com"}, headers=by_key())
        await client.post(self.link(invited))
        await client.post("/v1/suppressions", json={"customer_id": "kim-4711"}, headers=by_key())
        await client.post(f"{self.link(invited)}/again")
        found = await rows(database, "SELECT kind, reason FROM suppression ORDER BY kind")
        assert [tuple(one) for one in found] == [("address", "listed"), ("customer", "listed")]

    async def test_a_no_that_an_earlier_version_kept_is_taken_back_too(
        self, client: httpx.AsyncClient, database: Database, invited: UUID
    ) -> None:
        await client.post(self.link(invited))
        async with database.transaction() as uow:
            await uow.execute("UPDATE suppression SET canonical = false")
        assert "Du er nu afmeldt." in (await client.get(self.link(invited))).text
        await client.post(f"{self.link(invited)}/again")
        assert await rows(database, "SELECT 1 FROM suppression") == []

    async def test_one_contact_of_an_account_leaves_and_returns_for_itself(
        self, client: httpx.AsyncClient, database: Database, invited: UUID
    ) -> None:
        await share_ids(database)
        contact = a_customer("kim-4711", email="bo@example.com")
        await decide(database, a_transaction("of bo", contact))
        (of_bo,) = set(await states(database)) - {invited}
        await client.post(self.link(invited))
        assert "Vil du hellere" in (await client.get(self.link(of_bo))).text
        found = await rows(database, "SELECT kind FROM suppression")
        assert [one.kind for one in found] == ["address"]
        await client.post(f"{self.link(of_bo)}/again")
        assert "Du er nu afmeldt." in (await client.get(self.link(invited))).text

    async def test_a_person_leaves_and_returns_under_every_address(
        self, client: httpx.AsyncClient, database: Database, invited: UUID
    ) -> None:
        """Whoever takes the person's no back at one address leaves that of the other address as it is."""
        await make_survey(database, trigger="call", quarantine_days=0)
        home, work = a_customer("kim-4711"), a_customer("kim-4711", email="kim@work.example")
        assert await decided(database, work, type="call") == ["invited"]
        (at_work,) = set(await states(database)) - {invited}
        await client.post(self.link(invited))
        assert "Du er nu afmeldt." in (await client.get(self.link(at_work))).text
        assert await decided(database, work, home, type="call") == ["opted_out", "opted_out"]
        await client.post(f"{self.link(at_work)}/again")
        assert await decided(database, work, home, type="call") == ["invited", "opted_out"]
        assert "Du er nu afmeldt." in (await client.get(self.link(invited))).text

    @pytest.mark.parametrize(
        ("locale", "words"),
        [
            ("en", ["Ask me again", "Would you like to be asked again?", "You can be asked again."]),
            ("da", ["Spørg mig igen", "Vil du gerne spørges igen?", "Du kan nu blive spurgt igen."]),
            ("nl", ["Vraag het mij weer", "Wilt u weer gevraagd worden?", "U kunt nu weer gevraagd worden."]),
        ],
    )
    async def test_the_way_back_speaks_the_language_of_the_mail(
        self, client: httpx.AsyncClient, database: Database, locale: str, words: list[str]
    ) -> None:
        await make_survey(database)
        await decide(database, a_transaction(customer=a_customer("lo", locale=locale)))
        (invitation_id,) = await states(database)
        link = self.link(invitation_id)
        pages = [
            await client.post(link),
            await client.get(f"{link}/again"),
            await client.post(f"{link}/again"),
        ]
        for page, said in zip(pages, words, strict=True):
            assert said in page.text
            assert f'<html lang="{locale}"' in page.text
