"""The pages of chat channels and the inbox with an incident in a real browser, without JavaScript and narrow."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Page, expect
from support.accessibility import violations
from support.alerts_api import PASSWORD
from support.alerts_builders import deliver
from support.browser import look, views
from support.chats import SLACK_OK, ChatBench, a_chat_bench
from support.lent_databases import LentDatabases
from support.servers import serving
from support.webhook_receiver import Reply

from shared.events import TenantSending
from shared.tenancy.sending import keep_sending

pytestmark = pytest.mark.browser


@pytest.fixture
async def bench(databases_to_lend: LentDatabases) -> AsyncIterator[ChatBench]:
    async with databases_to_lend.lend("alerts") as database, a_chat_bench(database) as bench:
        live = TenantSending(version=1, mode="live", changed_at=bench.clock())
        await deliver(bench.database, keep_sending, live)
        yield bench


@pytest.fixture
async def origin(bench: ChatBench) -> AsyncIterator[str]:
    context = bench.alerts.context
    async with serving(bench.alerts.app, context.stopping, context.changes.run(context.stopping)) as origin:
        yield origin


async def sign_in(bench: ChatBench, page: Page, origin: str, path: str) -> None:
    person = await bench.alerts.person("admin", "Ada Winther")
    await page.goto(f"{origin}/login?next={path}")
    await page.locator("input[name=address]").fill(person.address)
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.locator("button[type=submit]").click()
    await page.wait_for_url(f"{origin}{path}")


async def test_an_administrator_sets_up_a_channel_tries_it_and_changes_it_without_javascript(
    bench: ChatBench, browser: Browser, origin: str
) -> None:
    context = await browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = await context.new_page()
    await sign_in(bench, page, origin, "/settings/chats")
    await page.get_by_label("Name").fill("#care")
    await page.get_by_label("Address").fill("https://example.com/services/x")
    await page.get_by_role("button", name="Set up the channel").click()
    await expect(page.get_by_role("alert")).to_contain_text("incoming webhook")
    await page.get_by_label("Address").fill(bench.provider.url("/services/T0/B0/x1y2"))
    await page.get_by_label("The letter of Monday").check()
    await page.get_by_role("button", name="Set up the channel").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Nothing was sent to #care yet.")
    assert "x1y2" in await page.content()
    assert "/services/T0" not in await page.content()
    await page.get_by_role("button", name="Send a test message").click()
    async with bench.sending():
        await bench.came(1)
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("#care has taken all that was sent.")
    await page.get_by_text("Change the channel…").click()
    await page.get_by_label("Name").fill("#sales")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("#sales has taken all that was sent.")
    await page.get_by_role("button", name="Switch it off").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("#sales is switched off.")
    await page.get_by_text("Delete the channel…").click()
    await page.get_by_role("button", name="Delete the channel").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("No channel of yours is told yet.")
    await context.close()


async def test_the_pages_fit_every_width_and_axe_finds_nothing(
    bench: ChatBench, browser: Browser, origin: str
) -> None:
    await bench.make("/services/care", name="#care", topics=["cases", "deadlines", "incidents", "weekly"])
    failing = await bench.make(
        "/services/bad", name="Customer service of the northern region", segments=["touchpoint:home delivery"]
    )
    await bench.make("/workflows/gone", name="Store managers", kind="teams")
    replies = {"/services/bad": Reply(503), "/workflows/gone": Reply(404)}
    bench.provider.answer = lambda each: replies.get(each.path, SLACK_OK)
    await bench.open_cases(*[bench.unhappy(organisation=("north", "Århus")) for _ in range(14)])
    async with bench.sending():
        await bench.came(11, "/services/care")
        await bench.until_tries(failing, *[0] * 13, 1)
        bench.later(timedelta(seconds=6))
        await bench.came(2, "/services/bad")
        await bench.came(1, "/workflows/gone")
    for width, scheme, language in views(360, 768, 1280):
        context = await browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language
        )
        page = await context.new_page()
        await sign_in(bench, page, origin, "/settings/chats")
        await look(page, "chats")
        assert await violations(page) == []
        await page.goto(f"{origin}/settings/chats/{failing['id']}")
        await page.locator(".acts details > summary").first.click()
        await look(page, "chat-failing")
        assert await violations(page) == []
        await page.goto(f"{origin}/inbox")
        await look(page, "inbox-incident")
        assert await violations(page) == []
        await context.close()
