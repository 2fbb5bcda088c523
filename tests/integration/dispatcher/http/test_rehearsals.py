"""An editor rehearses a draft, reads what would come of it, and starts it knowing what that does."""

import httpx
from support.dispatcher_builders import (
    a_customer,
    a_transaction,
    decide,
    go_live,
    make_survey,
    rows,
)
from support.dispatcher_client import a_person, by_key, form
from support.forms import forms_of

from shared.db.database import Database

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
