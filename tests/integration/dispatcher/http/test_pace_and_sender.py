"""A survey's first day, its edit window and its sender: at both doors, and on the pages that speak of them."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from support.audit import an_actor
from support.dispatcher_builders import (
    NOON,
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    decide,
    go_live,
    make_survey,
    published,
    relay_all,
)
from support.dispatcher_client import a_person, by_key, form
from support.forms import forms_of

from services.dispatcher.contact_policies.policy_commands import set_policy
from services.dispatcher.surveys.domain import StoredSurvey
from shared.db.database import Database
from shared.events import SURVEYS, ContactRules, QuietHours

from .test_layout import made

GIVEN = {
    "first_day_per_hour": 20,
    "edit_hours": 0,
    "sender_name": "Kim at Havnbo",
    "reply_to": "kim@havnbo.dk",
}
DEFAULTS = {"first_day_per_hour": 50, "edit_hours": 48, "sender_name": None, "reply_to": None}


def of(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: answer[name] for name in GIVEN}


async def test_the_api_keeps_and_publishes_them_and_only_the_edit_window_is_of_the_version(
    client: httpx.AsyncClient, database: Database
) -> None:
    survey = await made(client)
    assert of(survey) == DEFAULTS
    at = f"/v1/surveys/{survey['id']}"
    paced = await client.patch(at, json={**GIVEN, "edit_hours": 48}, headers=by_key())
    assert of(paced.json()) == {**GIVEN, "edit_hours": 48}
    assert paced.json()["survey_version"] == 1
    changed = (await client.patch(at, json={"edit_hours": 0}, headers=by_key())).json()
    assert (of(changed), changed["survey_version"]) == (GIVEN, 2)
    listed = (await client.get(f"{at}/versions", headers=by_key())).json()["versions"]
    assert [each["edit_hours"] for each in listed] == [48, 0]
    events = sorted(await published(database, SURVEYS), key=lambda each: each.version)
    newest = {event.survey_version: event for event in events}
    assert [(newest[n].edit_hours, newest[n].sender_name) for n in (1, 2)] == [
        (48, "Kim at Havnbo"),
        (0, "Kim at Havnbo"),
    ]
    emptied = await client.patch(at, json={"sender_name": "", "reply_to": ""}, headers=by_key())
    assert of(emptied.json()) == {**GIVEN, "sender_name": None, "reply_to": None}


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("first_day_per_hour", -1),
        ("first_day_per_hour", 100_001),
        ("edit_hours", 721),
        ("channels", []),
        ("channels", ["mail", "mail"]),
        ("sender_name", "boss@bank.example"),
        ("reply_to", "kim@havnbo.dk\r\nBcc: all@havnbo.dk"),
    ],
)
async def test_what_cannot_be_is_refused_by_its_field(
    client: httpx.AsyncClient, field: str, wrong: object
) -> None:
    survey = await made(client)
    refused = await client.patch(f"/v1/surveys/{survey['id']}", json={field: wrong}, headers=by_key())
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, f"/{field}")


async def test_a_survey_asks_by_the_channels_that_there_are(client: httpx.AsyncClient) -> None:
    survey = await made(client)
    assert survey["channels"] == ["mail"]
    at = f"/v1/surveys/{survey['id']}"
    refused = await client.patch(at, json={"channels": ["mail", "pigeon"]}, headers=by_key())
    assert refused.status_code == 422
    (fault,) = refused.json()["errors"]
    assert (fault["field"], "mail" in fault["detail"]) == ("/channels/1", True)
    changed = await client.patch(at, json={"channels": ["mail"]}, headers=by_key())
    assert (changed.json()["channels"], changed.json()["version"]) == (["mail"], survey["version"])
    page = (await client.get(f"/surveys/{survey['id']}", headers=a_person("editor"))).text
    assert '<option value="mail" selected>By mail</option>' in page
    (typed,) = [each.fields for each in forms_of(page) if each.action == f"/surveys/{survey['id']}"]
    wrong = form(**{**typed, "channels": "pigeon"})
    refused = await client.post(f"/surveys/{survey['id']}", data=wrong, headers=a_person("editor"))
    assert (refused.status_code, "Choose by which channel it asks." in refused.text) == (422, True)
    chosen = form(**{**typed, "channels": "mail,link", "act": "save"})
    saved = await client.post(f"/surveys/{survey['id']}", data=chosen, headers=a_person("editor"))
    assert saved.status_code == 303
    assert (await client.get(at, headers=by_key())).json()["channels"] == ["mail", "link"]


async def test_an_editor_sets_them_in_the_form_and_sees_them_in_preview_and_versions(
    client: httpx.AsyncClient,
) -> None:
    survey = await made(client)
    at, editor = f"/surveys/{survey['id']}", a_person("editor")
    (typed,) = [
        each.fields for each in forms_of((await client.get(at, headers=editor)).text) if each.action == at
    ]
    typed_in = {**GIVEN, "edit": 0, "edit_unit": "hours"}
    del typed_in["edit_hours"]
    assert {name: typed[name] for name in typed_in} == {
        "first_day_per_hour": "50",
        "edit": "2",
        "edit_unit": "days",
        "sender_name": "",
        "reply_to": "",
    }
    wrong = await client.post(at, data=form(**{**typed, "reply_to": "kim"}), headers=editor)
    assert wrong.status_code == 422
    assert "Write an address such as name@example.com, or leave it empty." in wrong.text
    older = form(**{name: value for name, value in typed.items() if name not in typed_in})
    assert (await client.post(at, data=older, headers=editor)).status_code == 303
    wanted = {**typed, **{name: str(value) for name, value in typed_in.items()}, "act": "save"}
    assert (await client.post(at, data=form(**wanted), headers=editor)).status_code == 303
    assert of((await client.get(f"/v1{at}", headers=by_key())).json()) == GIVEN
    preview = (await client.get(f"{at}/preview", headers=editor)).text
    assert "Kim at Havnbo &lt;" in preview
    assert "kim@havnbo.dk" in preview
    versions = (await client.get(f"{at}/versions", headers=editor)).text
    for words in ("Time in which an answer may be changed", "2 days", "0 hours"):
        assert words in versions


async def begin_first_day(database: Database) -> None:
    """As the first mail of each survey does when it takes a place."""
    async with database.transaction() as uow:
        await uow.execute(
            "INSERT INTO first_day (tenant, survey_id, counts, began_at) "
            "SELECT tenant, id, '{1}', :now FROM survey",
            {"now": uow.now},
        )


async def test_the_pages_say_what_the_first_day_is_before_it_begins_and_while_it_lasts(
    client: httpx.AsyncClient, database: Database
) -> None:
    survey = await made(client, state="paused")
    at, editor = f"/surveys/{survey['id']}", a_person("editor")
    await go_live(database)
    start = (await client.get(f"{at}/start", headers=editor)).text
    assert "at most 50 mails an hour; the others wait, evenly spread" in start
    (typed,) = [each.fields for each in forms_of(start) if each.action.endswith("/start")]
    await client.post(f"{at}/start", data=form(**typed), headers=editor)
    clock = database.clock
    assert isinstance(clock, Clock)
    clock.on(days=2)
    assert "Its first day begins with its first mail" in (await client.get(at, headers=editor)).text
    await begin_first_day(database)
    page = (await client.get(at, headers=editor)).text
    assert "It is its first day: until" in page
    assert "begins with its first mail" not in page
    paused = await client.patch(f"/v1{at}", json={"state": "paused"}, headers=by_key())
    assert paused.json()["first_day_began_at"] is not None
    assert "evenly spread; until" in (await client.get(f"{at}/start", headers=editor)).text
    clock.on(days=1)
    page = (await client.get(at, headers=editor)).text
    assert "It is its first day" not in page
    assert "begins with its first mail" not in page
    assert "On its first day" not in (await client.get(f"{at}/start", headers=editor)).text


BEFORE, ON = "The survey’s first day begins with its first mail", "It is the survey’s first day: until"


@pytest.mark.parametrize(
    ("hours", "delay_minutes", "per_hour", "begun", "told"),
    [
        (0, 0, 50, True, ON),
        (24, 0, 50, True, ""),
        (0, 1440, 50, True, ""),
        (0, 0, 0, True, ""),
        (0, 0, 50, False, BEFORE),
        (0, 1440, 50, False, BEFORE),
        (24, 0, 50, False, BEFORE),
        (0, 0, 0, False, ""),
    ],
)
async def test_a_wave_on_the_first_day_says_so_and_how_long_each_mail_waits(
    client: httpx.AsyncClient,
    database: Database,
    hours: int,
    delay_minutes: int,
    per_hour: int,
    begun: bool,
    told: str,
) -> None:
    await client.post(
        "/v1/customers", json={"customers": [{"id": "c", "email": "c@example.com"}]}, headers=by_key()
    )
    await go_live(database)
    survey: StoredSurvey = await make_survey(
        database, measurement="relational", first_day_per_hour=per_hour, delay_minutes=delay_minutes
    )
    if begun:
        await begin_first_day(database)
    start_at = (NOON + timedelta(hours=hours + 1)).strftime("%Y-%m-%dT%H:%M")
    wanted = {
        "survey_id": str(survey.id),
        "size": "1",
        "margin": "",
        "segments": "",
        "spread": "0",
        "spread_unit": "hours",
    }
    wanted |= {"start_at": start_at if hours else "", "act": "try"}
    page = await client.post("/waves/new", data=form(**wanted), headers=a_person("editor"))
    assert page.status_code == 200, page.text
    assert [sentence for sentence in (BEFORE, ON) if sentence in page.text] == [told] * (told != "")
    assert ("Each mail leaves after the survey’s delay" in page.text) == (delay_minutes > 0)


@pytest.mark.parametrize(
    ("per_hour", "spread", "quiet", "hours"),
    [
        (5, 0, {}, 4),
        (0, 0, {}, 0),
        (5, 30, {}, 30),
        (5, 0, {"mail": QuietHours(start="13:00", end="21:00")}, 8),
    ],
)
async def test_the_api_and_the_pages_of_a_wave_say_when_its_last_mail_is_expected_to_leave(
    client: httpx.AsyncClient,
    database: Database,
    per_hour: int,
    spread: int,
    quiet: dict[str, QuietHours],
    hours: int,
) -> None:
    customers = [{"id": f"c-{n}", "email": f"c-{n}@example.com"} for n in range(20)]
    await client.post("/v1/customers", json={"customers": customers}, headers=by_key())
    survey = await make_survey(
        database, measurement="relational", first_day_per_hour=per_hour, delay_minutes=0
    )
    body: dict[str, Any] = {"survey_id": str(survey.id), "size": 20, "spread_hours": spread}
    withheld = (await client.post("/v1/waves", json=body, headers=by_key())).json()
    assert withheld["last_mail_at"] is None, "in test mode nothing leaves"
    await go_live(database)
    async with database.transaction() as uow:
        await set_policy(uow, TENANT, an_actor(), ContactRules(quiet_hours=quiet))
    made = (await client.post("/v1/waves", json=body, headers=by_key())).json()
    read = (await client.get(f"/v1/waves/{made['id']}", headers=by_key())).json()
    told = [datetime.fromisoformat(each["last_mail_at"]) for each in (made, read)]
    late = timedelta(hours=4) if quiet else timedelta()  # behind the quiet hours, four hours of places
    assert told == [NOON + timedelta(hours=hours) + late] * 2
    expected = f'datetime="{told[0].isoformat()}"'
    page = (await client.get(f"/waves/{made['id']}", headers=a_person("editor"))).text
    assert expected in page.partition("Last mail</dt>")[2].partition("</dd>")[0]
    assert ("The survey’s first day begins with its first mail" in page) == bool(per_hour)
    wanted: dict[str, str] = {
        "survey_id": str(survey.id),
        "size": "20",
        "spread": str(spread),
        "spread_unit": "hours",
        "margin": "",
        "segments": "",
        "start_at": "",
    }
    plan = (await client.post("/waves/new", data=form(**wanted, act="try"), headers=a_person("editor"))).text
    assert expected in plan.partition("The last mail is expected to leave")[2].partition("</p>")[0]
    async with database.transaction() as uow:
        await uow.execute("UPDATE survey SET state = 'paused'")
    read = (await client.get(f"/v1/waves/{made['id']}", headers=by_key())).json()
    assert read["last_mail_at"] is None
    page = (await client.get(f"/waves/{made['id']}", headers=a_person("editor"))).text
    assert "Last mail</dt>" not in page


async def test_the_event_says_that_its_mail_waits_and_until_when(
    client: httpx.AsyncClient, database: Database
) -> None:
    await go_live(database)
    await make_survey(database, first_day_per_hour=1, delay_minutes=0)
    await decide(database, a_transaction("order-1", a_customer("c-1")))
    await relay_all(database)
    until = NOON + timedelta(hours=3)
    async with database.transaction() as uow:
        await uow.execute(
            """
            UPDATE invitation SET reason = 'first_day', next_at = :until;
            """,
            {"until": until},
        )
        await uow.execute("UPDATE delivery SET due_at = :until", {"until": until})
    (decision,) = (await client.get("/v1/decisions", headers=by_key())).json()["decisions"]
    assert decision["invitation"]["state"] == "waiting"
    assert decision["invitation"]["postponed_by"] == "first_day"
    assert decision["invitation"]["due_at"] == until.isoformat().replace("+00:00", "Z")
    assert decision["values"]["first_day_per_hour"] == 1
    assert decision["values"]["channel"] == "mail"
    page = (await client.get(f"/events/{decision['id']}", headers=a_person("editor"))).text
    assert "first day of the survey." in page
    assert "<dt>Channel</dt><dd>Mail</dd>" in page
    found = (await client.get("/events?postponed_by=first_day", headers=a_person("editor"))).text
    assert "mail postponed: first day of the survey" in found
    assert "order-1" in found
