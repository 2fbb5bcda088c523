"""Unknown placeholders are refused by name, in every field of a survey's words, in every language, at both doors."""

from typing import Any

import httpx
import msgspec
import pytest
from support.dispatcher_builders import make_survey
from support.dispatcher_client import SURVEY, a_person, by_key, form

from shared.db.database import Database
from shared.events import FollowUp, SurveyTexts
from shared.events.placeholders import PLACEHOLDERS

FIELDS = [
    *(name for name in SurveyTexts.__struct_fields__ if name not in {"follow_up", "question_texts"}),
    *(f"follow_up.{name}" for name in FollowUp.__struct_fields__),
]
TYPED = {
    "name": "After", "trigger": "order.delivered", "measurement": "transactional",
    "default_language": "da", "delay": "1", "delay_unit": "hours", "quarantine_days": "90", "link_days": "30",
    "max_age_days": "7", "position": "",
}  # fmt: skip


def texts(field: str, words: str) -> dict[str, Any]:
    outer, _, inner = field.partition(".")
    return {outer: {inner: words} if inner else words}


@pytest.mark.parametrize("language", ["en", "da", "nl", "de"])
@pytest.mark.parametrize("field", FIELDS)
async def test_each_field_refuses_what_does_not_exist_and_says_what_does(
    client: httpx.AsyncClient, field: str, language: str
) -> None:
    words = texts(field, "Did {name} help you with {order_id}?")
    where = f"/texts/{language}/{field.replace('.', '/')}"
    made = (await client.post("/v1/surveys", json=SURVEY, headers=by_key())).json()
    at = f"/v1/surveys/{made['id']}"
    body = {**SURVEY, "texts": {language: words}}
    for reply in (
        await client.post("/v1/surveys", json=body, headers=by_key()),
        await client.put(at, json=body, headers=by_key()),
        await client.patch(at, json={"texts": {language: words}}, headers=by_key()),
    ):
        assert reply.status_code == 422
        (fault,) = reply.json()["errors"]
        assert fault["field"] == where
        assert "There is no {name}. There is no {order_id}." in fault["detail"]
        for name in PLACEHOLDERS.keys() - ({"occasion"} if field == "occasion" else set()):
            assert f"{{{name}}}" in fault["detail"]
    fields = {**TYPED, f"{language}.{field}": "Did {name} help you with {order_id}?"}
    typed = await client.post("/surveys/new", data=form(**fields), headers=a_person("editor"))
    assert typed.status_code == 422
    assert "There is no {order_id}." in typed.text
    assert "Did {name} help you with {order_id}?" in typed.text
    assert f'id="{language}.{field}-wrong"' in typed.text


async def test_every_placeholder_is_taken_in_every_field_and_listed_on_the_page(
    client: httpx.AsyncClient,
) -> None:
    every = " ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    words: dict[str, Any] = {"occasion": "the lamp from {company}"}
    for field in FIELDS:
        if field != "occasion":
            outer, _, inner = field.partition(".")
            words = {**words, outer: {**words.get(outer, {}), inner: every} if inner else every}
    made = await client.post("/v1/surveys", json={**SURVEY, "texts": {"en": words}}, headers=by_key())
    assert made.status_code == 201
    assert made.json()["texts"]["en"] == {**words, "questions": {}}
    page = (await client.get(f"/surveys/{made.json()['id']}", headers=a_person("editor"))).text
    for name in PLACEHOLDERS:
        assert f"<code>{{{name}}}</code>" in page
    mail = await client.get(f"/surveys/{made.json()['id']}/mail?language=en", headers=a_person())
    assert "{" not in mail.text.rpartition("</style>")[2]
    assert "the lamp from Havnbo" in mail.text


async def test_a_form_that_is_saved_again_keeps_the_occasion_and_makes_no_new_version(
    client: httpx.AsyncClient,
) -> None:
    fields = {**TYPED, "da.occasion": "din lampe", "da.question": "Hvad synes du om {company}?"}
    made = await client.post("/surveys/new", data=form(**fields), headers=a_person("editor"))
    at = "/v1" + made.headers["location"]
    before = (await client.get(at, headers=by_key())).json()
    assert before["texts"]["da"]["occasion"] == "din lampe"
    again = {**fields, "version": str(before["version"]), "position": str(before["position"])}
    await client.post(made.headers["location"], data=form(**again), headers=a_person("editor"))
    assert (await client.get(at, headers=by_key())).json() == before


