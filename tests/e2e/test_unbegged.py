"""Who could have been asked, was asked and answered, with the dispatcher that decides it: from events to the page."""

import csv
import io
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import Browser, expect
from support.eventually import eventually
from support.full_stack import Company, FullStack, start_company
from support.plain_http import plain_client

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PASSWORD = "the customer has the last word"
NORTH = 12
SOUTH = 10


def an_event(number: int, path: str, **customer: Any) -> dict[str, Any]:
    who = f"{path}-{number}"
    return {
        "id": f"order-{who}",
        "type": "order.delivered",
        "occurred_at": datetime.now(UTC).isoformat(),
        "customer": {"id": f"c-{who}", "email": f"{who}@example.com"} | customer,
        "segments": {"touchpoint": "checkout"},
        "organisation": [path],
    }


async def send(stack: FullStack, company: Company, events: list[dict[str, Any]]) -> None:
    async with plain_client(stack.origin, headers=company.headers) as client:
        for event in events:
            response = await client.post("/v1/events", json=event)
            assert response.status_code == 202, response.text


async def places(stack: FullStack, company: Company) -> dict[str, dict[str, Any]]:
    async with plain_client(stack.origin, headers=company.headers) as client:
        answer = (await client.get("/v1/unbegged", params={"window": "7d"})).raise_for_status().json()
    return {place["segment"]: place for place in answer["places"]}


async def answer_the_mail(stack: FullStack, browser: Browser, address: str, score: int) -> None:
    async def mails() -> list[dict[str, Any]]:
        async with plain_client(stack.mailbox) as client:
            return list((await client.get("/api/mails", params={"to": address})).raise_for_status().json())

    mail = (await eventually(mails, within=60))[-1]
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(f"{stack.mailbox}/mails/{mail['id']}")
    async with context.expect_page() as opened:
        await page.frame_locator("iframe").locator(f'a[href$="v={score}"]').click()
    survey = await opened.value
    await survey.get_by_role("button", name="Send").click()
    await expect(survey.get_by_text("Thank you")).to_be_visible()
    await context.close()


async def test_what_the_dispatcher_decided_and_customers_answered_is_on_the_page_and_in_its_file(
    stack: FullStack, browser: Browser
) -> None:
    company = start_company(stack, "Unbegged", "unbegged@example.com")
    stack.run("live", "unbegged", "--yes")
    # In the north one customer has no address, and one comes again the same day.
    north = [an_event(number, "north") for number in range(NORTH - 2)]
    without = an_event(98, "north")
    del without["customer"]["email"]
    again = an_event(99, "north", id="c-north-0", email="north-0@example.com")
    await send(stack, company, [*north, *(an_event(number, "south") for number in range(SOUTH)), without])

    async def all_are_asked() -> bool:
        found = await places(stack, company)
        return {name: place["sent"] for name, place in found.items()} == {
            "organisation:north": NORTH - 2,
            "organisation:south": SOUTH,
        }

    await eventually(all_are_asked, within=90)
    await send(stack, company, [again])
    await answer_the_mail(stack, browser, "north-1@example.com", 9)

    async def all_is_counted() -> bool:
        own = (await places(stack, company))["organisation:north"]
        return bool((own["matched"], own["answered"]) == (NORTH, 1))

    await eventually(all_is_counted, within=60)
    found = await places(stack, company)
    own = found["organisation:north"]
    names = ("matched", "asked", "no_address", "unwilling", "rested", "otherwise", "sent", "answered")
    assert [own[name] for name in names] == [NORTH, NORTH - 2, 1, 0, 1, 0, NORTH - 2, 1]
    assert own["asked_share"]["percent"] == pytest.approx(100 * (NORTH - 2) / NORTH)
    south = found["organisation:south"]
    assert [south[name] for name in names] == [SOUTH, SOUTH, 0, 0, 0, 0, SOUTH, 0]
    assert own["nps"] is None
    assert own["signs"] == []

    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(company.link)
    await page.get_by_label("Choose a password").fill(PASSWORD)
    await page.get_by_role("button", name="Save it and sign in").click()
    await expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    await page.goto(f"{stack.origin}/unbegged?window=7d")
    row = page.get_by_role("row").filter(has_text=re.compile("north", re.IGNORECASE))
    await expect(row).to_contain_text("1 without an address")
    await expect(row).to_contain_text("1 asked lately")
    await expect(row).to_contain_text("83.3")
    async with page.expect_download() as downloading:
        await page.get_by_role("link", name="Download the figures as a file").click()
    file = await (await downloading.value).path()
    rows = {row["segment"]: row for row in csv.DictReader(io.StringIO(file.read_text()))}
    assert {name: rows["organisation:north"][name] for name in names} == {
        name: str(own[name]) for name in names
    }
    await context.close()
