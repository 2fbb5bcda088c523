"""An editor makes a survey with a condition and a choice question, and a customer answers it in Danish.

From the form to the reminder that is not sent, the no of the customer, and the reason on the list of events.
"""

import pytest
from playwright.async_api import Browser, Page, expect
from support.eventually import eventually
from support.full_stack import Company, FullStack, start_company
from support.plain_http import plain_client

from e2e.test_main_job import an_event, click_score, open_mail, send, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

CUSTOMER = "mette@example.dk"
WORDS = {
    "en": ("What should we do better?", "The price", "The delivery"),
    "da": ("Hvad skal vi gøre bedre?", "Prisen", "Leveringen"),
    "nl": ("Wat moeten we beter doen?", "De prijs", "De bezorging"),
}


async def test_a_survey_from_its_form_to_the_next_event_that_is_skipped(
    stack: FullStack, browser: Browser
) -> None:
    company = start_company(stack, "Boat", "editor@example.com")
    stack.run("live", "boat", "--yes")
    staff = await browser.new_context()
    editor = await sign_in(staff, company)
    await _write_the_survey(editor, stack)
    await _see_it_typed(editor)
    await _read_it_in_three_languages(editor)
    await _rehearse(editor, stack, company)
    await editor.get_by_role("link", name="Start asking…").click()
    await expect(editor.get_by_text("would have asked about 1 of 2 events")).to_be_visible()
    await expect(editor.get_by_text("After 3 days", exact=False)).to_be_visible()
    await editor.get_by_role("button", name="Start asking", exact=True).click()
    await expect(editor.get_by_role("heading", level=1)).to_contain_text("Big bookings asks.")

    # A small booking does not meet the condition; a big one does.
    see_small = await _book(stack, company, "small", 20)
    await _finds(editor, see_small, "did not meet the conditions")
    see_big = await _book(stack, company, "big", 120)

    # She answers on a phone, in Danish.
    phone = await browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    mail = await open_mail(phone, stack, CUSTOMER)
    survey = await click_score(mail, 4)
    reason = survey.get_by_label("Hvad er den primære årsag til, at du giver den score?")
    await reason.fill("Den kom for sent.")
    await survey.get_by_role("group", name="Hvad skal vi gøre bedre?").get_by_label("Leveringen").check()
    await survey.get_by_role("button", name="Send").click()
    await expect(survey.get_by_text("Vi er kede af, at det gik sådan.")).to_be_visible()

    # What she chose stands in her case, in her words; the reminder will not leave.
    await editor.goto(see_big)
    await expect(editor.get_by_text("Reminder 1 was not sent. The customer had answered.")).to_be_visible(
        timeout=20_000
    )
    await editor.goto(f"{stack.origin}/inbox")
    await editor.get_by_role("link", name="Den kom for sent.").click()
    await expect(editor.get_by_text("Hvad skal vi gøre bedre?")).to_be_visible()
    await expect(editor.get_by_text("Leveringen")).to_be_visible()

    # She says no, and the next event says why nobody was asked.
    async with phone.expect_page() as opened:
        await mail.frame_locator("iframe").get_by_role("link", name="Afmeld").click()
    no = await opened.value
    await no.get_by_role("button", name="Afmeld").click()
    await expect(no.get_by_text("Du er nu afmeldt.")).to_be_visible()
    see_next = await _book(stack, company, "next", 90)
    await _finds(editor, see_next, "has unsubscribed")
    await editor.goto(f"{stack.origin}/events?q={CUSTOMER}")
    await expect(editor.get_by_role("row", name="next").get_by_text("Has unsubscribed")).to_be_visible()
    await staff.close()
    await phone.close()


async def _write_the_survey(page: Page, stack: FullStack) -> None:
    await page.goto(f"{stack.origin}/surveys/new")
    await page.get_by_label("Name", exact=True).fill("Big bookings")
    await page.get_by_label("Type of the events it asks about").fill("booking.completed")
    condition = page.get_by_role("group", name="Condition 1")
    await condition.get_by_label("Field").fill("attributes.total")
    await condition.get_by_label("Comparison").select_option(">=")
    await condition.get_by_label("Value").fill("50")
    await page.get_by_label("Time between the event and the mail").fill("0")
    await page.get_by_label("Days before the same customer is asked again").fill("0")
    await page.get_by_label("Days until the first reminder").fill("3")
    third = page.get_by_role("group", name="The third question", exact=True)
    await third.get_by_label("How it is answered").select_option("one_of")
    for outcome in ("Who gave 7 or 8", "Who gave 9 or 10"):
        await third.get_by_label(outcome).uncheck()
    for language, words in WORDS.items():
        for field, typed in zip(("q1", "q1.o1", "q1.o2"), words, strict=True):
            control = page.locator(f'[name="{language}.{field}"]')
            await control.evaluate("field => { for (let e = field; e; e = e.parentElement) e.open = true; }")
            await control.fill(typed)
    await page.get_by_role("button", name="Save the survey").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Big bookings is a draft.")


