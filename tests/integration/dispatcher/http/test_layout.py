"""How the numbers of a survey stand: at both doors, in its versions, and in the preview of its mail."""

import re
from typing import Any

import httpx
from support.dispatcher_builders import published
from support.dispatcher_client import SURVEY, a_person, by_key, form
from support.forms import forms_of

from shared.db.database import Database
from shared.events import SURVEYS

SCORES = [str(score) for score in range(11)]


async def made(client: httpx.AsyncClient, **changed: Any) -> dict[str, Any]:
    reply = await client.post("/v1/surveys", json={**SURVEY, **changed}, headers=by_key())
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


def numbers(html: str) -> list[str]:
    """The scores that a mail links to, in their order."""
    return re.findall(r'href="[^"]*\?v=(\d+)"', html)


async def test_another_layout_is_another_version_that_the_api_answers_lists_and_publishes(
    client: httpx.AsyncClient, database: Database
) -> None:
    survey = await made(client)
    assert survey["layout"] == "horizontal"
    at = f"/v1/surveys/{survey['id']}"
    changed = await client.patch(at, json={"layout": "vertical"}, headers=by_key())
    assert (changed.json()["layout"], changed.json()["survey_version"]) == ("vertical", 2)
    again = await client.patch(at, json={"layout": "vertical", "name": "Other"}, headers=by_key())
    assert (again.json()["layout"], again.json()["survey_version"]) == ("vertical", 2)
    listed = (await client.get(f"{at}/versions", headers=by_key())).json()["versions"]
    assert [each["layout"] for each in listed] == ["horizontal", "vertical"]
    events = await published(database, SURVEYS)
    newest = {event.survey_version: event for event in sorted(events, key=lambda each: each.version)}
    assert [newest[number].layout for number in (1, 2)] == ["horizontal", "vertical"]
    refused = await client.patch(at, json={"layout": "diagonal"}, headers=by_key())
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "/layout")


async def test_an_editor_chooses_it_in_the_form_and_sees_it_in_the_preview_and_the_versions(
    client: httpx.AsyncClient,
) -> None:
    survey = await made(client)
    at, editor = f"/surveys/{survey['id']}", a_person("editor")
    mail = await client.get(f"{at}/mail", headers=editor)
    assert numbers(mail.text) == SCORES
    page = await client.get(at, headers=editor)
    (typed,) = [each.fields for each in forms_of(page.text) if each.action == at]
    assert typed["layout"] == "horizontal"
    wrong = await client.post(at, data=form(**{**typed, "layout": "diagonal"}), headers=editor)
    assert wrong.status_code == 422
    assert "Choose a row or a column." in wrong.text
    # A page that was open before there was the field posts none.
    older = form(**{name: value for name, value in typed.items() if name != "layout"})
    assert (await client.post(at, data=older, headers=editor)).status_code == 303
    saved = await client.post(at, data=form(**{**typed, "layout": "vertical", "act": "save"}), headers=editor)
    assert saved.status_code == 303
    assert '<option value="vertical" selected>' in (await client.get(at, headers=editor)).text
    assert numbers((await client.get(f"{at}/mail", headers=editor)).text) == SCORES[::-1]
    versions = (await client.get(f"{at}/versions", headers=editor)).text
    for words in ("How the numbers stand", "In a row, 0 first", "In a column, 10 on top"):
        assert words in versions
    copied = await client.post(f"{at}/copy", data=form(), headers=editor)
    copy = await client.get(copied.headers["location"], headers=editor)
    assert '<option value="vertical" selected>' in copy.text
