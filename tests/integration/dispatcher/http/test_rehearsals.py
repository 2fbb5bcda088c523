"""An editor rehearses a draft, reads what would come of it, and starts it knowing what that does."""

from typing import Any

import httpx
from support.dispatcher_builders import (
    a_customer,
    a_transaction,
    decide,
    go_live,
    make_survey,
    rows,
    say_no,
)
from support.dispatcher_client import a_person, by_key, csrf_header, form
from support.dispatcher_customers import know_customers
from support.forms import forms_of

from shared.db.database import Database
from shared.events.surveys import Programme

RULES = {"name": "After delivery", "trigger": "order.delivered", "delay_minutes": 0}


async def press(client: httpx.AsyncClient, page: str, action: str) -> httpx.Response:
    """Press the button of a form on this page; the page that follows."""
    (one,) = [one for one in forms_of(page) if one.action == action]
    done = await client.post(action, data=one.fields, headers=a_person("editor"))
    if done.status_code != 303:
        return done
    return await client.get(done.headers["location"], headers=a_person("editor"))


async def test_a_draft_is_rehearsed_on_its_page_and_by_key_and_shown_on_the_events_page(
    client: httpx.AsyncClient, database: Database
) -> None:
    await go_live(database)
    survey = (await client.post("/v1/surveys", json=RULES, headers=by_key())).json()
    where = f"/surveys/{survey['id']}/rehearsal"
    assert (await client.get(f"/v1{where}", headers=by_key())).json()["since"] is None
    page = await client.get(where, headers=a_person("editor"))
    assert "has not been rehearsed" in page.text
    page = await press(client, page.text, where)
    assert "sends nothing" in page.text
    assert "No event of its type has come yet" in page.text
    await decide(database, a_transaction("one"), a_transaction("two", a_customer(email=None)))
    page = await client.get(where, headers=a_person("editor"))
    assert "Of 2 events it would have asked about 1." in page.text
    assert "Taken that 20 % answer" in page.text
    found = (await client.get(f"/v1{where}", headers=by_key())).json()
    assert (found["rehearses"], found["events"]) == (True, 2)
    assert found["outcomes"] == {"invited": 1, "no_address": 1}
    assert found["expected"]["mails_a_day"] == 1
    (event,) = [one for one in found["newest"] if one["outcome"] == "invited"]
    story = await client.get(f"/events/{event['event_id']}", headers=a_person())
    assert "In rehearsal" in story.text
    decisions = (await client.get("/v1/decisions?event_id=one", headers=by_key())).json()["decisions"]
    assert [one["why"] for one in decisions[0]["rehearsed"]] == ["invited"]
    ended = await press(client, page.text, f"{where}/end")
    assert "The survey is a draft again" in ended.text
    assert "Of 2 events it would have asked about 1." in ended.text
    (state,) = await rows(database, "SELECT state, stage FROM survey")
    assert tuple(state) == ("paused", "draft")


async def test_a_survey_that_asks_is_not_taken_back_by_a_rehearsal(
    client: httpx.AsyncClient, database: Database
) -> None:
    survey = await make_survey(database)
    typed = form(version=str(survey.version))
    for act in ("rehearsal", "rehearsal/end"):
        answer = await client.post(f"/surveys/{survey.id}/{act}", data=typed, headers=a_person("editor"))
        assert answer.status_code == 409
        assert "Pause it before it rehearses" in answer.text
    stale = {**typed, "version": "7"}
    survey = await make_survey(database, state="draft")
    answer = await client.post(f"/surveys/{survey.id}/rehearsal", data=stale, headers=a_person("editor"))
    assert answer.status_code == 409
    states = await rows(database, "SELECT state, stage FROM survey ORDER BY place")
    assert [tuple(row) for row in states] == [("live", None), ("paused", "draft")]


async def test_the_page_before_the_start_says_what_differs_when_the_first_mail_leaves_and_tries_it(
    client: httpx.AsyncClient, database: Database
) -> None:
    await go_live(database)
    survey = await make_survey(database, state="draft", delay_minutes=0)
    await decide(database, a_transaction("one"))
    where = f"/surveys/{survey.id}/start"
    page = (await client.get(where, headers=a_person("editor"))).text
    for words in ("it has not asked yet", "version 1, which stays as it is", "about an event that came now"):
        assert words in page
    (start,) = [one for one in forms_of(page) if one.action == where]
    tried = await client.post(f"{where}/dry-run", data=start.fields, headers=a_person("editor"))
    assert "Of the 1 event of the last 7\u00a0days, 1 would have been asked about; 0 was." in tried.text
    await press(client, page, where)
    where_api = f"/v1/surveys/{survey.id}"
    assert (await client.get(where_api, headers=by_key())).json()["live_version"] == 1
    change = {"state": "paused", "texts": {"en": {"subject": "How was it?"}}}
    assert (await client.patch(where_api, json=change, headers=by_key())).json()["live_version"] == 1
    page = (await client.get(where, headers=a_person("editor"))).text
    assert f"/surveys/{survey.id}/versions?older=1&amp;newer=2" in page
    assert "Subject of the mail" in page


