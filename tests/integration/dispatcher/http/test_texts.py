"""Texts by API and page: surveys that ask by SMS, what the provider says, and what colleagues see of it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from playwright.async_api import Page
from support.accessibility import violations
from support.dispatcher_builders import (
    TENANT,
    a_customer,
    a_transaction,
    decide,
    go_live,
    keep_tenant,
    make_survey,
    relay_all,
    rows,
    say_no,
)
from support.dispatcher_client import KEY, SURVEY, a_person, by_key, form
from support.dispatcher_texts import SIGNED, SMS_SETTINGS, FakeProvider, a_text_sender
from support.http_clients import a_lent_context, api_client
from support.lent_databases import LentDatabases

from services.dispatcher.app import SERVICE
from services.dispatcher.suppressions.repository import add as add_suppressions
from shared.db.database import Database
from shared.events import KeyDigest
from shared.link_tokens import LinkSigner
from shared.service import Context
from shared.tenancy import digest_of

NUMBER = "+4520123456"
FOUND = "/v1/texts/generic"


@pytest.fixture
async def context(databases_to_lend: LentDatabases) -> AsyncIterator[Context]:
    """The API of an installation that has a provider."""
    async with a_lent_context(SERVICE, databases_to_lend, own=SMS_SETTINGS) as context:
        digest = KeyDigest(
            id="k", name="shop", digest=digest_of(KEY), scopes=("surveys:write", "decisions:read")
        )
        await keep_tenant(context.database, keys=(digest,))
        yield context


async def texted(database: Database) -> str:
    """A text that has left; the reference by which the provider knows it."""
    await make_survey(database, delay_minutes=0, channels=("sms",))
    await go_live(database)
    event = a_transaction(
        "order-1",
        a_customer(email=None, phone=NUMBER, locale="en"),
        occurred_at=database.clock(),
        accepted_at=database.clock(),
    )
    await decide(database, event)
    await relay_all(database)
    provider = FakeProvider()
    await a_text_sender(database, provider, database.clock).step()  # type: ignore[arg-type]
    return str(provider.texts[0]["reference"])


async def test_what_the_provider_signs_is_kept_and_nothing_else(
    client: httpx.AsyncClient, database: Database
) -> None:
    reference = await texted(database)
    report = {"reference": reference, "status": "delivered"}
    stop = {"from": NUMBER, "text": "STOP"}
    for body in (report, stop):
        assert (await client.post(FOUND, json=body)).status_code == 401
        assert (await client.post(FOUND, json=body, headers=by_key())).status_code == 401
        assert (await client.post("/v1/texts/twilio", json=body, headers=SIGNED)).status_code == 401
    assert (await client.get(FOUND, params=report, headers=SIGNED)).status_code == 200
    by_get = await client.get(FOUND, params=report, headers={"messagebird-signature-jwt": "a.b.c"})
    assert by_get.status_code == 401
    assert await rows(database, "SELECT 1 FROM suppression") == []
    for body in (report, stop, stop, report, {"from": "nobody", "text": "STOP"}, {}):
        assert (await client.post(FOUND, json=body, headers=SIGNED)).status_code == 200
    (entry,) = await rows(database, "SELECT tenant, kind, reason, who FROM suppression")
    assert (entry.tenant, entry.kind, entry.reason) == (TENANT, "address", "unsubscribed")
    decision = (await client.get("/v1/decisions?channel=sms", headers=by_key())).json()["decisions"][0]
    story = await client.get(decision["see"], headers=a_person())
    assert "Text message." in story.text
    assert "has reached the phone" in story.text


async def test_a_reply_is_kept_with_its_request_and_needs_an_id_where_nothing_else_names_it(
    client: httpx.AsyncClient, database: Database
) -> None:
    await texted(database)
    said, now = {"from": NUMBER, "text": "HELP"}, database.clock()
    refused = await client.post(FOUND, json=said, headers=SIGNED)
    assert refused.status_code == 422
    assert "id" in refused.json()["detail"]
    assert await rows(database, "SELECT 1 FROM text_reply") == []
    for n in (7, 7, 8):
        body: dict[str, Any] = {**said, "id": n, "at": now.isoformat()}
        assert (await client.post(FOUND, json=body, headers=SIGNED)).status_code == 200
    earlier = (now - timedelta(minutes=1)).isoformat()
    for body in ({**said, "id": "9", "at": earlier}, {**said, "text": "STOP"}):
        assert (await client.post(FOUND, json=body, headers=SIGNED)).status_code == 200
    (kept,) = await rows(database, "SELECT kind, version, score FROM text_reply")
    assert (kept.kind, kept.version, kept.score) == ("help", 2, None)
    assert len(await rows(database, "SELECT 1 FROM suppression")) == 1


async def test_a_survey_asks_by_sms_only_where_texts_leave(
    client: httpx.AsyncClient, context: Context
) -> None:
    body = {**SURVEY, "channels": ["sms", "mail"], "texts": {"en": {"sms": "{company}: how was it?"}}}
    made = await client.post("/v1/surveys", json=body, headers=by_key())
    assert (made.status_code, made.json()["channels"]) == (201, ["sms", "mail"])
    assert made.json()["texts"]["en"]["sms"] == "{company}: how was it?"
    async with api_client(SERVICE, without_provider(context)) as other:
        refused = await other.post("/v1/surveys", json={**body, "name": "Another"}, headers=by_key())
        assert refused.status_code == 422
        assert [error["field"] for error in refused.json()["errors"]] == ["/channels"]
        paused = await other.patch(
            f"/v1/surveys/{made.json()['id']}", json={"state": "paused"}, headers=by_key()
        )
        assert paused.status_code == 200


def without_provider(context: Context) -> Context:
    own = SERVICE.settings.model_validate({"database_url": context.own.database_url})
    return replace(context, own=own)


async def test_the_customer_of_a_text_chooses_about_texts(
    client: httpx.AsyncClient, context: Context
) -> None:
    reference = await texted(context.database)
    (row,) = await rows(context.database, "SELECT id FROM invitation")
    assert reference == f"{row.id}/1"
    link = f"/u/{LinkSigner(context.secret).sign('unsubscribe', row.id)}"
    page = await client.get(link)
    assert "No more questions by text message" in page.text
    assert "+45•••56" in page.text
    kept = await client.post(f"{link}/choice", data={"choice": "channel"})
    assert "You will not be asked by text message." in kept.text
    found = await rows(context.database, "SELECT kind, channel FROM contact_preference ORDER BY kind")
    assert {row.channel for row in found} == {"sms"}


async def test_the_preview_counts_the_parts_of_a_text(client: httpx.AsyncClient, database: Database) -> None:
    survey = await make_survey(database, channels=("sms", "mail"))
    page = await client.get(f"/surveys/{survey.id}/preview?language=en", headers=a_person())
    assert "1 text<" in page.text
    assert "GSM-7" in page.text
    typed = {"typed_part": "sms", "en.sms": "Être bien servi ? " * 6, "version": str(survey.version)}
    frame = await client.post(
        f"/surveys/{survey.id}/mail?language=en", data=form(**typed), headers=a_person()
    )
    assert "UCS-2" in frame.text
    assert "A reply is no answer" in frame.text
    asking = await client.post(
        f"/surveys/{survey.id}/mail?language=en",
        data=form(**{**typed, "en.sms": "{company}: 0 to 10, would you recommend us?"}),
        headers=a_person(),
    )
    assert "who replies with a number has answered" in asking.text
    assert "<bdi>Ê</bdi>" in frame.text
    assert "3 texts" in frame.text


@pytest.mark.parametrize("page", [(390, "dark", "da"), (1280, "light", "en")], indirect=True)
async def test_the_form_offers_texts_and_can_be_read_by_everybody(
    page: Page, origin: str, database: Database
) -> None:
    survey = await make_survey(database, channels=("sms", "mail"))
    await go_live(database)
    await page.goto(f"{origin}/surveys/{survey.id}/preview?language=en")
    assert await violations(page) == []
    await page.goto(f"{origin}/surveys/{survey.id}")
    assert await page.locator("[name=channels]").input_value() == "sms,mail"
    assert await violations(page) == []


@pytest.mark.parametrize(
    ("whose", "words"),
    [
        ("email", "phone number gets no text either"),
        ("phone", "address gets no mail either"),
        ("id", "The customer id’s"),
    ],
)
async def test_the_page_of_an_event_says_that_a_no_by_one_way_holds_for_the_other(
    client: httpx.AsyncClient, database: Database, whose: str, words: str
) -> None:
    await make_survey(database, delay_minutes=0, channels=("sms", "mail"))
    await go_live(database)
    customer = a_customer(phone=NUMBER)
    if whose == "id":
        async with database.transaction() as uow:
            await add_suppressions(uow, TENANT, [("customer", customer.id)], reason="listed", who="the test")
    else:
        named = (
            {"email": customer.email, "phone": None} if whose == "email" else {"email": None, "phone": NUMBER}
        )
        await say_no(database, a_customer("guest", **named))
    await decide(database, a_transaction("order-1", customer))
    (row,) = await rows(database, "SELECT event_id FROM decision")
    page = await client.get(f"/events/{row.event_id}", headers=a_person())
    assert "Whose no it is" in page.text
    assert words in page.text
    assert page.text.count("It holds for every channel") == (whose != "id")
