"""An incident in a real browser: from the eleventh unhappy customer to the mail, the cases, and the end."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, expect
from support.accessibility import violations
from support.alerts_api import PASSWORD, STAFF_URL, Person
from support.browser import look
from support.chats import ChatBench, a_chat_bench
from support.eventually import eventually
from support.lent_databases import LentDatabases
from support.servers import serving
from support.stack import Mailbox

from services.alerts.incidents.counting import INCIDENT_DEADLINE
from services.alerts.incidents.domain import IncidentPolicy
from services.alerts.incidents.ending import end_incidents
from services.alerts.notice_kinds import NOTICE_KINDS
from services.alerts.notices.queue import NoticeQueue
from services.alerts.notices.rendering import NoticeRenderer
from shared.db.deadlines import fire_due
from shared.mail import Mailer
from shared.mail.installation import InstallationSender
from shared.outbound import MailChannel, Sender

pytestmark = pytest.mark.browser
POLICY = IncidentPolicy()
AT_FIRST = POLICY.most_cases + 1


@pytest.fixture
async def bench(databases_to_lend: LentDatabases) -> AsyncIterator[ChatBench]:
    async with databases_to_lend.lend("alerts") as database, a_chat_bench(database) as bench:
        yield bench


@pytest.fixture
async def origin(bench: ChatBench) -> AsyncIterator[str]:
    context = bench.alerts.context
    async with serving(bench.alerts.app, context.stopping, context.changes.run(context.stopping)) as origin:
        yield origin


async def answer(bench: ChatBench, ago: timedelta) -> None:
    """An unhappy customer of the delivery says so, so long ago."""
    at = bench.clock() - ago
    places = {"touchpoint": "delivery", "segments": {"touchpoint": "delivery"}, "organisation": ()}
    await bench.open_cases(bench.unhappy(answered_at=at, changed_at=at, **places))


async def mails_about_it(bench: ChatBench, mailbox: Mailbox, person: Person, in_all: int) -> list[Any]:
    """The mails to somebody that are about an incident, once all that wait have left: so many with the others."""
    renderer = NoticeRenderer(
        InstallationSender("afterword@example.com"), STAFF_URL, "s" * 40, bench.database.clock
    )
    channel, queue = MailChannel(Mailer(mailbox.smtp_url), "alerts"), NoticeQueue(renderer, NOTICE_KINDS)
    sender = Sender("sender", bench.database, channel, queue, bench.alerts.context.health)
    while not await sender.step():
        pass
    await channel.close()

    async def all_came() -> list[Any]:
        found = await mailbox.mails(to=person.address)
        return found if len(found) == in_all else []

    return [mail for mail in await eventually(all_came) if links_to_it(mail)]


def links_to_it(mail: dict[str, Any]) -> list[str]:
    """The links of a mail to the cases of an incident."""
    return [link for link in mail["links"] if "incident=" in link]


def on_page(mail: dict[str, Any], origin: str) -> str:
    """The address of the cases that a mail leads to, in the browser of the test."""
    (link,) = links_to_it(mail)
    parts = urlsplit(link)
    return f"{origin}{parts.path}?{parts.query}"


async def test_eleven_answers_of_one_segment_become_an_incident_that_is_followed_to_its_end(
    bench: ChatBench, mailbox: Mailbox, browser: Browser, origin: str
) -> None:
    leader = await bench.alerts.person("leader", "Ada Winther")
    context = await browser.new_context(viewport={"width": 320, "height": 740})
    page = await context.new_page()
    await page.goto(f"{origin}/login?next=/inbox")
    await page.get_by_label("E-mail address").fill(leader.address)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(f"{origin}/inbox")

    for number in range(AT_FIRST - 1):
        await answer(bench, POLICY.within - timedelta(seconds=30 + 50 * number))
    await expect(page.locator(".case")).to_have_count(AT_FIRST - 1)
    await expect(page.locator(".incident")).to_have_count(0)
    await answer(bench, timedelta())
    incident = page.locator(".incident")
    await expect(incident).to_contain_text("11 cases from Delivery")
    await expect(incident).to_contain_text("New ones are not told one by one.")
    await look(page, "inbox-with-incident")
    assert await violations(page) == []
    (began,) = await mails_about_it(bench, mailbox, leader, AT_FIRST)
    assert began["subject"] == "11 cases from Delivery in 10 minutes"

    await answer(bench, timedelta())
    await expect(incident).to_contain_text("12 cases from Delivery")
    assert len(await mails_about_it(bench, mailbox, leader, AT_FIRST)) == 1  # nothing was told of this one

    await page.goto(on_page(began, origin))
    await expect(page.get_by_role("heading", level=1)).to_have_text("Twelve cases of one incident.")
    await expect(page.locator(".case")).to_have_count(12)
    await look(page, "cases-of-incident")
    assert await violations(page) == []
    listed = page.url
    await page.goto(f"{origin}/inbox")
    await incident.get_by_role("link", name="Its cases").click()
    await expect(page).to_have_url(listed)

    bench.later(POLICY.few_within + timedelta(minutes=1))
    assert await fire_due("alerts", {INCIDENT_DEADLINE: end_incidents}, bench.database) == 1
    _, ended = await mails_about_it(bench, mailbox, leader, AT_FIRST + 1)
    assert ended["subject"] == "Few cases from Delivery again: 12 in all"
    await page.goto(f"{origin}/inbox")
    await expect(page.locator(".case")).to_have_count(12)
    await expect(page.locator(".incident")).to_have_count(0)
    assert on_page(ended, origin) == listed
    await page.goto(listed)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Twelve cases of one incident.")
    await answer(bench, timedelta())
    assert len(await mails_about_it(bench, mailbox, leader, AT_FIRST + 2)) == 2  # and one of the new case
    await context.close()
