"""The inbox and the case in a real browser: live, by keyboard, without script, on a small phone."""

import re
from collections.abc import AsyncIterator

import msgspec
import pytest
from playwright.async_api import Browser, Page, expect
from support.accessibility import violations
from support.alerts_api import AlertsApi
from support.alerts_builders import act_on_answers, an_answer, deliver
from support.browser import View, look, views
from support.inbox_pages import a_page, several, sign_in
from support.servers import serving

pytestmark = pytest.mark.browser


@pytest.fixture
async def origin(alerts: AlertsApi) -> AsyncIterator[str]:
    """Alerts behind a real socket."""
    stopping = alerts.context.stopping
    async with serving(alerts.app, stopping, alerts.context.changes.run(stopping)) as origin:
        yield origin


async def test_a_new_case_stands_in_the_inbox_without_reload_and_says_so(
    alerts: AlertsApi, browser: Browser, origin: str
) -> None:
    async with a_page(browser) as page:
        await sign_in(alerts, page, origin)
        await expect(page.get_by_text("Nobody is waiting.")).to_be_visible()
        await page.evaluate("window.here = true")
        answer = an_answer(state="saved", score=3)
        await deliver(alerts.database, act_on_answers, answer)
        await expect(
            page.get_by_role("heading", name="One customer is waiting to hear from us.")
        ).to_be_visible()
        row = page.locator(".case")
        await expect(row).to_contain_text("New")
        await expect(row).to_contain_text("still writing")
        await expect(page.locator("#said")).to_contain_text(
            re.compile(r"The newest case is number \d{6}: a 3")
        )
        await expect(page.locator("#open-cases")).to_have_text("1")
        await deliver(
            alerts.database,
            act_on_answers,
            msgspec.structs.replace(answer, version=2, state="sent", comment="Now whole."),
        )
        await expect(row).to_contain_text("Now whole.")
        await expect(row).not_to_contain_text("still writing")
        assert await page.evaluate("window.here") is True


async def test_the_row_that_is_read_does_not_move_when_an_earlier_one_comes(
    alerts: AlertsApi, browser: Browser, origin: str
) -> None:
    for _ in range(15):
        await alerts.open_case(score=5)
    async with a_page(browser, viewport={"width": 900, "height": 500}) as page:
        await sign_in(alerts, page, origin)
        row = page.locator(".case").nth(9)
        identity = await row.get_attribute("id")
        await row.scroll_into_view_if_needed()
        stood = await page.evaluate("scrollY")
        await page.mouse.wheel(0, 120)
        # The wheel is answered by the next frames: what is measured before them moves by itself.
        await page.wait_for_function("stood => scrollY >= stood + 120", arg=stood)
        first_seen = await page.evaluate(
            "[...document.querySelectorAll('.case')].find((one) => one.getBoundingClientRect().bottom > 0).id"
        )
        before = await page.evaluate(
            "id => document.getElementById(id).getBoundingClientRect().top", first_seen
        )
        await alerts.open_case(score=0, comment="In front of all others.")
        await expect(page.locator(".case").first).to_contain_text("In front of all others.")
        after = await page.evaluate(
            "id => document.getElementById(id).getBoundingClientRect().top", first_seen
        )
        assert abs(after - before) < 2
        assert identity is not None


async def test_all_of_it_works_without_a_script(alerts: AlertsApi, browser: Browser, origin: str) -> None:
    case = await alerts.open_case()
    async with a_page(browser, java_script_enabled=False) as page:
        await sign_in(alerts, page, origin)
        await page.get_by_role("link", name="The leg is split again.").click()
        await expect(page).to_have_url(f"{origin}/cases/{case}")
        await page.get_by_role("button", name="Take the case").click()
        await page.locator("label", has_text="Yes: this is a contact").click()
        await page.get_by_label("What was said").fill("She wants a table.")
        await page.get_by_role("button", name="Save the contact").click()
        await expect(page.locator(".timeline")).to_contain_text("She wants a table.")
        await page.get_by_text("Jonas Holt").first.click()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page).to_have_url(f"{origin}/login")


