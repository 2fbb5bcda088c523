"""Rules are tried before they are saved: by program, from the form of a survey, and from that of the company."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from playwright.async_api import Page, expect
from support.browser import look, views
from support.dispatcher_builders import a_customer, a_transaction, decide, go_live, make_survey, rows
from support.dispatcher_client import FOREIGN_KEY, SURVEY, a_person, by_key, csrf_header, form
from support.forms import forms_of

from services.dispatcher.surveys.domain import StoredSurvey
from shared.db.database import Database
from shared.ids import uuid7

LARGE = {"field": "attributes.total", "op": ">=", "value": 50}
NO_RULES = {"quiet_hours": None, "cap_hours": 0}


async def some_orders(database: Database) -> StoredSurvey:
    """Six orders of six customers, of whom all are asked; half of them are large."""
    survey = await make_survey(database, name="Every order", delay_minutes=0, place=2)
    await go_live(database)
    now = database.clock()
    for number in range(6):
        attributes = msgspec.Raw(f'{{"total":{number * 20}}}'.encode())
        at = now - timedelta(minutes=10 - number)
        order = a_transaction(
            f"order-{number}", a_customer(f"c-{number}"), attributes=attributes, occurred_at=at
        )
        await decide(database, order)
    return survey


async def one_call_more(database: Database) -> None:
    """A customer of an order calls, and is asked once more, by a survey without a quarantine."""
    again = a_transaction("again", a_customer("c-1"), occurred_at=database.clock())
    await make_survey(database, name="Calls", trigger="call", quarantine_days=0, delay_minutes=0)
    await decide(database, msgspec.structs.replace(again, type="call"))


async def try_rules(client: httpx.AsyncClient, **body: Any) -> httpx.Response:
    return await client.post("/v1/dry-runs", json=body, headers=by_key())


class TestByProgram:
    async def test_a_survey_is_tried_in_place_of_itself_and_as_a_further_one(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        survey = await some_orders(database)
        tried = {**SURVEY, "delay_minutes": 0, "conditions": LARGE}
        own = (await try_rules(client, survey={**tried, "id": str(survey.id)})).json()
        assert (own["was"], own["would_be"]) == ({"invited": 6}, {"invited": 3, "conditions": 3})
        (one,) = own["changes"]
        assert one["was"] == {"reason": "invited", "survey_id": str(survey.id)}
        assert one["would_be"] == {"reason": "conditions", "survey_id": None}
        assert one["events"] == len(one["examples"]) == 3
        further = (await try_rules(client, survey={**tried, "position": 1})).json()
        assert further["would_be"] == {"invited": 6}
        (two,) = further["changes"]
        assert two["events"] == 3
        assert UUID(two["would_be"]["survey_id"]) != survey.id
        assert (await client.get(f"/v1/dry-runs/{own['id']}", headers=by_key())).json() == own

    @pytest.mark.parametrize(
        ("state", "would_be"),
        [(None, "invited"), ("live", "invited"), ("paused", "paused"), ("draft", "no_survey")],
    )
    async def test_a_survey_is_tried_in_the_state_in_which_it_would_be(
        self, client: httpx.AsyncClient, database: Database, state: str | None, would_be: str
    ) -> None:
        survey = await some_orders(database)
        tried = {**SURVEY, "delay_minutes": 0, "id": str(survey.id), "state": state}
        found = (await try_rules(client, survey=tried)).json()
        assert (found["was"], found["would_be"]) == ({"invited": 6}, {would_be: 6})

    async def test_the_companys_rules_are_tried(self, client: httpx.AsyncClient, database: Database) -> None:
        await some_orders(database)
        await one_call_more(database)
        found = (await try_rules(client, contact_policy={**NO_RULES, "cap_hours": 24})).json()
        assert (found["was"], found["would_be"]) == ({"invited": 7}, {"invited": 6, "cap": 1})
        assert (await try_rules(client, contact_policy=NO_RULES)).json()["changes"] == []

    async def test_posted_many_times_at_once_each_says_the_same(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await some_orders(database)
        await one_call_more(database)
        tried = (try_rules(client, contact_policy={**NO_RULES, "cap_hours": 24}) for _ in range(6))
        answers = await asyncio.gather(*tried)
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["id"] for answer in answers}) == 6
        assert all(answer.json()["would_be"] == {"invited": 6, "cap": 1} for answer in answers)

    async def test_nothing_else_is_saved(self, client: httpx.AsyncClient, database: Database) -> None:
        survey = await some_orders(database)
        before = await rows(database, "SELECT * FROM survey")
        asked = await rows(database, "SELECT * FROM asked ORDER BY id")
        await try_rules(client, survey={**SURVEY, "id": str(survey.id), "quarantine_days": 1})
        await try_rules(client, survey=SURVEY)
        assert await rows(database, "SELECT * FROM survey") == before
        assert await rows(database, "SELECT * FROM asked ORDER BY id") == asked

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "/"),
            ({"survey": {**SURVEY, "quarantine_days": -1}}, "/survey/quarantine_days"),
            ({"survey": {"name": "x"}}, "/survey/trigger"),
            ({"contact_policy": {"cap_hours": -1}}, "/contact_policy/cap_hours"),
            ({"survey": SURVEY, "days": 31}, "/days"),
        ],
    )
    async def test_what_cannot_be_tried_is_named(
        self, client: httpx.AsyncClient, body: dict[str, Any], field: str
    ) -> None:
        answer = await try_rules(client, **body)
        assert answer.status_code == 422
        assert [fault["field"] for fault in answer.json()["errors"]] == [field]

    async def test_another_company_and_colleagues_of_some_segments_see_none(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await some_orders(database)
        made = (await try_rules(client, survey=SURVEY)).json()
        where = f"/v1/dry-runs/{made['id']}"
        assert (await client.get(where, headers=by_key(FOREIGN_KEY))).status_code == 404
        assert (await client.get(f"/v1/dry-runs/{uuid7()}", headers=by_key())).status_code == 404
        limited = {**a_person("leader", segments=("store:aarhus",)), **csrf_header()}
        limited["Accept"] = "application/json"
        assert (await client.get(where, headers=limited)).status_code == 403
        posted = await client.post("/v1/dry-runs", json={"survey": SURVEY}, headers=limited)
        assert posted.status_code == 403


class TestFromTheForm:
    async def test_what_was_typed_is_tried_and_stays_unsaved(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        survey = await some_orders(database)
        where = f"/surveys/{survey.id}"
        page = (await client.get(where, headers=a_person())).text
        fields = next(each.fields for each in forms_of(page) if each.action == where)
        typed = {
            **fields, "name": "Large <b>orders</b>", "condition_1_field": "attributes.total",
            "condition_1_op": ">=", "condition_1_value": "50",
        }  # fmt: skip
        tried = await client.post(f"{where}/dry-run", data=form(**typed), headers=a_person())
        assert tried.status_code == 200
        told = " ".join(tried.text.split())
        assert "Of the 6 events of the last 7 days, 3 would have been asked about; 6 were." in told
        assert "Conditions not met" in told
        assert "3 events: not “<bdi>Asked by Large &lt;b&gt;orders&lt;/b&gt;</bdi>” but" in told
        assert 'value="attributes.total"' in told
        stored = (await client.get(f"/v1/surveys/{survey.id}", headers=by_key())).json()
        assert (stored["name"], stored["conditions"]) == ("Every order", None)

    async def test_a_new_survey_is_tried_before_it_is_made(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await some_orders(database)
        page = (await client.get("/surveys/new", headers=a_person())).text
        assert 'formaction="/surveys/new/dry-run"' in page
        fields = next(each.fields for each in forms_of(page) if each.action == "/surveys/new")
        typed = {**fields, "name": "First of all", "trigger": "order.*", "position": "1"}
        tried = await client.post("/surveys/new/dry-run", data=form(**typed), headers=a_person())
        told = " ".join(tried.text.split())
        assert "not “<bdi>Asked by Every order</bdi>” but “<bdi>Asked by First of all</bdi>”" in told
        (one,) = (await client.get("/v1/surveys", headers=by_key())).json()["surveys"]
        assert one["name"] == "Every order"

    async def test_a_fault_is_shown_beside_its_field_as_when_it_is_saved(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        survey = await some_orders(database)
        typed = form(name="", trigger="order.*", quarantine_days="-1")
        tried = await client.post(f"/surveys/{survey.id}/dry-run", data=typed, headers=a_person())
        assert tried.status_code == 422
        assert 'id="quarantine_days-wrong"' in tried.text

    async def test_colleagues_of_some_segments_are_not_offered_it(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        survey = await some_orders(database)
        limited = a_person("leader", segments=("store:aarhus",))
        assert "dry-run" not in (await client.get(f"/surveys/{survey.id}", headers=limited)).text
        typed = form(name="x", trigger="order.*")
        tried = await client.post(f"/surveys/{survey.id}/dry-run", data=typed, headers=limited)
        assert tried.status_code == 404

    async def test_the_companys_rules_are_tried_as_they_were_typed_and_stay_unsaved(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        await some_orders(database)
        await one_call_more(database)
        page = (await client.get("/contact-policy", headers=a_person())).text
        fields = next(each.fields for each in forms_of(page) if each.action == "/contact-policy")
        typed = {**fields, "quiet_from": "", "quiet_to": "", "cap": "2", "cap_unit": "days"}
        tried = await client.post("/contact-policy/dry-run", data=form(**typed), headers=a_person())
        told = " ".join(tried.text.split())
        assert "Of the 7 events of the last 7 days, 6 would have been asked about; 7 were." in told
        assert "1 event: not “<bdi>Asked by Calls</bdi>” but" in told
        assert 'value="2"' in told
        stored = (await client.get("/v1/contact-policy", headers=by_key())).json()
        assert stored["cap_hours"] == int(fields["cap"])
        wrong = form(**{**typed, "cap": "-1"})
        refused = await client.post("/contact-policy/dry-run", data=wrong, headers=a_person())
        assert (refused.status_code, 'id="cap-wrong"' in refused.text) == (422, True)
        limited = a_person("editor", segments=("store:aarhus",))
        assert "dry-run" not in (await client.get("/contact-policy", headers=limited)).text
        tried = await client.post("/contact-policy/dry-run", data=form(**typed), headers=limited)
        assert tried.status_code == 403


@pytest.mark.browser
@pytest.mark.parametrize("page", views(320, 1280), indirect=True)
async def test_an_editor_tries_a_survey_in_the_browser(
    page: Page, origin: str, database: Database, tmp_path: Path
) -> None:
    survey = await some_orders(database)
    await page.goto(f"{origin}/surveys/{survey.id}")
    await page.fill("#condition_1_field", "attributes.total")
    await page.select_option("#condition_1_op", ">=")
    await page.fill("#condition_1_value", "50")
    await page.click("button[formaction$='/dry-run']")
    await expect(page.locator("#tried")).to_be_visible()
    await expect(page.locator("#condition_1_value")).to_have_value("50")
    await page.click("#tried summary")
    await expect(page.locator("#tried li a")).to_have_count(3)
    await look(page, "tried")
