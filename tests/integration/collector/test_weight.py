"""What a customer's browser loads to answer: the page with all that it needs, on a first visit."""

import pytest
from playwright.async_api import Browser, Response

from services.dispatcher.surveys.texts import STANDARD_LANGUAGES
from shared.events import Question, QuestionTexts, SurveyTexts
from shared.events.questions import MAX_FURTHER_QUESTIONS, MAX_OPTIONS
from shared.events.surveys import Layout

from .conftest import Bench, a_page

pytestmark = pytest.mark.browser
MOST_BYTES = 60_000
OPTIONS = tuple(f"option-{number}" for number in range(MAX_OPTIONS))
WORDS = QuestionTexts(
    text="Which of these did you like least when you bought something from us the last time?",
    options={option: f"Something that took {option} longer than it should" for option in OPTIONS},
)
QUESTIONS = tuple(
    Question(id=f"further-{number}", kind="several_of", options=OPTIONS)
    for number in range(MAX_FURTHER_QUESTIONS)
)


@pytest.mark.parametrize("layout", ["horizontal", "vertical"])
async def test_page_style_and_script_of_a_first_visit_are_under_60_kb_in_every_language(
    bench: Bench, browser: Browser, origin: str, layout: Layout
) -> None:
    """Four questions, two of which have as many options as one may have; counted as it comes over the wire."""
    own = SurveyTexts(question_texts={question.id: WORDS for question in QUESTIONS})
    await bench.keep_survey(
        dict.fromkeys(STANDARD_LANGUAGES, own), questions=QUESTIONS, version=2, layout=layout
    )
    weights: dict[str, int] = {}
    for language in STANDARD_LANGUAGES:
        invitation = await bench.invite(language=language)
        responses: list[Response] = []
        async with a_page(browser) as page:
            page.on("response", lambda response: responses.append(response))
            await page.goto(f"{origin}/s/{bench.token(invitation)}?v=3", wait_until="networkidle")
            assert await page.get_by_role("checkbox").count() == MAX_FURTHER_QUESTIONS * MAX_OPTIONS
            assert await page.locator("html").get_attribute("lang") == language
            sizes = [await response.request.sizes() for response in responses]
        kinds = {response.request.resource_type for response in responses}
        assert {"document", "stylesheet", "script"} <= kinds, "all of them are weighed"
        weights[language] = sum(each["responseBodySize"] + each["responseHeadersSize"] for each in sizes)
    assert len(weights) == len(STANDARD_LANGUAGES) >= 9
    assert max(weights.values()) < MOST_BYTES, weights
