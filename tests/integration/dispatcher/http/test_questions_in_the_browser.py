"""The form of a survey's further questions in a real browser, with script and by keyboard as without."""

from uuid import UUID

import pytest
from playwright.async_api import Page, expect
from support.browser import look, views
from support.dispatcher_builders import TENANT, make_survey

from services.dispatcher.surveys.schemas import SurveyBody
from services.dispatcher.surveys.survey_commands import find_survey
from shared.db.database import Database

from .test_questions import BODY

pytestmark = pytest.mark.browser


async def make(database: Database) -> str:
    """A survey with questions; its id."""
    draft = SurveyBody.model_validate(BODY).draft()
    return str((await make_survey(database, questions=draft.questions, texts=draft.texts)).id)


@pytest.mark.parametrize("page", views(320, 1280, languages=("en",)), indirect=True)
async def test_the_form_fits_its_window(page: Page, origin: str, database: Database) -> None:
    await page.goto(f"{origin}/surveys/{await make(database)}")
    await look(page, "form")


async def test_an_editor_lets_one_more_outcome_be_asked(page: Page, origin: str, database: Database) -> None:
    survey_id = await make(database)
    await page.goto(f"{origin}/surveys/{survey_id}")
    third = page.get_by_role("group", name="The third question", exact=True)
    await expect(third.get_by_label("How it is answered")).to_have_value("one_of")
    await expect(third.get_by_label("Too long")).to_be_checked()
    await third.get_by_label("Who gave 7 or 8").focus()
    await page.keyboard.press("Space")
    await page.get_by_role("button", name="Save the survey").click()
    await page.get_by_role("button", name="Save it, and ask so").click()
    await expect(page.get_by_text("Saved. What you changed")).to_be_visible()
    async with database.reading() as uow:
        stored = await find_survey(uow, TENANT, UUID(survey_id))
    assert stored.draft.questions[0].shown_to == ("detractor", "passive")
    assert stored.survey_version == 2
