"""Actions of improvement in a real browser, on a clock that is moved: the pages fit, are accessible and print."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect
from support.accessibility import violations
from support.browser import look, views
from support.improvements import a_closed_case, keep
from support.scorer_builders import an_answer, count
from support.scorer_client import a_pass, a_scorer_client, a_tenant
from support.servers import serving

from shared.db.database import Database
from shared.http.staff_auth import ACCESS_COOKIE
from shared.permissions import Role

pytestmark = pytest.mark.browser
OPENED = datetime(2026, 9, 1, 8, tzinfo=UTC)
DONE = date(2026, 9, 28)
OVER = date(2026, 10, 27)


class ClockOfCompany:
    """The clock of the service, which a test moves."""

    def __init__(self) -> None:
        self.now = OPENED

    def __call__(self) -> datetime:
        return self.now

    def move_to(self, day: date) -> None:
        self.now = datetime(day.year, day.month, day.day, 10, tzinfo=UTC)


@pytest.fixture
def clock(database: Database) -> ClockOfCompany:
    clock = ClockOfCompany()
    database.clock = clock
    return clock


@pytest.fixture
async def origin(database: Database, clock: ClockOfCompany) -> AsyncIterator[str]:
    days = [date(2026, 8, 1) + timedelta(days=n) for n in range(31)]
    after = [DONE + timedelta(days=n) for n in range(1, 29)]
    await count(
        database,
        *(an_answer(f"b{day}{n}", day=day, score=score) for day in days for n, score in enumerate((2, 5, 9))),
        *(
            an_answer(f"a{day}{n}", day=day, score=score)
            for day in after
            for n, score in enumerate((8, 9, 10))
        ),
    )
    begin = OPENED - timedelta(days=20)
    late = datetime(2026, 10, 5, 8, tzinfo=UTC)
    await keep(
        database,
        *(
            a_closed_case(f"b{n}", begin, cause="delivery.late" if n < 14 else "digital.bug")
            for n in range(20)
        ),
        *(a_closed_case(f"a{n}", late, cause="delivery.late" if n < 2 else "digital.bug") for n in range(20)),
    )
    async with (
        a_scorer_client(database, a_tenant("acme")) as client,
        serving(client.app, client.app.state.context.stopping) as origin,
    ):
        yield origin


async def sign_in(context: BrowserContext, database: Database, origin: str, role: Role = "leader") -> None:
    """With a pass of an hour by the clock of the service."""
    await context.add_cookies([{"name": ACCESS_COOKIE, "value": a_pass(database, role=role), "url": origin}])


async def open_an_action(page: Page, origin: str) -> None:
    await page.goto(f"{origin}/actions")
    row = page.locator("tr", has_text="Delivery: late")
    await row.get_by_role("link", name="Do something about it").click()
    await page.get_by_label("What is to be done?").fill("A second van on Fridays")
    await page.get_by_label("Where?").select_option("touchpoint:checkout")
    await page.get_by_label("Until when?").fill("2026-09-25")
    await page.get_by_label("By how many points is the score to rise?").fill("10")
    await page.get_by_role("button", name="Open the action").click()
    await expect(page.locator(".slip[role=status]")).to_contain_text("The action is open.")


async def test_the_pages_fit_every_width_are_accessible_and_print(
    database: Database, browser: Browser, origin: str, clock: ClockOfCompany
) -> None:
    context = await browser.new_context()
    await sign_in(context, database, origin)
    page = await context.new_page()
    await open_an_action(page, origin)
    action = page.url.partition("?")[0]
    await page.get_by_text("It is done", exact=True).first.press("Enter")
    clock.move_to(DONE)
    await sign_in(context, database, origin)
    await page.get_by_role("button", name="It is done", exact=True).click()
    await page.get_by_text("Write what customers are told").press("Enter")
    await page.get_by_label("English").fill("We drive a second van. " * 12)
    await page.get_by_role("button", name="Publish").click()
    await expect(page.locator("blockquote")).to_be_visible()
    clock.move_to(OVER)
    await sign_in(context, database, origin)
    await page.goto(f"{origin}/actions")
    await open_an_action_again(page, origin)
    await context.close()
    for width, scheme, language in views(320, 1280):
        context = await browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language
        )
        await sign_in(context, database, origin)
        page = await context.new_page()
        for name, address in (
            ("actions", f"{origin}/actions"),
            ("actions-done", f"{origin}/actions?show=done"),
            ("action-new", f"{origin}/actions/new?cause=delivery.late"),
            ("action", action),
        ):
            await page.goto(address)
            if name == "action":
                await page.locator("summary").last.press("Enter")
            await look(page, name)
            assert await violations(page) == []
        await page.emulate_media(media="print")
        await expect(page.locator(".acts")).to_be_hidden()
        await expect(page.locator(".versus")).to_be_visible()
        await context.close()


async def open_an_action_again(page: Page, origin: str) -> None:
    """Another one, with long words."""
    await page.goto(f"{origin}/actions/new")
    await page.get_by_label("What is to be done?").fill("Donaudampfschifffahrtsgesellschaft" * 2)
    await page.get_by_label("The theme in your own words").fill("Queueing at the counter of the main station")
    await page.get_by_label("Until when?").fill("2026-11-25")
    await page.get_by_role("button", name="Open the action").click()
    await expect(page.locator(".slip[role=status]")).to_contain_text("The action is open.")
