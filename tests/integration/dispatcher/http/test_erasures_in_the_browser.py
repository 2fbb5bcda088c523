"""The page of erasures in a real browser: it fits its window, and shows live what is erased."""

from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect
from support.browser import look, views
from support.dispatcher_builders import TENANT, a_customer, a_transaction, decide, go_live, make_survey, rows
from support.dispatcher_erasing import ask, erase
from support.http_clients import SECRET

from services.dispatcher.erasures.handlers import keep_confirmations
from shared.db.database import Database
from shared.events import ERASURES, ErasureConfirmed
from shared.link_tokens import LinkSigner
from shared.privacy.erased import CONFIRMING_SERVICES
from shared.service import Context

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
async def customers(context: Context, origin: str) -> None:
    """Customers, two of whom share an address."""
    await make_survey(context.database)
    await go_live(context.database)
    for name, address in (("kim-4711", "kim"), ("anna-17", "family"), ("bo-17", "family"), ("lea-3", "lea")):
        customer = a_customer(name, email=f"{address}@example.com")
        await decide(
            context.database,
            a_transaction(f"order {name}", customer, digest="d", occurred_at=datetime.now(UTC)),
        )


async def confirm(database: Database, target: str, *services: str) -> None:
    events = [
        ERASURES.event(TENANT, ErasureConfirmed(id=target, service=name, confirmed_at=now), now)
        for name in services
        for now in [datetime.now(UTC)]
    ]
    async with database.transaction() as uow:
        await keep_confirmations(uow, events)


@pytest.mark.parametrize("page", views(320, 390, 1280, languages=("en",)), indirect=True)
async def test_fits_its_window(page: Page, origin: str, database: Database) -> None:

    await page.goto(f"{origin}/erasures")
    await look(page, "erasures-empty")
    await page.get_by_label("E-mail address").fill("family@example.com")
    await page.get_by_label("Why").fill("asked by letter on 3 May")
    await page.get_by_text("I have checked").click()
    await page.get_by_role("button", name="Erase").click()
    await expect(page.get_by_text("Several customers are meant.")).to_be_visible()
    await look(page, "erasures-several")
    invitation = (await rows(database, "SELECT id FROM invitation WHERE customer_id = 'kim-4711'"))[0].id
    event = (await rows(database, "SELECT event_id FROM decision WHERE customer_id = 'kim-4711'"))[0].event_id
    done = await erase(database, customer_id="kim-4711", reason="asked by telephone")
    await confirm(database, done.target, *CONFIRMING_SERVICES)
    under_way = await ask(database, customer_id="lea-3", email="lea@example.com", reason="asked by letter")
    await confirm(database, under_way.target, "dispatcher", "scorer")
    await page.goto(f"{origin}/erasures?did=asked")
    await look(page, "erasures")
    await page.get_by_label("Why").fill("kim@example.com wrote")
    await page.get_by_label("Customer id").fill("anna-17")
    await page.get_by_text("I have checked").click()
    await page.get_by_role("button", name="Erase").click()
    await look(page, "erasures-fault")
    await page.goto(f"{origin}/events/{event}")
    await look(page, "erasures-event")
    await page.goto(f"{origin}/u/{LinkSigner(SECRET).sign('unsubscribe', invitation)}")
    await look(page, "erasures-link")
    await page.goto(f"{origin}/surveys")
    await look(page, "erasures-surveys")


async def test_shows_live_what_has_been_erased(page: Page, origin: str, database: Database) -> None:
    asked = await ask(database, customer_id="kim-4711", reason="asked by letter")
    await page.goto(f"{origin}/erasures")
    await expect(page.get_by_role("heading", name="1 erasure is under way.")).to_be_visible()
    await page.get_by_label("Customer id").fill("typed meanwhile")
    await confirm(database, asked.target, *CONFIRMING_SERVICES)
    await expect(page.get_by_role("heading", name="All that was asked for is done.")).to_be_visible()
    await expect(page.get_by_label("Customer id")).to_have_value("typed meanwhile")
