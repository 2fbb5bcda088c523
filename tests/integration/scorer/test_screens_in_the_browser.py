"""Saved views and screens in a real browser: with and without scripts, in both schemes, and on a wall."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import pytest
from playwright.async_api import Browser, expect
from support.accessibility import violations
from support.browser import look, views
from support.keyboard import keyboard_faults
from support.scorer_builders import an_answer, count
from support.scorer_client import ScorerClient, a_pass, a_scorer_client, a_tenant
from support.screens import FakePeople, made, saved, with_people
from support.servers import serving

from shared.db.database import Database
from shared.http.staff_auth import ACCESS_COOKIE
from shared.privacy.present_access import PresentAccess

pytestmark = pytest.mark.browser
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
TODAY = date(2026, 11, 22)
LONG = "Donaudampfschifffahrtsgesellschaft" * 3
MIN_FIGURE_PX = 30
"""Of any figure on a screen of 1920 pixels: some 19 mm on one of 55 inches."""
MIN_SCORE_PX = 250
SMALLEST_TYPE = """() => Math.min(...[...document.querySelectorAll("main *")]
    .filter(each => [...each.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())
        && !each.closest(".vh"))
    .map(each => parseFloat(getComputedStyle(each).fontSize)))"""


class Site(NamedTuple):
    """The scorer on a socket, and what alerts answers it."""

    origin: str
    client: ScorerClient
    people: FakePeople


@pytest.fixture
async def site(database: Database) -> AsyncIterator[Site]:
    database.clock = lambda: NOW - timedelta(hours=1)
    stores = ("checkout", "returns", LONG, "desk")
    answers = [
        an_answer(
            f"{store}{days}-{number}",
            day=TODAY - timedelta(days=days),
            score=(3, 6)[number] if store == "checkout" and days < 30 else (9, 7, 10, 4)[(days + place) % 4],
            segments={"touchpoint": store},
            organisation=("north", store),
        )
        for days in range(90)
        for place, store in enumerate(stores)
        for number in range(2)
    ]
    await count(database, *answers)
    database.clock = lambda: NOW
    async with (
        a_scorer_client(database, a_tenant("acme")) as client,
        serving(client.app, client.app.state.context.stopping) as origin,
    ):
        yield Site(origin, client, with_people(client))


async def test_views_and_screens_fit_every_width_and_are_accessible(
    database: Database, browser: Browser, site: Site
) -> None:
    origin, client, _ = site
    view = await saved(client, "/segments?segment=&by=touchpoint", LONG[:80], shared=True)
    screen = await made(client, view, name=LONG[:80])
    pages = {"views": "/views", "view": f"/views/{view}", "wall": screen["path"]}
    for width, scheme, language in views(320, 1280):
        context = await browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language
        )
        cookie = a_pass(database, role="admin")
        await context.add_cookies([{"name": ACCESS_COOKIE, "value": cookie, "url": origin}])
        page = await context.new_page()
        for name, address in pages.items():
            await page.goto(f"{origin}{address}")
            for summary in await page.locator("main summary").all():
                await summary.press("Enter")
            await look(page, name)
            wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{name} is {wide} px wider than {width}"
            assert await violations(page) == []
            if name != "wall":
                assert await keyboard_faults(page) == []
        await context.close()


async def test_a_wall_is_read_from_five_metres_in_both_schemes(browser: Browser, site: Site) -> None:
    origin, client, _ = site
    screen = await made(client, await saved(client, "/?by=touchpoint", "Everything"))
    papers = set()
    for scheme in ("light", "dark"):
        context = await browser.new_context(
            viewport={"width": 1920, "height": 1080}, color_scheme=scheme, locale="en"
        )
        page = await context.new_page()
        await page.goto(f"{origin}{screen['path']}")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Everything")
        await expect(page.locator(".wall-lowest li").first).to_contain_text("Checkout −100")
        await look(page, "wall-1920")
        assert await page.evaluate(SMALLEST_TYPE) >= MIN_FIGURE_PX
        size = await page.locator(".wall-number").evaluate(
            "each => parseFloat(getComputedStyle(each).fontSize)"
        )
        assert size >= MIN_SCORE_PX
        assert await page.evaluate("document.documentElement.scrollHeight <= innerHeight"), (
            "it has to be scrolled"
        )
        assert await violations(page) == []
        papers.add(await page.evaluate("getComputedStyle(document.body).backgroundColor"))
        await context.close()
    assert len(papers) == 2


async def test_an_open_wall_follows_the_answers_and_ends_with_its_makers_access(
    database: Database, browser: Browser, site: Site
) -> None:
    origin, client, people = site
    screen = await made(client, await saved(client, "/", "Everything"))
    context = await browser.new_context(viewport={"width": 1920, "height": 1080}, locale="en")
    page = await context.new_page()
    await page.goto(f"{origin}{screen['path']}")
    await expect(page.locator(".wall-range").first).to_contain_text("240 answers")
    await page.evaluate(
        "() => { globalThis.openSince = 1; document.querySelector('main').dataset.mark = 'same'; }"
    )
    await count(database, an_answer("new", day=TODAY, score=10))
    await expect(page.locator(".wall-range").first).to_contain_text("241 answers", timeout=20_000)
    assert await page.evaluate("globalThis.openSince") == 1, "it was loaded anew"
    await expect(page.locator("main")).to_have_attribute("data-mark", "same")
    people.access = {each: PresentAccess(role=None) for each in people.access}
    await count(database, an_answer("newer", day=TODAY, score=10))
    await expect(page.locator(".wall-number")).to_have_count(0, timeout=20_000)
    assert "241" not in await page.locator("body").inner_text()
    await context.close()


async def test_without_javascript_a_view_is_saved_and_shown_on_a_screen(
    database: Database, browser: Browser, site: Site
) -> None:
    origin = site.origin
    context = await browser.new_context(java_script_enabled=False, locale="en")
    await context.add_cookies([{"name": ACCESS_COOKIE, "value": a_pass(database), "url": origin}])
    page = await context.new_page()
    await page.goto(f"{origin}/?window=7d")
    await page.get_by_text("Save this view", exact=True).click()
    await page.get_by_label("Under which name?").fill("Last week")
    await page.get_by_role("button", name="Save the view").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("You have saved 1 view.")
    await page.get_by_role("link", name="Last week", exact=True).click()
    assert page.url == f"{origin}/?window=7d&against=before"
    await page.get_by_role("link", name="Saved views").click()
    await page.get_by_role("link", name="Details Last week").click()
    await page.get_by_label("Where does it hang?").fill("Reception")
    await page.get_by_label("For how long?").select_option("7")
    await page.get_by_role("button", name="Make the link").click()
    path = (await page.locator("#made").inner_text()).partition("/wall/")[2]
    wall = await (await browser.new_context(java_script_enabled=False, locale="en")).new_page()
    await wall.goto(f"{origin}/wall/{path}")
    await expect(wall.get_by_role("heading", level=1)).to_have_text("Last week")
    await expect(wall.locator('meta[http-equiv="refresh"]')).to_have_attribute("content", "60")
    await page.goto(page.url.removesuffix("/screens"))
    await page.get_by_role("button", name="Take back the link").click()
    await expect(page.get_by_role("status").first).to_contain_text("The link is taken back")
    answer = await wall.goto(f"{origin}/wall/{path}")
    assert answer is not None
    assert answer.status == 404
    await wall.context.close()
    await context.close()
