"""The figures and the weekly page of a team in a real browser: they fit, and the page prints on one sheet."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.async_api import Browser, expect
from support.accessibility import violations
from support.alerts_api import PASSWORD, AlertsApi
from support.alerts_builders import (
    TENANT,
    act_on_answers,
    an_answer,
    an_invitation,
    deliver,
    keep_invitations,
)
from support.browser import look, views
from support.servers import serving

from services.alerts.huddles.domain import MAX_PROMISE_CHARS, MOST_PROMISES, HuddleWeek, TeamPromise
from services.alerts.huddles.repository import write_promise
from services.alerts.teams.domain import CaseTeam
from services.alerts.teams.team_commands import save_team
from shared.privacy.audit import AuditActor

pytestmark = pytest.mark.browser
WHO = AuditActor("command_line", None, "a test")
LONG = "We waited for the van the whole day and nobody told us that it would not come before the evening. "


@pytest.fixture
async def origin(alerts: AlertsApi) -> AsyncIterator[str]:
    context = alerts.context
    async with serving(alerts.app, context.stopping, context.changes.run(context.stopping)) as origin:
        yield origin


async def test_the_pages_fit_every_width_and_the_week_prints_on_one_sheet(
    alerts: AlertsApi, browser: Browser, origin: str
) -> None:
    jonas, admin = await alerts.person(name="Jonas Holt"), await alerts.person("admin", "Ada Winther")
    team = uuid4()
    for score in (0, 3, 6, 8, 10):
        answer = an_answer(score=score, comment=LONG * 4)
        await deliver(alerts.database, keep_invitations, an_invitation(answer))
        await deliver(alerts.database, act_on_answers, answer)
    for _ in range(24):
        await alerts.open_case(comment=LONG * 4)
    week = HuddleWeek.of(alerts.database.clock().date())
    async with alerts.database.transaction() as uow:
        shop = CaseTeam(name="Shop in the north of the country", leader=admin.id, members=(jonas.id,))
        await save_team(uow, TENANT, WHO, team, shop)
        await uow.execute(
            "UPDATE cases SET team_id = :team, owner_id = :owner, state = 'assigned',"
            " due_at = :due, contact_due_at = :due",
            {"team": team, "owner": jonas.id, "due": uow.now - timedelta(hours=3)},
        )
        await uow.execute(
            "UPDATE cases SET state = 'closed', outcome = 'recovered', cause = 'delivery.late', told = true,"
            " action = :action, closed_at = :now, first_contact_at = opened_at"
            " WHERE id IN (SELECT id FROM cases ORDER BY id LIMIT 12)",
            {"action": LONG * 5, "now": uow.now},
        )
        for monday in (week.before.monday, week.monday):
            for number in range(MOST_PROMISES):
                promise = TeamPromise(
                    id=uuid4(),
                    team_id=team,
                    week=monday,
                    text=(LONG * 3)[:MAX_PROMISE_CHARS],
                    person_id=jonas.id,
                    due=monday + timedelta(days=number),
                    made_at=uow.now,
                    done_at=uow.now if number == 1 else None,
                )
                await write_promise(uow, TENANT, promise)
    for width, scheme, language in views(320, 1280):
        context = await browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language
        )
        page = await context.new_page()
        await page.goto(f"{origin}/login?next=/team")
        await page.locator("input[name=address]").fill(admin.address)
        await page.locator("input[name=password]").fill(PASSWORD)
        await page.locator("button[type=submit]").click()
        await page.wait_for_url(f"{origin}/team")
        await look(page, "team")
        assert await violations(page) == []
        await page.goto(f"{origin}/huddle")
        await expect(page.locator(".promises li")).to_have_count(2 * MOST_PROMISES)
        await look(page, "huddle")
        assert await violations(page) == []
        printed = await page.pdf(format="A4")
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
        await page.emulate_media(media="print")
        for part in (".huddle .notes", ".promise-acts", ".mast .nav"):
            await expect(page.locator(part).first).to_be_hidden()
        assert await page.locator(".huddle .finding").first.evaluate("e => getComputedStyle(e).color") == (
            "rgb(0, 0, 0)"
        )
        await context.close()
