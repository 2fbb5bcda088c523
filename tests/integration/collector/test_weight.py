"""What a customer's browser loads to answer: the page with all that it needs, on a first visit."""

import pytest
from playwright.async_api import Browser, Page, Response

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
        async with a_page(browser) as page:
            weights[language] = await first_visit(page, f"{origin}/s/{bench.token(invitation)}?v=3")
            assert (
                await page.get_by_role("checkbox", include_hidden=True).count()
                == len(QUESTIONS) * MAX_OPTIONS
            )
            assert await page.locator("html").get_attribute("lang") == language
    assert len(weights) == len(STANDARD_LANGUAGES) >= 9
    assert max(weights.values()) < MOST_BYTES, weights


async def first_visit(page: Page, url: str) -> int:
    """The bytes of all that a browser with nothing in its cache loads, heads of the responses included."""
    responses: list[Response] = []
    page.on("response", lambda response: responses.append(response))  # noqa: PLW0108  (a built-in method is refused)
    await page.goto(url, wait_until="networkidle")
    assert {"document", "stylesheet", "script"} <= {each.request.resource_type for each in responses}
    sizes = [await response.request.sizes() for response in responses]
    return sum(each["responseBodySize"] + each["responseHeadersSize"] for each in sizes)
