"""Every page of staff and customers, found by its links: as wide as the window, in one language, in any number of tabs."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urldefrag, urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect
from support.eventually import eventually
from support.full_stack import Company, FullStack, start_company
from support.plain_http import plain_client

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

PASSWORD = "the customer has the last word"
URL = "https://shop.example/orders/2026/11/28/details?ref=" + "0123456789abcdef" * 8
LETTERS = "Aarhus" + "x" * 180
ENGLISH = re.compile(
    r"\b\d+ (?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
)
OWN_WORDS = """() => {
    const language = document.documentElement.lang;
    document.querySelectorAll("body [lang]").forEach(each => { if (each.lang !== language) each.remove(); });
    return document.body.innerText;
}"""
"""The text of a page in its own language: without what a survey says in another."""
WIDTHS = (360, 1280)
CUSTOMERS = re.compile(r"^/[suq]/|/mail$")
"""What speaks the customer's language."""


def a_purchase(id_: str) -> dict[str, Any]:
    return {
        "id": f"{id_}-{LETTERS}",
        "type": "order.delivered",
        "occurred_at": datetime.now(UTC).isoformat(),
        "customer": {"id": f"c-{id_}-{LETTERS}"[:190], "email": f"{id_}@example.com", "name": LETTERS},
        "segments": {"touchpoint": URL, "store": LETTERS, "k" + LETTERS[:60]: LETTERS},
        "organisation": [LETTERS, "b" + LETTERS],
        "handled_by": LETTERS,
        "attributes": {"order": URL, LETTERS: LETTERS},
    }


def an_old_answer(number: int) -> dict[str, Any]:
    return {
        "id": f"old-{number}",
        "score": (0, 9, 10)[number % 3],
        "answered_at": (datetime.now(UTC) - timedelta(hours=number)).isoformat(),
        "comment": URL if number % 2 else LETTERS,
        "customer": {"id": f"o-{number}"},
        "segments": {"touchpoint": URL if number % 2 else "checkout", "store": LETTERS},
        "organisation": [LETTERS if number % 2 else "short"],
    }


@pytest.fixture(scope="module")
async def company(stack: FullStack) -> Company:
    """A company whose every field holds a word that is longer than a phone is wide."""
    company = start_company(stack, "Havnbo" + "o" * 30, "leader@example.com")
    stack.run("live", company.tenant, "--yes")
    async with plain_client(stack.origin, headers=company.headers) as client:
        imported = await client.post(
            "/v1/answers/import", json={"answers": [an_old_answer(n) for n in range(60)]}
        )
        assert imported.json()["accepted"] == 60, imported.text
        assert (await client.post("/v1/events", json=a_purchase("one"))).status_code == 202
        texts = {"en": {"question": LETTERS, "reason": URL, "subject": LETTERS, "intro": URL}}
        survey = {"name": LETTERS, "trigger": "t" + LETTERS[:60], "texts": texts}
        assert (await client.post("/v1/surveys", json=survey)).status_code == 201
        surveys = (await client.get("/v1/surveys")).json()["surveys"]
        live = next(one["id"] for one in surveys if one["state"] == "live")
        link = {"survey_id": live, "name": LETTERS[:80], "segments": {"store": LETTERS[:80]}}
        assert (await client.post("/v1/share-links", json=link)).status_code == 201
    return company


@pytest.fixture(scope="module")
async def signed_in(stack: FullStack, browser: Browser, company: Company) -> AsyncIterator[BrowserContext]:
    """A browser that reads Danish, with a case that a customer wrote about."""
    context = await browser.new_context(locale="da-DK")
    page = await context.new_page()
    await page.goto(company.link)
    await page.get_by_label("Vælg en adgangskode").fill(PASSWORD)
    await page.get_by_role("button", name="Gem den, og log ind").click()
    await expect(page.get_by_role("navigation", name="Hovedmenu")).to_be_visible()
    survey = await survey_page(stack, context, "one@example.com")
    await survey.locator("textarea").first.fill(f"{URL} {LETTERS}")
    await survey.locator("button[value=send]").click()
    await survey.wait_for_load_state()
    await eventually(lambda: has_text(page, f"{stack.origin}/inbox", URL), within=30)
    yield context
    await context.close()


async def has_text(page: Page, address: str, words: str) -> bool:
    await page.goto(address)
    return bool(await page.get_by_text(words).count())


async def survey_page(stack: FullStack, context: BrowserContext, address: str) -> Page:
    async def mails() -> list[Any]:
        async with plain_client(stack.mailbox) as client:
            return list((await client.get("/api/mails", params={"to": address})).json())

    (mail, *_) = await eventually(mails, within=60)
    page = await context.new_page()
    await page.goto(next(link for link in mail["links"] if "/s/" in link))
    await page.get_by_role("radio", name="2", exact=True).check(force=True)
    return page


