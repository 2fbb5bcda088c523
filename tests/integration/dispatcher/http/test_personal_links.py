"""``POST /v1/invitations``: one decision by all rules, a link for the company's own channel, and no mail."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest
from msgspec.structs import replace
from support.audit import an_actor
from support.contact_rules import AT_ANY_TIME
from support.dispatcher_builders import (
    NOON,
    TENANT,
    decide,
    go_live,
    keep_tenant,
    make_survey,
    say_no,
)
from support.dispatcher_client import FOREIGN_KEY, a_person, by_key
from support.http_clients import SECRET

from services.dispatcher.contact_policies.policy_commands import set_policy
from services.dispatcher.sending import sending_commands
from services.dispatcher.suppressions.domain import SuppressionEntry
from services.dispatcher.suppressions.suppression_commands import suppress
from shared.db.database import Database
from shared.events import INVITATIONS, TRANSACTIONS, Customer, KeyDigest, Transaction
from shared.intake.accepting import accepted_event
from shared.intake.schemas import EventIn
from shared.link_tokens import LinkSigner
from shared.service import Context
from shared.tenancy import digest_of

APP_KEY = "key of the app"
LINK = ("mail", "link")


@pytest.fixture(autouse=True)
async def _an_app(context: Context) -> None:
    """A live company whose app may send events."""
    digest = KeyDigest(id="k-app", name="the app", digest=digest_of(APP_KEY), scopes=("events:write",))
    await keep_tenant(context.database, TENANT, keys=(digest,), version=2)
    await go_live(context.database)


def sent(id_: str = "receipt-1", customer: str | dict[str, Any] = "c-1", **changes: Any) -> dict[str, Any]:
    who = {"id": customer} if isinstance(customer, str) else customer
    facts = {"id": id_, "source": "app", "type": "order.delivered", "occurred_at": NOON.isoformat()}
    return {**facts, "customer": who, "channel": "link", **changes}


async def ask(client: httpx.AsyncClient, body: Any, key: str = APP_KEY) -> httpx.Response:
    return await client.post("/v1/invitations", json=body, headers=by_key(key))


async def published(database: Database, topic: str) -> list[Any]:
    async with database.reading() as uow:
        rows = await uow.execute(
            "SELECT value FROM outbox WHERE topic = :topic ORDER BY seq", {"topic": topic}
        )
        return [row.value for row in rows]


async def count(database: Database, table: str) -> int:
    async with database.reading() as uow:
        return int((await uow.execute(f"SELECT count(*) FROM {table}", {})).scalar_one())


def as_by_the_topic(body: dict[str, Any]) -> Transaction:
    """The transaction that the trigger makes of the same event."""
    plain = {name: value for name, value in body.items() if name not in {"channel", "survey_id"}}
    event = msgspec.json.decode(json.dumps(plain), type=EventIn)
    key = type("Key", (), {"tenant": TENANT, "name": "the app", "source": None, "country": "DK"})()
    return accepted_event(SECRET, key, event, NOON).transaction


async def test_a_link_is_decided_at_once_by_one_decision_and_nothing_is_mailed(
    client: httpx.AsyncClient, database: Database
) -> None:
    survey = await make_survey(database, channels=LINK, delay_minutes=600, link_days=9, holding_minutes=300)
    told = await ask(client, sent())
    assert (told.status_code, told.headers["cache-control"]) == (200, "no-store")
    result = told.json()
    assert (result["status"], result["survey"]["id"], result["language"]) == ("asked", str(survey.id), "en")
    assert result["expires_at"] == (NOON + timedelta(days=9)).isoformat().replace("+00:00", "Z")
    token = result["link"].removeprefix("http://afterword.example/s/")
    invitation_id = LinkSigner(SECRET).read("answer", token)
    (invitation,) = [INVITATIONS.decode(each).data for each in await published(database, INVITATIONS.name)]
    assert (invitation.id, invitation.state, invitation.channel) == (invitation_id, "sent", "link")
    assert invitation.sent_at == invitation.due_at == NOON
    (transaction,) = [TRANSACTIONS.decode(each).data for each in await published(database, TRANSACTIONS.name)]
    assert (transaction.id, transaction.channel, transaction.requested_by) == ("receipt-1", "link", "the app")
    assert await count(database, "delivery") == 0
    # The same event once more, here and over the topic: the first decision stands, and so does its link.
    assert (await ask(client, sent())).json() == result
    await decide(database, as_by_the_topic(sent()))
    assert (await ask(client, sent())).json() == result
    assert await count(database, "decision") == 1 == await count(database, "invitation")
    assert await count(database, "delivery") == 0
    page = (await client.get(result["see"].removeprefix("http://afterword.example"), headers=a_person())).text
    assert "It was handed out to the API key “the app”, which shows it to the customer itself." in page
    assert "The mail" not in page
    assert "<dt>Delay</dt>" not in page


async def test_who_got_a_link_is_in_quarantine_and_under_the_cap_for_every_channel(
    client: httpx.AsyncClient, database: Database
) -> None:
    await make_survey(database, channels=LINK)
    who = {"id": "c-1", "email": "c-1@links.example"}
    assert (await ask(client, sent("one", who))).json()["status"] == "asked"
    again = (await ask(client, sent("two", {"id": "other", "email": "C-1@links.example"}))).json()
    assert (again["status"], again["reason"]) == ("not_asked", "quarantine")
    assert again["detail"] == "The customer was asked not long ago."
    assert "link" not in again
    async with database.reading() as uow:
        turns = await uow.execute("SELECT last_mail_at FROM customer WHERE last_mail IS NOT NULL", {})
        assert {row.last_mail_at for row in turns} == {NOON}


async def test_a_reminder_that_left_an_hour_ago_keeps_a_link_back(
    client: httpx.AsyncClient, database: Database
) -> None:
    await make_survey(database, channels=LINK, quarantine_days=0)
    async with database.transaction() as uow:
        await set_policy(uow, TENANT, an_actor(), replace(AT_ANY_TIME, cap_hours=24))
        await uow.execute(
            "INSERT INTO customer (tenant, id, last_mail, last_mail_at) VALUES (:t, 'c-1', 'x/2', :at)",
            {"t": TENANT, "at": NOON - timedelta(hours=1)},
        )
    result = (await ask(client, sent())).json()
    assert (result["status"], result["reason"]) == ("not_asked", "cap")


async def test_each_rule_of_the_gate_holds_for_links(client: httpx.AsyncClient, database: Database) -> None:
    await make_survey(database, channels=LINK)
    async with database.transaction() as uow:
        entry = SuppressionEntry("customer", "no")
        await suppress(uow, TENANT, [entry], reason="listed", who=an_actor("the test"))
    batch = [
        sent("a", "no"),
        sent("b", "guest"),
        sent("c", occurred_at=(NOON - timedelta(days=8)).isoformat()),
        sent("d", type="order.cancelled"),
    ]
    results = (await ask(client, batch)).json()["results"]
    assert [each["reason"] for each in results] == ["suppressed", "nobody", "too_old", "no_survey"]


async def test_a_link_is_not_handed_out_once_more_to_who_has_said_no_since(
    client: httpx.AsyncClient, database: Database
) -> None:
    await make_survey(database, channels=LINK)
    kim = {"id": "c-1", "email": "kim@links.example"}
    asked = (await ask(client, sent(customer=kim))).json()
    assert (asked["status"], (await ask(client, sent(customer=kim))).json()["link"]) == (
        "asked",
        asked["link"],
    )
    await say_no(database, Customer(id="c-1", email="kim@links.example"))
    again = (await ask(client, sent(customer=kim))).json()
    assert (again["status"], again["reason"], "link" in again) == ("not_asked", "opted_out", False)


async def test_a_survey_asks_by_the_channels_that_it_allows_alone(
    client: httpx.AsyncClient, database: Database
) -> None:
    by_mail = await make_survey(database)
    assert (await ask(client, sent("a"))).json()["reason"] == "channel"
    by_link = await make_survey(database, channels=("link",), trigger="app.closed")
    assert (await ask(client, sent("b", survey_id=str(by_link.id)))).json()["status"] == "asked"
    refused = await ask(client, sent("c", survey_id=str(by_mail.id)))
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "/survey_id")
    event = as_by_the_topic(sent("d", {"id": "c-9", "email": "c-9@links.example"}, type="app.closed"))
    await decide(database, event)
    async with database.reading() as uow:
        rows = await uow.execute("SELECT reason FROM decision WHERE source_id = 'd'", {})
        assert rows.scalar_one() == "channel"


async def test_an_event_that_came_by_the_topic_first_has_no_link(
    client: httpx.AsyncClient, database: Database
) -> None:
    await make_survey(database, channels=LINK)
    event = sent("both", {"id": "c-1", "email": "both@links.example"})
    await decide(database, as_by_the_topic(event))
    result = (await ask(client, event)).json()
    assert (result["status"], result["reason"], "differs" in result) == ("not_asked", "by_mail", False)
    assert (await ask(client, {**event, "segments": {"store": "x"}})).json()["differs"] is True


async def test_nobody_is_asked_while_all_sending_is_stopped_or_in_test_mode(
    client: httpx.AsyncClient, database: Database
) -> None:
    await make_survey(database, channels=LINK)
    async with database.transaction() as uow:
        await sending_commands.set_stopped(uow, TENANT, an_actor("the test"), stopped=True)
    assert (await ask(client, sent())).status_code == 409
    assert await count(database, "decision") == 0
    async with database.transaction() as uow:
        await sending_commands.set_stopped(uow, TENANT, an_actor("the test"), stopped=False)
        await sending_commands.set_mode(uow, TENANT, an_actor("the test"), "test")
    result = (await ask(client, sent())).json()
    assert (result["status"], result["reason"]) == ("not_asked", "test_mode")


async def test_faults_are_told_by_item_and_harm_no_neighbour(
    client: httpx.AsyncClient, database: Database
) -> None:
    await make_survey(database, channels=LINK)
    batch = [sent("good"), sent("bad", channel="pigeon"), sent("good", type="other"), {"id": "x"}]
    answered = await ask(client, batch)
    told = answered.json()
    assert (answered.status_code, told["asked"], told["not_asked"], told["refused"]) == (207, 1, 0, 3)
    assert [each["errors"][0]["field"] for each in told["results"][1:]] == ["/channel", "/id", "/customer"]
    assert (await ask(client, [sent(str(n)) for n in range(101)])).status_code == 413
    assert (await ask(client, sent(), FOREIGN_KEY)).status_code == 403
    assert (await client.post("/v1/invitations", json=sent())).status_code == 401


async def test_two_requests_at_once_for_one_customer_hand_out_one_link(
    client: httpx.AsyncClient, database: Database
) -> None:
    await make_survey(database, channels=LINK)
    results = await asyncio.gather(*(ask(client, sent(f"r-{n}", "c-race")) for n in range(4)))
    assert sorted(each.json()["status"] for each in results) == ["asked", *["not_asked"] * 3]
    same = await asyncio.gather(*(ask(client, sent("same", "c-same")) for _ in range(4)))
    assert len({each.json()["link"] for each in same}) == 1


async def test_links_are_found_by_their_channel(client: httpx.AsyncClient, database: Database) -> None:
    await make_survey(database, channels=LINK)
    await ask(client, sent("by-link", "c-1"))
    await decide(database, as_by_the_topic(sent("by-mail", {"id": "c-2", "email": "c-2@links.example"})))
    for channel in ("link", "mail"):
        params = {"channel": channel}
        told = await client.get("/v1/decisions", params=params, headers=a_person())
        assert [each["event_id"] for each in told.json()["decisions"]] == [f"by-{channel}"]
