"""Second factor and identity provider in a real browser, without a script of ours, and how their pages look."""

import asyncio
import re
from base64 import b32decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from support.accessibility import violations
from support.alerts_api import PASSWORD, AlertsApi
from support.alerts_builders import TENANT, a_tenant, deliver, rows
from support.browser import View, look, views
from support.http_clients import context_on
from support.identity_provider import CLIENT_ID, CLIENT_SECRET, an_identity_provider
from support.servers import RunningServer, free_port

from services.alerts.app import SERVICE
from services.alerts.staff import totp
from shared.db.database import Database
from shared.events import TenantSending
from shared.tenancy.sending import keep_sending
from shared.tenancy.tenants import keep_tenants

pytestmark = pytest.mark.browser


@dataclass
class Site(AlertsApi):
    """Alerts behind the address that it knows as its own."""

    origin: str = ""


@pytest.fixture
async def site(database: Database) -> AsyncIterator[Site]:
    await deliver(database, keep_tenants, a_tenant(), a_tenant("other"))
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    context = context_on(SERVICE, database, staff_url=origin, outbound_networks="127.0.0.0/8")
    app, _ = SERVICE.api(context)
    server = RunningServer(app, context.stopping, port=port)
    changes = asyncio.create_task(context.changes.run(context.stopping))
    await server.started()
    yield Site(context, app, origin)
    context.stopping.set()
    await asyncio.gather(server.task, changes)


@asynccontextmanager
async def a_page(browser: Browser, **options: Any) -> AsyncIterator[Page]:
    context = await browser.new_context(**options)
    yield await context.new_page()
    await context.close()


async def give_password(site: Site, page: Page, address: str) -> None:
    await page.goto(f"{site.origin}/login?next=/inbox")
    await page.get_by_label("E-mail address").fill(address)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()