def kind_of(address: str) -> str:
    """Pages that differ in the thing they are about only are of one kind."""
    parts = urlsplit(address)
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "*", parts.path)
    return f"{path}?{','.join(sorted(set(re.findall(r'([a-z]+)=', parts.query))))}"


async def faults_of(page: Page, kind: str) -> list[str]:
    """What is wrong with a page that is open: its width in each window, and words of other languages."""
    await page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    faults = []
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 800})
        wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            faults.append(f"{kind} is {wide} px wider than {width}")
    if CUSTOMERS.search(kind.partition("?")[0]):
        return faults
    spoken = await page.evaluate("document.documentElement.lang")
    words = await page.evaluate(OWN_WORDS)
    if spoken != "da" or ENGLISH.search(words) or "Sign out" in words:
        faults.append(f"{kind} speaks {spoken}: {ENGLISH.findall(words)}")
    return faults


async def test_no_page_is_wider_than_its_window_and_none_mixes_languages(
    stack: FullStack, signed_in: BrowserContext
) -> None:
    """One page of each kind to which the links from the first page lead."""
    page = await signed_in.new_page()
    seen, faults, waiting = set[str](), list[str](), [f"{stack.origin}/", f"{stack.origin}/login"]
    while waiting:
        address = urldefrag(waiting.pop(0)).url
        kind = kind_of(address)
        if kind in seen or not address.startswith(stack.origin):
            continue
        seen.add(kind)
        await page.goto(address)
        waiting += await page.evaluate(
            # The documents for programs beside a page are none.
            """[...document.querySelectorAll('a[href]:not([download])')].map(link => link.href)
                .filter(address => !new URL(address).pathname.startsWith('/v1/'))"""
        )
        faults += await faults_of(page, kind)
    assert not faults, "\n".join(faults)
    paths = {kind.partition("?")[0] for kind in seen}
    assert {"/", "/segments", "/inbox", "/cases/*", "/surveys", "/events", "/events/*", "/settings"} <= paths


async def test_the_customers_pages_are_as_wide_as_their_window(
    stack: FullStack, browser: Browser, company: Company
) -> None:
    async with plain_client(stack.origin, headers=company.headers) as client:
        assert (await client.post("/v1/events", json=a_purchase("two"))).status_code == 202
    context = await browser.new_context(locale="da-DK")
    survey = await survey_page(stack, context, "two@example.com")
    for width in WIDTHS:
        await survey.set_viewport_size({"width": width, "height": 800})
        assert await survey.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await context.close()


async def test_twelve_tabs_load_act_and_hear_what_happens(
    stack: FullStack, signed_in: BrowserContext, company: Company
) -> None:
    page = await signed_in.new_page()
    await page.goto(f"{stack.origin}/inbox")
    case = await page.locator('a[href^="/cases/"]').first.get_attribute("href")
    await page.goto(f"{stack.origin}/events")
    event = await page.locator('a[href^="/events/"]').first.get_attribute("href")
    await page.close()
    segment = f"/segments?segment=organisation:{LETTERS}"
    tabs = []
    for path in (
        "/",
        "/segments",
        segment,
        "/inbox",
        "/events",
        event,
        case,
        case,
        case,
        case,
        "/inbox",
        "/",
    ):
        tab = await signed_in.new_page()
        await tab.goto(f"{stack.origin}{path}", timeout=20_000)
        tabs.append(tab)
    await tabs[6].get_by_text("Skriv et notat", exact=True).click()
    await tabs[6].get_by_label("Notat", exact=True).fill("From the seventh tab.")
    await tabs[6].get_by_role("button", name="Gem notatet").click()
    for tab in tabs[6:10]:
        await expect(tab.get_by_text("From the seventh tab.")).to_be_visible(timeout=15_000)
    async with plain_client(stack.origin, headers=company.headers) as client:
        assert (await client.post("/v1/events", json=a_purchase("three"))).status_code == 202
    await expect(tabs[4].get_by_text("three-Aarhus").first).to_be_visible(timeout=15_000)
    survey = await survey_page(stack, signed_in, "three@example.com")
    await survey.locator("textarea").first.fill("Heard in every tab.")
    await survey.locator("button[value=send]").click()
    for number in (0, 2, 3, 10, 11):
        await expect(tabs[number].get_by_text("Heard in every tab.").first).to_be_visible(timeout=30_000)
    for tab in tabs:
        await tab.close()
