"""The page of themes in a real browser: an editor tries, adds and saves; it fits, is accessible, and speaks."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, BrowserContext, expect
from support.accessibility import violations
from support.browser import look, views
from support.found_themes import LOCKERS, about, look_at_all
from support.scorer_builders import count
from support.scorer_client import a_pass, a_scorer_client, a_tenant
from support.servers import serving
from support.themes import comments, match_all

from shared.db.database import Database
from shared.http.staff_auth import ACCESS_COOKIE
from shared.permissions import Role

pytestmark = pytest.mark.browser
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
COMMENTS = (
    *[(2, f"The parcel was late, again {'x' * n}") for n in range(14)],
    *[(9, f"Friendly staff {'x' * n}") for n in range(30)],
    *[(1, f"It tasted stale {'y' * (n % 9 + 2)}") for n in range(200)],
    *[(9, f"A fine lamp {'z' * (n % 9 + 2)}") for n in range(200)],
)


@pytest.fixture
async def origin(database: Database) -> AsyncIterator[str]:
    database.clock = lambda: NOW
    await count(database, *comments(*COMMENTS))
    async with (
        a_scorer_client(database, a_tenant("acme")) as client,
        serving(client.app, client.app.state.context.stopping) as origin,
    ):
        yield origin


async def sign_in(context: BrowserContext, database: Database, origin: str, role: Role = "editor") -> None:
    await context.add_cookies([{"name": ACCESS_COOKIE, "value": a_pass(database, role=role), "url": origin}])


@pytest.mark.parametrize("scripts", [True, False])
async def test_an_editor_tries_a_theme_adds_a_suggested_word_and_saves_with_or_without_scripts(
    database: Database, browser: Browser, origin: str, scripts: bool
) -> None:
    context = await browser.new_context(java_script_enabled=scripts)
    await sign_in(context, database, origin)
    page = await context.new_page()
    await page.goto(f"{origin}/themes")
    await page.get_by_role("button", name="Add a theme").click()
    theme = page.get_by_role("group", name="The new theme")
    await theme.get_by_label("Name").fill("Taste")
    await theme.get_by_label("English").fill("b")
    await page.get_by_role("button", name="Save the themes").click()
    await expect(page.locator(".faults")).to_contain_text("“b”:")
    field = page.get_by_role("group", name="Taste").get_by_label("English")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await field.fill("bland*")
    await page.get_by_label("To which theme is a word added?").select_option(label="Taste")
    await page.get_by_role("button", name="Add “stale”").click()
    await page.get_by_role("button", name="Try it").click()
    row = page.get_by_role("table", name="What each theme as typed would find").get_by_role(
        "row", name="Taste"
    )
    await expect(row).to_contain_text("200")
    await page.get_by_role("button", name="Save the themes").click()
    await expect(page.locator(".slip[role=status]")).to_contain_text("Saved.")
    await match_all(database)
    await page.reload()
    await expect(page.locator("h1")).to_have_text(
        "Taste is named most: by 200 of the 214 unhappy customers who wrote."
    )
    await context.close()


@pytest.mark.parametrize("scripts", [True, False])
async def test_an_editor_keeps_a_theme_that_opened_by_itself_with_or_without_scripts(
    database: Database, browser: Browser, origin: str, scripts: bool
) -> None:
    await count(database, *about(LOCKERS, range(10)))
    await look_at_all(database)
    await match_all(database)
    context = await browser.new_context(java_script_enabled=scripts)
    await sign_in(context, database, origin)
    page = await context.new_page()
    await page.goto(f"{origin}/themes")
    theme = page.get_by_role("article", name="Lockers")
    await expect(theme).to_contain_text("at least ten customers wrote lockers within 90 days")
    await theme.get_by_text("It belongs to another theme").click()
    await theme.get_by_role("button", name="Merge it").click()
    await expect(page.locator(".faults")).to_contain_text("Name another theme")
    if scripts:
        assert await violations(page) == []
        await look(page, "themes-found")
    await theme.get_by_label("Name", exact=True).fill("Parcel lockers")
    await theme.get_by_role("button", name="Keep the theme").click()
    await expect(page.locator(".slip[role=status]")).to_contain_text("The theme is kept.")
    await expect(theme).to_have_count(0)
    await expect(page.get_by_role("row", name="Parcel lockers new")).to_contain_text("10")
    await context.close()


async def test_the_pages_fit_every_width_are_accessible_and_print(
    database: Database, browser: Browser, origin: str
) -> None:
    for width, scheme, language in views(320, 1280):
        context = await browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language
        )
        await sign_in(context, database, origin)
        page = await context.new_page()
        await page.goto(f"{origin}/themes")
        for summary in await page.locator("summary").all():
            if await summary.is_visible():
                await summary.press("Enter")
                break
        await page.locator("details.behind").first.locator("summary").press("Enter")
        await look(page, "themes")
        assert await violations(page) == []
        await page.locator('button[value="try"]').click()
        await expect(page.locator("#tried-head")).to_be_visible()
        await look(page, "themes-tried")
        assert await violations(page) == []
        await page.goto(f"{origin}/")
        await expect(page.locator("#part-why")).to_be_visible()
        await look(page, "scores-why")
        assert await violations(page) == []
        await context.close()


async def test_who_does_not_edit_reads_the_stems(database: Database, browser: Browser, origin: str) -> None:
    context = await browser.new_context()
    await sign_in(context, database, origin, "leader")
    page = await context.new_page()
    await page.goto(f"{origin}/themes")
    await expect(page.locator("textarea")).to_have_count(0)
    await page.locator("summary", has_text="Delivery").press("Enter")
    await expect(page.locator("details[open]")).to_contain_text("parcel*")
    assert await violations(page) == []
    await context.close()
