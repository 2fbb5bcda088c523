"""The webhooks of mail providers, and where what they report is seen."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from support.bounces import (
    MAILGUN_KEY,
    POSTMARK_SECRET,
    TOPIC,
    a_mailgun_request,
    a_postmark_request,
    amazons_certificate,
    an_envelope,
    ses_bounce,
)
from support.dispatcher_builders import (
    a_customer,
    a_transaction,
    decide,
    go_live,
    make_survey,
    relay_all,
    rows,
)
from support.dispatcher_client import a_person, by_key
from support.http_clients import SECRET, api_client

from services.dispatcher.app import SERVICE
from services.dispatcher.bounces import sns
from shared.db.database import Database
from shared.mail.references import MailReference, MailReferences
from shared.outbound.guarded_http import CannotFetch
from shared.service import Context

REFERENCES = MailReferences(SECRET)
TEXT = {"content-type": "text/plain; charset=UTF-8"}
PASSWORD = base64.b64encode(f"postmark:{POSTMARK_SECRET}".encode()).decode()
POSTMARK = {"authorization": f"Basic {PASSWORD}"}


@pytest.fixture
async def hooks(context: Context, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """The API of an installation that listens to all three."""

    async def fetch(url: str) -> bytes:
        if "Token=away" in url:
            raise CannotFetch("there was no answer in time")
        return amazons_certificate(context.database.clock())

    monkeypatch.setattr(sns, "fetch_from_amazon", fetch)
    own = context.own.model_copy(
        update={
            "ses_topics": TOPIC,
            "mailgun_key": SecretStr(MAILGUN_KEY),
            "postmark_secret": SecretStr(POSTMARK_SECRET),
        }
    )
    async with api_client(SERVICE, replace(context, own=own)) as client:
        yield client


@pytest.fixture
async def mails(database: Database) -> list[MailReference]:
    """Mails of three customers, as if they had left."""
    await make_survey(database)
    await go_live(database)
    await decide(database, *(a_transaction(f"order-{n}", a_customer(f"c-{n}")) for n in range(3)))
    await relay_all(database)
    async with database.transaction() as uow:
        await uow.execute("UPDATE invitation SET state = 'sent', sent_at = next_at")
        await uow.execute("UPDATE delivery SET state = 'sent', settled_at = due_at")
    found = await rows(database, "SELECT id FROM invitation ORDER BY customer_id")
    return [MailReference(row.id) for row in found]


def id_of(mail: MailReference) -> str:
    return REFERENCES.message_id(mail, "ask@shop.example")


async def stored(database: Database) -> list[tuple[str, str]]:
    found = await rows(database, "SELECT source, kind FROM bounce ORDER BY source, kind")
    return [tuple(row) for row in found]


async def test_each_provider_is_taken_once_and_shown_with_what_it_did(
    hooks: httpx.AsyncClient, database: Database, mails: list[MailReference]
) -> None:
    first, second, third = mails
    clock = database.clock
    envelope = json.dumps(an_envelope(ses_bounce(id_of(first))))
    for taken in (1, 0):
        answers = [
            await hooks.post("/v1/bounces/ses", content=envelope, headers=TEXT),
            await hooks.post(
                "/v1/bounces/mailgun", json=a_mailgun_request(id_of(second), clock(), token=f"token-{taken}")
            ),
            await hooks.post(
                "/v1/bounces/postmark",
                json=a_postmark_request(REFERENCES.reference(third), "SpamComplaint"),
                headers=POSTMARK,
            ),
        ]
        assert [(each.status_code, each.json()) for each in answers] == [
            (200, {"taken": taken, "ignored": 1 - taken})
        ] * 3
    assert await stored(database) == [("mailgun", "hard"), ("postmark", "complaint"), ("ses", "hard")]
    for number, words in (
        (
            0,
            (
                '<h1 class="finding">The mail came back.</h1>',
                "The mail was sent.",
                "The mail came back. The mailbox is not there",
                "status: 5.1.1",
            ),
        ),
        (2, ("The customer reported the mail as spam. The customer is never asked again.",)),
    ):
        event = a_transaction(f"order-{number}").event_id
        page = (await hooks.get(f"/events/{event}", headers=a_person())).text
        for word in words:
            assert word in page
    listed = (await hooks.get("/suppressions", headers=a_person())).text
    assert "mails come back" in listed
    assert "has reported a mail as spam" in listed
    found = (await hooks.get("/v1/suppressions", params={"reason": "bounced"}, headers=by_key())).json()
    entries = found["suppressions"]
    assert [each["reason"] for each in entries] == ["bounced", "bounced"]
    # Somebody mended the address: an editor takes the entry away, but not a complaint.
    gone = await hooks.delete(f"/v1/suppressions/{entries[0]['id']}", headers=by_key())
    kept = await hooks.delete("/v1/suppressions/customer:c-2", headers=by_key())
    assert (gone.status_code, kept.status_code) == (204, 409)


async def test_an_export_of_the_list_is_taken_again_with_its_reasons(
    hooks: httpx.AsyncClient, database: Database, mails: list[MailReference]
) -> None:
    await hooks.post("/v1/bounces/ses", content=json.dumps(an_envelope(ses_bounce(id_of(mails[0])))))
    complaint = a_postmark_request(REFERENCES.reference(mails[1]), "SpamComplaint")
    await hooks.post("/v1/bounces/postmark", json=complaint, headers=POSTMARK)
    before = await rows(database, "SELECT kind, key, reason FROM suppression ORDER BY kind, key")
    exported = await hooks.get("/v1/suppressions/export", headers=by_key())
    async with database.transaction() as uow:
        await uow.execute("DELETE FROM suppression")
    taken = await hooks.post(
        "/v1/suppressions/import", content=exported.text, headers={**by_key(), "content-type": "text/csv"}
    )
    assert (taken.json()["added"], taken.json()["refused"]) == (3, 0)
    assert await rows(database, "SELECT kind, key, reason FROM suppression ORDER BY kind, key") == before


async def test_forged_requests_are_refused_and_store_nothing(
    hooks: httpx.AsyncClient, database: Database, mails: list[MailReference]
) -> None:
    (mail, *_), now = mails, database.clock()
    envelope = an_envelope(ses_bounce(id_of(mail)))
    evil = "https://evil.example/SimpleNotificationService-00000000000000000000000000000000.pem"
    forged: list[tuple[str, Any, dict[str, str], int]] = [
        ("ses", {**envelope, "Message": ses_bounce(id_of(mails[1]))}, TEXT, 403),
        ("ses", {**envelope, "SigningCertURL": evil}, TEXT, 403),
        ("ses", {**envelope, "SigningCertURL": "https://["}, TEXT, 403),
        ("ses", {**envelope, "Signature": "é"}, TEXT, 403),
        ("ses", an_envelope(ses_bounce(id_of(mail)), TopicArn=TOPIC + "-other"), TEXT, 403),
        ("mailgun", a_mailgun_request(id_of(mail), now, key="another key"), {}, 406),
        ("mailgun", a_mailgun_request(id_of(mail), now - timedelta(days=1)), {}, 406),
        ("postmark", a_postmark_request(REFERENCES.reference(mail)), {}, 403),
        ("postmark", a_postmark_request(REFERENCES.reference(mail)), {"x-afterword-secret": "wrong"}, 403),
        ("ses", {}, TEXT, 422),
        ("mailgun", [], {}, 422),
        ("postmark", {"RecordType": 1}, POSTMARK, 422),
    ]
    for provider, body, headers, status in forged:
        answer = await hooks.post(f"/v1/bounces/{provider}", content=json.dumps(body), headers=headers)
        assert answer.status_code == status, (provider, answer.text)
        assert answer.json()["title"]
    assert await stored(database) == []


async def test_a_request_of_mailgun_is_taken_once_whatever_stands_in_it(
    hooks: httpx.AsyncClient, database: Database, mails: list[MailReference]
) -> None:
    body = a_mailgun_request(id_of(mails[0]), database.clock())
    assert (await hooks.post("/v1/bounces/mailgun", json=body)).status_code == 200
    # The signature says nothing of the rest.
    body["event-data"]["message"]["headers"]["message-id"] = id_of(mails[1]).strip("<>")
    assert (await hooks.post("/v1/bounces/mailgun", json=body)).status_code == 406
    assert len(await stored(database)) == 1


async def test_a_request_of_mailgun_that_reports_nothing_cannot_be_sent_again_as_one_that_does(
    hooks: httpx.AsyncClient, database: Database, mails: list[MailReference]
) -> None:
    for token, harmless in (("d" * 50, {"event": "delivered"}), ("w" * 50, {"severity": "temporary"})):
        body = a_mailgun_request(id_of(mails[0]), database.clock(), token=token, **harmless)
        assert (await hooks.post("/v1/bounces/mailgun", json=body)).status_code == 200
        forged = a_mailgun_request(id_of(mails[0]), database.clock(), event="complained")
        forged["signature"] = body["signature"]
        assert (await hooks.post("/v1/bounces/mailgun", json=forged)).status_code == 406
    assert await stored(database) == []


async def test_reports_about_mails_that_they_do_not_prove_to_know_do_nothing(
    hooks: httpx.AsyncClient, database: Database, mails: list[MailReference]
) -> None:
    other = MailReferences("another secret")
    answers = [
        await hooks.post(
            "/v1/bounces/ses",
            content=json.dumps(an_envelope(ses_bounce(other.message_id(mails[0], "ask@shop.example")))),
        ),
        await hooks.post("/v1/bounces/postmark", json=a_postmark_request("kim"), headers=POSTMARK),
        await hooks.post("/v1/bounces/mailgun", json=a_mailgun_request("<1@x.example>", database.clock())),
    ]
    assert [each.json() for each in answers] == [{"taken": 0, "ignored": 1}] * 3
    assert await stored(database) == []


async def test_a_subscription_is_confirmed_at_amazon_and_tried_again_while_it_does_not_answer(
    hooks: httpx.AsyncClient,
) -> None:
    url = f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token="
    for token, status in (("away", 503), ("1", 200)):
        asked = an_envelope("x", Type="SubscriptionConfirmation", SubscribeURL=url + token, Token=token)
        answer = await hooks.post("/v1/bounces/ses", content=json.dumps(asked), headers=TEXT)
        assert answer.status_code == status


async def test_a_provider_that_is_not_set_up_is_not_listened_to(client: httpx.AsyncClient) -> None:
    for provider in ("ses", "postmark", "mailgun"):
        answer = await client.post(f"/v1/bounces/{provider}", json={})
        assert (answer.status_code, "DISPATCHER_" in answer.json()["detail"]) == (404, True)
    assert (await client.post("/v1/bounces/another", json={})).status_code == 422
