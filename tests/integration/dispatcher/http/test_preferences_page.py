"""The customer's own page: what is chosen there holds for every event and every mail, and can be taken back."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from msgspec.structs import replace
from prometheus_client import REGISTRY
from support.audit import an_actor
from support.contact_rules import AT_ANY_TIME
from support.dispatcher_builders import (
    NOON,
    TENANT,
    Clock,
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
from support.dispatcher_client import a_person, by_key
from support.dispatcher_erasing import ask, run_erasing
from support.forms import forms_of
from support.http_clients import SECRET

from services.dispatcher.contact_policies.policy_commands import set_policy
from services.dispatcher.decisions.preferences import months_later
from shared.db.database import Database
from shared.link_tokens import LinkSigner

KIM = a_customer("kim-4711", email="kim.hansen@example.com")
CHOSEN = "SELECT kind, key, paused_until, months, channel FROM contact_preference ORDER BY kind"


def link_of(invitation_id: UUID, purpose: Any = "unsubscribe") -> str:
    return f"/u/{LinkSigner(SECRET).sign(purpose, invitation_id)}"


@pytest.fixture
async def link(database: Database) -> str:
    """Of a customer who was asked now."""
    await make_survey(database, quarantine_days=0)
    await go_live(database)
    await decide(database, a_transaction("order-1", KIM))
    return link_of(next(iter(await states(database))))


async def choose(client: httpx.AsyncClient, link: str, code: str) -> httpx.Response:
    return await client.post(f"{link}/choice", data={"choice": code})


def checked(page: str) -> str | None:
    """What the form of choices has checked."""
    (form,) = [each for each in forms_of(page) if each.action.endswith("/choice")]
    return form.fields.get("choice")


async def asked_later(database: Database, days: float) -> str:
    database.clock = Clock(NOON + timedelta(days=days))
    return (await decided(database, KIM))[0]


async def test_opening_the_page_changes_nothing_and_it_tells_a_hint_of_the_address_alone(
    client: httpx.AsyncClient, database: Database, link: str
) -> None:
    answers = [await client.request(method, link) for method in ("HEAD", "GET", "GET")]
    assert {each.status_code for each in answers} == {200}
    answer = answers[-1]
    assert await rows(database, CHOSEN) == []
    assert "k•••@e•••.com" in answer.text
    for told in ("kim", "hansen", "example.com", "4711", "order-1"):
        assert told not in answer.text.lower()
    assert checked(answer.text) == "usual"
    assert "<script" not in answer.text
    assert len(answer.content) < 60_000
    assert "no-store" in answer.headers["cache-control"]


async def test_fewer_is_the_larger_of_both_counts_until_it_is_taken_back(
    client: httpx.AsyncClient, database: Database, link: str
) -> None:
    answer = await choose(client, link, "fewer")
    assert answer.status_code == 200
    assert "Du bliver højst spurgt én gang på 6 måneder." in answer.text
    assert checked((await client.get(link)).text) == "fewer"
    found = await rows(database, CHOSEN)
    assert [(each.kind, each.months, each.paused_until) for each in found] == [
        ("address", 6, None), ("customer", 6, None),
    ]  # fmt: skip
    assert "example" not in found[0].key
    due = (await rows(database, "SELECT invited_at FROM customer LIMIT 1"))[0].invited_at
    days = (months_later(due, 6) - NOON) / timedelta(days=1)
    assert await asked_later(database, 90) == "quarantine"
    assert await asked_later(database, days) == "invited"
    await choose(client, link, "usual")
    assert await rows(database, CHOSEN) == []
    assert await asked_later(database, days + 3) == "invited"


async def test_a_pause_ends_by_itself(client: httpx.AsyncClient, database: Database, link: str) -> None:
    answer = await choose(client, link, "pause-1")
    assert "Du bliver ikke spurgt før" in answer.text
    page = (await client.get(link)).text
    assert checked(page) == "keep"
    assert await asked_later(database, 20) == "paused_by_customer"
    await choose(client, link, "keep")
    end = (months_later(NOON, 1) - NOON) / timedelta(days=1)
    assert await asked_later(database, end) == "invited"
    assert checked((await client.get(link)).text) == "usual"


async def test_no_mail_is_said_as_an_opt_out_and_a_page_of_the_event_says_what_was_chosen(
    client: httpx.AsyncClient, database: Database, link: str
) -> None:
    await choose(client, link, "channel")
    assert checked((await client.get(link)).text) == "channel"
    assert await decided(database, KIM) == ["opted_out"]


async def test_what_is_no_choice_changes_nothing_and_says_so(
    client: httpx.AsyncClient, database: Database, link: str
) -> None:
    await choose(client, link, "fewer")
    before = await rows(database, "SELECT * FROM contact_preference ORDER BY kind")
    for code in ("", "pause-2", "pause-12", "never", "fewer-1"):
        answer = await choose(client, link, code)
        assert answer.status_code == 422
        assert 'id="choice-wrong"' in answer.text
    assert (await choose(client, link, "keep")).status_code == 200
    assert await rows(database, "SELECT * FROM contact_preference ORDER BY kind") == before


async def test_a_choice_takes_no_unsubscription_back_and_again_takes_back_all(
    client: httpx.AsyncClient, database: Database, link: str
) -> None:
    await choose(client, link, "fewer")
    await client.post(link)
    answer = await choose(client, link, "usual")
    assert "Du er nu afmeldt." in answer.text
    assert await decided(database, KIM) == ["opted_out"]
    answer = await client.post(f"{link}/again")
    assert "Du kan nu blive spurgt igen." in answer.text
    assert await rows(database, CHOSEN) == []
    assert await rows(database, "SELECT 1 FROM suppression") == []


async def test_who_has_chosen_less_is_offered_the_way_back_too(client: httpx.AsyncClient, link: str) -> None:
    await choose(client, link, "pause-6")
    assert f'action="{link}/again"' in (await client.get(f"{link}/again")).text
    await client.post(f"{link}/again")
    assert "<form" not in (await client.get(f"{link}/again")).text


async def test_a_company_offers_its_months_or_none_and_who_has_chosen_keeps_theirs(
    client: httpx.AsyncClient, database: Database, link: str
) -> None:
    await choose(client, link, "fewer")
    for months in (12, 0):
        async with database.transaction() as uow:
            await set_policy(uow, TENANT, an_actor(), replace(AT_ANY_TIME, fewer_months=months))
        page = (await client.get(link)).text
        assert checked(page) == "keep"
        assert ('value="fewer"' in page) is bool(months)
    assert (await choose(client, link, "fewer")).status_code == 422
    assert {row.months for row in await rows(database, CHOSEN)} == {6}


async def test_a_choice_holds_under_any_id_and_address_and_with_shared_ids_for_the_address_alone(
    client: httpx.AsyncClient, database: Database, link: str
) -> None:
    await choose(client, link, "pause-1")
    family, at_work = a_customer("bo", email=KIM.email), a_customer(KIM.id, email="kim@work.example.org")
    assert await decided(database, family, at_work) == ["paused_by_customer"] * 2
    await choose(client, link, "usual")
    await share_ids(database)
    await choose(client, link, "pause-1")
    assert [row.kind for row in await rows(database, CHOSEN)] == ["address"]
    assert await decided(database, family, at_work) == ["paused_by_customer", "invited"]


async def test_what_an_erased_customer_chose_is_erased_and_their_page_chooses_nothing_more(
    client: httpx.AsyncClient, database: Database, link: str
) -> None:
    await choose(client, link, "fewer")
    await ask(database, customer_id=KIM.id)
    assert await run_erasing(database) == []
    assert await rows(database, CHOSEN) == []
    answer = await choose(client, link, "fewer")
    assert "•••" not in answer.text
    assert await rows(database, CHOSEN) == []
    assert await decided(database, a_customer("new", email=KIM.email)) == ["suppressed"]


async def test_choices_are_counted_each_once(client: httpx.AsyncClient, link: str) -> None:
    def counted() -> list[float]:
        kinds = ("never", "fewer", "usual")
        found = [REGISTRY.get_sample_value("afterword_preferences_total", {"choice": kind}) for kind in kinds]
        return [each or 0 for each in found]

    before = counted()
    for _ in range(2):
        await choose(client, link, "fewer")
    for _ in range(2):
        await client.post(link)
    for _ in range(2):
        await client.post(f"{link}/again")
    assert [now - then for now, then in zip(counted(), before, strict=True)] == [1, 1, 1]


async def test_a_link_that_is_none_of_ours_is_one_page_with_any_choice(
    client: httpx.AsyncClient, database: Database, link: str
) -> None:
    invitation_id = next(iter(await states(database)))
    for wrong in (link_of(invitation_id, "answer"), f"{link}x", "/u/x"):
        assert (await choose(client, wrong, "fewer")).status_code == 404
    assert await rows(database, CHOSEN) == []


async def test_the_events_page_and_its_search_say_what_the_customer_wishes(
    client: httpx.AsyncClient, database: Database, link: str
) -> None:
    await choose(client, link, "fewer")
    await decide(database, a_transaction("order-2", KIM, occurred_at=NOON + timedelta(hours=1)))
    await choose(client, link, "pause-1")
    await decide(database, a_transaction("order-3", KIM, occurred_at=NOON + timedelta(hours=2)))
    await choose(client, link, "channel")
    await decide(database, a_transaction("order-4", KIM, occurred_at=NOON + timedelta(hours=3)))
    assert await reasons(database) == {
        "order-1": "invited", "order-2": "quarantine", "order-3": "paused_by_customer", "order-4": "opted_out",
    }  # fmt: skip
    events = {
        row.source_id: row.event_id
        for row in await rows(database, "SELECT source_id, event_id FROM decision")
    }
    for event, words in (
        ("order-2", "the customer wishes at most one question in 6 months"),
        ("order-3", "The customer wants no questions until"),
        ("order-4", "The customer wants no questions by mail."),
    ):
        assert words in (await client.get(f"/events/{events[event]}", headers=a_person())).text
    listed = await client.get("/v1/decisions", params={"reason": "paused_by_customer"}, headers=by_key())
    assert [each["event_id"] for each in listed.json()["decisions"]] == ["order-3"]
    page = await client.get("/events", params={"reason": "paused_by_customer"}, headers=a_person())
    assert "order-3" in page.text
    assert "order-2" not in page.text
