"""The pages of files in a real browser: a file is sent, its columns are mapped, and its faults come back."""

import csv
from pathlib import Path

import pytest
from playwright.async_api import Page
from support.browser import look, views
from support.imports import take_all

from shared.db.database import Database

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("page", views(360, 1280), indirect=True)
async def test_a_file_is_sent_mapped_taken_and_given_back(
    page: Page, origin: str, database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "opt-outs.csv"
    path.write_bytes("Adresse;Dato\r\nsøren@example.com;31/01/2026\r\nnobody;31/01/2026\r\n".encode("cp1252"))
    await page.goto(f"{origin}/imports")
    await page.select_option("#kind", "suppressions")
    await page.set_input_files("#file", path)
    await look(page, "imports")
    await page.click("[data-send]")
    await page.wait_for_selector("#as-0")
    await page.select_option("#as-0", "email")
    await page.select_option("#as-1", "since")
    await page.click("button[value=try]")
    await page.wait_for_selector("button[value=begin]")
    assert "2026-01-30" in await page.inner_text("main")
    await look(page, "import-columns")
    await page.click("button[value=begin]")
    await page.wait_for_selector("[data-running]")
    await look(page, "import-running")
    await take_all(database)
    async with page.expect_download() as download:
        await page.click("a[download]")  # the page follows the file by itself, until it has ended
    with (await (await download.value).path()).open(encoding="utf-8-sig", newline="") as faults:
        rows = list(csv.reader(faults, delimiter=";"))
    assert [row[:4] for row in rows[1:]] == [["nobody", "31/01/2026", "3", "Adresse"]]
    await look(page, "import-done")
