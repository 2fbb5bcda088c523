"""The choices of a page of scores in a real browser: they fit, are accessible, and work without JavaScript."""

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
from shared.events.answers import EarlierScore
from shared.http.staff_auth import ACCESS_COOKIE

pytestmark = pytest.mark.browser
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
TODAY = date(2026, 11, 22)


@pytest.fixture
async def origin(database: Database) -> AsyncIterator[str]:
    """Three answers a day by thirty customers; each seventh was given a 2 at first."""
    database.clock = lambda: NOW
    answers = []
    for number in range(270):
        at = NOW - timedelta(days=number // 3, hours=2)
        earlier = (EarlierScore(score=2, at=at, until=at + timedelta(hours=1)),) if number % 7 == 0 else ()
        answers.append(
            an_answer(
                f"a{number}",
                day=at.date(),
                answered_at=at,
                changed_at=at,
                score=(9, 7, 10, 4)[number % 4],
                earlier_scores=earlier,
                person=f"{number % 30:064}",
                segments={"touchpoint": ("checkout", "returns")[number % 2]},
            )
        )
    await count(database, *answers)
    async with (
        a_scorer_client(database, a_tenant("acme")) as client,
        serving(client.app, client.app.state.context.stopping) as origin,
    ):
        yield origin


PAGES = {
    "scores": "/",
    "scores-first": "/?amended=first",
    "scores-customers": "/segments?segment=touchpoint:checkout&per=customer&from=2026-10-01&to=2026-10-31",
    "scores-then": "/?as_of=2026-11-01T12:00:00Z&amended=first&per=customer",
}


async def test_the_choices_fit_every_width_and_are_accessible_by_keyboard(
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
            choices = page.locator("#choices")
            if await choices.get_attribute("open") is None:
                await choices.locator("summary").press("Enter")
            await look(page, name)
            assert await violations(page) == []
            if name == "scores-then":
                assert await keyboard_faults(page) == []
        await context.close()


async def test_without_javascript_days_and_choices_are_kept_from_one_to_the_next(
    database: Database, browser: Browser, origin: str
) -> None:
    context = await browser.new_context(java_script_enabled=False, locale="en")
    await context.add_cookies([{"name": ACCESS_COOKIE, "value": a_pass(database), "url": origin}])
    page = await context.new_page()
    await page.goto(f"{origin}/segments?segment=touchpoint:checkout")
    await page.get_by_text("Which days, and which answers?").click()
    await page.get_by_label("First day").fill("2026-10-01")
    await page.get_by_label("Last day").fill("2026-10-31")
    await page.get_by_role("button", name="Show these days").click()
    await page.get_by_role("link", name="the first score").click()
    await page.get_by_role("link", name="the latest answer of these days").click()
    for part in ("from=2026-10-01", "to=2026-10-31", "amended=first", "per=customer"):
        assert part in page.url
    await expect(page.get_by_text("No trend is drawn")).to_be_visible()
    # Another comparison keeps the days; another window replaces them, and keeps the choices.
    await page.get_by_label("Compared with").select_option("year")
    await page.get_by_role("button", name="Show", exact=True).click()
    await expect(page.get_by_label("First day")).to_have_value("2026-10-01")
    await page.get_by_label("Window").select_option("90d")
    await page.get_by_role("button", name="Show", exact=True).click()
    await expect(page.get_by_label("Last day")).to_have_value("2026-11-22")
    assert "per=customer" in page.url
    await page.get_by_role("link", name="All answers as they are now").click()
    assert "per=" not in page.url
    await page.get_by_role("link", name="As it stands at this moment, to be kept").click()
    assert "as_of=2026-11-22T10" in page.url
    await expect(page.get_by_text("As it stood on 22 November at 11:00.")).to_be_visible()
    await context.close()
