"""How colleagues work on the other cases: two at once, by keyboard alone, with one hand; and an introduction."""

from playwright.async_api import Page, expect
from support.team_week.customers import ERIK, FEMKE, IDA, JENS, KAREN, LIS, OLE, PETER
from support.team_week.office import TeamWeek
from support.team_week.pages import (
    PHONE,
    PLAIN_PHONE,
    fill_closing,
    go_by_key,
    go_on_by_key,
    is_open,
    number_of,
    opened,
    press_close,
    receipt,
    said,
    seen,
    tab_to,
    tap_in_reach,
)


async def two_colleagues_have_one_case_open(week: TeamWeek, jonas: Page, sara: Page) -> None:
    """Each sees the other and what they do; what Jonas wrote meanwhile decides nothing and is not lost."""
    for page in (jonas, sara):
        await page.goto(f"{week.origin}/inbox")
        await page.get_by_role("link", name=OLE.comment).click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text("Ole Thygesen gave a 5")
    await expect(sara.locator("#viewers")).to_have_text("Also open with Jonas Holt.")
    # What happens every fifteen seconds, too.
    await jonas.evaluate("dispatchEvent(new Event('visibilitychange'))")
    await expect(jonas.locator("#viewers")).to_have_text("Also open with Sara Lund.")
    await fill_closing(jonas, "digital.usability", "Told him how to order.", "explained")
    await sara.get_by_role("button", name="Take the case").click()
    await expect(jonas.locator(".timeline")).to_contain_text("Sara Lund took the case.")
    await expect(jonas.get_by_role("button", name="Take the case")).to_have_count(0)
    await fill_closing(sara, "digital.bug", "Put the order in by hand.", "recovered")
    await press_close(sara)
    await expect(said(sara)).to_contain_text("is closed.")
    await expect(jonas.locator("#notices")).to_contain_text("Sara Lund closed this case")
    await expect(jonas.get_by_label("What we did")).to_have_value("Told him how to order.")
    await press_close(jonas)
    await expect(jonas.get_by_role("alert")).to_contain_text("Your text is still here.")
    await expect(jonas.locator("#note-text")).to_have_value("Told him how to order.")
    await seen(jonas, "week-overtaken")
    await jonas.get_by_role("button", name="Save the note").click()
    await expect(jonas.locator(".timeline")).to_contain_text("Told him how to order.")
    await expect(jonas.locator(".timeline")).to_contain_text("Closed. Digital: bug.")


async def a_duplicate_is_merged(week: TeamWeek, jonas: Page, sara: Page, erik: Page) -> None:
    """Two of one household were asked. Sara has the duplicate open, and sees what can be done to it now."""
    await sara.goto(f"{week.origin}/inbox")
    await sara.get_by_role("link", name=ERIK.comment).click()
    await expect(sara.locator("#act-close")).to_be_visible()
    await jonas.goto(f"{week.origin}/inbox?state=all")
    number = await number_of(jonas, KAREN.comment)
    await jonas.go_back()
    await jonas.get_by_role("link", name=ERIK.comment).click()
    form = await opened(jonas, "merge")
    await form.get_by_label("Number of the other case").fill(number)
    await form.get_by_role("button", name="Merge").click()
    await expect(said(jonas)).to_contain_text("is a duplicate now.")
    await expect(sara.locator("#act-reopen")).to_be_visible()
    await expect(sara.locator("#act-close")).to_have_count(0)
    await jonas.get_by_role("link", name="The other case").click()
    await expect(jonas.locator("h1")).to_contain_text("Karen Whitfield")
    await expect(jonas.locator(".timeline")).to_contain_text("Jonas Holt merged case")
    await week.world.deliver_all()
    assert (await receipt(erik, week.link_of(ERIK)))[-1].startswith("In hand")


async def two_cases_are_closed_by_keyboard(week: TeamWeek, jonas: Page) -> None:
    """Jonas touches no mouse: he looks the keys up, takes three cases, closes two and goes from one to the next."""
    keys = jonas.keyboard
    await jonas.goto(f"{week.origin}/inbox?sort=score")
    await keys.press("?")
    await expect(jonas.get_by_role("dialog", name="Keys")).to_be_visible()
    await keys.press("Escape")
    for customer in (IDA, JENS):
        await go_by_key(jonas, customer.comment)
        await keys.press("x")
    await keys.press("t")
    await expect(said(jonas)).to_have_text("2 cases are yours.")
    await go_by_key(jonas, FEMKE.comment)
    await keys.press("Enter")
    await is_open(jonas, FEMKE.name)
    await keys.press("t")
    await expect(said(jonas)).to_contain_text("is yours.")
    await keys.press("c")
    await close_by_keyboard(jonas)
    await go_on_by_key(jonas, JENS.name)
    await jonas.goto(f"{week.origin}/inbox?owner=me")
    await go_by_key(jonas, IDA.comment)
    await keys.press("c")
    await is_open(jonas, IDA.name)
    await keys.press("c")
    await close_by_keyboard(jonas)


