"""The pages of known customers and waves in a real browser, narrow and wide, light and dark."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from support.browser import look, views
from support.dispatcher_builders import decide, go_live, make_survey, published, rows
from support.http_clients import SECRET

from services.dispatcher.waves.publishing import advance_waves
from shared.db.database import Database
from shared.events import TRANSACTIONS

pytestmark = pytest.mark.browser
TABLE = "id,email,country,segments.store\n" + "".join(
    f"c-{n},c-{n}@example.com,DK,{'aarhus' if n < 12 else 'odense'}\n" for n in range(30)
)
FAULTS = "c-40,nobody,Atlantis,odense\n,kim@example.com,,\n"


@pytest.mark.parametrize("page", views(360, 1280, languages=("en",)), indirect=True)
async def test_customers_are_taken_from_a_table_and_asked_by_a_wave(
    page: Page, origin: str, database: Database, tmp_path: Path
) -> None:

    await go_live(database)
    await make_survey(
        database, name="The relation", trigger="never", measurement="relational", delay_minutes=0
    )
    await page.goto(f"{origin}/customers/table")
    await look(page, "table-empty")
    await page.get_by_label("The table").fill(TABLE + FAULTS)
    await page.get_by_role("button", name="See what it would do").click()
    await expect(page.get_by_role("heading", name="30 customers would be taken.")).to_be_visible()
    await look(page, "table-preview")
    await page.get_by_role("button", name="Take 30 customers").click()
    await expect(page.get_by_text("30 customers were taken.")).to_be_visible()

    await page.goto(f"{origin}/waves")
    await look(page, "waves-none")
    await page.get_by_role("link", name="Make a wave…").click()
    await look(page, "wave-new")
    await page.get_by_label("How many customers").fill("8")
    await page.get_by_label("Of these segments only").fill("store: aarhus")
    await page.get_by_label("Time over which they are asked").fill("0")
    await page.get_by_role("button", name="See whom it would ask").click()
    await expect(page.get_by_role("heading", name="8 customers of 12 would be chosen.")).to_be_visible()
    await look(page, "wave-plan")
    await page.get_by_role("button", name="Begin the wave").click()
    await expect(page.get_by_text("The wave is made.")).to_be_visible()
    await look(page, "wave-waiting")
    while await advance_waves(database, SECRET):
        pass
    await decide(database, *await published(database, TRANSACTIONS))
    (wave,) = await rows(database, "SELECT id FROM wave")
    await page.goto(f"{origin}/waves/{wave.id}")
    await expect(page.get_by_role("heading", name="8 of 8 customers were reached.")).to_be_visible()
    await look(page, "wave-done")
    await page.goto(f"{origin}/waves")
    await look(page, "waves")
