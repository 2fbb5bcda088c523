"""The customer's pages can be used by everybody, in each language, light and dark, on the narrowest screen."""

from typing import Any

import pytest
from playwright.async_api import Browser, Page
from support.accessibility import violations
from support.browser import look

from services.dispatcher.surveys.texts import STANDARD_LANGUAGES
from shared.events import FollowUp, Question, QuestionTexts, SurveyTexts

from .conftest import Bench, a_page

pytestmark = pytest.mark.browser
QUESTION = Question(id="channel", kind="one_of", options=("shop", "web"))
ARABIC = SurveyTexts(
    intro="سؤال من أكمي",
    question="ما مدى احتمال أن توصي صديقًا أو زميلًا بأكمي؟",
    reason="ما السبب الرئيسي لتقييمك؟",
    thanks="شكرًا لك",
    follow_up=FollowUp(detractor="ماذا كان ينبغي أن نفعل؟"),
)


ASKED_OF_AXE = {"en", "de", "ar"}
"""A language of each kind: short words, long ones, and from right to left. The others must fit the window."""


async def faults_on(page: Page, name: str, *, axe: bool = True) -> list[str]:
    """What axe finds on a page that fits its window."""
    await look(page, name)
    return [f"{name}: {each}" for each in await violations(page)] if axe else []


@pytest.mark.parametrize(
    ("language", "scheme"),
    [*((language, "light") for language in (*STANDARD_LANGUAGES, "ar")), ("en", "dark"), ("ar", "dark")],
)
async def test_a_survey_its_faults_and_its_thanks_fit_a_phone_and_axe_finds_nothing(
    bench: Bench, browser: Browser, origin: str, language: str, scheme: Any
) -> None:
    words = QuestionTexts(text="Shop?", options={"shop": "A", "web": "B"})
    own = ARABIC if language == "ar" else SurveyTexts()
    texts = {language: SurveyTexts(
        intro=own.intro, question=own.question, reason=own.reason, thanks=own.thanks,
        follow_up=own.follow_up, question_texts={QUESTION.id: words},
    )}  # fmt: skip
    await bench.keep_survey(texts, questions=() if language == "ar" else (QUESTION,), version=2)
    invitation = await bench.invite(language=language)
    link, faults, axe = f"{origin}/s/{bench.token(invitation)}", list[str](), language in ASKED_OF_AXE
    for width in (320, 1280) if language == "en" else (320,):
        async with a_page(browser, color_scheme=scheme, viewport={"width": width, "height": 700}) as page:
            await page.goto(f"{link}?lang={language}")
            faults += await faults_on(page, f"asked-{language}-{scheme}-{width}", axe=axe)
            await page.goto(f"{link}?v=3&lang={language}")
            faults += await faults_on(page, f"chosen-{language}-{scheme}-{width}", axe=axe)
    await bench.submit(invitation, 3, comment="Too late", may_contact="yes")
    async with a_page(browser, color_scheme=scheme, viewport={"width": 320, "height": 700}) as page:
        for name, query in (("thanks", ""), ("change", "&change=1")):
            await page.goto(f"{link}?lang={language}{query}")
            assert await page.locator("html").get_attribute("lang") == language
            faults += await faults_on(page, f"{name}-{language}-{scheme}-320", axe=axe)
    assert faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_on_a_link_that_is_gone_and_where_the_browser_chooses_the_colours(
    bench: Bench, browser: Browser, origin: str, scheme: Any
) -> None:
    invitation = await bench.invite(language="de")
    link, faults = f"{origin}/s/{bench.token(invitation)}?v=8&lang=de", []
    options: Any = {"color_scheme": scheme, "forced_colors": "active"}
    async with a_page(browser, viewport={"width": 320, "height": 700}, **options) as page:
        await page.goto(link)
        faults += await faults_on(page, f"forced-{scheme}")
    # A page at 200 % has half of the screen's pixels.
    async with a_page(browser, viewport={"width": 640, "height": 450}, device_scale_factor=2) as page:
        await page.goto(link)
        faults += await faults_on(page, f"zoomed-{scheme}")
        await page.evaluate("document.documentElement.style.fontSize = '200%'")
        faults += await faults_on(page, f"large-text-{scheme}")
    context = await browser.new_context(color_scheme=scheme, locale="fi")
    page = await context.new_page()
    await page.goto(f"{origin}/s/unknown")
    faults += await faults_on(page, f"gone-{scheme}")
    await context.close()
    assert faults == []
