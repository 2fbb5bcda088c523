"""A standing programme in a real browser, narrow and wide, light and dark: made, started, followed."""

from datetime import timedelta

import pytest
from playwright.async_api import Page, expect
from support.browser import look, unfold, views
from support.dispatcher_builders import Clock, decide, go_live, published
from support.dispatcher_customers import know_customers
from support.http_clients import SECRET

from services.dispatcher.programmes.publishing import advance_programmes
from shared.clock import system_clock
from shared.db.database import Database
from shared.events import TRANSACTIONS
from shared.service import Context

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("page", views(360, 1280, languages=("en",)), indirect=True)
async def test_a_programme_is_typed_in_the_form_started_and_followed_on_the_page_of_waves(
    page: Page, origin: str, database: Database, context: Context
) -> None:
    async def run() -> None:
        while await advance_programmes(database, SECRET):
            pass

    await go_live(database)
    await know_customers(database, {f"c-{n}": {"store": "aarhus"} for n in range(120)})
    await page.goto(f"{origin}/waves")
    await expect(page.get_by_role("heading", name="No survey has a standing programme.")).to_be_visible()
    await look(page, "programmes-none")
    await page.goto(f"{origin}/surveys/new")
    await page.get_by_label("Name", exact=True).fill("The relation")
    await page.get_by_label("Type of the events it asks about").fill("never")
    every_days = page.get_by_label("Days in which it asks each known customer once")
    await unfold(every_days)
    await every_days.fill("30")
    await page.get_by_role("button", name="Save the survey").click()
    await expect(page.get_by_text("Only a survey that measures the whole relation").first).to_be_visible()
    await look(page, "programme-fault")
    await page.get_by_label("What it measures").select_option("relational")
    await page.get_by_label("Time between the event and the mail").fill("0")
    await page.locator("[name=quarantine_days]").fill("90")
    await page.get_by_role("button", name="Save the survey").click()
    await expect(page.get_by_text("The quarantine of 90 days keeps customers").first).to_be_visible()
    await page.locator("[name=quarantine_days]").fill("")  # then it fits the period
    await page.get_by_role("button", name="Save the survey").click()
    await page.get_by_role("link", name="Start asking…").click()
    await expect(page.get_by_text("each customer you know once in 30")).to_be_visible()
    await look(page, "programme-start")
    await page.get_by_role("button", name="Start asking").click()
    await run()
    context.database.clock = Clock(system_clock() + timedelta(days=3))
    await run()
    await decide(database, *await published(database, TRANSACTIONS))
    context.database.clock = system_clock
    await page.goto(f"{origin}/waves")
    await expect(page.get_by_role("heading", name="1 standing programme asks.")).to_be_visible()
    await expect(page.get_by_role("cell", name="once in 30")).to_be_visible()
    await look(page, "programmes")