@pytest.mark.parametrize("view", views(320, 390, 1280, languages=("en",)))
async def test_every_page_fits_its_window_and_axe_finds_nothing(
    alerts: AlertsApi, browser: Browser, origin: str, view: View
) -> None:
    width, scheme, _ = view
    async with a_page(browser, viewport={"width": width, "height": 900}, color_scheme=scheme) as page:
        await page.goto(f"{origin}/login")
        await seen(page, "login")
        await sign_in(alerts, page, origin, role="admin")
        await seen(page, "empty")
        case = await several(alerts)
        await page.goto(f"{origin}/inbox")
        await seen(page, "inbox")
        await page.goto(f"{origin}/cases/{case}")
        await page.get_by_role("button", name="Take the case").click()
        await page.locator("summary", has_text="Close the case").click()
        await page.get_by_role("button", name="Close the case").click()
        await seen(page, "case")
        await page.goto(f"{origin}/settings")
        await seen(page, "settings")
        await page.goto(f"{origin}/rules")
        await page.get_by_label("Words, one on each line").first.wait_for(state="attached")
        await page.locator(".rule summary").first.click()
        await page.locator("#rule_1_words").fill("lawyer")
        await page.get_by_role("button", name="Try them on past answers").click()
        await expect(page.get_by_text("Nothing is saved yet.")).to_be_visible()
        await seen(page, "rules")


async def seen(page: Page, name: str) -> None:
    await look(page, name)
    assert await violations(page) == [], name


async def press(page: Page, words: str) -> None:
    """Press a button in the page, in one step: the driver would scroll first, by the padding that keeps the
    focus off the bar, and what it has found may be replaced meanwhile by what came live.
    """
    found = await page.evaluate(
        "words => { const one = [...document.querySelectorAll('button')]"
        ".find(button => button.textContent.trim() === words); one?.click(); return Boolean(one); }",
        words,
    )
    assert found, f"there is no button {words!r}"


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
async def test_what_can_be_done_is_in_reach_and_the_reader_stays_where_they_were(
    alerts: AlertsApi, browser: Browser, origin: str, width: int
) -> None:
    case = await several(alerts)
    async with a_page(browser, viewport={"width": width, "height": 844}) as page:
        await sign_in(alerts, page, origin)
        await page.goto(f"{origin}/cases/{case}")
        bar = page.get_by_role("group", name="What now?")
        for top in (0, 500):
            await page.evaluate("top => scrollTo(0, top)", top)
            for act in (
                bar.get_by_role("button", name="Take the case"),
                bar.get_by_role("link", name="Log a contact"),
                bar.get_by_role("link", name="Close"),
            ):
                await expect(act).to_be_in_viewport(ratio=1)
        await press(page, "Take the case")
        taken = page.get_by_text(re.compile(r"Case \d{6} is yours\."))
        await expect(taken).to_be_in_viewport(ratio=1, timeout=20_000)
        await page.wait_for_function("() => scrollY === 500")
        await press(page, "Undo")
        await expect(page.get_by_text("is put back. Anybody can take it.")).to_be_in_viewport()
        await page.wait_for_function("() => scrollY === 500")
        await bar.get_by_role("link", name="Close").click()
        await expect(page.get_by_label("Cause")).to_be_in_viewport()
        await expect(page.get_by_label("Cause")).to_be_focused()


async def test_a_phone_shows_two_cases_at_once_and_a_wide_window_the_choice(
    alerts: AlertsApi, browser: Browser, origin: str
) -> None:
    await several(alerts)
    async with a_page(browser, viewport={"width": 390, "height": 844}) as page:
        await sign_in(alerts, page, origin)
        for row in range(2):
            await expect(page.locator(".case").nth(row)).to_be_in_viewport(ratio=1)
        await expect(page.get_by_role("combobox", name="State")).to_be_hidden()
        await page.get_by_text("Choose other cases").click()
        await expect(page.get_by_role("combobox", name="State")).to_be_visible()
        await page.set_viewport_size({"width": 1280, "height": 844})
        await page.reload()
        await expect(page.get_by_role("combobox", name="State")).to_be_visible()