async def _see_it_typed(page: Page) -> None:
    """The mail beside the form follows what is typed, in each language, and is there again after a fault."""
    question, mail = page.locator('[name="en.question"]'), page.frame_locator('iframe[name="typed-mail"]')
    heading = mail.get_by_role("heading", level=1)
    await expect(heading).to_contain_text("How likely is it that you would recommend Boat")
    await question.evaluate("field => { for (let e = field; e; e = e.parentElement) e.open = true; }")
    for typed, shown in (
        ("Would you book at {company} again?", "Would you book at Boat again?"),
        ("Would you book at {harbour} again?", "What is wrong in the form"),
        ("Would you sail with {company}?", "Would you sail with Boat?"),
    ):
        await question.fill(typed)
        await page.get_by_role("button", name="English", exact=True).click()
        await expect(heading).to_have_text(shown)
        if "harbour" in typed:
            await expect(mail.get_by_text("There is no {harbour}.")).to_be_visible()
    await page.get_by_role("button", name="Danish", exact=True).click()
    await expect(heading).to_contain_text("Hvor sandsynligt er det, at du vil anbefale Boat")
    await expect(question).to_have_value("Would you sail with {company}?")
    await page.reload()
    await expect(question).to_have_value("")  # nothing of it was saved


async def _read_it_in_three_languages(page: Page) -> None:
    survey = page.url
    await page.get_by_role("link", name="See mail and page", exact=True).click()
    await page.get_by_role("link", name="Who gave 0 to 6").click()
    for language, words, further in (
        ("English", "How likely is it that you would recommend", WORDS["en"][0]),
        ("Danish", "Hvor sandsynligt er det, at du vil anbefale", WORDS["da"][0]),
        ("Dutch", "Hoe waarschijnlijk is het dat u", WORDS["nl"][0]),
    ):
        other = page.get_by_role("link", name=language, exact=True)
        if await other.count():
            await other.click()
        for frame in ("The mail", "The page"):
            heading = page.frame_locator(f'iframe[title="{frame}"]').get_by_role("heading", level=1)
            await expect(heading).to_contain_text(words)
        await expect(page.frame_locator('iframe[title="The page"]').get_by_text(further)).to_be_visible()
    await page.get_by_role("link", name="On a phone").click()
    await expect(page.locator('iframe[title="The page"]')).to_have_css("width", "360px")
    await expect(page.frame_locator('iframe[title="The page"]').get_by_text(further)).to_be_visible()
    await page.get_by_role("link", name="Who gave 9 or 10").click()
    shown = page.frame_locator('iframe[title="The page"]')
    await expect(shown.get_by_role("radio", name="10", exact=False)).to_be_checked()
    await expect(shown.get_by_text(further)).to_be_hidden()
    await expect(page.locator('iframe[title="The page"]')).to_have_css("width", "360px")
    await page.goto(survey)


async def _rehearse(page: Page, stack: FullStack, company: Company) -> None:
    """Of two events it would ask about one; nobody gets a mail."""
    await page.get_by_role("link", name="Rehearse…").click()
    await page.get_by_role("button", name="Begin the rehearsal").click()
    for id_, total in (("tried-small", 20), ("tried-big", 80)):
        await _finds(page, await _book(stack, company, id_, total, "kim@example.dk"), "Nobody was asked.")
    await page.goto(f"{stack.origin}/surveys")
    await page.get_by_role("link", name="Big bookings").click()
    await page.get_by_role("link", name="The rehearsal").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text(
        "Of 2 events it would have asked about 1."
    )
    async with plain_client(stack.mailbox) as client:
        assert (await client.get("/api/mails", params={"to": "kim@example.dk"})).json() == []


async def _finds(page: Page, see: str, finding: str) -> None:
    """Open an event's page, which is there once its event was consumed."""

    async def is_decided() -> bool:
        await page.goto(see)
        return finding in await page.get_by_role("heading", level=1).inner_text()

    await eventually(is_decided, within=20)


async def _book(stack: FullStack, company: Company, id_: str, total: int, address: str = CUSTOMER) -> str:
    customer = {"id": f"c-{address}", "email": address, "locale": "da"}
    return await send(
        stack,
        company,
        an_event(id_, address, type="booking.completed", customer=customer, attributes={"total": total}),
    )
