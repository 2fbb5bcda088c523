"""From draft to live in a real browser, narrow and wide, light and dark: typed, looked at, rehearsed, started."""

from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect
from support.browser import look, views
from support.dispatcher_builders import a_customer, a_transaction, decide, go_live, keep_tenant

from shared.db.database import Database

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("page", views(320, 1280, languages=("en",)), indirect=True)
async def test_a_draft_is_looked_at_as_it_is_typed_then_rehearsed_and_started(
    page: Page, origin: str, database: Database
) -> None:
    await go_live(database)
    await keep_tenant(database)
    await page.goto(f"{origin}/surveys/new")
    await page.get_by_label("Name", exact=True).fill("After delivery")
    await page.get_by_label("Type of the events it asks about").fill("order.delivered")
    await page.get_by_label("Time between the event and the mail").fill("0")
    await page.locator("summary").filter(has_text="Danish").click()
    await page.locator('[name="da.subject"]').fill("Hvordan gik det?")
    mail = page.frame_locator("iframe[name=typed-mail]")
    await page.get_by_role("button", name="Danish").click()
    await expect(mail.get_by_text("anbefale", exact=False).first).to_be_visible()
    await page.get_by_label("Name", exact=True).fill("")
    await page.get_by_role("button", name="Danish").click()
    await expect(mail.get_by_text("Give the survey a name")).to_be_visible()
    await page.get_by_label("Name", exact=True).fill("After delivery")
    await look(page, "typed")
    await page.get_by_role("button", name="Save the survey").click()
    await expect(page.get_by_role("heading", name="After delivery is a draft.")).to_be_visible()
    await look(page, "draft")
    await page.get_by_role("link", name="See mail and page").click()
    await page.get_by_role("link", name="On a phone").click()
    await look(page, "preview")
    await page.get_by_role("link", name="Back to the survey").click()
    await page.get_by_role("link", name="Rehearse…").click()
    await look(page, "rehearsal-none")
    await page.get_by_role("button", name="Begin the rehearsal").click()
    await expect(page.get_by_text("sends nothing")).to_be_visible()
    customers = [a_customer(f"c-{n}", email=None if n % 3 else f"c-{n}@example.com") for n in range(9)]
    now = datetime.now(UTC)
    events = [a_transaction(f"o-{n}", one, occurred_at=now) for n, one in enumerate(customers)]
    await decide(database, *events)
    await page.reload()
    await expect(page.get_by_role("heading", name="Of 9 events it would have asked about 3.")).to_be_visible()
    await page.get_by_text("A customer would have been asked").click()
    await look(page, "rehearsal")
    await page.get_by_role("link", name="Start asking…").click()
    await expect(page.get_by_text("would have asked about 3 of 9 events")).to_be_visible()
    await page.get_by_role("button", name="Try it on past events").click()
    await expect(page.get_by_text("Nothing is saved yet.")).to_be_visible()
    await look(page, "start")
    await page.get_by_role("button", name="Start asking").click()
    await expect(page.get_by_role("heading", name="After delivery asks.")).to_be_visible()
