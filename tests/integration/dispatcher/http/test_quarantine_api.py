"""The quarantine of a survey with its scope, and its touchpoint: by program and by form."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from support.dispatcher_builders import (
    NOON,
    Clock,
    a_customer,
    a_transaction,
    decide,
    go_live,
    invitations,
    make_survey,
    published,
    reasons,
    relay_all,
)
from support.dispatcher_client import SURVEY, a_person, by_key, form
from support.dispatcher_reminders import ScriptedChannel, a_scripted_sender
from support.forms import forms_of

from shared.db.database import Database
from shared.events import SURVEYS

PLAIN = {name: value for name, value in SURVEY.items() if name not in {"quarantine", "quarantine_days"}}


async def make(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    made = await client.post("/v1/surveys", json={**PLAIN, **changes}, headers=by_key())
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


@pytest.mark.parametrize(
    ("sent", "days", "scope"),
    [
        ({}, 90, "any"),
        ({"quarantine_days": 14}, 14, "any"),
        ({"quarantine": {"days": 14}}, 14, "any"),
        ({"quarantine": {"scope": "survey"}}, 90, "survey"),
        ({"quarantine": {"days": 0, "scope": "touchpoint"}}, 0, "touchpoint"),
        ({"quarantine": {"days": 7, "scope": "measurement"}, "quarantine_days": 7}, 7, "measurement"),
        ({"quarantine": {"scope": "survey"}, "quarantine_days": 7}, 7, "survey"),
        ({"quarantine": None, "quarantine_days": 7}, 7, "any"),
    ],
)
async def test_both_ways_to_say_the_days_are_read_and_answered(
    client: httpx.AsyncClient, database: Database, sent: dict[str, Any], days: int, scope: str
) -> None:
    made = await make(client, **sent)
    told = {"quarantine_days": days, "quarantine": {"days": days, "scope": scope}}
    where = f"/v1/surveys/{made['id']}"
    put = (await client.put(where, json={**PLAIN, **sent}, headers=by_key())).json()
    read = (await client.get(where, headers=by_key())).json()
    for answer in (made, put, read):
        assert {name: answer[name] for name in told} == told
    (event,) = await published(database, SURVEYS)
    assert (event.quarantine_days, event.quarantine_scope) == (days, scope)


async def test_where_no_scope_is_chosen_a_new_relational_survey_counts_its_kind_and_an_old_one_keeps_its(
    client: httpx.AsyncClient, database: Database
) -> None:
    made = await make(client, measurement="relational")
    assert made["quarantine"]["scope"] == "measurement"
    chosen = await make(client, measurement="relational", quarantine={"scope": "any"})
    assert chosen["quarantine"]["scope"] == "any"
    old = await make_survey(database, measurement="relational", quarantine_scope="any")
    for survey, scope in ((made["id"], "measurement"), (chosen["id"], "any"), (old.id, "any")):
        where, body = f"/v1/surveys/{survey}", {**PLAIN, "measurement": "relational", "name": "Other"}
        put = (await client.put(where, json=body, headers=by_key())).json()
        patched = (await client.patch(where, json={"name": "One more"}, headers=by_key())).json()
        assert (put["quarantine"]["scope"], patched["quarantine"]["scope"]) == (scope, scope)

    for measurement, scope in (("relational", "measurement"), ("transactional", "any")):
        page = (await client.get("/surveys/new", headers=a_person("editor"))).text
        (empty,) = [one for one in forms_of(page) if one.action == "/surveys/new"]
        assert empty.fields["quarantine_scope"] == ""
        typed = {**empty.fields, **form(name=measurement, trigger="x", measurement=measurement)}
        answer = await client.post("/surveys/new", data=typed, headers=a_person("editor"))
        survey = answer.headers["location"].partition("?")[0].rpartition("/")[2]
        read = (await client.get(f"/v1/surveys/{survey}", headers=by_key())).json()
        assert read["quarantine"]["scope"] == scope


async def test_two_different_numbers_of_days_are_refused(client: httpx.AsyncClient) -> None:
    wrong = {"quarantine": {"days": 7}, "quarantine_days": 8}
    made = await make(client)
    where = f"/v1/surveys/{made['id']}"
    for answer in (
        await client.post("/v1/surveys", json={**PLAIN, **wrong}, headers=by_key()),
        await client.put(where, json={**PLAIN, **wrong}, headers=by_key()),
        await client.patch(where, json=wrong, headers=by_key()),
    ):
        assert answer.status_code == 422
        (fault,) = answer.json()["errors"]
        assert "quarantine.days is 7 and quarantine_days is 8" in fault["detail"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"quarantine": {"scope": "person"}}, "/quarantine/scope"),
        ({"quarantine": {"days": 3651}}, "/quarantine/days"),
        ({"quarantine": {"days": True}}, "/quarantine/days"),
        ({"quarantine": {"day": 1}}, "/quarantine/day"),
        ({"quarantine_scope": "survey"}, "/quarantine_scope"),
        ({"touchpoint": "x" * 201}, "/touchpoint"),
    ],
)
async def test_what_cannot_be_is_named(client: httpx.AsyncClient, wrong: dict[str, Any], field: str) -> None:
    made = await make(client)
    for answer in (
        await client.post("/v1/surveys", json={**PLAIN, **wrong}, headers=by_key()),
        await client.patch(f"/v1/surveys/{made['id']}", json=wrong, headers=by_key()),
    ):
        assert answer.status_code == 422
        assert [fault["field"] for fault in answer.json()["errors"]] == [field]


async def test_a_patch_changes_days_scope_and_touchpoint_each_alone(client: httpx.AsyncClient) -> None:
    made = await make(client, quarantine={"days": 7, "scope": "survey"}, touchpoint=" de\u0301livery ")
    where = f"/v1/surveys/{made['id']}"
    for patch, days, scope, touchpoint in (
        ({"quarantine_days": 8}, 8, "survey", "d\u00e9livery"),
        ({"quarantine": {"days": 9}}, 9, "survey", "d\u00e9livery"),
        ({"quarantine": {"scope": "touchpoint"}}, 9, "touchpoint", "d\u00e9livery"),
        ({"quarantine": {}}, 9, "touchpoint", "d\u00e9livery"),
        ({"touchpoint": "repair"}, 9, "touchpoint", "repair"),
        ({"touchpoint": ""}, 9, "touchpoint", None),
        ({"name": "another"}, 9, "touchpoint", None),
    ):
        answer = await client.patch(where, json=patch, headers=by_key())
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert (told["quarantine_days"], told["quarantine"], told["touchpoint"]) == (
            days, {"days": days, "scope": scope}, touchpoint,
        )  # fmt: skip


async def test_what_is_read_can_be_put_again(client: httpx.AsyncClient) -> None:
    made = await make(client, quarantine={"days": 7, "scope": "survey"}, touchpoint="repair")
    answered_only = {
        "id", "survey_version", "live_version", "created_at", "changed_at", "first_live_at",
        "first_day_began_at",
    }  # fmt: skip
    body = {name: value for name, value in made.items() if name not in answered_only}
    again = await client.put(f"/v1/surveys/{made['id']}", json=body, headers=by_key())
    assert (again.status_code, again.json()) == (200, made)


async def test_scope_and_touchpoint_are_set_by_form_and_a_form_without_them_leaves_them(
    client: httpx.AsyncClient,
) -> None:
    survey = await make(client, quarantine={"days": 7, "scope": "survey"}, touchpoint="repair")
    where = f"/surveys/{survey['id']}"
    page = (await client.get(where, headers=a_person("editor"))).text
    (found,) = [one for one in forms_of(page) if one.action == where]
    assert found.fields["quarantine_scope"] == "survey"
    assert found.fields["touchpoint"] == "repair"
    left_out = {"csrf", "quarantine_scope", "touchpoint"}
    fields = {name: value for name, value in found.fields.items() if name not in left_out}
    saved = await client.post(where, data=form(**{**fields, "name": "x"}), headers=a_person("editor"))
    assert saved.status_code == 303, saved.text
    kept = (await client.get(f"/v1{where}", headers=by_key())).json()
    assert (kept["quarantine"], kept["touchpoint"]) == ({"days": 7, "scope": "survey"}, "repair")
    fields |= {
        "version": str(kept["version"]),
        "quarantine_scope": "touchpoint",
        "touchpoint": " after  sale ",
        "act": "save",
    }
    await client.post(where, data=form(**fields), headers=a_person("editor"))
    changed = (await client.get(f"/v1{where}", headers=by_key())).json()
    assert (changed["quarantine"]["scope"], changed["touchpoint"]) == ("touchpoint", "after sale")
    fields |= {"version": str(changed["version"]), "quarantine_scope": "nobody"}
    refused = await client.post(where, data=form(**fields), headers=a_person("editor"))
    assert refused.status_code == 422
    assert 'href="#quarantine_scope"' in refused.text


async def test_the_events_page_says_which_question_counted_and_whose_delay_and_touchpoint_it_was(
    client: httpx.AsyncClient, database: Database
) -> None:
    await go_live(database)
    await make_survey(
        database, name="Repairs", quarantine_scope="touchpoint", quarantine_days=30, touchpoint="repair"
    )
    first = a_transaction("first", segments={}, delay_minutes=180)
    second = a_transaction("second", segments={})
    third = a_transaction("third")
    for event in (first, second, third):
        await decide(database, event)
    assert await reasons(database) == {"first": "invited", "second": "quarantine", "third": "invited"}
    asked, other = [each for each in await invitations(database) if each.state == "waiting"]
    assert (asked.touchpoint, asked.segments) == ("repair", {"touchpoint": "repair"})
    assert (other.touchpoint, other.segments) == ("checkout", third.segments)
    page = (await client.get(f"/events/{first.event_id}", headers=a_person())).text
    assert "3\u00a0hours, as the event says" in page
    assert "<bdi>repair</bdi>, as the survey says" in page
    assert "30\u00a0days (about the same touchpoint)" in page
    page = (await client.get(f"/events/{second.event_id}", headers=a_person())).text
    assert "Last asked" in page
    told = (await client.get("/v1/decisions", params={"event_id": "second"}, headers=by_key())).json()
    (considered,) = told["decisions"][0]["considered"]
    assert (considered["quarantine_scope"], considered["quarantine_days"]) == ("touchpoint", 30)
    assert considered["asked_at"] is not None


async def test_the_events_page_says_when_the_other_mail_left_that_keeps_this_one_from_being_sent(
    client: httpx.AsyncClient, database: Database
) -> None:
    await go_live(database)
    await make_survey(database, trigger="order", delay_minutes=2880, quarantine_days=14)
    await make_survey(database, trigger="call", delay_minutes=0, quarantine_days=0)
    order, call = (a_transaction(type_, type=type_) for type_ in ("order", "call"))
    for event in (order, call):
        await decide(database, event)
    clock = database.clock
    assert isinstance(clock, Clock)
    sender = a_scripted_sender(database, clock, ScriptedChannel())
    for hours in (1, 72):
        await relay_all(database)
        clock.on(hours=hours)
        await sender.step()
    page = (await client.get(f"/events/{order.event_id}", headers=a_person())).text
    assert "The mail was not sent. The customer had been asked not long before." in page
    last_asked = re.search(r"Last asked (.+?)\.</p>", page)
    assert last_asked is not None
    assert f'datetime="{(NOON + timedelta(hours=1)).isoformat()}"' in last_asked[1]
    assert "Last asked" not in (await client.get(f"/events/{call.event_id}", headers=a_person())).text


async def test_who_sees_one_touchpoint_sees_the_events_that_a_survey_asks_about_it(
    client: httpx.AsyncClient, database: Database
) -> None:
    await go_live(database)
    await make_survey(database, touchpoint="repair")
    event = a_transaction("first", a_customer(), segments={})
    await decide(database, event)
    for touchpoint, status in (("repair", 200), ("delivery", 404)):
        reader = a_person("leader", segments=(f"touchpoint:{touchpoint}",))
        found = await client.get(f"/events/{event.event_id}", headers=reader)
        assert found.status_code == status
