"""The page of who looked in a real browser: it fits its window."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import asdict
from playwright.async_api import Page, expect
from support.dispatcher_builders import TENANT

from services.dispatcher.audit.handlers import keep_audit
from shared.db.database import Database
from shared.events import AUDIT, AuditLine, RetentionRules
from shared.ids import uuid7
from shared.privacy.audit import AUDIT_ACTS

pytestmark = pytest.mark.browser

NAMES = ("Sara Lund", "Maximiliane Freifrau von Wolkenstein-Rodenegg", "the key shop", "the command line")
FACTS: dict[str, dict[str, str | int | bool]] = {
    "address_shown": {"email": True, "phone": False},
    "retention": asdict(RetentionRules()),
    "survey": {"version": 3, "state": "paused"},
    "sending": {"mode": "test", "stopped": True, "test_addresses": 2},
    "person_changed": {"role": "leader", "segments": 2},
    "key_created": {"scopes": "answers:read cases:read cases:write events:write scores:read"},
}


async def keep_acts(database: Database) -> None:
    """A line of each act, and more of the commonest than a page shows."""
    now = database.clock()
    acts = [*AUDIT_ACTS, *["address_shown"] * 50]
    lines = [
        AuditLine(
            id=uuid7(),
            at=now - timedelta(minutes=number * 47),
            who=NAMES[number % len(NAMES)],
            act=act,
            about=str(uuid7()) if number % 5 else None,
            facts=FACTS.get(act, {}),
        )
        for number, act in enumerate(acts)
    ]
    async with database.transaction() as uow:
        await keep_audit(uow, [AUDIT.event(TENANT, line, now) for line in lines])


@pytest.mark.parametrize(
    "page",
    [
        *((width, scheme, "en") for width in (320, 390, 1280) for scheme in ("light", "dark")),
        (320, "light", "da"),
        (320, "light", "nl"),
    ],
    indirect=True,
)
async def test_fits_its_window(page: Page, origin: str, database: Database, tmp_path: Path) -> None:
    folder = Path(os.environ.get("AFTERWORD_SHOTS", tmp_path))
    width = (page.viewport_size or {"width": 0})["width"]
    scheme = "dark" if await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "light"
    language = await page.evaluate("navigator.language")

    async def look(name: str) -> None:
        await page.screenshot(path=folder / f"{name}-{width}-{scheme}-{language}.png", full_page=True)
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{name} is {wide} px wide"

    await page.goto(f"{origin}/audit")
    await look("audit-empty")
    await keep_acts(database)
    await page.goto(f"{origin}/audit")
    await expect(page.locator("tbody tr")).to_have_count(50)
    await look("audit")
    await page.locator(".acts summary").click()
    await page.locator("[name=who]").fill("sara lund")
    await page.locator("[name=act]").select_option("survey")
    await page.locator("[name=act]").press("Enter")
    await page.locator("form[role=search] button").click()
    await look("audit-found")
    assert "who=sara+lund" in page.url
    before = await page.goto(f"{origin}/audit?since={'x' * 8}")
    assert before is not None
    assert before.status == 422
    await look("audit-fault")
