"""Text blocks, attributes and links in a real browser, with JavaScript and without."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, Page, expect
from support.accessibility import violations
from support.alerts_api import AlertsApi
from support.alerts_api import Browser as Client
from support.alerts_builders import deliver, rows
from support.browser import look, views
from support.servers import serving

from shared.events import TenantSending
from shared.ids import uuid7
from shared.tenancy.sending import keep_sending

pytestmark = pytest.mark.browser
BLOCK = {"name": "Apology", "language": "en", "text": "Dear {name},\nwe are sorry."}
SECOND = {"name": "Refund", "language": "en", "text": "We refund case {number}."}


@pytest.fixture
async def origin(alerts: AlertsApi) -> AsyncIterator[str]:
    context = alerts.context
    async with serving(alerts.app, context.stopping, context.changes.run(context.stopping)) as origin:
        yield origin


async def page_of(client: Client, browser: Browser, origin: str, **options: object) -> Page:
    """A page of somebody who is signed in."""
    context = await browser.new_context(**options)  # type: ignore[arg-type]
    await context.add_cookies(
        [{"name": name, "value": value, "url": origin} for name, value in client.client.cookies.items()]
    )
    return await context.new_page()


async def set_up(alerts: AlertsApi, admin: Client) -> dict[str, str]:
    """Two text blocks, two attributes and a link; their ids by address."""
    found = {}
    order = {
        "attribute": "order_id",
        "name_en": "Order",
        "link": "https://shop.example/orders/{value}",
        "shown": "on",
    }
    total = {"attribute": "total", "name_en": "Amount", "name_da": "Beløb", "unit": "EUR", "shown": "on"}
    link = {"name": "The customer in our CRM", "link": "https://crm.example/customers/{customer_id}"}
    for page, *forms in (
        ("text-blocks", BLOCK, SECOND),
        ("attributes", order, total),
        ("case-links", link),
    ):
        for form in forms:
            found[page] = str(uuid7())
            made = await admin.do(f"/settings/{page}", new_id=found[page], **form)
            assert made.status_code == 303, made.text
    return found


async def test_a_text_block_is_inserted_at_the_cursor_and_nothing_typed_is_lost(
    alerts: AlertsApi, browser: Browser, origin: str
) -> None:
    case = await alerts.open_case(may_contact=True)
    await set_up(alerts, await alerts.signed_in("admin"))
    page = await page_of(await alerts.signed_in(), browser, origin, viewport={"width": 390, "height": 800})
    await page.goto(f"{origin}/cases/{case}")
    await page.evaluate("window.here = true")
    await page.get_by_text("Write a note", exact=True).click()
    note = page.locator("#note-text")
    await note.fill("Before. After.")
    await note.evaluate("field => field.setSelectionRange(8, 8)")
    form = page.locator("#act-note")
    await form.get_by_text("Insert a text block").click()
    await form.get_by_role("link", name="Apology").click()
    await expect(note).to_have_value("Before. Dear Karen Whitfield,\nwe are sorry.After.")
    await expect(note).to_be_focused()
    await expect(form.get_by_role("link", name="Apology")).to_be_hidden()
    await page.keyboard.type(" ")
    await expect(note).to_have_value("Before. Dear Karen Whitfield,\nwe are sorry. After.")
    assert await page.evaluate("window.here") is True
    await page.get_by_role("button", name="Save the note").click()
    await expect(page.get_by_role("status").filter(has_text="The note is saved.")).to_be_visible()
    (saved,) = await rows(alerts.database, "SELECT facts FROM timeline WHERE kind = 'note'")
    assert saved.facts["text"].replace("\r\n", "\n") == "Before. Dear Karen Whitfield,\nwe are sorry. After."
    await page.context.close()


async def test_without_a_script_a_leader_writes_a_block_and_a_colleague_closes_a_case_with_it(
    alerts: AlertsApi, browser: Browser, origin: str
) -> None:
    case = await alerts.open_case()
    plain = {"java_script_enabled": False, "viewport": {"width": 390, "height": 800}}
    page = await page_of(await alerts.signed_in("leader"), browser, origin, **plain)
    await page.goto(f"{origin}/settings")
    await page.get_by_role("link", name="Text blocks", exact=True).click()
    await page.get_by_label("Name").fill("Refund")
    await page.get_by_role("textbox", name="Text").fill("We refund {amount}.")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("There is no placeholder {amount} here.")
    await page.get_by_role("textbox", name="Text").fill("We refund case {number}.")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".slip[role=status]")).to_contain_text("Saved.")
    await page.context.close()

    page = await page_of(await alerts.signed_in(), browser, origin, **plain)
    await page.goto(f"{origin}/cases/{case}?do=close")
    form = page.locator("#act-close")
    await form.get_by_text("Insert a text block").click()
    await form.get_by_role("link", name="Refund").click()
    (row,) = await rows(alerts.database, "SELECT number, state FROM cases")
    await expect(page.locator("#action")).to_have_value(f"We refund case {row.number}.")
    await expect(page.locator("#action")).to_be_visible()
    assert row.state == "open"
    await page.context.close()


async def test_the_pages_fit_every_width_and_axe_finds_nothing(
    alerts: AlertsApi, browser: Browser, origin: str
) -> None:
    live = TenantSending(version=1, mode="live", changed_at=datetime.now(UTC))
    await deliver(alerts.database, keep_sending, live)
    case = await alerts.open_case(customer_id="c-17", may_contact=True, touchpoint="delivery")
    admin = await alerts.signed_in("admin", name="Ada Winther")
    made = await set_up(alerts, admin)
    pages = {name: (f"/settings/{name}", "h1") for name in made}
    pages |= {f"{name}-one": (f"/settings/{name}/{key}", "h1") for name, key in made.items()}
    pages["case-tools"] = (f"/cases/{case}?do=note", ".blocks")
    for width, scheme, language in views(320, 1280):
        page = await page_of(
            *(admin, browser, origin),
            locale=language,
            color_scheme=scheme,
            viewport={"width": width, "height": 800},
        )
        for name, (path, there) in pages.items():
            await page.goto(f"{origin}{path}")
            await expect(page.locator(there).first).to_be_attached()
            if there == ".blocks":
                await page.locator("#act-note .blocks > summary").click()
            await look(page, name)
            assert await violations(page) == [], name
        await page.goto(f"{origin}/settings/attributes")
        await page.locator("#attribute").fill("order_id")
        await page.locator("#link").fill("http://shop.example/{value}")
        await page.locator(".main form button[type=submit]").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        await look(page, "attribute-faults")
        assert await violations(page) == [], "faults"
        await page.context.close()
