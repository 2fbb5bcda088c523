"""From the rules to the escalation in a real browser: tried on the past, ten answers, a team, and a moved clock."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page, expect
from support.accessibility import violations
from support.alerts_api import PASSWORD, AlertsApi, Person
from support.alerts_builders import (
    TENANT,
    a_tenant,
    act_on_answers,
    an_answer,
    an_invitation,
    deliver,
    fire_deadlines,
    keep_invitations,
    rows,
)
from support.browser import look, views
from support.http_clients import context_on
from support.lent_databases import LentDatabases
from support.servers import serving
from support.webhooks import MovedClock

from services.alerts.app import SERVICE
from services.alerts.teams.domain import CaseTeam
from services.alerts.teams.team_commands import save_team
from shared.db.database import Database
from shared.events import Answer, TenantSending
from shared.ids import uuid7
from shared.privacy.audit import AuditActor
from shared.tenancy.sending import keep_sending
from shared.tenancy.tenants import keep_tenants

pytestmark = pytest.mark.browser
TEN = (
    (0, "Never again."),
    (3, "The leg is split."),
    (6, "It was late."),
    (5, ""),
    (7, "All right."),
    (8, ""),
    (9, "My lawyer recommended you."),
    (9, "Quick."),
    (10, "Wonderful!"),
    (10, ""),
)
"""Scores and comments: four are unhappy, and one names a lawyer."""


class Office:
    """Alerts on a clock that the test moves."""

    def __init__(self, alerts: AlertsApi, clock: MovedClock, origin: str) -> None:
        self.alerts, self.clock, self.origin = alerts, clock, origin

    @property
    def database(self) -> Database:
        return self.alerts.database

    async def answered(self, score: int, comment: str, touchpoint: str) -> Answer:
        """An answer of now, with its event."""
        now = self.clock()
        answer = an_answer(
            score=score,
            comment=comment or None,
            touchpoint=touchpoint,
            segments={"touchpoint": touchpoint},
            answered_at=now,
            changed_at=now,
        )
        await deliver(self.database, keep_invitations, an_invitation(answer))
        await deliver(self.database, act_on_answers, answer)
        return answer

    async def page_of(self, browser: Browser, person: Person, path: str, **options: object) -> Page:
        """Somebody's page, after they have signed in."""
        context = await browser.new_context(**options)  # type: ignore[arg-type]
        page = await context.new_page()
        await page.goto(f"{self.origin}{path}")
        await page.get_by_label("E-mail address").fill(person.address)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page).to_have_url(f"{self.origin}{path}")
        return page


@pytest.fixture
async def office(databases_to_lend: LentDatabases) -> AsyncIterator[Office]:
    clock = MovedClock()
    async with databases_to_lend.lend("alerts", clock) as database:
        await deliver(database, keep_tenants, a_tenant(), a_tenant("other"))
        await deliver(database, keep_sending, TenantSending(version=1, mode="live", changed_at=clock()))
        context = context_on(SERVICE, database)
        app, _ = SERVICE.api(context)
        async with serving(app, context.stopping, context.changes.run(context.stopping)) as origin:
            yield Office(AlertsApi(context, app), clock, origin)
        context.stopping.set()


