"""The staff's pages of settings, data and alerts in a real browser: axe, keyboard, and a phone of 320 px."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page
from support.accessibility import violations
from support.browser import look, views
from support.companies import Company, World
from support.http_clients import SECRET
from support.keyboard import keyboard_faults
from support.processes import an_api_process

from shared.http.staff_auth import ACCESS_COOKIE, SESSION_COOKIE, AccessPass

pytestmark = pytest.mark.browser
PAGES: Mapping[str, str] = {
    "audit": "/audit",
    "import": "/imports/{imported}",
    "imports": "/imports",
    "people": "/settings/people",
    "rules-version": "/rules/versions/1",
    "rules-versions": "/rules/versions",
    "segment-alerts-closed": "/segment-alerts?state=closed",
    "segment-alerts-open": "/segment-alerts",
    "sender": "/senders/{sender}",
    "senders": "/senders",
    "share-link": "/share-links/{share_link}",
    "share-links": "/share-links?survey={survey}",
    "source": "/sources/{source}",
    "sources": "/sources",
    "suppressions": "/suppressions",
}
"""Pages of which no other test asks axe."""
ASKED_BY_OWN_TESTS: Mapping[str, str] = {
    "calendar": "/settings/calendars/{calendar}",
    "calendars": "/settings/calendars",
    "chat": "/settings/chats/{chat}",
    "chats": "/settings/chats",
    "company": "/company",
    "identity-provider": "/settings/identity-provider",
    "inbox": "/inbox",
    "keys": "/keys",
    "notices": "/settings/notices",
    "person": "/settings/people/{agent}",
    "rules": "/rules",
    "segment-alert": "/segment-alerts/{segment_alert}",
    "sign-in": "/settings/sign-in",
    "team": "/settings/teams/{team}",
    "teams": "/settings/teams",
    "webhook": "/webhooks/{webhook}",
    "webhooks": "/webhooks",
}
"""Those of which their own tests ask axe, too, in the dark scheme."""
NARROW = 320
VIEWS = views(NARROW, languages=("en", "da"), scheme="light")
UNHAPPY: Mapping[str, Any] = {"first_contact": {"days": 1}, "closing": {"days": 7}}


@dataclass(frozen=True)
class StaffSite:
    """The APIs of all services, and an administrator's browser in each view."""

    origin: str
    company: Company
    pages: Mapping[Any, Page]

    def address(self, path: str) -> str:
        """The address of a page about the company's things."""
        agent = self.company.people["agent"].staff.id
        return self.origin + path.format(agent=agent, **vars(self.company))


@pytest.fixture(scope="module")
async def linden(world: World) -> Company:
    """A company with one of everything, three versions of its rules, and an alert that was closed."""
    company = await world.create_company("linden")
    client = world.clients["alerts"]
    lawyer = {"name": "Lawyer", "words": ["lawyer", "Rechtsanwalt"], "priority": "urgent", **UNHAPPY}
    unhappy = {"name": "Unhappy", "highest": 6, "to": {"team": company.team}, **UNHAPPY}
    for rules in ([unhappy], [lawyer, unhappy], [lawyer, {**unhappy, "highest": 5}]):
        saved = await client.put("/v1/rules", json={"rules": rules}, headers=company.headers)
        assert saved.status_code == 200, saved.text
    closed = await world.fall(company, "organisation:linden-north/aarhus and the villages around the bay")
    note = {"note": "A van broke down, and nobody told the customers who were waiting for it."}
    await world.post("alerts", company, f"/v1/segment-alerts/{closed}/close", note)
    member = {"name": "linden team", "members": [str(company.people["agent"].staff.id)]}
    joined = await client.put(f"/v1/teams/{company.team}", json=member, headers=company.headers)
    assert joined.status_code == 200, joined.text
    await world.deliver_all()
    return company


@pytest.fixture(scope="module")
async def site(world: World, linden: Company, browser: Browser) -> AsyncIterator[StaffSite]:
    admin = linden.people["admin"]
    cookies = {ACCESS_COOKIE: AccessPass(SECRET).sign(admin.staff), SESSION_COOKIE: admin.session}
    contexts: list[BrowserContext] = []
    async with an_api_process(world) as server:
        pages = {}
        for view in VIEWS:
            width, scheme, language = view
            context = await browser.new_context(
                viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language
            )
            await context.add_cookies(
                [{"name": name, "value": value, "url": server.url} for name, value in cookies.items()]
            )
            contexts.append(context)
            pages[view] = await context.new_page()
        yield StaffSite(server.url, linden, pages)
        for context in contexts:
            await context.close()


@pytest.mark.parametrize("name", sorted({**PAGES, **ASKED_BY_OWN_TESTS}))
async def test_the_page_fits_a_narrow_phone_is_used_by_keyboard_and_axe_finds_nothing(
    site: StaffSite, name: str
) -> None:
    address = site.address({**PAGES, **ASKED_BY_OWN_TESTS}[name])
    for (width, scheme, _), page in site.pages.items():
        answer = await page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        await page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        await look(page, f"staff-{name}")
        if (width, scheme) == (NARROW, "light"):
            assert await violations(page) == []
            if name in PAGES:
                await page.emulate_media(color_scheme="dark")
                assert await violations(page) == []
                await page.emulate_media(color_scheme="light")
            assert await keyboard_faults(page) == []
