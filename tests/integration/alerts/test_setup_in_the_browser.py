"""Calendars, teams and absences in a real browser, without JavaScript: from the hours to the case of a deputy."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, Page, expect
from support.accessibility import violations
from support.alerts_api import PASSWORD, AlertsApi, Person
from support.alerts_builders import act_on_answers, an_answer, deliver, rows
from support.browser import look, views
from support.servers import serving

from shared.events import TenantSending
from shared.tenancy.sending import keep_sending

pytestmark = pytest.mark.browser


@pytest.fixture
async def origin(alerts: AlertsApi) -> AsyncIterator[str]:
    context = alerts.context
    async with serving(alerts.app, context.stopping, context.changes.run(context.stopping)) as origin:
        yield origin


async def sign_in(page: Page, person: Person, address: str) -> None:
    await page.goto(address)
    await page.get_by_label("E-mail address").fill(person.address)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page).to_have_url(address)


async def test_an_administrator_makes_a_calendar_and_a_team_and_a_case_of_who_is_away_goes_to_the_deputy(
    alerts: AlertsApi, browser: Browser, origin: str
) -> None:
    await alerts.open_case(segments={"touchpoint": "delivery"})
    admin = await alerts.person("admin", "Ada Winther")
    dina, carl = await alerts.person(name="Dina Dahl"), await alerts.person(name="Carl Holm")
    context = await browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = await context.new_page()
    await sign_in(page, admin, f"{origin}/settings/calendars")
    await page.get_by_label("Name").fill("Office")
    await page.get_by_label("Time zone").select_option("Europe/Copenhagen")
    await page.get_by_label("Monday to", exact=True).fill("08:30")
    await page.get_by_label("Closed on the public holidays of").select_option("DK")
    await page.get_by_label("Further days that are closed").fill("2026-12-24\nChristmas")
    await page.get_by_role("button", name="Make the calendar").click()
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("Write the hours of a day in order")
    await expect(alert).to_contain_text("Line 2 has something that is no day.")
    await page.get_by_label("Monday to", exact=True).fill("17:00")
    await page.get_by_label("Further days that are closed").fill("2026-12-24")
    await page.get_by_role("button", name="Make the calendar").click()
    await expect(page.locator(".slip[role=status]")).to_contain_text("The calendar is made.")

    await page.get_by_role("link", name="Teams", exact=True).click()
    await page.get_by_label("Name").fill("Delivery")
    await page.get_by_label("Dina Dahl").check()
    await page.get_by_label("Leader").select_option("Ada Winther")
    await page.get_by_label("touchpoint:delivery").check()
    await page.get_by_label("Deadlines count").select_option("Office")
    await page.get_by_role("button", name="Make the team").click()
    await expect(page.locator(".slip[role=status]")).to_contain_text("The team is made.")
    await context.close()

    context = await browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = await context.new_page()
    await sign_in(page, dina, f"{origin}/settings")
    await page.get_by_role("link", name="Absence", exact=True).click()
    today = datetime.now(UTC).date()
    await page.get_by_label("First day away").fill((today - timedelta(days=1)).isoformat())
    await page.get_by_label("Last day away").fill((today + timedelta(days=3)).isoformat())
    await page.get_by_label("Who gets new cases meanwhile").select_option("Carl Holm")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("You are away from")
    await expect(page.get_by_text("New cases go to Carl Holm meanwhile.")).to_be_visible()
    await context.close()

    answer = an_answer(segments={"touchpoint": "delivery"})
    await deliver(alerts.database, act_on_answers, answer)
    (case,) = await rows(alerts.database, "SELECT * FROM cases WHERE answer_id = :id", id=answer.id)
    assert case.routed_to == [carl.id]


async def test_the_pages_fit_every_width_and_axe_finds_nothing(
    alerts: AlertsApi, browser: Browser, origin: str
) -> None:
    live = TenantSending(version=1, mode="live", changed_at=datetime.now(UTC))
    await deliver(alerts.database, keep_sending, live)
    await alerts.open_case(touchpoint="delivery", segments={"store": "aarhus"})
    leader, dina = await alerts.signed_in("admin", name="Ada Winther"), await alerts.person(name="Dina Dahl")
    monday = {
        "monday_0_from": "08:00",
        "monday_0_to": "12:00",
        "monday_1_from": "13:00",
        "monday_1_to": "16:30",
    }
    calendar, team = "0190a5c0-8a3b-7c1d-9e2f-4b5a6c7d8e9f", "0190a5c0-8a3b-7c1d-9e2f-4b5a6c7d8e90"
    hours = {"new_id": calendar, "name": "Office", "zone": "Europe/Copenhagen", "country": "DK", **monday}
    assert (await leader.do("/settings/calendars", **hours)).status_code == 303
    made = await leader.do(
        "/settings/teams",
        new_id=team,
        name="Delivery",
        member=str(dina.id),
        leader=str(leader.person.id),
        segment="touchpoint:delivery",
        calendar=calendar,
    )
    assert made.status_code == 303, made.text
    away = {"from": "2030-11-28", "until": "2030-12-04", "until_time": "12:00"}
    assert (await leader.do(f"/settings/absence/{dina.id}", **away)).status_code == 303
    for width, scheme, language in views(360, 1280):
        context = await browser.new_context(
            locale=language, color_scheme=scheme, viewport={"width": width, "height": 800}
        )
        await context.add_cookies(
            [{"name": name, "value": value, "url": origin} for name, value in leader.client.cookies.items()]
        )
        page = await context.new_page()
        for name, path in (
            ("calendars", "/settings/calendars"),
            ("calendar", f"/settings/calendars/{calendar}"),
            ("teams", "/settings/teams"),
            ("team", f"/settings/teams/{team}"),
            ("absence-own", "/settings/absence"),
            ("absence", f"/settings/absence/{dina.id}"),
            ("person", f"/settings/people/{dina.id}"),
        ):
            await page.goto(f"{origin}{path}")
            await expect(page.get_by_role("heading", level=1)).to_be_visible()
            await look(page, name)
            assert await violations(page) == [], name
        await page.goto(f"{origin}/settings/calendars")
        await page.locator("#name").fill("Night")
        await page.locator("#monday_0_to").fill("08:30")
        await page.locator("#closed").fill("2026-12-24\nnot a day")
        await page.locator(".main form button[type=submit]").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        await look(page, "calendar-faults")
        assert await violations(page) == [], "faults"
        await context.close()
