"""The pages of webhooks in a real browser, without JavaScript, on a small phone: made, tried, sent again."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Page, expect
from support.accessibility import violations
from support.alerts_api import PASSWORD
from support.alerts_builders import an_answer, deliver
from support.browser import look, views
from support.lent_databases import LentDatabases
from support.servers import serving
from support.webhook_receiver import Reply
from support.webhooks import HookBench, a_hook_bench

from shared.events import TenantSending
from shared.tenancy.sending import keep_sending

pytestmark = pytest.mark.browser


@pytest.fixture
async def bench(databases_to_lend: LentDatabases) -> AsyncIterator[HookBench]:
    async with databases_to_lend.lend("alerts") as database, a_hook_bench(database) as bench:
        yield bench


@pytest.fixture
async def origin(bench: HookBench) -> AsyncIterator[str]:
    context = bench.alerts.context
    async with serving(bench.alerts.app, context.stopping, context.changes.run(context.stopping)) as origin:
        yield origin


async def sign_in(bench: HookBench, page: Page, origin: str) -> None:
    person = await bench.alerts.person("admin", "Ada Winther")
    await page.goto(f"{origin}/webhooks")
    await page.get_by_label("E-mail address").fill(person.address)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page).to_have_url(f"{origin}/webhooks")


async def test_an_administrator_makes_a_webhook_tries_it_and_has_a_message_sent_again_without_javascript(
    bench: HookBench, browser: Browser, origin: str
) -> None:
    context = await browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = await context.new_page()
    await sign_in(bench, page, origin)
    await page.get_by_label("Name").fill("CRM")
    await page.get_by_label("Address").fill("http://user:word@127.0.0.1:1/")
    await page.get_by_role("button", name="Make the webhook").click()
    await expect(page.get_by_role("alert")).to_contain_text("the signature proves who sends")
    await page.get_by_label("Address").fill(bench.receiver.url())
    await page.get_by_label("Erasures").check()
    await page.get_by_role("button", name="Make the webhook").click()
    secret = await page.locator(".secret code").inner_text()
    assert secret.startswith("whsec_")
    await page.get_by_role("link", name="I have it").click()
    assert secret not in await page.content()
    await page.get_by_role("button", name="Send a test message").click()
    async with bench.sending():
        await bench.came(1)
    await bench.tell(an_answer())
    async with bench.sending():
        await bench.came(2)
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("CRM has taken all that was sent.")
    await page.get_by_role("button", name="Send again").first.click()
    async with bench.sending():
        received = await bench.came(3)
    assert received[1].id == received[2].id
    await page.get_by_role("button", name="Pause it").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("CRM is paused.")
    await page.get_by_text("Make a new secret…").click()
    await page.get_by_role("button", name="Make a new secret").click()
    assert await page.locator(".secret code").inner_text() != secret
    await page.get_by_text("Delete the webhook…").click()
    await page.get_by_role("button", name="Delete the webhook").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("No system of yours is told yet.")
    await context.close()


async def test_the_pages_fit_every_width_and_axe_finds_nothing(
    bench: HookBench, browser: Browser, origin: str
) -> None:
    live = TenantSending(version=1, mode="live", changed_at=bench.clock())
    await deliver(bench.database, keep_sending, live)
    made = await bench.make(
        name="Warehouse system of the northern region", segments=["touchpoint:home delivery"]
    )
    failing = await bench.make("/bad", name="CRM", types=["answer.changed", "case.changed", "score.changed"])
    await bench.make("/off", name="Old data lake")
    replies = {
        "/hook": Reply(200, body=b'{"ok": true, "queued": "yes", "trace": "a1b2"}'),
        "/bad": Reply(503, body=b"upstream connect error or disconnect/reset before headers"),
        "/off": Reply(410),
    }
    bench.receiver.answer = lambda each: replies[each.path]
    await bench.tell(*[an_answer() for _ in range(4)])
    async with bench.sending():
        await bench.until(made, *["sent"] * 4)
        await bench.came(1, "/bad")
        bench.clock.ahead += timedelta(seconds=6)
        await bench.came(2, "/bad")
    for width, scheme, language in views(360, 768, 1280):
        context = await browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language
        )
        page = await context.new_page()
        person = await bench.alerts.person("admin", "Ada Winther")
        await page.goto(f"{origin}/login?next=/webhooks")
        await page.locator("input[name=address]").fill(person.address)
        await page.locator("input[name=password]").fill(PASSWORD)
        await page.locator("button[type=submit]").click()
        await page.wait_for_url(f"{origin}/webhooks")
        await look(page, "webhooks")
        assert await violations(page) == []
        await page.goto(f"{origin}/webhooks/{failing['id']}")
        await page.locator("details > summary").last.click()
        await look(page, "webhook-failing")
        assert await violations(page) == []
        await page.goto(f"{origin}/webhooks/{made['id']}")
        await look(page, "webhook")
        await context.close()
