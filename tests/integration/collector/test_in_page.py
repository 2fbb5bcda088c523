"""The script in a company's own page: of another origin, with the strictest policy that lets it in."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route as StarletteRoute
from support.accessibility import violations
from support.browser import look
from support.eventually import eventually
from support.servers import serving

from shared.events import Answer, Question, QuestionTexts, SurveyTexts
from shared.events.questions import After

from .conftest import Bench
from .test_anonymous import invited, link

pytestmark = pytest.mark.browser
WAIT = Question(id="wait", kind="one_of", options=("long", "ok"), shown_to=("detractor",))
WHO = Question(id="who", kind="text", shown_to=("detractor",), after=After(question="wait", chosen=("long",)))
EN = SurveyTexts(
    intro="About your delivery",
    question_texts={
        "wait": QuestionTexts(text="How long did it take?", options={"long": "Too long", "ok": "As said"}),
        "who": QuestionTexts(text="Who told you how long?"),
    },
)
Away = Callable[[Route], Awaitable[None]]
AR = SurveyTexts(question="ما مدى احتمال أن توصي صديقًا بأكمي؟", reason="ما السبب الرئيسي لتقييمك؟")


@asynccontextmanager
async def a_shop(
    browser: Browser, origin: str, url: str, language: str = "", away: Away | None = None, **how: Any
) -> AsyncIterator[Page]:
    """The company's page, which loads the script for a link; it must log no error, a violated policy included.

    Cookies, storage and requests elsewhere would show: the page's policy lets the script ask its own origin alone.
    """
    context = await browser.new_context(**{"viewport": {"width": 320, "height": 640}, **how})
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console", lambda message: errors.append(message.text) if "Content Security" in message.text else None
    )
    tag = f'<script type="module" src="{origin}/in-page.js" data-link="{url}" data-language="{language}"></script>'
    html = f"""<!doctype html><html lang="en"><title>Shop</title><main><h1>Thank you for your order</h1>
        <p><button id="more">Buy more</button></p></main>{tag}"""
    policy = (
        f"default-src 'none'; script-src {origin}; connect-src {origin}; require-trusted-types-for 'script'"
    )

    async def shop(_request: Request) -> Response:
        return HTMLResponse(html, headers={"content-security-policy": policy})

    if away is not None:
        await page.route("**/question*", away)
    await page.add_init_script(
        "window.states = []; addEventListener('afterword', (event) => states.push(event.detail.state))"
    )
    async with serving(Starlette(routes=[StarletteRoute("/", shop)]), asyncio.Event()) as own:
        await page.goto(own)
        yield page
        assert await context.cookies() == []
        assert await page.evaluate("localStorage.length + sessionStorage.length") == 0
        await context.close()
    assert errors == []


async def state(page: Page, wanted: str) -> None:
    """Wait until the element has said so."""

    async def said() -> bool:
        return bool(await page.evaluate("states.at(-1)") == wanted)

    await eventually(said)


async def newest(bench: Bench, **wanted: Any) -> Answer:
    """The answer, as soon as it stands so."""

    async def found() -> Answer | None:
        scored = [answer for answer in await bench.published() if answer.score is not None]
        stands = scored and all(getattr(scored[-1], name) == value for name, value in wanted.items())
        return scored[-1] if stands else None

    answer = await eventually(found)
    assert answer is not None
    return answer


async def test_it_is_answered_by_keyboard_on_a_narrow_screen(
    bench: Bench, browser: Browser, origin: str
) -> None:
    await bench.keep_survey({"en": EN}, questions=(WAIT, WHO), version=2)
    invitation = await bench.invite(channel="link")
    async with a_shop(browser, origin, f"{origin}/s/{bench.token(invitation)}", color_scheme="dark") as page:
        await state(page, "open")
        await look(page, "in-page-question")
        await page.focus("#more")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="Close")).to_be_focused()
        await page.keyboard.press("Tab")
        for _ in range(3):
            await page.keyboard.press("ArrowRight")
        assert [answer.state for answer in await bench.published()] == ["clicked"]
        await page.keyboard.press("Tab")
        await page.keyboard.type("It came late.")
        await newest(bench, score=3, comment="It came late.", state="saved")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Space")
        await page.keyboard.press("Tab")
        await page.keyboard.type("Nobody.")
        faults = await violations(page)
        await look(page, "in-page-filled")
        await page.get_by_role("button", name="Send").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("We are sorry it went like that.")).to_be_focused()
        faults += await violations(page)
        await look(page, "in-page-thanks")
        answer = await newest(bench, state="sent")
        assert (answer.score, answer.comment, answer.channel, answer.signs) == (
            3,
            "It came late.",
            "link",
            (),
        )
        assert [reply.words for reply in answer.replies] == ["Too long", "Nobody."]
        # Within the edit window it is changed where it was given.
        await page.get_by_role("button", name="Change it").press("Enter")
        await expect(page.get_by_role("radio", name="3")).to_be_focused()
        await page.keyboard.press("ArrowRight")
        await page.get_by_role("button", name="Send").press("Enter")
        await newest(bench, score=4, state="sent", comment="It came late.")
        await expect(page.get_by_text("Your score is 4.")).to_be_visible()
        await page.keyboard.press("Escape")
        await state(page, "closed")
        await expect(page.locator("#more")).to_be_focused()
        # The page remembers it, and asks for nothing again.
        copy = "document.body.appendChild(document.querySelector('afterword-question').cloneNode())"
        assert await page.evaluate(f"{copy}.path ?? null") is None
        assert faults == []


async def test_it_shows_nothing_for_links_that_are_over_and_keeps_an_anonymous_answer_without_a_person(
    bench: Bench, browser: Browser, origin: str
) -> None:
    await bench.keep_survey({"ar": AR, "en": SurveyTexts()}, version=2)
    answered = await bench.invite(channel="link")
    await bench.submit(answered, 9)
    over = {
        "gone": f"/s/{bench.token(await bench.invite(expires_at=bench.now))}",
        "answered": f"/s/{bench.token(answered)}",
    }
    for said, path in over.items():
        async with a_shop(browser, origin, origin + path) as page:
            await state(page, said)
            assert await page.locator("afterword-question section").count() == 0
    unknown = await invited(bench, channel="link", language="ar")
    async with a_shop(browser, origin, origin + link(unknown), has_touch=True) as page:
        await state(page, "open")
        section = page.locator("afterword-question section")
        assert await section.get_attribute("dir") == "rtl"
        await look(page, "in-page-arabic")
        await page.get_by_role("radio", name="9").tap()
        await page.get_by_role("button", name="Send").tap()
        await state(page, "answered")
        await expect(section.get_by_role("button")).to_have_count(1)  # Close: nothing can be changed
    answer = (await bench.published())[-1]
    assert (answer.anonymous, answer.score, answer.customer_id) == (True, 9, None)
    async with a_shop(browser, origin, origin + link(unknown)) as page:
        await state(page, "answered")


async def test_what_fails_is_tried_again_and_a_machine_on_the_page_answers_nothing(
    bench: Bench, browser: Browser, origin: str
) -> None:
    invitation, failing = await bench.invite(channel="link", language="da"), {"GET", "POST"}

    async def away(route: Route) -> None:
        """Each method fails once."""
        if route.request.method in failing:
            failing.remove(route.request.method)
            await route.abort()
        else:
            await route.continue_()

    size: Any = {"viewport": {"width": 1280, "height": 800}}
    async with a_shop(browser, origin, f"{origin}/s/{bench.token(invitation)}", "en", away, **size) as page:
        await state(page, "open")
        assert failing == {"POST"}
        await page.evaluate(
            """() => {
              const root = document.querySelector("afterword-question").shadowRoot;
              for (const kind of ["pointerdown", "keydown", "click", "input", "change"])
                for (const at of root.querySelectorAll("section, form, input, textarea")) at.dispatchEvent(new Event(kind, { bubbles: true }));
              root.querySelector("[value='3']").checked = true;
              root.querySelector("form").dispatchEvent(new Event("input", { bubbles: true }));
              document.dispatchEvent(new Event("visibilitychange"));
            }"""
        )
        assert [answer.state for answer in await bench.published()] == ["clicked"]
        assert failing == {"POST"}  # nothing was posted
        await page.get_by_role("radio", name="10").focus()
        await page.keyboard.press("ArrowLeft")
        await look(page, "in-page-wide")
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_text("Not saved yet. Press Send.")).to_be_visible()
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_text("The people who helped you will read this.")).to_be_visible()
    assert (await newest(bench, state="sent")).score == 9
