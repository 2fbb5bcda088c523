"""Mail to a customer in a real browser: written with a text block, and its answer seen at once."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page, expect
from support.accessibility import violations
from support.alerts_api import AlertsApi
from support.alerts_api import Browser as Client
from support.alerts_builders import POLICY, deliver, rows
from support.browser import look, views
from support.case_mails import a_case_mail
from support.servers import serving

from services.alerts.cases.mail_handlers import act_on_case_mails
from services.alerts.rules.setup_cache import CompanySetups
from shared.db.database import UnitOfWork
from shared.ids import uuid7

pytestmark = pytest.mark.browser
BLOCK = {"name": "Apology", "language": "en", "text": "Dear {name},\nwe are sorry."}


@pytest.fixture
async def origin(alerts: AlertsApi) -> AsyncIterator[str]:
    context = alerts.context
    async with serving(alerts.app, context.stopping, context.changes.run(context.stopping)) as origin:
        yield origin


async def take(uow: UnitOfWork, events: object) -> None:
    await act_on_case_mails(POLICY, CompanySetups(), uow, events)  # type: ignore[arg-type]


async def page_of(client: Client, browser: Browser, origin: str, **options: object) -> Page:
    context = await browser.new_context(**options)  # type: ignore[arg-type]
    await context.add_cookies(
        [{"name": name, "value": value, "url": origin} for name, value in client.client.cookies.items()]
    )
    return await context.new_page()


async def come_back(alerts: AlertsApi, case: UUID, text: str, **more: object) -> None:
    """The customer answers the mail of the case."""
    (mail,) = await rows(alerts.database, "SELECT id, answers FROM case_mail WHERE direction = 'out'")
    await deliver(alerts.database, take, a_case_mail(mail.id, case, mail.answers[0], text=text, **more))


async def test_a_colleague_writes_with_a_text_block_and_sees_the_answer_come(
    alerts: AlertsApi, browser: Browser, origin: str
) -> None:
    case = await alerts.open_case(may_contact=True)
    admin = await alerts.signed_in("admin")
    made = await admin.do("/settings/text-blocks", new_id=str(uuid7()), **BLOCK)
    assert made.status_code == 303
    page = await page_of(await alerts.signed_in(), browser, origin, viewport={"width": 390, "height": 800})
    await page.goto(f"{origin}/cases/{case}")
    await page.get_by_text("Write to the customer", exact=True).click()
    form = page.locator("#act-reply")
    await expect(form).to_contain_text("k•••@e•••.com")
    await form.get_by_text("Insert a text block").click()
    await form.get_by_role("link", name="Apology").click()
    await expect(form.get_by_label("Mail")).to_have_value("Dear Karen Whitfield,\nwe are sorry.")
    await form.get_by_role("button", name="Send the mail").click()
    await expect(page.get_by_role("alert")).to_contain_text("Write what the mail is about.")
    await page.locator("#reply-subject").fill("Your sofa table")
    await page.get_by_role("button", name="Send the mail").click()
    await expect(page.get_by_role("status").filter(has_text="The mail is written.")).to_be_visible()
    await expect(page.locator(".timeline")).to_contain_text("A mail to the customer: Your sofa table")
    await come_back(alerts, case, "The leg came.")
    await expect(page.locator(".timeline")).to_contain_text("The leg came.")
    await page.context.close()


async def test_the_page_with_mails_fits_every_width_and_axe_finds_nothing(
    alerts: AlertsApi, browser: Browser, origin: str
) -> None:
    case = await alerts.open_case(may_contact=True, touchpoint="delivery")
    jonas = await alerts.signed_in()
    words = "Dear Karen,\n\nwe are sorry that the leg is split again. A new one leaves today.\n\nJonas"
    await jonas.do(f"/cases/{case}", act="take")
    await jonas.do(f"/cases/{case}", act="reply", key=str(uuid7()), subject="Your sofa table", text=words)
    await come_back(
        alerts,
        case,
        "Thank you!\n\nThe leg came, https://photos.example/a-very-long-address-of-a-photo-that-cannot-be-broken",
        attachments=("leg.jpg", "a-name-of-a-photo-that-is-longer-than-any-window-is-wide-20261130.jpg"),
        other_sender=True,
    )
    for width, scheme, language in views(320, 390, 1280):
        page = await page_of(
            *(jonas, browser, origin),
            locale=language,
            color_scheme=scheme,
            viewport={"width": width, "height": 800},
        )
        await page.goto(f"{origin}/cases/{case}?do=reply")
        await expect(page.locator("#reply-text")).to_be_visible()
        await look(page, "case-mails")
        assert await violations(page) == []
        await page.context.close()
