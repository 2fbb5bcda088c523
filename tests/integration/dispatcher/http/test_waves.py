"""Waves by API and page: planned and shown before they begin, each once, of the company alone."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from support.audit import audit_lines
from support.dispatcher_builders import TENANT, decide, go_live, make_survey, published, rows
from support.dispatcher_client import FOREIGN_KEY, a_person, by_key, csrf_header, form
from support.forms import forms_of
from support.http_clients import SECRET

from services.dispatcher.surveys.domain import StoredSurvey
from services.dispatcher.waves.publishing import advance_waves
from shared.db.database import Database
from shared.events import TRANSACTIONS
from shared.permissions import Role

PATH = "/v1/waves"


@pytest.fixture
async def survey(client: httpx.AsyncClient, database: Database) -> StoredSurvey:
    """A relational survey that is live, and twenty known customers."""
    customers = [
        {"id": f"c-{n}", "email": f"c-{n}@example.com", "segments": {"region": "north" if n < 5 else "south"}}
        for n in range(20)
    ]
    await client.post("/v1/customers", json={"customers": customers}, headers=by_key())
    await go_live(database)
    return await make_survey(
        database, name="The relation", trigger="never", measurement="relational", delay_minutes=0
    )


async def run(database: Database) -> None:
    while await advance_waves(database, SECRET):
        pass


async def test_posted_many_times_at_once_with_one_key_it_is_one_wave(
    client: httpx.AsyncClient, database: Database, survey: StoredSurvey
) -> None:
    body = {"survey_id": str(survey.id), "size": 8, "spread_hours": 0}
    headers = {**by_key(), "Idempotency-Key": "the spring wave"}
    answers = await asyncio.gather(*(client.post(PATH, json=body, headers=headers) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert [line.act for line in await audit_lines(database)].count("wave") == 1
    other = [client.post(PATH, json={**body, "size": n}, headers=headers) for n in (9, 10)]
    assert {answer.status_code for answer in await asyncio.gather(*other)} == {422}
    await run(database)
    assert len(await published(database, TRANSACTIONS)) == 8


async def test_a_wave_is_made_and_read_as_it_comes_along(
    client: httpx.AsyncClient, database: Database, survey: StoredSurvey
) -> None:
    body = {"survey_id": str(survey.id), "size": 8, "spread_hours": 0}
    made = await client.post(PATH, json=body, headers=by_key())
    assert made.status_code == 201
    answer = made.json()
    assert (answer["state"], answer["size"], answer["chosen"], answer["decided"]) == ("waiting", 8, None, {})
    await run(database)
    await decide(database, *await published(database, TRANSACTIONS))
    read = (await client.get(f"{PATH}/{answer['id']}", headers=by_key())).json()
    assert (read["state"], read["chosen"], read["published"]) == ("done", 8, 8)
    assert read["decided"] == {"invited": 8}
    assert (await client.get(f"{PATH}/{answer['id']}", headers=by_key(FOREIGN_KEY))).status_code == 404
    assert (await client.get(f"{PATH}/{uuid4()}", headers=by_key())).status_code == 404
    line = (await audit_lines(database))[-1]
    assert (line.act, line.about, line.facts) == ("wave", answer["id"], {"count": 8, "state": "started"})


async def test_the_same_request_with_its_key_again_is_the_same_wave(
    client: httpx.AsyncClient, database: Database, survey: StoredSurvey
) -> None:
    headers = {**by_key(), "idempotency-key": "spring"}
    body = {"survey_id": str(survey.id), "margin": 10}
    made = [(await client.post(PATH, json=body, headers=headers)).json() for _ in range(2)]
    assert made[0] == made[1]
    assert (made[0]["size"], made[0]["margin"], made[0]["spread_hours"]) == (20, 10, 24)
    other = await client.post(PATH, json={**body, "margin": 5}, headers=headers)
    assert other.status_code == 422
    assert len(await rows(database, "SELECT 1 FROM wave")) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"size": None}, ""),
        ({"margin": 5}, ""),
        ({"size": 0}, "size"),
        ({"size": 2.5}, "size"),
        ({"size": None, "margin": 51}, "margin"),
        ({"spread_hours": -1}, "spread_hours"),
        ({"segments": {"region": 1}}, "segments"),
        ({"segments": {"region": "west"}}, "segments"),
        ({"survey_id": str(uuid4())}, "survey_id"),
        ({"survey_id": "x"}, "survey_id"),
        ({"start_at": "2026-11-20T12:00:00"}, "start_at"),
        ({"start_at": "2001-01-01T12:00:00Z"}, "start_at"),
        ({"more": 1}, "more"),
    ],
)
async def test_a_fault_names_its_field_and_nothing_is_made(
    client: httpx.AsyncClient, database: Database, survey: StoredSurvey, changes: dict[str, Any], field: str
) -> None:
    body = {"survey_id": str(survey.id), "size": 5, **changes}
    refused = await client.post(PATH, json=body, headers=by_key())
    assert refused.status_code == 422
    assert any(field in fault["field"] for fault in refused.json()["errors"])
    assert await rows(database, "SELECT 1 FROM wave") == []


@pytest.mark.parametrize(
    ("role", "limited", "may"),
    [
        ("admin", {}, True),
        ("editor", {}, True),
        ("editor", {"segments": ("region:north",)}, False),
        ("leader", {}, False),
        ("analyst", {}, False),
    ],
)
async def test_administrators_and_editors_of_the_whole_company_may(
    client: httpx.AsyncClient, survey: StoredSurvey, role: Role, limited: dict[str, Any], may: bool
) -> None:
    who = a_person(role, **limited)
    api = {**who, **csrf_header(), "accept": "application/json"}
    body = {"survey_id": str(survey.id), "size": 5}
    assert (await client.post(PATH, json=body, headers=api)).is_success is may
    for path in ("/waves", "/waves/new"):
        assert (await client.get(path, headers=who)).is_success is may
    assert ('href="/waves"' in (await client.get("/surveys", headers=who)).text) is may


async def test_the_page_shows_whom_it_would_ask_before_it_begins_and_posted_twice_it_is_one_wave(
    client: httpx.AsyncClient, database: Database, survey: StoredSurvey
) -> None:
    page = await client.get("/waves/new", headers=a_person())
    (empty,) = [one for one in forms_of(page.text) if one.action == "/waves/new"]
    typed = {**form(), **empty.fields, "survey_id": str(survey.id), "size": "3", "segments": "region: north"}
    shown = await client.post("/waves/new", data={**typed, "act": "start"}, headers=a_person())
    assert "3 customers of 5 would be chosen." in shown.text
    assert "They are asked evenly over" in shown.text
    assert await rows(database, "SELECT 1 FROM wave") == []
    (asked,) = [one for one in forms_of(shown.text) if one.action == "/waves/new"]
    fields = {**form(), **asked.fields, "act": "start"}
    changed = await client.post("/waves/new", data={**fields, "size": "4"}, headers=a_person())
    assert "4 customers of 5 would be chosen." in changed.text
    places = [
        (await client.post("/waves/new", data=fields, headers=a_person())).headers["location"]
        for _ in range(2)
    ]
    assert places[0] == places[1]
    (other,) = [one for one in forms_of(changed.text) if one.action == "/waves/new"]
    assert other.fields["wave_id"] == asked.fields["wave_id"]
    reused = {**form(), **other.fields, "act": "start"}
    assert (await client.post("/waves/new", data=reused, headers=a_person())).status_code == 409
    (row,) = await rows(database, "SELECT tenant, id, size FROM wave")
    assert (row.tenant, row.size) == (TENANT, 3)
    assert "The wave is made." in (await client.get(places[0], headers=a_person())).text
    assert "1 wave is under way." in (await client.get("/waves", headers=a_person())).text
    stopped = await client.post(f"/waves/{row.id}/stop", data=form(), headers=a_person())
    assert "The wave is stopped." in (await client.get(stopped.headers["location"], headers=a_person())).text
    again = await client.post(f"/waves/{row.id}/stop", data=form(), headers=a_person())
    assert "had ended already" in (await client.get(again.headers["location"], headers=a_person())).text
    assert (await client.get(f"/waves/{row.id}", headers=a_person(tenant="another"))).status_code == 404


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"size": ""}, "How many customers: Write how many customers"),
        ({"size": "x"}, "How many customers: Write how many customers"),
        ({"margin": "3"}, "one of the two"),
        ({"segments": "north"}, "Write one on each line"),
        ({"segments": "region: west"}, "No customer is known"),
        ({"start_at": "soon"}, "Write a day and a time"),
        ({"start_at": "2026-11-20T09:00"}, "This time is past."),
        ({"spread": "91"}, "90 days are the most"),
        ({"spread_unit": "years"}, "90 days are the most"),
        ({"survey_id": ""}, "Choose a survey."),
    ],
)
async def test_a_fault_stands_beside_its_field_and_what_was_typed_stays(
    client: httpx.AsyncClient, survey: StoredSurvey, typed: dict[str, str], words: str
) -> None:
    fields = {"survey_id": str(survey.id), "size": "7", "spread": "1", "spread_unit": "days", "act": "try"}
    fields |= typed
    page = await client.post("/waves/new", data=form(**fields), headers=a_person())
    assert page.status_code == 422
    assert words in page.text
    for name, value in typed.items():
        assert not value or name in {"survey_id", "spread_unit"} or value in page.text


async def test_a_time_that_is_typed_is_by_the_companys_clock(
    client: httpx.AsyncClient, database: Database, survey: StoredSurvey
) -> None:
    fields = {"survey_id": str(survey.id), "size": "7", "start_at": "2026-12-01T09:00", "act": "try"}
    shown = await client.post("/waves/new", data=form(**fields), headers=a_person())
    (asked,) = [one for one in forms_of(shown.text) if one.action == "/waves/new"]
    await client.post("/waves/new", data={**form(), **asked.fields, "act": "start"}, headers=a_person())
    (row,) = await rows(database, "SELECT start_at, spread_hours FROM wave")
    assert row.start_at.isoformat() == "2026-12-01T08:00:00+00:00"
    assert row.spread_hours == 24


async def test_waves_are_listed_in_pages_the_newest_first_and_those_of_the_company_alone(
    client: httpx.AsyncClient, database: Database, survey: StoredSurvey
) -> None:
    body = {"survey_id": str(survey.id), "size": 3, "spread_hours": 0}
    made = [(await client.post(PATH, json=body, headers=by_key())).json()["id"] for _ in range(5)]
    await run(database)
    await decide(database, *await published(database, TRANSACTIONS))
    listed: list[dict[str, Any]] = []
    after = ""
    while True:
        page = (await client.get(PATH, params={"limit": 2, "after": after}, headers=by_key())).json()
        assert len(page["waves"]) <= 2
        listed += page["waves"]
        if (after := page["next"]) is None:
            break
    assert [each["id"] for each in listed] == sorted(made, reverse=True)
    for each in listed:
        read = (await client.get(f"{PATH}/{each['id']}", headers=by_key())).json()
        assert each == {name: read[name] for name in each}
        assert read.keys() - each.keys() == {"last_mail_at"}
        assert sum(each["decided"].values()) == 3
    assert (await client.get(PATH, headers=by_key(FOREIGN_KEY))).json() == {"waves": [], "next": None}
    assert (await client.get(PATH, params={"after": "x"}, headers=by_key())).status_code == 422


async def test_a_wave_is_stopped_by_key_and_one_that_has_ended_stays_as_it_is(
    client: httpx.AsyncClient, database: Database, survey: StoredSurvey
) -> None:
    body = {"survey_id": str(survey.id), "size": 3, "start_at": "2026-12-01T12:00:00Z"}
    made = (await client.post(PATH, json=body, headers=by_key())).json()
    where = f"{PATH}/{made['id']}/stop"
    assert (await client.post(where, headers=by_key(FOREIGN_KEY))).status_code == 404
    assert (await client.post(f"{PATH}/{uuid4()}/stop", headers=by_key())).status_code == 404
    stopped = await client.post(where, headers=by_key())
    assert (stopped.status_code, stopped.json()["state"]) == (200, "stopped")
    assert (await client.post(where, headers=by_key())).json() == stopped.json()
    facts = [line.facts.get("state") for line in await audit_lines(database) if line.act == "wave"]
    assert facts == ["started", "stopped"]


@pytest.mark.parametrize(
    ("role", "limited", "may"),
    [("editor", {}, True), ("editor", {"segments": ("region:north",)}, False), ("analyst", {}, False)],
)
async def test_who_may_make_waves_lists_and_stops_them(
    client: httpx.AsyncClient, survey: StoredSurvey, role: Role, limited: dict[str, Any], may: bool
) -> None:
    body = {"survey_id": str(survey.id), "size": 3, "start_at": "2026-12-01T12:00:00Z"}
    made = (await client.post(PATH, json=body, headers=by_key())).json()
    who = {**a_person(role, **limited), **csrf_header(), "accept": "application/json"}
    assert (await client.get(PATH, headers=who)).is_success is may
    assert (await client.post(f"{PATH}/{made['id']}/stop", headers=who)).is_success is may
    state = (await client.get(f"{PATH}/{made['id']}", headers=by_key())).json()["state"]
    assert state == ("stopped" if may else "waiting")


async def test_no_door_lets_the_survey_of_a_wave_measure_something_else(
    client: httpx.AsyncClient, database: Database, survey: StoredSurvey
) -> None:
    body = {"survey_id": str(survey.id), "size": 3, "start_at": "2026-12-01T12:00:00Z"}
    wave = (await client.post(PATH, json=body, headers=by_key())).json()
    where, page = f"/v1/surveys/{survey.id}", f"/surveys/{survey.id}"
    whole = {"name": "The relation", "trigger": "never", "measurement": "transactional"}
    for answer in (
        await client.patch(where, json={"measurement": "transactional"}, headers=by_key()),
        await client.put(where, json=whole, headers=by_key()),
    ):
        assert answer.status_code == 422
        (fault,) = answer.json()["errors"]
        assert fault["field"] == "/measurement"
        assert "Stop the wave" in fault["detail"]
    shown = (await client.get(page, headers=a_person())).text
    (typed,) = [one for one in forms_of(shown) if one.action == page]
    fields = {**form(), **typed.fields, "measurement": "transactional"}
    saved = await client.post(page, data=fields, headers=a_person())
    assert saved.status_code == 422
    assert 'id="measurement-wrong"' in saved.text
    assert "Stop the wave" in saved.text
    await client.post(f"{PATH}/{wave['id']}/stop", headers=by_key())
    freed = await client.patch(where, json={"measurement": "transactional"}, headers=by_key())
    assert freed.json()["measurement"] == "transactional"
