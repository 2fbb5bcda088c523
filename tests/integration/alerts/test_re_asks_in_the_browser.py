"""What customers say when they are asked again, in a real browser: the page, and the line of a case."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect
from support.accessibility import violations
from support.alerts_api import PASSWORD, AlertsApi
from support.browser import look, views
from support.re_asks import AskedCase, ask_again
from support.servers import serving

pytestmark = pytest.mark.browser


@pytest.fixture
async def origin(alerts: AlertsApi) -> AsyncIterator[str]:
    context = alerts.context
    async with serving(alerts.app, context.stopping, context.changes.run(context.stopping)) as origin:
        yield origin


async def test_the_pages_fit_every_width_and_axe_finds_nothing(
    alerts: AlertsApi, browser: Browser, origin: str
) -> None:
    reached = [AskedCase(again=each) for each in [9] * 14 + [7] * 6 + [3] * 4]
    explained = [AskedCase(outcome="explained", again=each) for each in [8] * 7 + [5] * 5]
    others = [AskedCase(reached=False, outcome=None, again=each) for each in [3] * 11 + [8] * 5]
    case, *_ = await ask_again(alerts, reached + explained + others + [AskedCase(again=None)] * 9)
    for width, scheme, language in views(320, 390, 1280):
        context = await browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language
        )
        page = await context.new_page()
        person = await alerts.person("admin", "Ada Winther")
        await page.goto(f"{origin}/login?next=/recovery")
        await page.locator("input[name=address]").fill(person.address)
        await page.locator("input[name=password]").fill(PASSWORD)
        await page.locator("button[type=submit]").click()
        await page.wait_for_url(f"{origin}/recovery")
        await expect(page.locator("table.figures tbody tr")).to_have_count(4)
        await look(page, "recovery")
        assert await violations(page) == []
        await page.goto(f"{origin}/cases/{case}")
        await look(page, "case-asked-again")
        assert await violations(page) == []
        await context.close()