async def test_rules_are_tried_on_the_past_saved_and_open_route_and_escalate_the_cases_of_ten_answers(
    office: Office, browser: Browser
) -> None:
    admin = await office.alerts.person("admin", "Ada Winther")
    leader = await office.alerts.person("leader", "Lone Bach")
    dina = await office.alerts.person(name="Dina Dahl")
    await office.alerts.person(name="Carl Holm")
    team = uuid7()
    async with office.database.transaction() as uow:
        who = AuditActor("command_line", None, "a test")
        delivery = CaseTeam(
            name="Delivery", members=(dina.id,), leader=leader.id, segments=("touchpoint:delivery",)
        )
        await save_team(uow, TENANT, who, team, delivery)
    await office.answered(10, "The lawyers' desk is lovely.", "delivery")
    await office.answered(2, "Broken.", "delivery")

    narrow = {"width": 360, "height": 740}
    page = await office.page_of(browser, admin, "/rules", viewport=narrow, java_script_enabled=False)
    rule = page.locator(".rule").filter(has_text="A new rule").first
    await rule.locator("summary", has_text="Only some of these answers").click()
    await rule.get_by_label("Name").fill("Lawyer")
    await rule.get_by_label("Place in the list").fill("1")
    await rule.get_by_label("Highest score").fill("10")
    await rule.get_by_label("Words, one on each line").fill("lawyer")
    await rule.get_by_label("Priority").select_option("Urgent")
    await rule.get_by_label("For whom").select_option("The team Delivery")
    await rule.get_by_label("First contact within").fill("2")
    await rule.get_by_label("Unit of the time for first contact").select_option("Working hours")
    await rule.get_by_label("Closed within").fill("3")
    await rule.locator("summary", has_text="When it takes too long").click()
    await rule.get_by_label("When it is late, tell").select_option("The leader of the team")
    await page.get_by_role("button", name="Try them on past answers").click()
    tried = page.locator("#tried")
    await expect(tried).to_contain_text("Nothing is saved yet.")
    await expect(tried).to_contain_text("Of the 2 answers of the last 14 days, 2 would have opened a case")
    await expect(tried).to_contain_text("by today’s rules 1.")
    assert await rows(office.database, "SELECT 1 FROM case_rules") == []
    await page.get_by_role("button", name="Save the rules").click()
    await expect(page.get_by_role("status").first).to_contain_text("Saved.")
    await expect(page.locator(".rule h2").first).to_have_text("Lawyer")  # it has the place that was typed
    await page.context.close()

    answers = [
        await office.answered(score, comment, "delivery" if number % 2 else "shop")
        for number, (score, comment) in enumerate(TEN)
    ]
    opened = await rows(
        office.database,
        "SELECT id, answer_id, priority, team_id, routed_to FROM cases WHERE answer_id = ANY(:ids)",
        ids=[answer.id for answer in answers],
    )
    by_answer = {UUID(str(case.answer_id)): case for case in opened}
    assert [answer.score for answer in answers if answer.id in by_answer] == [0, 3, 6, 5, 9]
    lawyer = next(case for case in opened if case.priority == "urgent")
    assert (lawyer.team_id, lawyer.routed_to) == (team, [dina.id])
    teams = [by_answer[answer.id].team_id for answer in answers if answer.id in by_answer]
    assert teams == [None, team, None, team, team]

    page = await office.page_of(browser, dina, "/inbox", java_script_enabled=False)
    await page.get_by_role("link", name="My lawyer recommended you.").click()
    await expect(page.locator(".timeline")).to_contain_text("Delivery")
    await page.context.close()

    office.clock.ahead += timedelta(hours=2, minutes=1)
    assert await fire_deadlines(office.database) >= 1
    assert await fire_deadlines(office.database) == 0, "each level is told once"
    told = await rows(
        office.database,
        "SELECT staff_id, case_id FROM notification WHERE kind = 'contact_escalation'",
    )
    assert [(one.staff_id, one.case_id) for one in told] == [(leader.id, lawyer.id)]
    for width, scheme, language in views(360, 768, 1280, languages=("en",)):
        size = {"width": width, "height": 900}
        page = await office.page_of(
            browser, admin, "/inbox", viewport=size, color_scheme=scheme, locale=language
        )
        await seen(page, "acting-inbox")
        await page.goto(f"{office.origin}/cases/{lawyer.id}")
        await expect(page.locator(".timeline")).to_contain_text("First contact is late: level 1 is told.")
        await expect(page.get_by_text("has changed the score")).to_have_count(0)
        await seen(page, "acting-case")
        await page.goto(f"{office.origin}/rules")
        await page.get_by_role("button", name="Try them on past answers").click()
        await expect(page.locator("#tried")).to_be_visible()
        await seen(page, "acting-rules")
        await page.context.close()


async def seen(page: Page, name: str) -> None:
    """Fails where the page is too wide, or breaks a rule of accessibility."""
    await look(page, name)
    assert await violations(page) == [], name
