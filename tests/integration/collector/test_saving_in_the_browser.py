"""What the script saves of what a person does on the page in a real browser, and not of what a machine does."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from support.eventually import eventually

from shared.events import Answer

from .conftest import Bench, a_page

pytestmark = pytest.mark.browser
REASON = "What is the primary reason for your score?"


async def kept(bench: Bench) -> list[Answer]:
    return [answer for answer in await bench.published() if answer.score is not None]


async def newest(bench: Bench, **wanted: Any) -> Answer:
    """The answer, as soon as it stands so."""

    async def look() -> Answer | None:
        answers = await kept(bench)
        stands = answers and all(getattr(answers[-1], name) == value for name, value in wanted.items())
        return answers[-1] if stands else None

    found = await eventually(look)
    assert found is not None
    return found


async def followed(bench: Bench, page: Page, origin: str, query: str = "?v=0") -> None:
    invitation = await bench.invite()
    await page.goto(f"{origin}/s/{bench.token(invitation)}{query}")


TOUCHES = {
    "a key": lambda page: page.keyboard.press("PageDown"),
    "a tab": lambda page: page.keyboard.press("Tab"),
    "a pointer": lambda page: page.mouse.click(5, 5),
    "a wheel": lambda page: page.mouse.wheel(0, 200),
}


@pytest.mark.parametrize("touch", TOUCHES)
async def test_what_the_mail_chose_is_kept_at_the_first_touch(
    bench: Bench, browser: Browser, origin: str, touch: str
) -> None:
    async with a_page(browser, viewport={"width": 390, "height": 500}) as page:
        await followed(bench, page, origin)
        assert await kept(bench) == []
        await TOUCHES[touch](page)
        await newest(bench, score=0, state="saved")
        await expect(page.get_by_text("Your score is saved: 0.")).to_be_visible()


async def test_a_finger_is_a_touch(bench: Bench, browser: Browser, origin: str) -> None:
    async with a_page(browser, viewport={"width": 390, "height": 700}, has_touch=True) as page:
        await followed(bench, page, origin)
        await page.touchscreen.tap(200, 20)
        await newest(bench, score=0, state="saved")


async def test_a_machine_that_runs_the_script_keeps_nothing(
    bench: Bench, browser: Browser, origin: str
) -> None:
    async with a_page(browser) as page:
        posts: list[str] = []
        page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
        await followed(bench, page, origin)
        await page.evaluate(
            """async () => {
              for (const kind of ["pointerdown", "touchstart", "keydown", "wheel", "scroll", "click", "input", "change"])
                for (const at of [window, document.body, document.querySelector("#comment"), document.querySelector(".cell input")])
                  at.dispatchEvent(new Event(kind, { bubbles: true }));
              document.querySelector("#comment").value = "machine";
              document.querySelector("#comment").dispatchEvent(new InputEvent("input", { bubbles: true }));
              document.querySelector("#comment").focus();
              scrollTo(0, document.body.scrollHeight);
              await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
              document.dispatchEvent(new Event("visibilitychange"));
              dispatchEvent(new Event("pagehide"));
            }"""
        )
        await page.goto("about:blank")
        assert posts == []
    assert await kept(bench) == []


async def test_a_sentence_that_was_not_finished_is_kept_by_leaving(
    bench: Bench, browser: Browser, origin: str
) -> None:
    async with a_page(browser) as page:
        await followed(bench, page, origin)
        await page.get_by_label(REASON).press_sequentially("It came three days la")
        await page.goto("about:blank")
        # In the context that is still open: closing that would end the request that outlives its page.
        await newest(bench, score=0, state="saved", comment="It came three days la")


async def test_so_it_is_by_closing_the_page(bench: Bench, browser: Browser, origin: str) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    await followed(bench, page, origin, "?v=6")
    await page.get_by_label(REASON).press_sequentially("Half a")
    await page.close(run_before_unload=True)
    await newest(bench, score=6, comment="Half a")
    await context.close()


async def test_words_are_kept_while_they_grow(bench: Bench, browser: Browser, origin: str) -> None:
    async with a_page(browser) as page:
        await followed(bench, page, origin, "?v=2")
        await page.get_by_label(REASON).press_sequentially("It came")
        await newest(bench, score=2, comment="It came", state="saved")
        await expect(page.get_by_text("Your score is saved: 2. So is what you write.")).to_be_visible()
        await page.get_by_label(REASON).press_sequentially(" late.")
        await newest(bench, comment="It came late.")
        await page.get_by_label("What should we have done?").press_sequentially("Ring first.")
        await newest(bench, follow_up="Ring first.", follow_up_question="What should we have done?")
        await page.get_by_label("Yes").check()
        await newest(bench, may_contact=True, state="saved")
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("heading")).to_contain_text("We are sorry")
    answer = await newest(bench, state="sent")
    assert (answer.score, answer.comment, answer.follow_up, answer.may_contact) == (
        2, "It came late.", "Ring first.", True,
    )  # fmt: skip


async def test_an_arrow_keeps_nothing_until_the_scale_is_left(
    bench: Bench, browser: Browser, origin: str
) -> None:
    async with a_page(browser) as page:
        await followed(bench, page, origin, "?v=5")
        await page.locator('input[value="5"]').focus()
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("ArrowRight")
        assert await kept(bench) == []
        await page.keyboard.press("Tab")
        await newest(bench, score=7)
        assert [answer.score for answer in await kept(bench)] == [7]


async def test_a_touch_alone_changes_no_answer_that_was_given_before(
    bench: Bench, browser: Browser, origin: str
) -> None:
    invitation = await bench.invite()
    await bench.submit(invitation, 9, comment="Kind people.")
    async with a_page(browser) as page:
        await page.goto(f"{origin}/s/{bench.token(invitation)}?v=5")
        await expect(page.get_by_text("You gave a 9 on 20 November. Send to change it to 5.")).to_be_visible()
        await page.mouse.click(5, 5)
        await page.keyboard.press("PageDown")
        await page.goto("about:blank")
        assert [answer.score for answer in await kept(bench)] == [9]
        await page.goto(f"{origin}/s/{bench.token(invitation)}?v=5")
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("heading")).to_contain_text("We are sorry")
    assert [(answer.score, answer.comment) for answer in await kept(bench)][-1] == (5, "Kind people.")


async def test_what_one_tab_wrote_is_not_erased_by_another(
    bench: Bench, browser: Browser, origin: str
) -> None:
    invitation = await bench.invite()
    address = f"{origin}/s/{bench.token(invitation)}"
    async with a_page(browser) as here, a_page(browser) as there:
        for page in (here, there):
            await page.goto(address)
        await here.get_by_role("radio", name="3").click()
        await here.get_by_label(REASON).press_sequentially("It came late.")
        await newest(bench, comment="It came late.")
        await there.get_by_role("radio", name="2").click()
        await newest(bench, score=2, comment="It came late.")
        await there.get_by_role("button", name="Send").click()
        await expect(there.get_by_text("It came late.")).to_be_visible()
        # And the first one writes on from its own words; the score that it only repeats is no choice.
        await here.get_by_label(REASON).press_sequentially(" And broken.")
        await newest(bench, comment="It came late. And broken.", score=2, state="sent")
        await expect(here.get_by_text("Your score is saved: 2.")).to_be_visible()


async def test_two_tabs_that_write_two_things_are_both_shown(
    bench: Bench, browser: Browser, origin: str
) -> None:
    invitation = await bench.invite()
    address = f"{origin}/s/{bench.token(invitation)}?v=3"
    async with a_page(browser) as here:
        context = await browser.new_context()
        there = await context.new_page()
        for page in (here, there):
            await page.goto(address)
        await here.get_by_label(REASON).press_sequentially("It came late.")
        await newest(bench, comment="It came late.")
        await there.get_by_label(REASON).press_sequentially("It was broken.")
        await expect(there.get_by_text("Not saved yet. Press Send.")).to_be_visible()
        await there.get_by_role("button", name="Send").click()
        await expect(there.get_by_text("It came late.")).to_be_visible()
        await expect(there.get_by_label(REASON)).to_have_value("It was broken.")
        assert (await kept(bench))[-1].comment == "It came late."
        await there.get_by_role("button", name="Send").click()
        await expect(there.get_by_role("heading")).to_contain_text("We are sorry")
        await context.close()
    assert (await kept(bench))[-1].comment == "It was broken."


async def test_a_request_that_got_no_answer_is_made_again_and_loses_nothing(
    bench: Bench, browser: Browser, origin: str
) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    await followed(bench, page, origin, "?v=3")
    failed = asyncio.Event()

    async def away(route: Any) -> None:
        if route.request.method == "POST" and not failed.is_set():
            await route.abort()
            failed.set()
        else:
            await route.continue_()

    await page.route("**/s/*", away)
    await page.get_by_label(REASON).press_sequentially("It came")
    await failed.wait()
    await newest(bench, score=3, comment="It came")
    await context.close()
