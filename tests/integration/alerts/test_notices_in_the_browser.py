"""The page of what one is told, in a real browser: chosen without a script, and messages that are shown."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import msgspec
import pytest
from playwright.async_api import Browser, CDPSession, Page, expect
from support.accessibility import violations
from support.alerts_api import PASSWORD, AlertsApi, Person
from support.alerts_builders import deliver, rows
from support.browser import look, views
from support.eventually import eventually
from support.push_service import BrowserKeys
from support.servers import serving

from services.alerts.notices.choices import NoticeChoices, PersonalQuietHours, TopicChoice
from shared.events import TenantSending
from shared.tenancy.sending import keep_sending

pytestmark = pytest.mark.browser

PERMITTED = """
    Object.defineProperty(Notification, "permission", { get: () => "granted" });
"""
"""Headless Chromium has nobody to ask."""
FAKED_SUBSCRIPTION = """
    made => {
        PushManager.prototype.subscribe = async (options) => {
            window.asked = options;
            return { toJSON: () => ({ endpoint: made.endpoint, keys: { p256dh: made.p256dh, auth: made.auth } }) };
        };
    }
"""
"""No push service can be reached from here."""
REMEMBER_SHOWN = """
    () => {
        self.shown = [];
        ServiceWorkerRegistration.prototype.showNotification = async (title, { body, tag, data }) =>
            self.shown.push([title, body, tag, data]);
    }
"""
"""It has no screen for them either."""


@pytest.fixture
async def origin(alerts: AlertsApi) -> AsyncIterator[str]:
    context = alerts.context
    async with serving(alerts.app, context.stopping, context.changes.run(context.stopping)) as origin:
        yield origin


async def sign_in(page: Page, person: Person, address: str) -> None:
    await page.goto(address)
    await page.get_by_label("E-mail address").fill(person.address)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page).to_have_url(address)


async def test_a_person_chooses_without_a_script_what_they_are_told(
    alerts: AlertsApi, browser: Browser, origin: str
) -> None:
    sara = await alerts.person()
    context = await browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = await context.new_page()
    await sign_in(page, sara, f"{origin}/settings/notices")
    await expect(page.get_by_role("heading", level=1)).to_have_text("You are told of everything.")
    await page.get_by_label("Unhappy customers by mail").select_option("digest")
    await page.get_by_label("The Monday letter by mail").select_option("never")
    await page.get_by_label("Daily digest at").fill("07:30")
    await page.get_by_label("Quiet hours", exact=True).check()
    await page.get_by_label("To", exact=True).fill("18:00")
    await page.get_by_role("button", name="Save").click()
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("The quiet hours must end at another time than they begin.")
    await expect(page.get_by_label("Unhappy customers by mail")).to_have_value("digest")
    await page.get_by_label("To", exact=True).fill("07:00")
    whole_days = page.get_by_role("group", name="Quiet all day")
    await whole_days.get_by_label("Sunday").check()
    await page.get_by_label("Tell me of missed deadlines all the same").check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".slip[role=status]")).to_contain_text("Saved.")
    await expect(page.get_by_role("heading", level=1)).to_have_text(
        "You are told of unhappy customers, deadlines, incidents, introductions."
    )
    ((body,),) = await rows(alerts.database, "SELECT body FROM notice_choice")
    assert msgspec.convert(body, NoticeChoices) == NoticeChoices(
        cases=TopicChoice(mail="digest"),
        weekly=TopicChoice(mail="never", push="never"),
        digest_at=450,
        quiet=PersonalQuietHours(since=1080, until=420, whole_days=(6,), but_escalations=True),
    )
    await page.get_by_label("Send me mails").uncheck()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("You are told of nothing.")
    await context.close()


async def test_a_browser_is_switched_on_and_shows_a_message_that_leads_to_its_page(
    alerts: AlertsApi, browser: Browser, origin: str
) -> None:
    sara = await alerts.person()
    context = await browser.new_context()
    await context.grant_permissions(["notifications"], origin=origin)
    await context.add_init_script(PERMITTED)
    page = await context.new_page()
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
    await sign_in(page, sara, f"{origin}/settings/notices")
    made = BrowserKeys().subscription("https://push.example.net/1")
    fields = {"endpoint": made.endpoint, "p256dh": made.p256dh, "auth": made.auth}
    await page.evaluate(FAKED_SUBSCRIPTION, fields)
    await page.get_by_role("button", name="Show messages in this browser").click()
    await expect(page.locator(".slip[role=status]")).to_contain_text(
        "This browser shows you what you are told."
    )
    await expect(page.get_by_role("heading", name="1 browser shows you messages.")).to_be_visible()
    await expect(page.locator("#push")).to_contain_text("(here)")

    (worker,) = context.service_workers
    assert worker.url == f"{origin}/settings/notices/worker.js"
    await worker.evaluate(REMEMBER_SHOWN)
    cdp = await context.new_cdp_session(page)
    sent = {
        "title": "Case 7: a customer gave a 3",
        "body": "A customer gave a 3.",
        "path": "/cases/7",
        "tag": "t",
    }
    for data in ("no JSON at all", msgspec.json.encode(sent).decode()):
        await push(cdp, origin, data)
    shown = await eventually(lambda: worker.evaluate("self.shown.length ? self.shown : null"))
    assert shown == [["Case 7: a customer gave a 3", "A customer gave a 3.", "t", {"path": "/cases/7"}]]
    await page.get_by_role("button", name="Send a test").click()
    await expect(page.locator(".slip[role=status]")).to_contain_text("A test is on its way.")
    await page.get_by_role("button", name="Remove").click()
    await expect(page.get_by_role("heading", name="No browser shows you messages yet.")).to_be_visible()
    assert refused == []
    await context.close()


async def push(cdp: CDPSession, origin: str, data: str) -> None:
    """A message comes to the service worker, as from the browser's push service."""
    registered: list[str] = []

    def remember(event: dict[str, list[dict[str, str]]]) -> None:
        registered.extend(one["registrationId"] for one in event["registrations"])

    cdp.on("ServiceWorker.workerRegistrationUpdated", remember)
    await cdp.send("ServiceWorker.enable")
    await eventually(lambda: registered)
    told = {"origin": origin, "registrationId": registered[-1], "data": data}
    await cdp.send("ServiceWorker.deliverPushMessage", told)
    await cdp.send("ServiceWorker.disable")


@pytest.mark.parametrize("pages", ["notices", "person"])
async def test_the_pages_fit_and_are_accessible_in_every_view(
    alerts: AlertsApi, browser: Browser, origin: str, pages: str
) -> None:
    await deliver(
        alerts.database, keep_sending, TenantSending(version=1, mode="live", changed_at=datetime.now(UTC))
    )
    admin = await alerts.signed_in("admin", name="Ada Winther")
    made = BrowserKeys().subscription("https://push.example.net/1")
    fields = {"endpoint": made.endpoint, "p256dh": made.p256dh, "auth": made.auth}
    await admin.do("/settings/notices", act="on", **fields)
    path = "/settings/notices" if pages == "notices" else f"/settings/people/{admin.person.id}"
    cookies = [
        {"name": one.name, "value": one.value or "", "url": origin} for one in admin.client.cookies.jar
    ]
    for width, scheme, language in views(360, 1280):
        context = await browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, locale=language
        )
        await context.add_cookies(cookies)  # type: ignore[arg-type]
        page = await context.new_page()
        await page.goto(f"{origin}{path}")
        await look(page, f"notices-{pages}")
        assert await violations(page) == []
        await context.close()
