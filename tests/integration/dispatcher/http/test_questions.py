"""Further questions at both doors: the API and the form, and the versions that they make."""

from typing import Any

import httpx
from support.dispatcher_builders import published
from support.dispatcher_client import SURVEY, a_person, by_key, form
from support.forms import forms_of

from shared.db.database import Database
from shared.events import SURVEYS

QUESTIONS: list[dict[str, Any]] = [
    {"id": "wait", "kind": "one_of", "options": ["long", "ok"], "shown_to": ["detractor"]},
    {"id": "told", "kind": "yes_no", "after": {"question": "wait", "is": ["long"]}},
]
WORDS = {
    "wait": {"text": "How long did {company} take?", "options": {"long": "Too long", "ok": "As said"}},
    "told": {"text": "Were you told?", "options": {}},
}
BODY = {**SURVEY, "questions": QUESTIONS, "texts": {"en": {"questions": WORDS}}}


async def made(client: httpx.AsyncClient) -> dict[str, Any]:
    reply = await client.post("/v1/surveys", json=BODY, headers=by_key())
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def test_what_is_sent_is_answered_and_published_and_sent_again_changes_nothing(
    client: httpx.AsyncClient, database: Database
) -> None:
    survey = await made(client)
    assert survey["questions"] == [
        {**QUESTIONS[0], "after": None},
        {**QUESTIONS[1], "options": [], "shown_to": ["detractor", "passive", "promoter"]},
    ]
    assert survey["texts"]["en"]["questions"] == WORDS
    (event,) = await published(database, SURVEYS)
    assert [question.id for question in event.questions] == ["wait", "told"]
    at = f"/v1/surveys/{survey['id']}"
    assert (await client.get(at, headers=by_key())).json() == survey
    assert (await client.put(at, json=BODY, headers=by_key())).json() == survey
    patched = await client.patch(at, json={"questions": survey["questions"]}, headers=by_key())
    assert patched.json() == survey


async def test_another_structure_is_another_version_and_old_invitations_keep_theirs(
    client: httpx.AsyncClient, database: Database
) -> None:
    survey = await made(client)
    other = [{**QUESTIONS[0], "shown_to": ["passive", "detractor"]}, QUESTIONS[1]]
    changed = await client.patch(f"/v1/surveys/{survey['id']}", json={"questions": other}, headers=by_key())
    assert (changed.status_code, changed.json()["survey_version"]) == (200, 2)
    events = await published(database, SURVEYS)
    newest = {event.survey_version: event for event in sorted(events, key=lambda each: each.version)}
    assert [newest[number].questions[0].shown_to for number in (1, 2)] == [
        ("detractor",),
        ("detractor", "passive"),
    ]


async def test_versions_that_differ_in_a_question_say_in_what(client: httpx.AsyncClient) -> None:
    survey = await made(client)
    at = f"/v1/surveys/{survey['id']}"
    other = [{**QUESTIONS[0], "kind": "several_of", "shown_to": ["detractor", "passive"]}, QUESTIONS[1]]
    await client.patch(at, json={"questions": other}, headers=by_key())
    page = (await client.get(f"/surveys/{survey['id']}/versions", headers=a_person("editor"))).text
    for words in ("One of several options", "Any of several options", "The third question: Who gave 7 or 8"):
        assert words in page
    versions = (await client.get(f"{at}/versions", headers=by_key())).json()["versions"]
    assert [version["questions"][0]["kind"] for version in versions] == ["one_of", "several_of"]


async def test_a_fault_is_named_at_its_place(client: httpx.AsyncClient) -> None:
    survey = await made(client)
    bad = [QUESTIONS[0], {**QUESTIONS[1], "after": {"question": "wait", "is": "late"}}]
    for reply in (
        await client.post("/v1/surveys", json={**BODY, "questions": bad}, headers=by_key()),
        await client.patch(f"/v1/surveys/{survey['id']}", json={"questions": bad}, headers=by_key()),
    ):
        assert reply.status_code == 422
        assert reply.json()["errors"] == [
            {"field": "/questions/1/after/is", "detail": "That question has the answers long or ok."}
        ]


async def test_a_page_that_is_saved_untouched_keeps_the_questions(client: httpx.AsyncClient) -> None:
    survey = await made(client)
    at = f"/surveys/{survey['id']}"
    editor = a_person("editor")
    (shown,) = [each for each in forms_of((await client.get(at, headers=editor)).text) if each.action == at]
    assert shown.fields["q1-kind"] == "one_of"
    assert shown.fields["en.q1.o1"] == "Too long"
    assert (await client.post(at, data={**shown.fields, **form()}, headers=editor)).status_code == 303
    assert (await client.get(f"/v1{at}", headers=by_key())).json() == survey
    # A page that was open before there were such fields, too.
    old = {
        name: value for name, value in shown.fields.items() if not name.startswith("q") and ".q" not in name
    }
    old["quarantine_days"] = shown.fields["quarantine_days"]
    saved = await client.post(at, data={**old, **form(name="Renamed")}, headers=editor)
    assert saved.status_code == 303
    now = (await client.get(f"/v1{at}", headers=by_key())).json()
    assert (now["name"], now["questions"], now["survey_version"]) == ("Renamed", survey["questions"], 1)


async def test_an_editor_makes_a_question_with_options_and_rewords_one(client: httpx.AsyncClient) -> None:
    editor = a_person("editor")
    (empty,) = [
        each
        for each in forms_of((await client.get("/surveys/new", headers=editor)).text)
        if each.action == "/surveys/new"
    ]
    typed = {
        **empty.fields, **form(name="New", trigger="order.delivered"), "q1-kind": "several_of", "q1-promoter": "",
        "en.q1": "What went wrong?", "en.q1.o1": "Late", "en.q1.o2": "Broken", "q1-o2-opens": "yes",
        "q2-kind": "text", "en.q2": "What broke?",
    }  # fmt: skip
    reply = await client.post("/surveys/new", data={**typed, "en.q1.o2": ""}, headers=editor)
    assert reply.status_code == 422
    assert 'id="q1-kind-wrong"' in reply.text
    assert "Write at least two options below" in reply.text
    assert "What broke?" in reply.text
    reply = await client.post("/surveys/new", data=typed, headers=editor)
    assert reply.status_code == 303, reply.text
    at = reply.headers["location"].partition("?")[0]
    survey = (await client.get(f"/v1{at}", headers=by_key())).json()
    assert survey["questions"] == [
        {"id": "what-went-wrong", "kind": "several_of", "options": ["late", "broken"],
         "shown_to": ["detractor", "passive"], "after": None},
        {"id": "what-broke", "kind": "text", "options": [], "shown_to": ["detractor", "passive", "promoter"],
         "after": {"question": "what-went-wrong", "is": ["broken"]}},
    ]  # fmt: skip
    (shown,) = [each for each in forms_of((await client.get(at, headers=editor)).text) if each.action == at]
    reworded = {**shown.fields, **form(), "en.q1.o1": "Days late"}
    assert (await client.post(at, data=reworded, headers=editor)).status_code == 303
    after = (await client.get(f"/v1{at}", headers=by_key())).json()
    assert after["questions"] == survey["questions"]
    assert after["texts"]["en"]["questions"]["what-went-wrong"]["options"]["late"] == "Days late"
