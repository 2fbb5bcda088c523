"""The versions of a survey's words, compared on a page and listed by the API."""

import re
from typing import Any
from uuid import UUID

import httpx
import pytest
from support.audit import an_actor
from support.dispatcher_builders import TENANT, make_survey
from support.dispatcher_client import FOREIGN_KEY, KEY, a_person

from services.dispatcher.surveys.domain import StoredSurvey, SurveyDraft
from services.dispatcher.surveys.survey_commands import change_survey
from shared.db.database import Database
from shared.events import SurveyTexts

AS_A_KEY = {"authorization": f"Bearer {KEY}"}


def draft(thanks: str) -> SurveyDraft:
    words = SurveyTexts(question="Would you come again?", thanks=thanks)
    return SurveyDraft(name="Deliveries", trigger="order.delivered", texts={"en": words})


async def with_versions(database: Database, *drafts: SurveyDraft) -> StoredSurvey:
    """A survey without words of its own that was then changed to each of these."""
    survey = await make_survey(database, name="Deliveries")
    for each in drafts:
        async with database.transaction() as uow:
            survey = await change_survey(uow, TENANT, survey.id, each, who=an_actor("the test"))
    return survey


async def test_the_page_shows_what_differs_and_nothing_that_is_the_same(
    client: httpx.AsyncClient, database: Database
) -> None:
    survey = await with_versions(database, draft(thanks="Tak <b>!"), draft(thanks="Thank you!"))
    page = await client.get(f"/surveys/{survey.id}/versions", headers=a_person("analyst"))
    assert page.status_code == 200
    for words in ("1 field differs between version 2 and version 3.", "Tak &lt;b&gt;!", "Thank you!"):
        assert words in page.text
    assert "Would you come again?" not in page.text
    whole = f"/surveys/{survey.id}/versions?older=1&newer=3"
    first = (await client.get(whole, headers=a_person("editor"))).text
    assert "fields differ between version 1 and version 3." in first
    assert first.count("no words of its own") == 2
    same = await client.get(f"/surveys/{survey.id}/versions?older=2&newer=2", headers=a_person("editor"))
    assert "Versions 2 and 2 are the same." in same.text


async def test_a_survey_whose_words_never_changed_has_one_version_and_an_unknown_one_is_not_found(
    client: httpx.AsyncClient, database: Database
) -> None:
    survey = await make_survey(database)
    page = await client.get(f"/surveys/{survey.id}/versions", headers=a_person("editor"))
    assert "It has never been changed." in page.text
    for path in (f"/surveys/{survey.id}/versions?newer=2", f"/surveys/{UUID(int=1)}/versions"):
        assert (await client.get(path, headers=a_person("editor"))).status_code == 404, path


async def test_the_api_lists_the_words_of_each_version(client: httpx.AsyncClient, database: Database) -> None:
    survey = await with_versions(database, draft(thanks="Tak!"))
    listed = (await client.get(f"/v1/surveys/{survey.id}/versions", headers=AS_A_KEY)).json()["versions"]
    assert [each["survey_version"] for each in listed] == [1, 2]
    assert listed[0]["texts"] == {}
    assert listed[1]["texts"]["en"]["thanks"] == "Tak!"
    foreign = {"authorization": f"Bearer {FOREIGN_KEY}"}
    assert (await client.get(f"/v1/surveys/{survey.id}/versions", headers=foreign)).status_code == 404


RULES: tuple[dict[str, Any], ...] = (
    {"conditions": {"field": "attributes.total", "op": ">=", "value": 50}},
    {"delay_minutes": 120},
    {"quarantine": {"days": 30, "scope": "survey"}},
    {"sampling_percent": 40},
    {"reminders": [{"after_days": 3}]},
    {"neutral": True},
    {"sender_name": "The shop"},
    {"reply_to": "desk@example.com"},
    {"holding_minutes": 60},
    {"max_age_days": 9},
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: next(iter(rule)))
async def test_a_rule_that_is_changed_makes_a_version_on_the_page_and_in_the_api(
    client: httpx.AsyncClient, database: Database, rule: dict[str, Any]
) -> None:
    survey = await make_survey(database, name="Deliveries")
    before = (await client.get(f"/v1/surveys/{survey.id}", headers=AS_A_KEY)).json()
    changed = await client.patch(f"/v1/surveys/{survey.id}", json=rule, headers=AS_A_KEY)
    assert changed.status_code == 200, changed.text
    (only,) = (await client.get(f"/v1/surveys/{survey.id}/versions", headers=AS_A_KEY)).json()["versions"]
    assert [[each[name] for name in rule] for each in only["rules"]] == [
        [before[name] for name in rule],
        [changed.json()[name] for name in rule],
    ]
    page = (await client.get(f"/surveys/{survey.id}/versions", headers=a_person("editor"))).text
    assert re.search(r"\d fields? differs? between version 1 and version 2\.", page)
    shown = (await client.get(f"/surveys/{survey.id}", headers=a_person("editor"))).text
    assert f'href="/surveys/{survey.id}/versions"' in shown


async def test_pausing_and_moving_make_no_version_and_rules_that_were_not_kept_are_not_compared(
    client: httpx.AsyncClient, database: Database
) -> None:
    survey = await with_versions(database, draft(thanks="Tak!"))
    where = f"/v1/surveys/{survey.id}"
    for change in ({"state": "paused"}, {"state": "live"}, {"position": 3}):
        assert (await client.patch(where, json=change, headers=AS_A_KEY)).status_code == 200
    listed = (await client.get(f"{where}/versions", headers=AS_A_KEY)).json()["versions"]
    assert [len(each["rules"]) for each in listed] == [1, 1]
    async with database.transaction() as uow:
        await uow.execute("UPDATE survey_words SET drafts = NULL")
    listed = (await client.get(f"{where}/versions", headers=AS_A_KEY)).json()["versions"]
    assert [len(each["rules"]) for each in listed] == [0, 1]
    page = (await client.get(f"/surveys/{survey.id}/versions", headers=a_person("editor"))).text
    assert "the words alone are compared" in page
    await client.patch(where, json={"delay_minutes": 7}, headers=AS_A_KEY)
    listed = (await client.get(f"{where}/versions", headers=AS_A_KEY)).json()["versions"]
    assert [each["delay_minutes"] for each in listed[-1]["rules"]] == [1440, 7]
