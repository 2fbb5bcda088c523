"""What the pages, the search and the API say of relational surveys: whose day they took, and without a trigger."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from support.counter_model import set_table
from support.dispatcher_builders import (
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    consume,
    decide,
    go_live,
    make_survey,
    published,
)
from support.dispatcher_client import SURVEY, a_person, by_key, form
from support.forms import forms_of
from support.http_clients import SECRET

from services.dispatcher.story.handlers import keep_cases
from services.dispatcher.surveys.domain import StoredSurvey
from shared.db.database import Database
from shared.events import CASES, SURVEYS, Case, Transaction
from shared.events.surveys import NO_TRIGGER
from shared.events.transactions import WAVE_SOURCE
from shared.ids import uuid7
from shared.privacy.persons import person_of

KIM = a_customer("kim")
RELATION = {**SURVEY, "name": "Relation", "measurement": "relational", "trigger": ""}
SEGMENTS = {"store": "odense"}


@pytest.fixture
async def relation(database: Database) -> StoredSurvey:
    """A relational survey of waves, beside one that asks three hours after a delivery."""
    await make_survey(database, delay_minutes=180)
    made = await make_survey(
        database, name="Relation", trigger=NO_TRIGGER, measurement="relational", delay_minutes=0,
        quarantine_scope="survey",
    )  # fmt: skip
    await go_live(database)
    await set_table(database, relational_distance_days=14, ask_with_open_case=False)
    return made


def in_a_wave(survey: StoredSurvey, id_: str = "wave-1", **changes: Any) -> Transaction:
    own = {
        "type": f"wave.{survey.id}",
        "source": f"{WAVE_SOURCE}1",
        "survey_id": survey.id,
        "segments": SEGMENTS,
    }
    return a_transaction(id_, **{"customer": KIM, **own, **changes})


@pytest.fixture
async def taken(database: Database, relation: StoredSurvey) -> tuple[Transaction, Transaction]:
    """A mail about an order, and the one of a wave that took its day."""
    order, wave = a_transaction("order-1", KIM), in_a_wave(relation)
    for event in (order, wave):
        await decide(database, event)
    return order, wave


async def test_both_pages_say_it_with_a_link_to_the_other(
    client: httpx.AsyncClient, taken: tuple[Transaction, Transaction]
) -> None:
    order, wave = taken
    page = (await client.get(f"/events/{order.event_id}", headers=a_person())).text
    for shown in (
        "The mail was not sent. On the same day the customer is asked about the whole relation.",
        "The mail about the whole relation leaves in its place.",
        f'href="/events/{wave.event_id}"',
    ):
        assert shown in page
    page = (await client.get(f"/events/{wave.event_id}", headers=a_person())).text
    assert "It leaves in place of a mail about a single event." in page
    assert f'href="/events/{order.event_id}"' in page
    reader = a_person("editor", segments=("store:odense",))
    page = (await client.get(f"/events/{wave.event_id}", headers=reader)).text
    assert "It leaves in place of a mail about a single event." in page
    assert str(order.event_id) not in page


async def test_the_search_finds_what_was_decided_so_and_what_was_dropped_later(
    client: httpx.AsyncClient,
    taken: tuple[Transaction, Transaction],
    database: Database,
    relation: StoredSurvey,
) -> None:
    await decide(database, in_a_wave(relation, "wave-2", customer=a_customer("bo"), delay_minutes=60))
    await decide(
        database, a_transaction("order-2", a_customer("bo")), a_transaction("order-3", a_customer("al"))
    )
    search = {"reason": "relational_first"}
    found = (await client.get("/v1/decisions", params=search, headers=by_key())).json()["decisions"]
    order, wave = taken
    by_id = {each["event_id"]: each for each in found}
    assert by_id.keys() == {"order-1", "order-2"}
    assert by_id[order.id]["relational_event_id"] == str(wave.event_id)
    page = (await client.get("/events", params=search, headers=a_person())).text
    assert "order-2" in page
    assert "order-3" not in page


async def test_the_page_says_how_close_another_question_was(
    client: httpx.AsyncClient, database: Database, relation: StoredSurvey
) -> None:
    await decide(database, a_transaction("order-1", KIM, delay_minutes=2 * 1440))
    await decide(database, wave := in_a_wave(relation))
    page = (await client.get(f"/events/{wave.event_id}", headers=a_person())).text
    assert "Nobody was asked. The customer is asked about a single event too close to this." in page
    assert "distance: 14\u00a0days." in page


@pytest.mark.usefixtures("relation")
async def test_a_dry_run_knows_when_a_case_was_open_and_which_rule_is_tried(
    client: httpx.AsyncClient, database: Database
) -> None:
    clock: Clock = database.clock  # type: ignore[assignment]
    await decide(database, a_transaction("order-1", KIM))
    clock.on(days=1)
    case = Case(
        id=uuid7(), number=1, version=1, state="open", answer_id=uuid7(), score=1, opened_at=clock(),
        due_at=clock(), person=person_of(SECRET, TENANT, "bo"),
    )  # fmt: skip
    await consume(database, keep_cases, CASES, case)
    for n, closed in ((1, False), (2, True)):
        clock.on(hours=1)
        if closed:
            later = replace(case, version=2, state="closed", closed_at=clock() - timedelta(minutes=1))
            await consume(database, keep_cases, CASES, later)
        await decide(database, a_transaction(f"bo-{n}", a_customer("bo"), occurred_at=clock()))
    for rules, reasons in (
        ({"ask_with_open_case": True}, {"invited": 2, "quarantine": 1}),
        ({}, {"invited": 2, "case_open": 1}),
    ):
        body = {"contact_policy": {"quiet_hours": None, "cap_hours": 0, **rules}}
        found = (await client.post("/v1/dry-runs", json=body, headers=by_key())).json()
        assert found["was"] == {"invited": 2, "case_open": 1}
        assert found["would_be"] == reasons


class TestWithoutATrigger:
    async def test_a_relational_survey_is_made_read_and_published_without_one(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        made = (await client.post("/v1/surveys", json=RELATION, headers=by_key())).json()
        assert made["trigger"] == ""
        where = f"/v1/surveys/{made['id']}"
        assert (await client.get(where, headers=by_key())).json() == made
        paused = (await client.patch(where, json={"state": "paused"}, headers=by_key())).json()
        assert (paused["trigger"], paused["state"]) == ("", "paused")
        (event, *_) = await published(database, SURVEYS)
        assert event.trigger == "wave."
        asks = (await client.patch(where, json={"trigger": "visit"}, headers=by_key())).json()
        assert asks["trigger"] == "visit"

    @pytest.mark.parametrize("trigger", [{}, {"trigger": ""}])
    async def test_a_transactional_one_needs_one_and_is_told_what_to_do(
        self, client: httpx.AsyncClient, trigger: dict[str, str]
    ) -> None:
        body = {"name": "x", **trigger}
        refused = await client.post("/v1/surveys", json=body, headers=by_key())
        (fault,) = refused.json()["errors"]
        assert (refused.status_code, fault["field"]) == (422, "/trigger")
        assert "let it measure the whole relation" in fault["detail"]
        made = (await client.post("/v1/surveys", json=RELATION, headers=by_key())).json()
        where = f"/v1/surveys/{made['id']}"
        refused = await client.patch(where, json={"measurement": "transactional"}, headers=by_key())
        assert [fault["field"] for fault in refused.json()["errors"]] == ["/trigger"]

    async def test_the_pages_say_what_asks(self, client: httpx.AsyncClient) -> None:
        made = (
            await client.post("/v1/surveys", json={**RELATION, "state": "paused"}, headers=by_key())
        ).json()
        where = f"/surveys/{made['id']}"
        assert "waves and programmes alone" in (await client.get("/surveys", headers=a_person())).text
        start = (await client.get(f"{where}/start", headers=a_person())).text
        assert "no event; only waves and its programme ask" in start
        page = (await client.get(where, headers=a_person())).text
        assert (
            "Empty, of a survey about the whole relation: waves and programmes alone; of one after a case: always."
            in page
        )
        (shown,) = [one for one in forms_of(page) if one.action == where]
        assert shown.fields["trigger"] == ""
        saved = await client.post(where, data={**form(), **shown.fields}, headers=a_person())
        assert saved.status_code == 303
        page = (await client.get(where, headers=a_person())).text
        (shown,) = [one for one in forms_of(page) if one.action == where]
        typed = {**form(), **shown.fields, "measurement": "transactional"}
        refused = await client.post(where, data=typed, headers=a_person())
        assert refused.status_code == 422
        assert (
            "survey about the whole relation may have none, and one that asks again after cases has none."
            in refused.text
        )

    async def test_no_event_is_of_its_type(self, client: httpx.AsyncClient, database: Database) -> None:
        await client.post("/v1/surveys", json=RELATION, headers=by_key())
        await go_live(database)
        await decide(database, event := a_transaction("order-1", KIM))
        page = (await client.get(f"/events/{event.event_id}", headers=a_person())).text
        assert "No survey asks about this type of event." in page
