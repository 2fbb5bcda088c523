"""Benchmarks and the unbegged score in a real browser: the pages fit, are accessible and print."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect
from support.accessibility import violations
from support.browser import look, views
from support.http_clients import SECRET
from support.improvements import answers_on, days_of
from support.invitations import an_answer_to, an_invitation, invite
from support.scorer_builders import count
from support.scorer_client import a_pass, a_scorer_client, a_tenant
from support.servers import serving

from shared.db.database import Database
from shared.http.staff_auth import ACCESS_COOKIE
from shared.privacy.service_client import ServiceClient
from shared.privacy.service_tokens import ServiceTokens

pytestmark = pytest.mark.browser
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
LONG_WORD = "Donaudampfschifffahrtsgesellschaft"
DECIDED = {
    "organisation:north": [400, 110, 280, 5, 5],
    "organisation:south": [130, 120, 4, 3, 3],
    f"organisation:{LONG_WORD}": [12, 9, 1, 1, 0],
}


@pytest.fixture
async def origin(database: Database) -> AsyncIterator[str]:
    database.clock = lambda: NOW
    made = [
        an_invitation(
            f"i{n}",
            sent_at=NOW - timedelta(days=n % 25, hours=n % 11),
            organisation=("north" if n % 2 else "south",),
        )
        for n in range(240)
    ]
    await invite(database, *made)
    await count(
        database,
        *(
            an_answer_to(one, f"i{n}", score=10 if n % 2 else (2, 9, 10)[n % 3])
            for n, one in enumerate(made)
            if n % 4 < 3
        ),
        *answers_on(days_of(date(2025, 10, 22), 30), [9, 10, 3], "year", organisation=("north",)),
    )
    decided = httpx.MockTransport(lambda _: httpx.Response(200, content=json.dumps(DECIDED)))
    services = ServiceClient("http://internal.example", ServiceTokens(SECRET), transport=decided)
    async with a_scorer_client(database, a_tenant("acme")) as client:
        context = replace(client.app.state.context, services=services)
        client.app.state.context = context
        async with serving(client.app, context.stopping) as origin:
            yield origin


async def sign_in(context: BrowserContext, database: Database, origin: str) -> None:
    await context.add_cookies([{"name": ACCESS_COOKIE, "value": a_pass(database), "url": origin}])


async def add_a_benchmark(page: Page, origin: str, name: str, n: str, about: str) -> None:
    await page.goto(f"{origin}/benchmarks")
    await page.get_by_label("What is it the score of?").fill(name)
    await page.get_by_role("textbox", name="Which score?").fill("−12,5")
    await page.get_by_label("Of how many answers?").fill(n)
    await page.get_by_label("Who published it, and where?").fill(f"{LONG_WORD} 2026, page 12")
    await page.get_by_label("An address where one can read it").fill("https://survey.example/2026")
    await page.get_by_label("Until which day, or when was it published?").fill("2026-01-31")
    await page.get_by_label("Beside which score?").select_option(label=about)
    await page.get_by_role("button", name="Add the benchmark").click()
    await expect(page.locator(".slip[role=status]")).to_contain_text("The benchmark stands beside")


async def test_the_pages_work_without_script_fit_every_width_are_accessible_and_print(
    database: Database, browser: Browser, origin: str
) -> None:
    context = await browser.new_context(java_script_enabled=False)
    await sign_in(context, database, origin)
    page = await context.new_page()
    await add_a_benchmark(page, origin, "Webshops", "900", "The whole company")
    await add_a_benchmark(page, origin, LONG_WORD, "", "The whole company")
    await add_a_benchmark(page, origin, "Regions", "25", "Each: organisation")
    await page.get_by_role("link", name="Webshops", exact=True).click()
    benchmark = page.url
    await page.goto(f"{origin}/")
    await expect(page.locator("table.forest").first).to_contain_text("No number of answers is known")
    await page.goto(f"{origin}/unbegged")
    await expect(page.locator("h1")).to_have_text("1 place raises a question.")
    await context.close()
    for width, scheme, language in views(320, 1280):
        context = await browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language
        )
        await sign_in(context, database, origin)
        page = await context.new_page()
        for name, address in (
            ("benchmarks", f"{origin}/benchmarks"),
            ("benchmark", benchmark),
            ("dashboard-benchmarks", f"{origin}/"),
            ("segment-benchmarks", f"{origin}/segments?segment=organisation:north"),
            ("unbegged", f"{origin}/unbegged"),
        ):
            await page.goto(address)
            if name == "benchmark":
                await page.locator(".acts summary").first.press("Enter")
            await look(page, name)
            assert await violations(page) == []
        for path in ("benchmarks", "unbegged"):
            await page.goto(f"{origin}/{path}")
            await page.emulate_media(media="print")
            await expect(page.locator("table").first).to_be_visible()
            await look(page, f"print-{path}")
            await page.emulate_media(media="screen")
        await context.close()


async def test_a_benchmark_is_changed_and_removed_without_script(
    database: Database, browser: Browser, origin: str
) -> None:
    context = await browser.new_context(java_script_enabled=False)
    await sign_in(context, database, origin)
    page = await context.new_page()
    await add_a_benchmark(page, origin, "Webshops", "900", "The whole company")
    await page.get_by_role("link", name="Webshops", exact=True).click()
    await page.get_by_text("Change the benchmark").last.click()
    await page.get_by_label("What is it the score of?").fill("All shops")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("h1")).to_have_text("All shops")
    await page.get_by_text("Remove the benchmark").first.click()
    await page.get_by_role("button", name="Remove the benchmark").click()
    await expect(page.locator(".slip[role=status]")).to_contain_text("The benchmark is removed.")
    await context.close()
