"""The search of events in a real browser: it fits its window, and works by its form alone."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from support.browser import look, views
from support.dispatcher_builders import a_customer, a_transaction, decide, go_live, make_survey, say_no

from shared.db.database import Database

pytestmark = pytest.mark.browser


async def keep_events(database: Database) -> None:
    """Some events of today with different outcomes, and more of them than a page shows."""
    await make_survey(
        database, name="After delivery of what was ordered in a shop or on the telephone", delay_minutes=120
    )
    await go_live(database)
    await say_no(database, a_customer("c-no"))
    now = database.clock()
    made = [
        a_transaction(
            f"order-{number}-of-a-rather-long-number" if number == 3 else f"order-{number}",
            a_customer(("c-no", f"c-{number}", f"c-{number % 7}", f"mail-{number}")[number % 4]),
            type="order.delivered" if number % 5 else "visit",
            occurred_at=now - timedelta(minutes=60 - number),
            accepted_at=now,
        )
        for number in range(60)
    ]
    await decide(database, *made)


@pytest.mark.parametrize("page", views(320, 360, 1280), indirect=True)
async def test_fits_its_window_and_searches_by_its_form(
    page: Page, origin: str, database: Database, tmp_path: Path
) -> None:

    await keep_events(database)
    await page.goto(f"{origin}/events")
    await expect(page.locator("tbody tr")).to_have_count(50)
    await look(page, "events")
    await page.locator(".finder summary").click()
    await page.locator("[name=reason]").select_option("opted_out")
    await page.locator("[name=since]").fill(database.clock().date().isoformat())
    await page.locator(".finder details button").click()
    await expect(page.locator("tbody tr").first).to_be_visible()
    assert "reason=opted_out" in page.url
    await look(page, "events-found")
    await page.locator("[name=q]").fill("nobody@example.com")
    await page.locator("[name=q]").press("Enter")
    await expect(page.locator("tbody tr")).to_have_count(0)
    assert "q=nobody%40example.com" in page.url
    await look(page, "events-empty")
    await page.locator(".wider a").first.click()
    await expect(page.locator("tbody tr").first).to_be_visible()
    await page.goto(f"{origin}/events/{a_transaction('order-1').event_id}")
    await look(page, "event")
