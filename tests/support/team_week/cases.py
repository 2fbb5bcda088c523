"""The case of one customer: it is opened, handed over, written about, waits, is closed, and opens again."""

from playwright.async_api import Page, expect
from support.accessibility import violations
from support.browser import look
from support.team_week.customers import KAREN, TEN
from support.team_week.office import TeamWeek
from support.team_week.pages import (
    LIVE_WITHIN_MS,
    PHONE,
    fill_closing,
    opened,
    press_close,
    receipt,
    said,
    seen,
)

NEW_LEG = "A new leg, put on by Sara."


async def ten_answers_come_in(week: TeamWeek, jonas: Page, karen: Page) -> None:
    """Jonas has the list open: what is unhappy stands there as it comes."""
    await jonas.goto(f"{week.origin}/inbox")
    await expect(jonas.get_by_text("Nobody is waiting.")).to_be_visible()
    await week.ask(*TEN)
    await karen.goto(f"{week.link_of(KAREN)}?v=2")
    await karen.get_by_label("What is the primary reason for your score?").fill(KAREN.comment)
    await karen.locator("#may-yes").tap()
    await karen.get_by_role("button", name="Send").tap()
    await expect(karen.get_by_role("heading", level=1)).to_contain_text("We are sorry")
    await week.world.deliver_all()
    await expect(jonas.locator(".case")).to_contain_text(KAREN.comment, timeout=LIVE_WITHIN_MS)
    await week.answer(*(one for one in TEN if one is not KAREN))
    await expect(jonas.get_by_role("heading", level=1)).to_have_text(
        "Seven customers are waiting to hear from us.", timeout=LIVE_WITHIN_MS
    )
    await expect(jonas.locator(".case")).to_have_count(7)
    await seen(jonas, "week-inbox")
    (received,) = await receipt(karen, week.link_of(KAREN))
    assert received.startswith("Received on 7 September")


async def a_case_is_handed_over(week: TeamWeek, jonas: Page, karen: Page) -> None:
    await jonas.get_by_role("link", name=KAREN.comment).click()
    await jonas.get_by_role("button", name="Take the case").click()
    await expect(jonas.locator("#facts")).to_contain_text("(you)")
    await week.world.deliver_all()
    _, read, due = await receipt(karen, week.link_of(KAREN))
    assert read == "Somebody is looking after it."
    assert due.startswith("In hand until ")
    form = await opened(jonas, "hand_over")
    await form.get_by_label("Colleague").select_option("Sara Lund")
    await form.get_by_label("What they must know").fill("It is the second leg. She is at home after four.")
    await form.get_by_role("button", name="Hand the case over").click()
    await expect(said(jonas)).to_contain_text("is handed over.")
    await expect(jonas.locator(".timeline")).to_contain_text("She is at home after four.")


async def the_customer_is_written_to_and_writes_back(week: TeamWeek, sara: Page) -> None:
    await sara.goto(f"{week.origin}/inbox?owner=me")
    await expect(sara.locator(".case")).to_have_count(1)
    await sara.get_by_role("link", name=KAREN.comment).click()
    await expect(sara.locator(".timeline")).to_contain_text("She is at home after four.")
    form = await opened(sara, "reply")
    await expect(form).to_contain_text("k•••@e•••.com")
    await form.get_by_text("Insert a text block").click()
    await form.get_by_role("link", name="Apology").click()
    words = "Dear Karen Whitfield,\nwe are sorry. A new one comes on Thursday."
    await expect(form.get_by_label("Mail")).to_have_value(words)
    await form.get_by_role("button", name="Send the mail").click()
    await expect(sara.get_by_role("alert")).to_contain_text("Write what the mail is about.")
    await sara.locator("#reply-subject").fill("Your sofa table")
    await sara.get_by_role("button", name="Send the mail").click()
    await expect(said(sara)).to_contain_text("The mail is written.")
    await week.send_mails_of_cases()
    await expect(sara.locator(".timeline")).to_contain_text("The mail was sent.", timeout=LIVE_WITHIN_MS)
    assert week.mails_to(KAREN)[-1]["Subject"] == "Your sofa table"
    await week.write_back(KAREN, "Thank you. Thursday is fine.")
    await expect(sara.locator(".timeline")).to_contain_text("Thursday is fine.", timeout=LIVE_WITHIN_MS)
    await seen(sara, "week-mails")


async def the_case_waits_for_the_customer(week: TeamWeek, sara: Page, karen: Page) -> None:
    form = await opened(sara, "wait")
    await form.get_by_label("Go on at eight on").fill("2026-09-10")
    await form.get_by_label("What you wait for").fill("Whether the new leg fits.")
    await form.get_by_role("button", name="Wait").click()
    await expect(said(sara)).to_contain_text("waits. Its deadlines stand still.")
    await seen(sara, "week-waiting")
    await week.world.deliver_all()
    assert (await receipt(karen, week.link_of(KAREN)))[-1].startswith(
        "We wait for your reply until 10 September"
    )


async def the_case_goes_on_and_is_closed(week: TeamWeek, sara: Page, karen: Page) -> None:
    """On Thursday at eight."""
    await sara.goto(f"{week.origin}/inbox?owner=me")
    await sara.get_by_role("link", name=KAREN.comment).click()
    await expect(sara.locator(".timeline")).to_contain_text("It has waited until now: the case goes on.")
    await fill_closing(sara, "delivery.damaged", NEW_LEG, "recovered")
    await press_close(sara)
    await expect(said(sara)).to_contain_text("is closed.")
    await week.world.deliver_all()
    assert (await receipt(karen, week.link_of(KAREN)))[-1].startswith("Solved on 10 September")
    assert NEW_LEG not in await karen.content()


async def the_customer_says_that_it_is_not_solved(week: TeamWeek, sara: Page, karen: Page) -> None:
    """By the receipt, which tells nothing of what was written; Sara has the case open."""
    await karen.get_by_text("No, it is not solved").tap()
    await karen.get_by_label("What is not solved?").fill("Now the other leg is split.")
    await fits_the_smallest_phone(karen, "week-receipt")
    await karen.locator("#not-solved").get_by_role("button", name="Send").tap()
    await expect(karen.locator(".receipt [aria-current=step]")).to_contain_text("We look at it again.")
    await expect(karen.get_by_text("No, it is not solved")).to_have_count(0)
    await week.world.deliver_all()
    await expect(sara.locator(".timeline")).to_contain_text("Now the other leg is split.")
    await expect(sara.locator("#facts")).to_contain_text("Opened again")
    await expect(sara.locator("#act-close")).to_be_visible()
    await expect(said(sara)).to_have_count(0)
    *_, objected, due = await receipt(karen, week.link_of(KAREN))
    assert objected.endswith("you told us that it is not solved. It is open again.")
    assert due.startswith("In hand until ")
    assert "other leg" not in await karen.content()
    await fits_the_smallest_phone(karen, "week-receipt-again")
    await seen(sara, "week-reopened")


async def fits_the_smallest_phone(karen: Page, name: str) -> None:
    """As it is, and dark at 320 px."""
    await seen(karen, name)
    assert await violations(karen) == []
    await karen.set_viewport_size({"width": 320, "height": 700})
    await karen.emulate_media(color_scheme="dark")
    await look(karen, name)
    assert await violations(karen) == []
    await karen.set_viewport_size(PHONE["viewport"])
    await karen.emulate_media(color_scheme="light")
