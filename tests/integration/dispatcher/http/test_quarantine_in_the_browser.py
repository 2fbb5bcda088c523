"""A survey's quarantine and touchpoint in a real browser: set by hand, told by the event's page, in its window."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from support.browser import look, unfold, views
from support.dispatcher_builders import a_customer, a_transaction, decide, go_live, make_survey

from shared.db.database import Database
from shared.events import Transaction

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("page", views(360, 1280), indirect=True)
async def test_an_editor_sets_the_scope_and_the_events_page_tells_it(
    page: Page, origin: str, database: Database, tmp_path: Path
) -> None:
    await go_live(database)
    survey = await make_survey(database, name="After a repair", delay_minutes=1440, quarantine_days=30)

    await page.goto(f"{origin}/surveys/{survey.id}")
    await unfold(page.locator("#touchpoint"))
    await page.locator("#touchpoint").fill("repair at home")
    await page.locator("#quarantine_days").fill("14")
    await page.locator("#quarantine_scope").select_option("touchpoint")
    await look(page, "survey")
    await page.locator("form[action^='/surveys/'] button.btn[type=submit]:not([form], [formaction])").click()
    await expect(page.locator("table.listing tbody tr")).to_have_count(3)
    await look(page, "survey-asks")
    await page.locator("button[name=act][value=back]").click()
    await expect(page.locator("#touchpoint")).to_have_value("repair at home")
    await page.locator("form[action^='/surveys/'] button.btn[type=submit]:not([form], [formaction])").click()
    await page.locator("button[name=act][value=save]").click()
    await expect(page.locator(".slip[role=status]")).to_be_visible()
    await expect(page.locator("#quarantine_scope")).to_have_value("touchpoint")
    await expect(page.locator("#touchpoint")).to_have_value("repair at home")

    asked, spared = an_order("first", database, 180), an_order("second", database, None)
    await decide(database, asked)
    await decide(database, spared)
    for event in (asked, spared):
        await page.goto(f"{origin}/events/{event.event_id}")
        await page.locator("details.behind > summary").click()
        await look(page, f"event-{event.id}")
    await page.goto(f"{origin}/surveys")
    await look(page, "surveys")
    await page.goto(f"{origin}/surveys/{survey.id}/pause")
    await look(page, "pause")


def an_order(id_: str, database: Database, delay: int | None) -> Transaction:
    at = database.clock() - timedelta(hours=1)
    return a_transaction(
        id_, a_customer(), occurred_at=at, accepted_at=at, segments={"store": "aarhus"}, delay_minutes=delay
    )
