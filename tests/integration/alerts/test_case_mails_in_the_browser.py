"""Mail to a customer, and what comes back, in a real browser: the page fits every width."""

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
