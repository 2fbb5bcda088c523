"""The customer's page in a real browser: by pointer, by keyboard, without script, on a small phone."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import Browser, expect
from support.eventually import eventually

from shared.ids import uuid7

from .conftest import MINUTE, Bench, a_page

pytestmark = pytest.mark.browser


async def scores(bench: Bench) -> list[int | None]:
    return [answer.score for answer in await bench.published() if answer.state != "clicked"]


async def test_a_pointers_choice_is_saved_at_once_and_the_rest_when_it_is_sent(
    bench: Bench, browser: Browser, origin: str
) -> None:
    invitation = await bench.invite()
    async with a_page(browser) as page:
        await page.goto(f"{origin}/s/{bench.token(invitation)}")
        await expect(page.get_by_role("button", name="Send")).to_be_hidden()
        await page.get_by_role("radio", name="3").click()
        await expect(page.get_by_text("Your score is saved: 3.")).to_be_visible()
        assert [(answer.score, answer.state) for answer in await bench.published()][1:] == [(3, "saved")]
        await page.get_by_label("What is the primary reason for your score?").fill("It came late.")
        await page.get_by_label("What should we have done?").fill("Ring first.")
        await expect(page.get_by_label("Who did well?")).to_be_hidden()
        await page.get_by_role("radio", name="Yes").check()
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("heading")).to_have_text("Thank you. We are sorry it went like that.")
    answer = (await bench.published())[-1]
    assert (answer.state, answer.score, answer.comment, answer.follow_up, answer.may_contact) == (
        "sent", 3, "It came late.", "Ring first.", True,
    )  # fmt: skip


async def test_a_score_from_the_mail_is_chosen_but_not_saved_until_somebody_acts(
    bench: Bench, browser: Browser, origin: str
) -> None:
    invitation = await bench.invite()
    async with a_page(browser) as page:
        await page.goto(f"{origin}/s/{bench.token(invitation)}?v=9")
        await expect(page.get_by_role("radio", name="9")).to_be_checked()
        await expect(page.get_by_label("Who did well?")).to_be_visible()
        await page.get_by_label("What is the primary reason for your score?").fill("Kind people.")
        assert await scores(bench) == []
        bench.now += MINUTE  # a form without a script that comes back at once may be a machine's
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("heading")).to_contain_text("The people who helped you will read this.")
    assert await scores(bench) == [9]


async def test_the_arrows_choose_without_saving_and_leaving_the_scale_saves(
    bench: Bench, browser: Browser, origin: str
) -> None:
    invitation = await bench.invite()
    async with a_page(browser) as page:
        posts: list[str] = []
        page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
        await page.goto(f"{origin}/s/{bench.token(invitation)}")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Space")
        for _ in range(4):
            await page.keyboard.press("ArrowRight")
        await page.keyboard.press("ArrowLeft")
        await expect(page.get_by_role("radio", name="3")).to_be_focused()
        await expect(page.get_by_role("radio", name="3")).to_be_checked()
        assert posts == []
        await page.keyboard.press("Tab")
        await expect(page.get_by_label("What is the primary reason for your score?")).to_be_focused()
        await expect(page.get_by_text("Your score is saved: 3.")).to_be_visible()
        assert await scores(bench) == [3]
        await page.keyboard.type("By hand.")
        while await page.evaluate("document.activeElement.value") != "send":
            await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading")).to_contain_text("Thank you.")
    assert [answer.comment for answer in await bench.published()][-1] == "By hand."


async def test_a_reader_of_the_screen_hears_the_question_and_the_ends_of_the_scale(
    bench: Bench, browser: Browser, origin: str
) -> None:
    invitation = await bench.invite()
    async with a_page(browser) as page:
        await page.goto(f"{origin}/s/{bench.token(invitation)}?v=3")
        question = "How likely is it that you would recommend Acme to a friend or colleague?"
        group = page.get_by_role("group", name=question)
        await expect(group.get_by_role("radio")).to_have_count(11)
        await expect(group.get_by_role("radio").first).to_have_accessible_description("Not at all likely")
        await expect(group.get_by_role("radio").last).to_have_accessible_description("Extremely likely")
        await expect(page.get_by_role("group", name="May we contact you about this?")).to_be_visible()


async def test_without_script_everything_is_sent_at_once_and_can_be_changed(
    bench: Bench, browser: Browser, origin: str
) -> None:
    invitation = await bench.invite()
    async with a_page(browser, java_script_enabled=False) as page:
        await page.goto(f"{origin}/s/{bench.token(invitation)}")
        await page.get_by_role("radio", name="3").click()
        await expect(page.get_by_label("Who did well?")).to_be_hidden()
        await page.get_by_label("What should we have done?").fill("Ring first.")
        await page.get_by_role("radio", name="9", exact=True).click()
        await expect(page.get_by_label("What should we have done?")).to_be_hidden()
        await page.get_by_label("Who did well?").fill("The driver.")
        assert await scores(bench) == []
        bench.now += MINUTE  # a form without a script that comes back at once may be a machine's
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("heading")).to_contain_text("The people who helped you will read this.")
        await page.get_by_role("link", name="Change it").click()
        await expect(page.get_by_label("Who did well?")).to_have_value("The driver.")
        await page.get_by_role("radio", name="6").click()
        bench.now += MINUTE
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("heading")).to_contain_text("We are sorry it went like that.")
    assert await scores(bench) == [9, 6]
    assert [answer.follow_up for answer in await bench.published()][-2:] == ["The driver.", None]


async def test_without_script_the_language_changes_and_nothing_typed_is_lost(
    bench: Bench, browser: Browser, origin: str
) -> None:
    invitation = await bench.invite()
    async with a_page(browser, java_script_enabled=False) as page:
        await page.goto(f"{origin}/s/{bench.token(invitation)}?v=4")
        await page.get_by_label("What is the primary reason for your score?").fill("Halvvejs")
        await page.get_by_role("button", name="Dansk").click()
        await expect(page.get_by_role("heading")).to_have_text("Vil du anbefale Acme?")
        reason = page.get_by_label("Hvad er den primære årsag til, at du giver den score?")
        await expect(reason).to_have_value("Halvvejs")
        await expect(page.get_by_role("radio", name="4")).to_be_checked()
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_role("heading")).to_contain_text("Tak for din deltagelse.")
    assert (await bench.published())[-1].language == "da"


async def test_an_early_link_loads_itself_until_the_question_is_there(
    bench: Bench, browser: Browser, origin: str
) -> None:
    bench.now = datetime.now(UTC)
    early = uuid7()
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{origin}/s/{bench.token(early)}?v=9")
    await expect(page.get_by_role("heading")).to_have_text("One moment…")
    await bench.invite(id=early)
    await expect(page.get_by_role("radio", name="9")).to_be_checked(timeout=10_000)
    await context.close()


@pytest.mark.parametrize("language", ["en", "da", "nl"])
async def test_the_page_fits_a_phone_of_320_pixels_in_two_rows(
    bench: Bench, browser: Browser, origin: str, language: str
) -> None:
    invitation = await bench.invite(language=language)
    async with a_page(browser, viewport={"width": 320, "height": 640}) as page:
        await page.goto(f"{origin}/s/{bench.token(invitation)}?v=2")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320
        cells = [await cell.bounding_box() for cell in await page.locator(".cell").all()]
        boxes = [box for box in cells if box is not None]
        assert len({round(box["y"]) for box in boxes}) == 2
        assert all(box["width"] >= 44 and box["height"] >= 56 for box in boxes)
        assert [round(box["y"]) for box in boxes] == sorted(round(box["y"]) for box in boxes)


async def test_an_earlier_choice_never_arrives_after_send(
    bench: Bench, browser: Browser, origin: str
) -> None:
    invitation = await bench.invite()
    async with a_page(browser) as page:
        held = asyncio.Event()

        async def slow(route: Any) -> None:
            if "action=choose" in (route.request.post_data or ""):
                await held.wait()
            await route.continue_()

        await page.route("**/s/*", slow)
        await page.goto(f"{origin}/s/{bench.token(invitation)}")
        await page.get_by_role("radio", name="3").click()
        await page.get_by_role("radio", name="3").focus()
        for _ in range(5):
            await page.keyboard.press("ArrowRight")
        await page.keyboard.press("Enter")
        held.set()
        await expect(page.get_by_role("heading")).to_have_text("Thank you. It counts.")
    await eventually(lambda: scores(bench))
    assert (await bench.published())[-1].score == 8
