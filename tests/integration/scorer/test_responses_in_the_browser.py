"""Who did not answer, and marks on the trend, in a real browser: the pages fit, are accessible and print."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect
from support.accessibility import violations
from support.browser import look, views
from support.invitations import an_answer_to, an_invitation, invite
from support.scorer_builders import add_tenant, an_answer, count
from support.scorer_client import a_pass, a_scorer_client, a_tenant
from support.servers import serving

from shared.db.database import Database
from shared.http.staff_auth import ACCESS_COOKIE

pytestmark = pytest.mark.browser
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
LONG_WORD = "Donaudampfschifffahrtsgesellschaft"


@pytest.fixture
async def origin(database: Database) -> AsyncIterator[str]:
    database.clock = lambda: NOW
    made = [
        an_invitation(
            f"i{n}",
            sent_at=NOW - timedelta(days=n % 25, hours=n % 11),
            channel="sms" if n % 5 == 0 else "mail",
            segments={"touchpoint": LONG_WORD if n % 3 == 0 else "checkout"},
            touchpoint=LONG_WORD if n % 3 == 0 else "checkout",
        )
        for n in range(240)
    ]
    await add_tenant(database)
    await invite(database, *made)
    await count(
        database,
        *(an_answer_to(one, f"i{n}", score=(2, 9, 10)[n % 3]) for n, one in enumerate(made) if n % 2 == 0),
    )
    days = [date(2026, 6, 1) + timedelta(days=n) for n in range(150)]
    await count(
        database,
        *(
            an_answer(f"a{day}{n}", day=day, score=score)
            for day in days
            for n, score in enumerate((2, 8, 9, 10))
        ),
    )
    async with (
        a_scorer_client(database, a_tenant("acme")) as client,
        serving(client.app, client.app.state.context.stopping) as origin,
    ):
        yield origin


async def sign_in(context: BrowserContext, database: Database, origin: str) -> None:
    await context.add_cookies([{"name": ACCESS_COOKIE, "value": a_pass(database), "url": origin}])


async def add_a_mark(page: Page, origin: str, day: str, text: str) -> None:
    await page.goto(f"{origin}/marks")
    await page.get_by_label("On which day?").fill(day)
    await page.get_by_label("What happened?").fill(text)
    await page.get_by_role("button", name="Add the mark").click()
    await expect(page.locator(".slip[role=status]")).to_contain_text("The mark stands on the trend.")


async def test_the_pages_work_without_script_fit_every_width_are_accessible_and_print(
    database: Database, browser: Browser, origin: str
) -> None:
    context = await browser.new_context(java_script_enabled=False)
    await sign_in(context, database, origin)
    page = await context.new_page()
    await add_a_mark(page, origin, "2026-09-01", "New prices")
    await add_a_mark(page, origin, "2026-11-10", LONG_WORD * 3)
    await page.goto(f"{origin}/responses")
    await page.locator("select[name=by]").select_option("organisation")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator("table").nth(1)).to_contain_text("North / Sales")
    await page.goto(f"{origin}/marks")
    await page.get_by_role("link", name="New prices").click()
    mark = page.url
    await context.close()
    for width, scheme, language in views(320, 1280):
        context = await browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language
        )
        await sign_in(context, database, origin)
        page = await context.new_page()
        for name, address in (
            ("responses", f"{origin}/responses"),
            ("marks", f"{origin}/marks"),
            ("mark", mark),
            ("dashboard-marks", f"{origin}/"),
        ):
            await page.goto(address)
            if name == "mark":
                await page.locator(".acts summary").first.press("Enter")
            await look(page, name)
            assert await violations(page) == []
        await expect(page.locator("svg.trend .notet")).to_have_text(["1", "2"])
        for address, table in ((f"{origin}/responses", "table"), (f"{origin}/marks", "table")):
            await page.goto(address)
            await page.emulate_media(media="print")
            await expect(page.locator(table).first).to_be_visible()
            await look(page, f"print-{address.rpartition('/')[2]}")
            await page.emulate_media(media="screen")
        await context.close()


async def test_a_mark_is_changed_and_removed_without_script(
    database: Database, browser: Browser, origin: str
) -> None:
    context = await browser.new_context(java_script_enabled=False)
    await sign_in(context, database, origin)
    page = await context.new_page()
    await add_a_mark(page, origin, "2026-09-01", "New prices")
    await page.get_by_role("link", name="New prices").click()
    await page.get_by_text("Change the mark").last.click()
    await page.get_by_label("What happened?").fill("Lower prices")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("h1")).to_have_text("Lower prices")
    await page.get_by_text("Remove the mark").first.click()
    await page.get_by_role("button", name="Remove the mark").click()
    await expect(page.locator(".slip[role=status]")).to_contain_text("The mark is removed.")
    await expect(page.locator("h1")).to_have_text("No mark stands on the trend yet.")
    await context.close()
