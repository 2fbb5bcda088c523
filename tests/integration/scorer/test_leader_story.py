"""A leader finds the cause of a fall from the first page by what the pages say; and the dashboard in a browser."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect
from support.accessibility import violations
from support.browser import PICTURES, look, views
from support.keyboard import keyboard_faults
from support.leader_story import open_the_company
from support.scorer_client import a_pass, a_scorer_client, a_tenant
from support.servers import serving

from shared.db.database import Database
from shared.http.staff_auth import ACCESS_COOKIE

pytestmark = pytest.mark.browser
MAX_CLICKS = 6
A4_PIXELS = 794
"""The width of the paper at 96 dots per inch."""


@pytest.fixture
async def origin(database: Database) -> AsyncIterator[str]:
    await open_the_company(database)
    async with (
        a_scorer_client(database, a_tenant("acme")) as client,
        serving(client.app, client.app.state.context.stopping) as origin,
    ):
        yield origin


async def sign_in(context: BrowserContext, database: Database, origin: str) -> None:
    await context.add_cookies([{"name": ACCESS_COOKIE, "value": a_pass(database), "url": origin}])


class Leader:
    """Somebody who clicks what a heading names."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0

    def section(self, question: str) -> Locator:
        """The section of the page that answers a question."""
        return self.page.locator("section").filter(has=self.page.get_by_text(question, exact=True))

    async def follow(self, question: str, named: str, link: str) -> None:
        """The heading below a question names the next step; click the link that has its name."""
        section = self.section(question)
        await expect(section.locator(".finding")).to_contain_text(named)
        await section.get_by_role("link", name=link).first.click()
        self.clicks += 1


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_leader_finds_the_week_the_touchpoint_the_store_and_the_theme_in_six_clicks(
    database: Database, browser: Browser, origin: str, scripts: bool
) -> None:
    context = await browser.new_context(java_script_enabled=scripts, locale="en")
    await sign_in(context, database, origin)
    page = await context.new_page()
    leader = Leader(page)
    await page.goto(f"{origin}/")
    await leader.follow("Did it move?", "The week from 9 November stands out.", "The week from 9 November")
    await leader.follow("Where?", "Home delivery fell by", "Home delivery")
    await leader.follow("Where in it?", "Odense fell by", "Odense")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Odense")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("ome delivery")
    await leader.follow("Why?", "Delivery is named most", "Delivery")
    assert leader.clicks <= MAX_CLICKS
    said = page.locator("#answers .voices .said")
    await expect(said.first).to_contain_text("late", ignore_case=True)
    # All that is listed is of the store, the touchpoint, the theme and the week.
    for part in ("segment=touchpoint%3Ahome+delivery", "segment=organisation%3AOdense", "theme=delivery"):
        assert part in page.url
    assert "until=2026-11-15" in page.url
    assert "window=7d" in page.url
    await context.close()


PAGES = {
    "dashboard": "/",
    "dashboard-week": "/?from=2026-11-09&to=2026-11-15",
    "dashboard-choices": "/?amended=first",
    "segment": "/segments?segment=touchpoint:home+delivery",
    "segments": "/segments",
    "segments-stores": "/segments?dimension=organisation&window=7d",
    "segments-name": "/segments?sort=name",
}


async def test_the_dashboard_fits_every_width_is_accessible_by_keyboard_and_prints_into_a_report(
    database: Database, browser: Browser, origin: str
) -> None:
    for width, scheme, language in views(320, 390, 1280):
        context = await browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language
        )
        await sign_in(context, database, origin)
        page = await context.new_page()
        for name, address in PAGES.items():
            await page.goto(f"{origin}{address}")
            await look(page, name)
            assert await violations(page) == []
            if name in {"dashboard", "segments"}:
                assert await keyboard_faults(page) == []
        await context.close()
    await prints_into_a_report(database, browser, origin)


async def prints_into_a_report(database: Database, browser: Browser, origin: str) -> None:
    """On A4: all six findings, the tables that are folded on a screen, and nothing to click."""
    context = await browser.new_context(viewport={"width": A4_PIXELS, "height": 1123}, locale="en")
    await sign_in(context, database, origin)
    page = await context.new_page()
    await page.emulate_media(media="print")
    for name in ("dashboard", "segment"):
        await page.goto(f"{origin}{PAGES[name]}")
        for part in ("stand", "move", "where", "why", "asked", "done"):
            await expect(page.locator(f"#part-{part} .finding")).to_be_visible()
        await expect(page.get_by_role("table", name="Answers per score").first).to_be_visible()
        await expect(page.get_by_role("table", name="NPS by")).to_be_visible()
        await expect(page.locator(".printed").last).to_contain_text("counted on")
        for hidden in (".nav", "#choices", ".save-view", ".btn", ".ways"):
            assert not await page.locator(hidden).first.is_visible()
        await look(page, f"print-{name}")
        paper = await page.pdf(path=f"{PICTURES}/{name}.pdf" if PICTURES else None, prefer_css_page_size=True)
        assert paper.startswith(b"%PDF")
        # Of an A4 page in points; a report of more than ten pages is read by nobody.
        assert b"/MediaBox [0 0 594" in paper or b"/MediaBox [0 0 595" in paper
        assert paper.count(b"/Type /Page\n") <= 10
    await context.close()
