"""What the leader of the team does: the weekly talk, and an action of improvement from its cause to what came of it."""

from datetime import date, datetime, timedelta

from playwright.async_api import expect
from support.improvements import a_closed_case, keep
from support.team_week.office import MONDAY, SEGMENT, TEAM, TeamWeek
from support.team_week.pages import PLAIN_PHONE, is_printed_whole, press_unfolded, said, seen


async def the_week_is_talked_over_and_printed(week: TeamWeek) -> None:
    async with week.page_of("Lone Bach", java_script_enabled=False) as lone:
        await lone.goto(f"{week.origin}/huddle")
        page = lone.locator(".huddle")
        await expect(page.locator("h1")).to_have_text(f"{TEAM}, week 37")
        await expect(page).to_contain_text("was recovered. What we did:")
        await expect(page.locator(".huddle-quote").nth(1)).to_be_visible()
        await expect(page).to_contain_text("Delivery: late: 3 closed cases, 0 in the week before.")
        await lone.get_by_label("What is promised?").fill("Call before noon whoever waits for a van.")
        await lone.get_by_label("Who does it?").select_option("Sara Lund")
        await lone.get_by_role("button", name="Write it down").click()
        await expect(said(lone)).to_contain_text("It is written down.")
        promise = page.locator(".promises li")
        await promise.get_by_role("button", name="Kept").click()
        await expect(promise.locator(".promise-state")).to_have_text("kept")
        await seen(lone, "week-huddle")
        await is_printed_whole(lone)
        await lone.get_by_role("button", name="Delete").click()
        await expect(said(lone)).to_contain_text("The promise is deleted.")


async def an_action_is_opened_from_a_cause(week: TeamWeek) -> str:
    """The address of the action."""
    await other_cases(week, MONDAY - timedelta(days=20), 9, late=6)
    async with week.page_of("Lone Bach", **PLAIN_PHONE) as lone:
        await lone.goto(f"{week.origin}/actions")
        await seen(lone, "week-causes")
        row = lone.locator("tr", has_text="Delivery: late")
        await row.get_by_role("link", name="Do something about it").click()
        await lone.get_by_label("What is to be done?").fill("A second van on Fridays")
        await lone.get_by_label("Where?").select_option(SEGMENT)
        await lone.get_by_label("Until when?").fill(date(2026, 9, 17).isoformat())
        await lone.get_by_label("By how many points is the score to rise?").fill("10")
        await lone.get_by_role("button", name="Open the action").click()
        await expect(said(lone)).to_contain_text("The action is open.")
        await expect(lone.locator("#baseline-head")).to_contain_text("9 of 13 cases")
        await expect(lone.locator("main")).to_contain_text("10 answers")
        await press_unfolded(lone, "Begin the work")
        await expect(said(lone)).to_contain_text("The work has begun")
        return lone.url.partition("?")[0]


async def other_cases(week: TeamWeek, opened_at: datetime, number: int, *, late: int) -> None:
    """So many cases of the team from another time, which are closed by now; of some the cause was that one."""
    about = {"touchpoint": "delivery"}
    found = [
        a_closed_case(
            f"{opened_at} {n}",
            opened_at,
            cause="delivery.late" if n < late else "digital.bug",
            segments=about,
        )
        for n in range(number)
    ]
    await keep(week.database("scorer"), *found, tenant=week.company.name)


async def it_is_done_and_customers_are_told(week: TeamWeek, address: str) -> None:
    async with week.page_of("Lone Bach", **PLAIN_PHONE) as lone:
        await lone.goto(f"{week.origin}/actions")
        await expect(lone.locator(".listing .act")).to_contain_text("late")
        await lone.get_by_role("link", name="A second van on Fridays").click()
        assert lone.url == address
        await press_unfolded(lone, "It is done")
        await expect(lone.locator("#helped-head")).to_contain_text("not over yet")
        await lone.get_by_text("Write what customers are told").press("Enter")
        await lone.get_by_label("English").fill("You waited for tables. We drive a second van on Fridays.")
        await lone.get_by_label("Dansk").fill("I ventede på borde. Vi kører med en bil mere om fredagen.")
        await lone.get_by_role("button", name="Publish").click()
        for language, heading, words in (
            ("en", "You said, we did", "We drive a second van on Fridays."),
            ("da", "I sagde, vi gjorde", "Vi kører med en bil mere om fredagen."),
        ):
            letter = lone.locator(f"blockquote[lang={language}]")
            await expect(letter).to_contain_text(heading)
            await expect(letter).to_contain_text(words)
        await seen(lone, "week-action")


async def it_is_told_whether_it_helped(week: TeamWeek, address: str) -> None:
    await other_cases(week, MONDAY + timedelta(days=20), 12, late=1)
    async with week.page_of("Lone Bach", **PLAIN_PHONE) as lone:
        await lone.goto(address)
        await expect(lone.locator("#helped-head")).to_contain_text("The score rose by 150 points")
        await expect(lone.locator(".versus")).to_contain_text("p < 0.001")
        await expect(lone.locator("main")).to_contain_text("1 of 12 cases (8.3")
        await expect(lone.locator("main")).to_contain_text("Other things may have changed, too")
        await seen(lone, "week-compared")
