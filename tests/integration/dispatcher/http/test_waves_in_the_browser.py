"""The pages of known customers and waves in a real browser, narrow and wide, light and dark."""

import os
from pathlib import Path

import pytest
from playwright.async_api import Page, expect
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


@pytest.mark.parametrize(
    "page",
    [(width, scheme, "en") for width in (360, 1280) for scheme in ("light", "dark")],
    indirect=True,
)
async def test_customers_are_taken_from_a_table_and_asked_by_a_wave(
    page: Page, origin: str, database: Database, tmp_path: Path
) -> None:
    folder = Path(os.environ.get("AFTERWORD_SHOTS", tmp_path))
    width = (page.viewport_size or {"width": 0})["width"]
    scheme = "dark" if await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "light"

    async def shot(name: str) -> None:
        await page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width

    await go_live(database)
    await make_survey(
        database, name="The relation", trigger="never", measurement="relational", delay_minutes=0
    )
    await page.goto(f"{origin}/customers/table")
    await shot("table-empty")
    await page.get_by_label("The table").fill(TABLE + FAULTS)
    await page.get_by_role("button", name="See what it would do").click()
    await expect(page.get_by_role("heading", name="30 customers would be taken.")).to_be_visible()
    await shot("table-preview")
    await page.get_by_role("button", name="Take 30 customers").click()
    await expect(page.get_by_text("30 customers were taken.")).to_be_visible()

    await page.goto(f"{origin}/waves")
    await shot("waves-none")
    await page.get_by_role("link", name="Make a wave…").click()
    await shot("wave-new")
    await page.get_by_label("How many customers").fill("8")
    await page.get_by_label("Of these segments only").fill("store: aarhus")
    await page.get_by_label("Spread over how many hours").fill("0")
    await page.get_by_role("button", name="See whom it would ask").click()
    await expect(page.get_by_role("heading", name="8 customers of 12 would be chosen.")).to_be_visible()
    await shot("wave-plan")
    await page.get_by_role("button", name="Begin the wave").click()
    await expect(page.get_by_text("The wave is made.")).to_be_visible()
    await shot("wave-waiting")
    while await advance_waves(database, SECRET):
        pass
    await decide(database, *await published(database, TRANSACTIONS))
    (wave,) = await rows(database, "SELECT id FROM wave")
    await page.goto(f"{origin}/waves/{wave.id}")
    await expect(page.get_by_role("heading", name="8 of 8 customers were reached.")).to_be_visible()
    await shot("wave-done")
    await page.goto(f"{origin}/waves")
    await shot("waves")