async def close_by_keyboard(page: Page) -> None:
    """Fill in the form of closing, which has the focus, and send it."""
    keys, address = page.keyboard, page.url
    await expect(page.get_by_label("Cause")).to_be_focused()
    await keys.press("n")  # in a field it is a letter
    await keys.press("Home")
    await keys.press("ArrowDown")
    await expect(page.get_by_label("Cause")).to_have_value("delivery.late")
    assert page.url == address
    await keys.press("Tab")
    await keys.type("Took the charge for the delivery back.")
    for field in ("outcome", "told"):
        await tab_to(page, field)
        await keys.press("Space")
    await keys.press("Tab")
    await keys.press("Enter")
    await expect(said(page)).to_contain_text("is closed.")


async def a_case_is_done_with_one_hand(week: TeamWeek) -> None:
    """Sara is on her way: on her phone she calls Peter, writes it down, closes the case and goes to the next."""
    async with week.page_of("Sara Lund", **PHONE) as sara:
        await sara.goto(f"{week.origin}/inbox")
        await sara.get_by_role("link", name=PETER.comment).tap()
        keys = sara.locator("[data-keys-open]:not([hidden])")  # as the script left it
        await expect(keys).to_have_count(1)
        await expect(keys).to_be_hidden()
        bar = sara.get_by_role("group", name="What now?")
        await tap_in_reach(bar.get_by_role("button", name="Take the case"))
        await expect(said(sara)).to_contain_text("is yours.")
        await sara.get_by_role("button", name="Show the address and number").tap()
        await expect(sara.get_by_role("link", name="+4512345678")).to_have_attribute(
            "href", "tel:+4512345678"
        )
        await tap_in_reach(bar.get_by_role("link", name="Log a contact"))
        form = sara.locator("#act-contact")
        await form.get_by_text("Yes: this is a contact").tap()
        await form.get_by_label("What was said").fill("He takes it tomorrow at nine.")
        await seen(sara, "week-phone-contact")
        await form.get_by_role("button", name="Save the contact").tap()
        await expect(sara.locator("#happened")).to_contain_text("Peter Aagaard was reached")
        await tap_in_reach(bar.get_by_role("link", name="Close"))
        await expect(sara.get_by_label("Cause")).to_be_in_viewport()
        await fill_closing(sara, "delivery.late", "The van comes tomorrow at nine.", "explained")
        await press_close(sara)
        await expect(said(sara)).to_contain_text("is closed. Next:")
        await seen(sara, "week-phone-closed")
        await tap_in_reach(bar.get_by_role("link", name="Next case"))
        await expect(sara.locator("h1")).to_contain_text(JENS.name)


async def an_introduction_is_asked_for_and_agreed(week: TeamWeek) -> None:
    async with week.page_of("Jonas Holt", **PLAIN_PHONE) as jonas:
        await jonas.goto(f"{week.origin}/introductions")
        await seen(jonas, "week-introductions")
        await jonas.get_by_role("link", name=LIS.comment).click()
        await jonas.get_by_role("button", name="I have asked").click()
        await expect(said(jonas)).to_have_text("Written down: the customer was asked.")
        await expect(jonas.get_by_role("button", name="I have asked")).to_have_count(0)
        await jonas.get_by_role("button", name="The customer agreed").click()
        await expect(said(jonas)).to_have_text("Written down: the customer agreed.")
        await expect(jonas.locator(".facts")).to_contain_text("Agreed")
        await expect(jonas.locator(".intro-steps li")).to_have_count(3)
        await jonas.get_by_role("textbox", name="Note").fill("Write again in spring.")
        await jonas.get_by_role("button", name="Save the note").click()
        await expect(jonas.get_by_role("textbox", name="Note")).to_have_value("Write again in spring.")
        await seen(jonas, "week-introduction")
