"""The versions of a survey's words, compared on a page and listed by the API."""

from uuid import UUID

import httpx
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
    assert "2 fields differ between version 1 and version 3." in first
    assert first.count("no words of its own") == 2
    same = await client.get(f"/surveys/{survey.id}/versions?older=2&newer=2", headers=a_person("editor"))
    assert "Versions 2 and 2 have the same words." in same.text


async def test_a_survey_whose_words_never_changed_has_one_version_and_an_unknown_one_is_not_found(
    client: httpx.AsyncClient, database: Database
) -> None:
    survey = await make_survey(database)
    page = await client.get(f"/surveys/{survey.id}/versions", headers=a_person("editor"))
    assert "Its words have never been changed." in page.text
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