def limited_editor() -> dict[str, Any]:
    """What a script of a colleague sends who is limited to segments; a pass is short-lived."""
    return a_person("editor", segments=("store:elsewhere",)) | csrf_header() | {"accept": "application/json"}


async def test_a_rehearsal_expects_what_its_programme_asks_of_those_who_may_be_asked(
    client: httpx.AsyncClient, database: Database
) -> None:
    await know_customers(database, {f"c-{n}": {} for n in range(310)})
    for n in range(10):
        await say_no(database, a_customer(f"c-{n}"))
    survey = await make_survey(
        database, measurement="relational", trigger="never", state="draft", programme=Programme(every_days=30)
    )
    where = f"/surveys/{survey.id}/rehearsal"
    page = await client.get(where, headers=a_person("editor"))
    page = await press(client, page.text, where)
    expected = (await client.get(f"/v1{where}", headers=by_key())).json()["expected"]
    assert (expected["programme_a_day"], expected["mails_a_day"], expected["answers_a_day"]) == (10, 10, 2)
    assert expected["cases_a_day"] == 0.3
    assert "10 mails and 2.0 answers a day, about." in page.text
    assert "10 of these mails a day at most" in page.text
    progress = (await client.get(f"/v1/surveys/{survey.id}/programme", headers=by_key())).json()
    assert (progress["customers"], progress["customers_a_day"]) == (300, 10)


async def test_who_is_limited_to_segments_neither_begins_nor_ends_nor_reads_one_at_any_door(
    client: httpx.AsyncClient, database: Database
) -> None:
    await go_live(database)
    survey = await make_survey(database, state="draft", delay_minutes=0)
    api, where = f"/v1/surveys/{survey.id}", f"/surveys/{survey.id}/rehearsal"
    new = {**RULES, "state": "rehearsal"}
    refused = [
        await client.patch(api, json={"state": "rehearsal"}, headers=limited_editor()),
        await client.put(api, json=new, headers=limited_editor()),
        await client.post("/v1/surveys", json=new, headers=limited_editor()),
        await client.get(f"{api}/rehearsal", headers=limited_editor()),
        await client.get(where, headers=limited_editor()),
        await client.post(where, data=form(version="1"), headers=limited_editor()),
    ]
    assert [answer.status_code for answer in refused if answer.status_code not in {403, 404}] == []
    await client.patch(api, json={"state": "rehearsal"}, headers=by_key())
    await decide(database, *(a_transaction(f"order-{n}", a_customer(f"c-{n}")) for n in range(4)))
    limited = a_person("editor", segments=("store:elsewhere",))
    page = (await client.get(f"/surveys/{survey.id}/start", headers=limited)).text
    assert "What is counted here is of your segments." in page
    assert "Its rehearsal" not in page
    assert "would have asked" not in page
    whole = (await client.get(f"/surveys/{survey.id}/start", headers=a_person("editor"))).text
    assert "would have asked about 4 of 4 events" in whole
    for state in ("draft", "paused"):
        ended = await client.patch(api, json={"state": state}, headers=limited_editor())
        assert ended.status_code == 403
    version = (await client.get(api, headers=by_key())).json()["version"]
    for act in ("pause", "rehearsal/end"):
        by_form = form(version=str(version))
        ended = await client.post(f"/surveys/{survey.id}/{act}", data=by_form, headers=limited_editor())
        assert ended.status_code == 403
    assert (await client.get(f"/surveys/{survey.id}/pause", headers=limited_editor())).status_code == 403
    assert (await client.get(api, headers=by_key())).json()["state"] == "rehearsal"
    renamed = await client.patch(api, json={"name": "Another"}, headers=limited_editor())
    assert (renamed.status_code, renamed.json()["state"]) == (200, "rehearsal")
    started = await client.patch(api, json={"state": "live"}, headers=limited_editor())
    assert started.json()["state"] == "live"


async def test_no_door_takes_a_survey_that_asks_into_rehearsal(
    client: httpx.AsyncClient, database: Database
) -> None:
    survey = await make_survey(database)
    api = f"/v1/surveys/{survey.id}"
    for answer in (
        await client.patch(api, json={"state": "rehearsal"}, headers=by_key()),
        await client.put(api, json={**RULES, "state": "rehearsal"}, headers=by_key()),
    ):
        assert answer.status_code == 422
        (fault,) = answer.json()["errors"]
        assert fault["field"] == "/state"
        assert "Pause it before it rehearses" in fault["detail"]
    for state in ("paused", "rehearsal"):
        assert (await client.patch(api, json={"state": state}, headers=by_key())).json()["state"] == state
