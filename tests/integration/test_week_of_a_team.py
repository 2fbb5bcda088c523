"""A week of a team in real browsers, as one story through all services: what one part leaves the next one finds."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from playwright.async_api import Browser
from support.stack import Postgres
from support.team_week import cases, colleagues, leader
from support.team_week.customers import Customer
from support.team_week.office import MONDAY, TeamWeek, a_team_week
from support.team_week.pages import customer_page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
async def week(postgres: Postgres, kafka: str, browser: Browser) -> AsyncIterator[TeamWeek]:
    async with a_team_week(postgres, kafka, browser) as week:
        yield week


async def test_from_ten_answers_to_what_they_have_changed(week: TeamWeek) -> None:
    async with (
        week.page_of("Jonas Holt") as jonas,
        week.page_of("Sara Lund") as sara,
        customer_page(week.browser) as karen,
    ):
        await cases.ten_answers_come_in(week, jonas, karen)
        await cases.a_case_is_handed_over(week, jonas, karen)
        await cases.the_customer_is_written_to_and_writes_back(week, sara)
        await cases.the_case_waits_for_the_customer(week, sara, karen)
        await colleagues.two_colleagues_have_one_case_open(week, jonas, sara)
        await colleagues.a_duplicate_is_merged(week, jonas, sara, karen)
        await colleagues.two_cases_are_closed_by_keyboard(week, jonas)
        await colleagues.a_case_is_done_with_one_hand(week)
        await colleagues.an_introduction_is_asked_for_and_agreed(week)
        await week.go_to(MONDAY + timedelta(days=3))
        await cases.the_case_goes_on_and_is_closed(week, sara, karen)
        await cases.the_customer_says_that_it_is_not_solved(week, sara, karen)
    await week.go_to(MONDAY + timedelta(days=4))
    await leader.the_week_is_talked_over_and_printed(week)
    await week.go_to(MONDAY + timedelta(days=7))
    address = await leader.an_action_is_opened_from_a_cause(week)
    await week.go_to(MONDAY + timedelta(days=11))
    await leader.it_is_done_and_customers_are_told(week, address)
    await week.go_to(MONDAY + timedelta(days=18))
    happier = [Customer(f"Nr{number} Sund", 9 + number % 2, "In time.") for number in range(10)]
    await week.ask(*happier)
    await week.answer(*happier)
    await week.go_to(MONDAY + timedelta(days=40))
    await leader.it_is_told_whether_it_helped(week, address)
