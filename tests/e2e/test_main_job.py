"""From the event to the closed case, as a newcomer walks it: real broker, database, mail and browser."""

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect
from support.eventually import eventually
from support.full_stack import Company, FullStack, start_company
from support.plain_http import plain_client

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PASSWORD = "the customer has the last word"


def an_event(id_: str, address: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "type": "order.delivered",
        "occurred_at": datetime.now(UTC).isoformat(),
        "customer": {
            "id": f"c-{id_}",
            "email": address,
            "name": "Karen Whitfield",
            "phone": "+45 12 34 56 78",
        },
        "segments": {"touchpoint": "checkout", "store": "aarhus"},
        "organisation": ["north", "sales"],
        "attributes": {"order_id": "48213", "product": "sofa table Ebba"},
        **changes,
    }


async def sign_in(context: BrowserContext, company: Company) -> Page:
    page = await context.new_page()
    await page.goto(company.link)
    await page.get_by_label("Choose a password").fill(PASSWORD)
    await page.get_by_role("button", name="Save it and sign in").click()
    await expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    return page


async def send(stack: FullStack, company: Company, event: dict[str, Any]) -> str:
    async with plain_client(stack.origin, headers=company.headers) as client:
        response = await client.post("/v1/events", json=event)
    assert response.status_code == 202, response.text
    return str(response.json()["see"])


async def ask(stack: FullStack, company: Company, path: str) -> Any:
    async with plain_client(stack.origin, headers=company.headers) as client:
        return (await client.get(path)).raise_for_status().json()


async def mail_to(stack: FullStack, address: str) -> dict[str, Any]:
    async def mails_so_far() -> list[dict[str, Any]]:
        async with plain_client(stack.mailbox) as client:
            return list((await client.get("/api/mails", params={"to": address})).raise_for_status().json())

    mails: list[dict[str, Any]] = await eventually(mails_so_far, within=60)
    return mails[-1]


async def open_mail(context: BrowserContext, stack: FullStack, address: str) -> Page:
    mail = await mail_to(stack, address)
    page = await context.new_page()
    await page.goto(f"{stack.mailbox}/mails/{mail['id']}")
    return page


async def click_score(mail: Page, score: int) -> Page:
    async with mail.context.expect_page() as opened:
        await mail.frame_locator("iframe").locator(f'a[href$="v={score}"]').click()
    return await opened.value


async def test_from_the_purchase_to_the_closed_case(stack: FullStack, browser: Browser) -> None:
    company = start_company(stack, "Acme", "you@example.com")
    context = await browser.new_context()
    dashboard = await sign_in(context, company)
    await dashboard.goto(stack.origin)
    await expect(dashboard.get_by_role("heading", name="No answers yet")).to_be_visible()
    await expect(dashboard.get_by_text("test mode").first).to_be_visible()

    # In test mode the mail comes, and the answer counts nowhere.
    see = await send(stack, company, an_event("order-1", "you@example.com"))
    survey = await click_score(await open_mail(context, stack, "you@example.com"), 10)
    await expect(survey.get_by_role("radio", name="10")).to_be_checked()
    await survey.get_by_role("button", name="Send").click()
    await expect(survey.get_by_text("Thank you")).to_be_visible()
    story = await context.new_page()
    await story.goto(see)
    await expect(story.get_by_text("It counts nowhere: it was a test.")).to_be_visible(timeout=20_000)
    assert (await ask(stack, company, "/v1/scores"))["nps"] is None

    # Live: an unhappy customer appears in the inbox of another window within a second, without reload.
    stack.run("live", "acme", "--yes")
    inbox = await context.new_page()
    await inbox.goto(f"{stack.origin}/inbox")
    await expect(inbox.get_by_text("Nobody is waiting")).to_be_visible()
    see = await send(stack, company, an_event("order-2", "karen@example.com"))
    survey = await click_score(await open_mail(context, stack, "karen@example.com"), 3)
    await survey.get_by_label("What is the primary reason for your score?").fill("It came three days late.")
    await survey.get_by_label("Yes", exact=True).check()
    await survey.get_by_role("button", name="Send").click()
    await expect(survey.get_by_text("We are sorry it went like that")).to_be_visible()
    await expect(inbox.get_by_text("It came three days late.")).to_be_visible(timeout=10_000)

    # He opens it, sees who, what was bought, the score and the comment; takes it, writes, closes it.
    await inbox.get_by_role("link", name="It came three days late.").click()
    case = inbox
    await expect(case.get_by_role("heading", level=1)).to_contain_text("3")
    await expect(case.get_by_text("sofa table Ebba")).to_be_visible()
    await expect(case.get_by_text("karen@example.com")).to_have_count(0)
    await case.get_by_role("button", name="Show the").click()
    await expect(case.get_by_role("link", name="karen@example.com")).to_be_visible()
    await case.get_by_role("button", name="Take the case").click()
    await expect(case.get_by_text("(you)")).to_be_visible()
    await _opened(case, "Write a note")
    await case.get_by_label("Note", exact=True).fill("The carrier lost it for two days.")
    await case.get_by_role("button", name="Save the note").click()
    await expect(case.get_by_text("The carrier lost it for two days.")).to_be_visible()
    await _opened(case, "Close the case")
    await case.get_by_label("Cause").select_option("delivery.late")
    await case.get_by_label("What we did").fill("Sent a new one and called.")
    await case.get_by_label("Recovered").check()
    await case.get_by_role("group", name="Has the customer been told?").get_by_label("Yes").check()
    await case.get_by_role("button", name="Close the case").click()
    await expect(case.get_by_text("closed this case")).to_be_visible()

    # The score, the case and the story of the event show it.
    async def counted() -> bool:
        return bool((await ask(stack, company, "/v1/scores?segment=touchpoint:checkout"))["n"] == 1)

    await eventually(counted, within=20)
    score = await ask(stack, company, "/v1/scores")
    assert (score["n"], score["nps"], score["counts"][3]) == (1, None, 1)
    assert (await ask(stack, company, "/v1/scores?segment=organisation:north/sales"))["n"] == 1
    await story.goto(see)
    await expect(story.get_by_role("heading", level=1)).to_contain_text("closed", timeout=20_000)
    await dashboard.reload()
    # The notice of the new case may still stand above, with the same words.
    await expect(dashboard.locator("#part-why").get_by_text("It came three days late.")).to_be_visible()
    await context.close()


