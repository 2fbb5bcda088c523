"""Alerts on segments in a real browser: above the cases, and on a page of their own."""

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser, expect
from support.accessibility import violations
from support.alerts_api import PASSWORD, AlertsApi
from support.alerts_builders import TENANT, deliver
from support.browser import look, views
from support.falls import a_segment_fall
from support.servers import serving

from services.alerts.segment_alerts.domain import alert_id
from services.alerts.segment_alerts.handlers import act_on_falls

pytestmark = pytest.mark.browser


@pytest.fixture
async def origin(alerts: AlertsApi) -> AsyncIterator[str]:
    context = alerts.context
    async with serving(alerts.app, context.stopping, context.changes.run(context.stopping)) as origin:
        yield origin


async def test_the_pages_fit_every_width_and_axe_finds_nothing(
    alerts: AlertsApi, browser: Browser, origin: str
) -> None:
    fall = a_segment_fall(alerts.database.clock())
    region = "organisation:north/aarhus and the villages around the bay/returns"
    for each in (fall, replace(fall, segment=region, nps=-12.0), replace(fall, segment="", nps_before=30.0)):
        await deliver(alerts.database, act_on_falls, each)
    await alerts.open_case()
    for number, (width, scheme, language) in enumerate(views(360, 768, 1280)):
        context = await browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language
        )
        page = await context.new_page()
        person = await alerts.person("leader", "Ada Winther")
        await page.goto(f"{origin}/login?next=/inbox")
        await page.locator("input[name=address]").fill(person.address)
        await page.locator("input[name=password]").fill(PASSWORD)
        await page.locator("button[type=submit]").click()
        await page.wait_for_url(f"{origin}/inbox")
        await expect(page.locator(".falls li")).to_have_count(3)
        await look(page, "inbox-with-falls")
        assert await violations(page) == []
        await page.goto(f"{origin}/segment-alerts/{alert_id(TENANT, fall)}")
        if number == 0:
            await page.locator("button[value=acknowledge]").click()
            await page.locator("#note").fill(" ")
            await page.locator("button[value=close]").click()
            await expect(page.get_by_role("alert")).to_be_visible()
        await look(page, "segment-alert")
        assert await violations(page) == []
        await context.close()
