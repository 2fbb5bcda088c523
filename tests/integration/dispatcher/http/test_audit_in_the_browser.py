"""The page of who looked in a real browser: it fits its window."""

from datetime import timedelta

import pytest
from msgspec.structs import asdict
from playwright.async_api import Page, expect
from support.browser import look, views
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


@pytest.mark.parametrize("page", views(320, 390, 1280), indirect=True)
async def test_fits_its_window(page: Page, origin: str, database: Database) -> None:

    await page.goto(f"{origin}/audit")
    await look(page, "audit-empty")
    await keep_acts(database)
    await page.goto(f"{origin}/audit")
    await expect(page.locator("tbody tr")).to_have_count(50)
    await look(page, "audit")
    await page.locator(".acts summary").click()
    await page.locator("[name=who]").fill("sara lund")
    await page.locator("[name=act]").select_option("survey")
    await page.locator("[name=act]").press("Enter")
    await page.locator("form[role=search] button").click()
    await look(page, "audit-found")
    assert "who=sara+lund" in page.url
    before = await page.goto(f"{origin}/audit?since={'x' * 8}")
    assert before is not None
    assert before.status == 422
    await look(page, "audit-fault")