async def test_the_same_way_without_javascript(stack: FullStack, browser: Browser) -> None:
    company = start_company(stack, "Plain", "plain@example.com")
    stack.run("live", "plain", "--yes")
    context = await browser.new_context(java_script_enabled=False)
    page = await sign_in(context, company)
    await send(stack, company, an_event("order-1", "nojs@example.com"))
    survey = await click_score(await open_mail(context, stack, "nojs@example.com"), 2)
    await survey.get_by_label("What is the primary reason for your score?").fill("Nobody called back.")
    await survey.get_by_role("button", name="Send").click()
    await expect(survey.get_by_text("We are sorry it went like that")).to_be_visible()

    async def is_listed() -> bool:
        # Without a script nothing tells a hand from a machine, and no person is as fast: it may have to be judged.
        await page.goto(f"{stack.origin}/suspect-answers")
        if await page.get_by_text("Nobody called back.").count():
            await page.get_by_role("button", name="A person’s: count it").click()
        await page.goto(f"{stack.origin}/inbox")
        return await page.get_by_text("Nobody called back.").count() == 1

    await eventually(is_listed, within=20)
    await page.get_by_role("link", name="Nobody called back.").click()
    await page.get_by_role("button", name="Take the case").click()
    await _opened(page, "Close the case")
    await page.get_by_role("button", name="Close the case").click()
    await expect(page.get_by_text("Not saved yet. What you typed is still here.")).to_be_visible()
    await page.get_by_label("Cause").select_option("contact.no_callback")
    await page.get_by_label("What we did").fill("Called her.")
    await page.get_by_label("Explained").check()
    await page.get_by_role("group", name="Has the customer been told?").get_by_label("Yes").check()
    await page.get_by_role("button", name="Close the case").click()
    await expect(page.get_by_text("closed this case")).to_be_visible()
    await context.close()


async def test_everything_is_still_there_after_a_restart(stack: FullStack, browser: Browser) -> None:
    company = start_company(stack, "Lasting", "lasting@example.com")
    see = await send(stack, company, an_event("order-1", "lasting@example.com"))
    await mail_to(stack, "lasting@example.com")
    stack.run("down")
    stack.run("up", "--detach")
    context = await browser.new_context()
    page = await sign_in(context, company)
    await page.goto(see)
    await expect(page.get_by_text("Received")).to_be_visible()
    await expect(page.get_by_text("Mail.")).to_be_visible()
    await context.close()


async def _opened(page: Page, name: str) -> None:
    summary = page.locator("summary").filter(has_text=name)
    if not await summary.evaluate("element => element.parentElement.open"):
        await summary.click()
