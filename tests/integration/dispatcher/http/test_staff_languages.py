"""The staff's pages and the API's remedies in the languages that we speak."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from support.audit import an_actor
from support.dispatcher_builders import (
    TENANT,
    a_customer,
    a_transaction,
    consume,
    decide,
    go_live,
    make_survey,
    rows,
)
from support.dispatcher_client import SURVEY, a_person, by_key, form
from support.translations import ShownText

from services.dispatcher.sending.sending_commands import set_stopped, set_test_addresses
from services.dispatcher.story.handlers import keep_answers, keep_cases
from services.dispatcher.suppressions.domain import SuppressionEntry
from services.dispatcher.suppressions.suppression_commands import suppress
from shared.db.database import Database
from shared.events import ANSWERS, CASES, Answer, Case, SurveyTexts
from shared.events.surveys import Reminder
from shared.ids import uuid7

NOW = datetime.now(UTC)
ENGLISH = re.compile(r"\b(the|and|of|is|was|were|asks|nobody|mail server)\b", re.IGNORECASE)


def in_danish(**person: Any) -> dict[str, str]:
    return {**a_person(**person), "Accept-Language": "da"}


async def every_story(database: Database) -> list[UUID]:
    """Events whose stories differ: asked and closed as a case, refused, sent twice, under a placeholder id."""
    events = [
        a_transaction("asked", occurred_at=NOW, accepted_at=NOW, dropped=("/customer/time_zone",)),
        a_transaction("none", a_customer("c-2"), type="order.lost"),
        a_transaction("guest", a_customer("guest", email="kim@example.com")),
        a_transaction("gone", a_customer("c-3", email="gone@example.com")),
        a_transaction("again", a_customer("c-4", email="four@example.com")),
    ]
    async with database.transaction() as uow:
        entry = SuppressionEntry("customer", "c-3")
        await suppress(uow, TENANT, [entry], reason="unsubscribed", who=an_actor("the customer"))
    await decide(database, *events)
    await decide(database, msgspec.structs.replace(events[4], digest="other", type="order.lost"))
    asked = events[0].event_id
    (invitation,) = await rows(database, f"SELECT id FROM invitation WHERE event_id = '{asked}'")
    answer = {"id": invitation.id, "origin": "survey", "event_id": asked, "changed_at": NOW}
    for version in (
        Answer(**answer, version=1, state="clicked"),
        Answer(**answer, version=2, state="sent", score=3, answered_at=NOW),
    ):
        await consume(database, keep_answers, ANSWERS, version)
    case = Case(
        id=uuid7(), number=17, version=1, state="closed", answer_id=invitation.id, score=3, event_id=asked,
        opened_at=NOW, due_at=NOW, closed_at=NOW + timedelta(minutes=1),
    )  # fmt: skip
    await consume(database, keep_cases, CASES, case)
    return [event.event_id for event in events]


async def test_every_page_of_staff_is_there_in_danish(client: httpx.AsyncClient, database: Database) -> None:
    paths = ["/events", "/surveys", "/surveys/new"]
    for path in paths:
        await assert_danish(client, path)
    live = await make_survey(database, delay_minutes=0, texts={"da": SurveyTexts(question="Hvad synes du?")})
    paused = await make_survey(database, state="paused")
    rehearses = await make_survey(database, state="rehearsal", reminders=(Reminder(after_days=3),))
    acts = ("", "/start", "/pause", "/preview?language=da", "/rehearsal")
    for survey in (live, paused, rehearses):
        paths += [f"/surveys/{survey.id}{act}" for act in acts]
    paths += [f"/surveys/{act}" for act in ("live", "test-mode", "stop", "resume")]
    paths += ["/events?q=nothing", "/surveys?did=saved"]
    for path in paths:
        await assert_danish(client, path)
    await go_live(database)
    paths += [f"/events/{event_id}" for event_id in await every_story(database)]
    async with database.transaction() as uow:
        await set_test_addresses(uow, TENANT, an_actor("the command line"), ["me@example.com"])
    for path in paths:
        await assert_danish(client, path)
    async with database.transaction() as uow:
        await set_stopped(uow, TENANT, an_actor("the key shop"), stopped=True)
    for path in paths:
        await assert_danish(client, path)


async def assert_danish(client: httpx.AsyncClient, path: str) -> None:
    page = await client.get(path, headers=in_danish())
    if page.status_code == 303:
        return
    assert page.status_code == 200, path
    shown = ShownText(page.text)
    assert (shown.language, page.headers["content-language"]) == ("da", "da"), path
    assert [text for text in shown.found if ENGLISH.search(text)] == [], path


@pytest.mark.parametrize(
    ("language", "heading", "label", "unit"),
    [
        ("en", "Nothing was saved.", "Place in the order", "1,000,000"),
        ("da", "Intet er gemt.", "Plads i rækkefølgen", "1.000.000"),
        ("nl", "Er is niets opgeslagen.", "Plaats in de volgorde", "1.000.000"),
    ],
)
async def test_a_refused_form_says_why_in_the_readers_language(
    client: httpx.AsyncClient, language: str, heading: str, label: str, unit: str
) -> None:
    sent = form(name="x", trigger="x.y", position="0", delay="0", delay_unit="hours")
    page = await client.post("/surveys/new", data=sent, headers={**a_person(), "Accept-Language": language})
    assert page.status_code == 422
    assert f'<html lang="{language}"' in page.text
    for words in (heading, f'<a href="#position">{label}: ', unit):
        assert words in page.text


async def test_a_refused_switch_and_bad_addresses_are_told_in_danish(client: httpx.AsyncClient) -> None:
    unconfirmed = await client.post("/surveys/live", data=form(version="0"), headers=in_danish())
    assert unconfirmed.status_code == 422
    assert "Sæt kryds for at bekræfte" in unconfirmed.text
    stale = await client.post("/surveys/stop", data=form(version="9"), headers=in_danish())
    assert stale.status_code == 409
    assert "Nogen har ændret jeres udsendelse" in stale.text
    sent = form(addresses="me@example.com, nobody", version="0")
    wrong = await client.post("/surveys/test-addresses", data=sent, headers=in_danish())
    assert "Linje 1: ”nobody” kan ikke være en adresse. Skriv hver" in wrong.text


@pytest.mark.parametrize(
    ("accepted", "title", "detail"),
    [
        ({}, "Something in it cannot be right.", "There is no {x}. These placeholders exist:"),
        ({"Accept-Language": "da"}, "Noget kan ikke være rigtigt.", "{company}"),
    ],
)
async def test_the_api_tells_what_is_wrong_in_the_callers_language(
    client: httpx.AsyncClient, accepted: dict[str, str], title: str, detail: str
) -> None:
    body = {**SURVEY, "texts": {"da": {"question": "Hvad synes du om {x}?"}}}
    refused = await client.post("/v1/surveys", json=body, headers=by_key() | accepted)
    problem = refused.json()
    assert (refused.status_code, problem["title"]) == (422, title)
    (fault,) = problem["errors"]
    assert fault["field"] == "/texts/da/question"
    assert detail in fault["detail"]
    assert ("There is no" in fault["detail"]) is not bool(accepted)


async def test_a_customers_no_is_explained_to_who_calls_the_api_in_dutch(client: httpx.AsyncClient) -> None:
    body = {"customer_id": "guest"}
    refused = await client.post("/v1/suppressions", json=body, headers={**by_key(), "Accept-Language": "nl"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["detail"].startswith("Dit id staat voor niemand")
