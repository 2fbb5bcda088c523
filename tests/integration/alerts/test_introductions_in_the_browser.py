"""Introductions in a real browser: a customer is asked and agrees on a phone, and every page fits."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect
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


async def test_an_account_manager_asks_and_the_customer_agrees_on_a_phone(
    alerts: AlertsApi, browser: Browser, origin: str
) -> None:
    jonas = await alerts.person(name="Jonas Holt")
    await switched_on(alerts.database)
    task = await a_task_of(alerts, jonas.id, comment=LONG)
    context = await browser.new_context(viewport={"width": 390, "height": 800}, java_script_enabled=False)
    page = await context.new_page()
    await sign_in(page, origin, jonas, "/introductions")
    await page.locator(f'main a[href="/introductions/{task}"]').click()
    await page.get_by_role("button", name="I have asked").click()
    await expect(page.locator(".slip[role=status]")).to_contain_text("Written down: the customer was asked.")
    await expect(page.get_by_role("button", name="I have asked")).to_have_count(0)
    await page.get_by_role("button", name="The customer agreed").click()
    await expect(page.locator(".slip[role=status]")).to_contain_text("Written down: the customer agreed.")
    await expect(page.locator(".facts")).to_contain_text("Agreed")
    await expect(page.locator(".intro-steps li")).to_have_count(3)
    await page.get_by_role("textbox", name="Note").fill("Write again in spring.")
    await page.get_by_role("button", name="Save the note").click()
    await expect(page.get_by_role("textbox", name="Note")).to_have_value("Write again in spring.")
    await context.close()


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
