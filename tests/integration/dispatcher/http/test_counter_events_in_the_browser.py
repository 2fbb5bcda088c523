"""The table of counter-events and what came of one, in a real browser: by hand, in its window."""

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import Raw
from playwright.async_api import Page, expect
from support.browser import look, views
from support.dispatcher_builders import a_customer, a_transaction, decide, go_live, make_survey

from shared.db.database import Database
from shared.events import Transaction

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("page", views(360, 1280), indirect=True)
async def test_an_editor_writes_the_table_and_the_events_pages_lead_to_each_other(
    page: Page, origin: str, database: Database, tmp_path: Path
) -> None:
    await go_live(database)
    await make_survey(database, name="After delivery", delay_minutes=1440)

    await page.goto(f"{origin}/contact-policy")
    await page.locator("#counter_1_type").fill("refund.*")
    await page.locator("#counter_2_type").fill("complaint")
    await page.locator("#counter_2_effect").select_option("hold")
    await page.locator("#counter_2_scope").select_option("customer")
    submit = page.locator("form[action='/contact-policy'] button[type=submit]:not([formaction])")
    await submit.click()
    await expect(page.locator("#counter_2_hold-wrong")).to_be_visible()
    await look(page, "fault")
    await page.locator("#counter_2_hold").fill("14")
    await submit.click()
    await expect(page.locator(".slip[role=status]")).to_be_visible()
    await expect(page.locator("#counter_2_hold")).to_have_value("14")
    await look(page, "table")

    order, refund = about("order-1", database), about("refund-1", database, "refund.made")
    await decide(database, order)
    await decide(database, refund)
    await page.goto(f"{origin}/events/{order.event_id}")
    await look(page, "order")
    await page.locator(f"a[href='/events/{refund.event_id}']").click()
    await look(page, "refund")
    await page.locator(f"a[href='/events/{order.event_id}']").click()
    await page.goto(f"{origin}/events?reason=countered")
    await expect(page.get_by_text("order-1")).to_be_visible()


def about(id_: str, database: Database, type_: str = "order.delivered") -> Transaction:
    at = database.clock() - timedelta(hours=1)
    return a_transaction(
        id_, a_customer(), type=type_, occurred_at=at, accepted_at=at, segments={"store": "aarhus"},
        attributes=Raw(b'{"order_id":"A-17"}'),
    )  # fmt: skip