async def code_of_now(site: Site, page: Page, key: bytes = b"") -> tuple[bytes, str]:
    """The key that the page shows, if none is given, and the code of the next half minute."""
    if not key:
        text = await page.locator("details code").text_content()
        key = b32decode((text or "").replace(" ", ""))
    now = site.database.clock() + timedelta(seconds=totp.STEP_S)
    site.database.clock = lambda: now
    return key, totp.code_of(key, int(now.timestamp() // totp.STEP_S))


async def test_a_second_factor_is_set_up_asked_for_and_replaced_by_a_recovery_code(
    site: Site, browser: Browser
) -> None:
    person = await site.person()
    async with a_page(browser, java_script_enabled=False) as page:
        await give_password(site, page, person.address)
        await page.goto(f"{site.origin}/settings/second-factor")
        await page.get_by_role("button", name="Set it up").click()
        key, code = await code_of_now(site, page)
        await page.get_by_label("Code of six digits that the app shows").fill(code)
        await page.get_by_role("button", name="Switch it on").click()
        codes = await page.locator(".recovery code").all_text_contents()
        assert len(codes) == 10
    for use in ("app", "recovery"):
        async with a_page(browser, java_script_enabled=False) as page:
            await give_password(site, page, person.address)
            await expect(page).to_have_url(f"{site.origin}/login/code")
            _, code = await code_of_now(site, page, key)
            field = page.get_by_label("Code of six digits, or a recovery code")
            await field.fill("000000")
            await page.get_by_role("button", name="Sign in").click()
            await expect(page.locator("#code-wrong")).to_contain_text("That is not the code of now.")
            await field.fill(code if use == "app" else codes[0])
            await page.get_by_role("button", name="Sign in").click()
            await expect(page).to_have_url(f"{site.origin}/inbox")


async def set_up(site: Site, page: Page, issuer: str) -> None:
    """An administrator enters the provider, and signs out."""
    await page.goto(f"{site.origin}/settings/identity-provider")
    for label, words in (
        ("Name that people know", "Keycloak"),
        ("Issuer", issuer),
        ("Client id", CLIENT_ID),
        ("Client secret", CLIENT_SECRET),
        ("Claim with the role", "groups"),
        ("Values and their roles", "nps-admins = admin\nnps-callers = agent"),
        ("Claim with the segments", "stores"),
        ("Values and their segments", "12 = store:aarhus\nall = *"),
    ):
        await page.get_by_label(label, exact=True).fill(words)
    await page.get_by_label("Whoever comes for the first time gets an account").check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved. The provider was reached.")).to_be_visible()


async def come_through(site: Site, page: Page, login: str) -> None:
    await page.goto(f"{site.origin}/login")
    await page.get_by_role("link", name="Sign in through your company").click()
    await page.get_by_label("Short name of your company").fill(TENANT)
    await page.get_by_role("button", name="Go on").click()
    await page.get_by_role("link", name="Go on to Keycloak").click()
    await page.locator("input[name=login]").fill(login)
    await page.locator("input[name=password]").fill("any")
    await page.locator("button[type=submit]").click()


async def test_people_come_through_a_real_provider_with_the_rights_of_its_claims_and_who_left_does_not(
    site: Site, browser: Browser, tmp_path: Path
) -> None:
    """The certified oidc-provider, in Chromium without scripts; our policy lets all of it pass."""
    admin = await site.person("admin", name="Anna Admin")
    sara = {"email": "sara@example.com", "email_verified": True, "name": "Sara Lund"}
    async with an_identity_provider(site.origin, tmp_path) as provider:
        async with a_page(browser, java_script_enabled=False) as page:
            await give_password(site, page, admin.address)
            await set_up(site, page, provider.issuer)
        provider.know({"sara": {**sara, "groups": ["nps-callers"], "stores": ["12"]}})
        async with a_page(browser, java_script_enabled=False) as page:
            await come_through(site, page, "sara")
            await expect(page).to_have_url(f"{site.origin}/inbox")
            await page.goto(f"{site.origin}/settings")
            await expect(page.locator("h1")).to_have_text("You are an agent of Havnbo, for a part of it.")
            await page.locator("summary", has_text="Sara Lund").click()
            await page.get_by_role("button", name="Sign out").click()
            await expect(page.locator("h1")).to_have_text("You are signed out here.")
            await page.get_by_role("link", name="Sign out of Keycloak, too").click()
            await page.get_by_role("button").first.click()
            await expect(page).to_have_url(re.compile(f"{re.escape(site.origin)}/login"))
        provider.know({"sara": {**sara, "groups": ["nps-admins", "x"], "stores": ["all"]}})
        async with a_page(browser, java_script_enabled=False) as page:
            await come_through(site, page, "sara")
            await page.goto(f"{site.origin}/settings/people")
            await expect(page.get_by_role("row", name=re.compile("Sara Lund"))).to_contain_text(
                "Administrator"
            )
        provider.know({"sara": {**sara, "groups": ["x"], "stores": ["all"]}})
        async with a_page(browser, java_script_enabled=False) as page:
            await come_through(site, page, "sara")
            await expect(page.get_by_text("Your provider gives you no rights here")).to_be_visible()
        provider.know({"sara": {**sara, "groups": ["nps-callers"], "stores": ["all"]}})
        (row,) = await rows(site.database, "SELECT id FROM staff WHERE name = 'Sara Lund'")
        async with a_page(browser, java_script_enabled=False) as page:
            await give_password(site, page, admin.address)
            await page.goto(f"{site.origin}/settings/people/{row.id}")
            await page.locator("summary", has_text="End access").click()
            await page.get_by_label(re.compile("is signed out everywhere")).check()
            await page.get_by_role("button", name="End the access of Sara Lund").click()
            await expect(page.locator("h2").last).to_have_text("Sara Lund may not sign in.")
        async with a_page(browser, java_script_enabled=False) as page:
            await come_through(site, page, "sara")
            await expect(page.get_by_text("Your access here has ended.")).to_be_visible()


@pytest.mark.parametrize("view", views(360, 1280))
async def test_every_page_of_sign_in_and_settings_fits_its_window_and_breaks_no_rule(
    site: Site, browser: Browser, view: View
) -> None:
    width, scheme, language = view
    admin = await site.signed_in("admin", name="Anna Holm Administratorsen")
    limited = await site.person("leader", name="Jonas Holt", segments=["store:aarhus", "touchpoint:checkout"])
    live = TenantSending(version=1, mode="live", changed_at=site.database.clock())
    await deliver(site.database, keep_sending, live)
    await site.open_case(segments={"store": "aarhus", "touchpoint": "checkout"}, organisation=("North",))
    options = {
        "viewport": {"width": width, "height": 900},
        "color_scheme": scheme,
        "locale": {"en": "en-GB", "da": "da-DK", "nl": "nl-NL"}[language],
    }
    faults: list[str] = []
    async with a_page(browser, **options) as page:
        for name in ("login", "login/provider", "login/provider?company=nobody"):
            await page.goto(f"{site.origin}/{name}")
            faults += await seen(page, name)
        await page.goto(f"{site.origin}/login/provider/callback?state=x")
        faults += await seen(page, "login-refused")
        for cookie, value in admin.client.cookies.items():
            await page.context.add_cookies([{"name": cookie, "value": value, "url": site.origin}])
        await admin.do("/settings/second-factor", act="begin")
        for name in (
            "settings",
            "settings/second-factor",
            "settings/sessions",
            "settings/people",
            f"settings/people/{limited.id}",
            "settings/sign-in",
            "settings/identity-provider",
        ):
            await page.goto(f"{site.origin}/{name}")
            faults += await seen(page, name.replace(str(limited.id), "person"))
    assert faults == []


async def seen(page: Page, name: str) -> list[str]:
    """What breaks a rule of accessibility; fails where the page is too wide."""
    await look(page, name.replace("/", "-").replace("?", "-"))
    return [f"{name}: {fault}" for fault in await violations(page)]
