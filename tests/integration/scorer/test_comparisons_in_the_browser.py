"""``/compare`` in a real browser: it fits, is accessible, prints, and works without JavaScript."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.async_api import Browser, expect
from support.accessibility import violations
from support.browser import look, views
from support.keyboard import keyboard_faults
from support.scorer_builders import an_answer, count
from support.scorer_client import a_pass, a_scorer_client, a_tenant
from support.servers import serving

from shared.db.database import Database
from shared.http.staff_auth import ACCESS_COOKIE

pytestmark = pytest.mark.browser
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
TODAY = date(2026, 11, 22)
LONG = "Donaudampfschifffahrtsgesellschaft" * 3


@pytest.fixture
async def origin(database: Database) -> AsyncIterator[str]:
    database.clock = lambda: NOW
    stores = ("checkout", "returns", LONG, "desk")
    answers = []
    for days in range(90):
        for place, store in enumerate(stores[: 3 if days % 9 else 4]):
            for number in range(2):
                fell = store == "checkout" and days < 30
                score = (3, 6)[number] if fell else (9, 7, 10, 4)[(days + place + number) % 4]
                answers.append(
                    an_answer(
                        f"{store}{days}-{number}",
                        day=TODAY - timedelta(days=days),
                        score=score,
                        segments={"touchpoint": store},
                        organisation=("north", store),
                    )
                )
    await count(database, *answers)
    async with (
        a_scorer_client(database, a_tenant("acme")) as client,
        serving(client.app, client.app.state.context.stopping) as origin,
    ):
        yield origin


PAGES = {
    "compare": "/compare",
    "compare-fell": "/compare?segment=touchpoint:checkout&window=30d",
    "compare-two": "/compare?segment=touchpoint:checkout&with=touchpoint:returns",
    "compare-each": "/compare?dimension=touchpoint",
    "compare-few": "/compare?segment=touchpoint:desk&window=30d",
    "compare-refused": "/compare?from=2026-11-01&to=2026-11-20&before_from=2026-10-01&before_to=2026-11-02",
}


async def test_the_page_fits_every_width_is_accessible_by_keyboard_and_prints(
    database: Database, browser: Browser, origin: str
) -> None:
    for width, scheme, language in views(320, 1280):
        context = await browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language
        )
        await context.add_cookies([{"name": ACCESS_COOKIE, "value": a_pass(database), "url": origin}])
        page = await context.new_page()
        for name, address in PAGES.items():
            await page.goto(f"{origin}{address}")
            for summary in await page.locator("main summary").all():
                await summary.press("Enter")
            await look(page, name)
            assert await violations(page) == []
            if name in {"compare", "compare-each"}:
                assert await keyboard_faults(page) == []
        await page.goto(f"{origin}{PAGES['compare-fell']}")
        await page.emulate_media(media="print")
        await expect(page.locator(".asked-days")).to_be_hidden()
        await expect(page.locator(".versus")).to_be_visible()
        await expect(page.locator(".lede").first).to_be_visible()
        await look(page, "compare-print")
        await context.close()


async def test_without_javascript_the_form_compares_what_was_chosen(
    database: Database, browser: Browser, origin: str
) -> None:
    context = await browser.new_context(java_script_enabled=False, locale="en")
    await context.add_cookies([{"name": ACCESS_COOKIE, "value": a_pass(database), "url": origin}])
    page = await context.new_page()
    await page.goto(f"{origin}/segments")
    await page.get_by_role("link", name="Did it really move?").click()
    await page.get_by_label("Which answers?").select_option("touchpoint:checkout")
    await page.get_by_label("Against what?").select_option("touchpoint:returns")
    await page.get_by_label("Each part by itself?").select_option("")
    await page.get_by_role("button", name="Compare").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Returns stands")
    assert "segment=touchpoint%3Acheckout" in page.url
    await page.get_by_label("Against what?").select_option("")
    await page.get_by_label("Each part by itself?").select_option("touchpoint")
    await page.get_by_role("button", name="Compare").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("1 of 3 moved more than chance")
    await page.get_by_role("link", name="Checkout", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("It fell by")
    async with page.expect_download() as started:
        await page.get_by_role("link", name="Download the figures as a file").click()
    download = await started.value
    assert download.suggested_filename.startswith("comparison-")
    await context.close()