async def test_an_old_survey_is_listed_shown_and_paused_although_its_words_would_be_refused(
    client: httpx.AsyncClient, database: Database
) -> None:
    old = SurveyTexts(question="Did {name} of {company} help?", follow_up=FollowUp(promoter="{{company}}?"))
    survey = await make_survey(database, texts={"en": old})
    listed = (await client.get("/v1/surveys", headers=by_key())).json()["surveys"]
    assert [one["texts"]["en"]["question"] for one in listed] == [old.question]
    paused = await client.patch(f"/v1/surveys/{survey.id}", json={"state": "paused"}, headers=by_key())
    assert (paused.status_code, paused.json()["state"], paused.json()["survey_version"]) == (200, "paused", 1)
    page = (await client.get(f"/surveys/{survey.id}", headers=a_person("editor"))).text
    assert "Did {name} of {company} help?" in page
    mail = (await client.get(f"/surveys/{survey.id}/mail?language=en", headers=a_person())).text
    assert "Did {name} of Havnbo help?" in mail
    refused = await client.patch(
        f"/v1/surveys/{survey.id}", json={"texts": {"en": msgspec.to_builtins(old)}}, headers=by_key()
    )
    assert refused.status_code == 422


BARE, WRAPPED = "Suosittelisitko {company} muille?", "Suosittelisitko yritystä {company} muille?"


async def test_b26_a_name_that_finnish_would_inflect_is_refused_at_each_door_with_what_to_write(
    client: httpx.AsyncClient,
) -> None:
    body = {**SURVEY, "texts": {"fi": {"question": BARE}}}
    made = (await client.post("/v1/surveys", json=SURVEY, headers=by_key())).json()
    at = f"/v1/surveys/{made['id']}"
    for reply in (
        await client.post("/v1/surveys", json=body, headers=by_key()),
        await client.put(at, json=body, headers=by_key()),
        await client.patch(at, json={"texts": {"fi": {"question": BARE}}}, headers=by_key()),
    ):
        assert reply.status_code == 422
        (fault,) = reply.json()["errors"]
        assert fault["field"] == "/texts/fi/question"
        assert "“Suosittelisitko” needs the partitive" in fault["detail"]
        assert "yritystä {company}" in fault["detail"]
    typed = form(**TYPED, **{"fi.question": BARE})
    for path in ("/surveys/new", "/surveys/new/mail?language=fi"):
        reply = await client.post(path, data=typed, headers=a_person("editor"))
        assert reply.status_code == 422
        assert "yritystä {company}" in reply.text
    assert (
        'id="fi.question-wrong"'
        in (await client.post("/surveys/new", data=typed, headers=a_person("editor"))).text
    )
    right = {**SURVEY, "texts": {"fi": {"question": WRAPPED}}}
    assert (await client.post("/v1/surveys", json=right, headers=by_key())).status_code == 201
    mail = await client.post(
        "/surveys/new/mail?language=fi",
        data=form(**TYPED, **{"fi.question": WRAPPED}),
        headers=a_person("editor"),
    )
    assert "Suosittelisitko yritystä Havnbo muille?" in mail.text


async def test_b26_a_survey_that_is_older_than_the_rule_is_paused_and_its_preview_warns(
    client: httpx.AsyncClient, database: Database
) -> None:
    survey = await make_survey(
        database, texts={"fi": SurveyTexts(question=BARE), "en": SurveyTexts(question="{company}?")}
    )
    paused = await client.patch(f"/v1/surveys/{survey.id}", json={"state": "paused"}, headers=by_key())
    assert paused.status_code == 200
    for language, warned in (("fi", True), ("en", False)):
        page = await client.get(f"/surveys/{survey.id}/preview?language={language}", headers=a_person())
        assert ("These words would have to be changed to be saved today:" in page.text) is warned
        assert ("yritystä {company}" in page.text) is warned
