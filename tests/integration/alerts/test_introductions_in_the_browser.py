"""Introductions in a real browser: every page fits."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page
from support.accessibility import violations
from support.alerts_api import PASSWORD, AlertsApi, Person
from support.browser import look, views
from support.introductions import a_promoter, a_task_of, consume_all, decide, invitation_by, switched_on
from support.servers import serving

pytestmark = pytest.mark.browser
LONG = (
    "They came within the hour, put everything right, and called the next day to ask whether it still held. "
)


@pytest.fixture
async def origin(alerts: AlertsApi) -> AsyncIterator[str]:
    context = alerts.context
    async with serving(alerts.app, context.stopping, context.changes.run(context.stopping)) as origin:
        yield origin


async def sign_in(page: Page, origin: str, who: Person, path: str) -> None:
    await page.goto(f"{origin}/login?next={path}")
    await page.locator("input[name=address]").fill(who.address)
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.locator("button[type=submit]").click()
    await page.wait_for_url(f"{origin}{path}")


async def test_the_pages_fit_every_width_and_break_no_rule(
    alerts: AlertsApi, browser: Browser, origin: str
) -> None:
    admin = await alerts.person("admin", "Ada Winther")
    await switched_on(alerts.database)
    for number in range(3):
        await a_task_of(alerts, admin.id, account=f"account-{number}-{'x' * 20}", comment=LONG * 3)
    task = await a_task_of(alerts, admin.id, account="a-late", comment=LONG)
    async with alerts.database.transaction() as uow:
        await uow.execute(
            "UPDATE introduction SET due_at = said_at - interval '3 hours' WHERE id = :id", {"id": task}
        )
    silent = a_promoter(alerts.database, may_contact=None)
    await consume_all(alerts.database, invitation_by(silent, admin.id, "a-silent"), silent)
    await decide(alerts.database)
    for width, scheme, language in views(320, 1280):
        context = await browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language
        )
        page = await context.new_page()
        await sign_in(page, origin, admin, "/introductions")
        for path, name in (
            ("/introductions", "introductions"),
            (f"/introductions/{task}", "introduction"),
            ("/settings/introductions", "introduction-settings"),
        ):
            await page.goto(f"{origin}{path}")
            await look(page, name)
            assert await violations(page) == [], (path, width)
        await context.close()
