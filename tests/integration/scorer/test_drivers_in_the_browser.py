"""``/drivers`` and ``/gap`` in a real browser: they fit, are accessible, and work without JavaScript."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

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
    for days in range(60):
        for place, store in enumerate(stores[: 3 if days % 9 else 4]):
            for number in range(2 if days % 2 or store != "returns" else 4):
                fell = store == "checkout" and days < 30
                score = (3, 6)[number % 2] if fell else (9, 7, 10, 4)[(days + place + number) % 4]
                given: dict[str, Any] = {
                    "day": TODAY - timedelta(days=days),
                    "organisation": ("north", store),
                }
                name = f"{store}{days}-{number}"
                answers.append(an_answer(name, score=score, segments={"touchpoint": store}, **given))
                if number and place:
                    relational: dict[str, Any] = {
                        "measurement": "relational",
                        "segments": {},
                        "touchpoint": None,
                    }
                    answers.append(an_answer(f"r{name}", score=9 - place, **given, **relational))
    await count(database, *answers)
    async with (
        a_scorer_client(database, a_tenant("acme")) as client,
        serving(client.app, client.app.state.context.stopping) as origin,
    ):
        yield origin


PAGES = {
    "drivers": "/drivers",
    "drivers-few": "/drivers?window=3d",
    "drivers-refused": "/drivers?from=2026-11-01&to=2026-11-20&before_from=2026-10-01&before_to=2026-11-02",
    "gap": "/gap",
    "gap-few": "/gap?window=2d",
}


async def test_the_pages_fit_every_width_and_are_accessible_by_keyboard(
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
            if name in {"drivers", "gap"}:
                assert await keyboard_faults(page) == []
        await context.close()


async def test_without_javascript_a_leader_goes_from_the_fall_to_the_part_that_made_it(
    database: Database, browser: Browser, origin: str
) -> None:
    context = await browser.new_context(java_script_enabled=False, locale="en")
    await context.add_cookies([{"name": ACCESS_COOKIE, "value": a_pass(database), "url": origin}])
    page = await context.new_page()
    await page.goto(f"{origin}/")
    await page.get_by_role("link", name="What moved it?").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("the most comes with Checkout")
    await page.get_by_label("By what?").select_option("organisation")
    await page.get_by_role("button", name="Take it apart").click()
    assert "dimension=organisation" in page.url
    await expect(page.get_by_role("heading", level=1)).to_contain_text("By organisation")
    async with page.expect_download() as started:
        await page.get_by_role("link", name="Download the figures as a file").click()
    download = await started.value
    assert download.suggested_filename.startswith("drivers-")
    await page.get_by_role("link", name="Touchpoint", exact=True).click()
    await page.get_by_role("link", name="Checkout", exact=True).first.click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Checkout stands at")
    await page.goto(f"{origin}/")
    await page.get_by_role("link", name="After a contact against at any time").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("After a contact the score is")
    await context.close()
