"""The inbox by keyboard, and several cases at once, in a real browser."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect
from support.accessibility import violations
from support.alerts_api import AlertsApi
from support.alerts_builders import rows
from support.browser import look
from support.inbox_pages import a_page, several, sign_in
from support.servers import serving

pytestmark = pytest.mark.browser


@pytest.fixture
async def origin(alerts: AlertsApi) -> AsyncIterator[str]:
    """Alerts behind a real socket."""
    stopping = alerts.context.stopping
    async with serving(alerts.app, stopping, alerts.context.changes.run(stopping)) as origin:
        yield origin


async def focused_case(page: Page) -> str | None:
    found: str | None = await page.evaluate("document.activeElement.closest('.case')?.id ?? null")
    return found


async def test_cases_are_gone_through_chosen_and_taken_by_keys(
    alerts: AlertsApi, browser: Browser, origin: str
) -> None:
    await several(alerts)
    async with a_page(browser) as page:
        await sign_in(alerts, page, origin)
        ids = [await row.get_attribute("id") for row in await page.locator(".case").all()]
        for key, place in (("j", 0), ("j", 1), ("j", 2), ("k", 1), ("k", 0), ("k", 0)):
            await page.keyboard.press(key)
            assert await focused_case(page) == ids[place]
        await page.keyboard.press("x")
        await page.keyboard.press("j")
        await page.keyboard.press("x")
        await expect(page.locator("input[name='case']:checked")).to_have_count(2)
        await expect(page.get_by_role("button", name="Take")).to_be_in_viewport(ratio=1)
        await page.keyboard.press("t")
        await expect(page.get_by_text("2 cases are yours.")).to_be_visible()
        owned = await rows(alerts.database, "SELECT id FROM cases WHERE owner_id IS NOT NULL")
        assert {f"case-{row.id}" for row in owned} == set(ids[:2])
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        await page.keyboard.press("t")
        await expect(page.get_by_text("One case is yours.")).to_be_visible()


async def test_the_keys_are_told_and_can_be_switched_off(
    alerts: AlertsApi, browser: Browser, origin: str
) -> None:
    await several(alerts)
    async with a_page(browser) as page:
        await sign_in(alerts, page, origin)
        await page.keyboard.press("/")
        await expect(page.locator("#q")).to_be_focused()
        await page.keyboard.type("jx?")
        await expect(page.locator("#q")).to_have_value("jx?")
        await expect(page.get_by_role("dialog")).to_be_hidden()
        await page.evaluate("document.activeElement.blur()")
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        await look(page, "keys")
        assert await violations(page) == []
        await page.get_by_label("Single keys do this, in this browser").uncheck()
        await page.keyboard.press("Escape")
        await page.keyboard.press("j")
        assert await focused_case(page) is None
        await page.reload()
        await page.keyboard.press("j")
        await page.keyboard.press("?")
        assert await focused_case(page) is None
        await expect(page.get_by_role("dialog")).to_be_hidden()
        await page.get_by_role("button", name="Keys").click()
        await page.get_by_label("Single keys do this, in this browser").check()
        await page.get_by_role("dialog").get_by_role("button", name="Close").click()
        await page.keyboard.press("j")
        assert await focused_case(page) is not None


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (390, "dark"), (1280, "light")])
async def test_chosen_cases_are_handed_over_on_a_phone_as_on_a_desk(
    alerts: AlertsApi, browser: Browser, origin: str, width: int, scheme: str
) -> None:
    await several(alerts)
    await alerts.person(name="Sara Lund")
    async with a_page(browser, viewport={"width": width, "height": 844}, color_scheme=scheme) as page:
        await sign_in(alerts, page, origin)
        await look(page, "inbox-list")
        await page.get_by_label("Choose this case").first.check()
        await page.get_by_label("Choose this case").nth(1).check()
        for name in ("Take", "Put back"):
            await expect(page.get_by_role("button", name=name, exact=True)).to_be_in_viewport(ratio=1)
        await look(page, "inbox-chosen")
        assert await violations(page) == []
        await page.get_by_role("button", name="Take", exact=True).click()
        await expect(page.get_by_text("2 cases are yours.")).to_be_visible()
        await page.get_by_label("Choose this case").first.check()
        await page.get_by_text("Hand over", exact=True).click()
        await page.get_by_role("button", name="Hand the cases over").click()
        await expect(page.get_by_role("alert")).to_contain_text("Choose a colleague.")
        await look(page, "inbox-faults")
        assert await violations(page) == []
