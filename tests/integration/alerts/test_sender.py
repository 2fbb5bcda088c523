"""Mails to colleagues: once, without personal data, through a real mail server."""

import asyncio
from datetime import timedelta

import pytest
from support.alerts_builders import an_answer, deliver, rows
from support.stack import Mailbox

from services.alerts.handlers import act_on_answers
from services.alerts.repository import notices
from services.alerts.sender import NoticeQueue
from shared.mail import Mailer
from shared.outbound import LEASE_DURATION, Sender, leases
from shared.telemetry import metrics

from .conftest import Desk


@pytest.fixture
def sender(desk: Desk, mailbox: Mailbox) -> Sender:
    return a_sender(desk, mailbox.smtp_url)


def a_sender(desk: Desk, smtp_url: str) -> Sender:
    queue = NoticeQueue("afterword@example.com", "http://staff.example", "s" * 40, desk.database.clock)
    return Sender("sender", desk.database, Mailer(smtp_url), queue, desk.context.health)


async def drain(sender: Sender) -> None:
    """Send all that is due, and say goodbye."""
    while not await sender.step():
        pass
    await sender._mailer.close()


async def states(desk: Desk) -> list[str]:
    return [row.state for row in await rows(desk.database, "SELECT state FROM notification ORDER BY id")]


async def test_the_team_reads_score_place_and_link_and_nothing_of_the_person(
    desk: Desk, sender: Sender, mailbox: Mailbox
) -> None:
    person = await desk.person()
    case = await desk.unhappy(score=3, comment="Karen's very own words")
    await drain(sender)
    (found,) = await mailbox.mails(to=person.address)
    mail = await mailbox.mail(found["id"])
    (row,) = await rows(desk.database, "SELECT number FROM cases")
    assert found["subject"] == f"Case {row.number}: a customer gave a 3"
    assert "First contact is due by" in mail["text"]
    assert "home delivery" in mail["text"]
    assert f"http://staff.example/cases/{case}" in mail["text"]
    for private in ("Karen", "karen@example.com", "very own words"):
        assert private not in str(mail)
    assert await states(desk) == ["sent"]


async def test_two_senders_send_each_mail_once(desk: Desk, mailbox: Mailbox) -> None:
    people = [await desk.person() for _ in range(6)]
    await desk.unhappy()
    senders = [a_sender(desk, mailbox.smtp_url) for _ in range(3)]
    await asyncio.gather(*(drain(one) for one in senders))
    assert await states(desk) == ["sent"] * 6
    for person in people:
        assert len(await mailbox.mails(to=person.address)) == 1


async def test_rules_are_checked_again_when_the_mail_leaves(desk: Desk, sender: Sender) -> None:
    person = await desk.person()
    await desk.unhappy()
    async with desk.database.transaction() as uow:
        await uow.execute("UPDATE staff SET active = false WHERE id = :id", {"id": person.id})
    await sender.step()
    assert await states(desk) == ["dropped"]


async def test_a_server_that_is_away_costs_no_try_and_is_said(desk: Desk) -> None:
    await desk.person()
    await desk.unhappy()
    sender = a_sender(desk, "smtp://127.0.0.1:1")
    assert await sender.step() > 0
    (row,) = await rows(desk.database, "SELECT state, attempts, due_at > now() AS later FROM notification")
    assert (row.state, row.attempts, row.later) == ("waiting", 0, False)
    (missing,) = desk.context.health.unready()
    assert missing.startswith("mail server: ")


async def test_a_sender_that_vanished_leaves_an_unknown_mail_that_is_never_sent_again(
    desk: Desk, sender: Sender
) -> None:
    await desk.person()
    await desk.unhappy()
    async with desk.database.transaction() as uow:
        assert await notices.claim(uow) is not None
    real = desk.database.clock
    counted = metrics.MAILS.labels("alerts", "unknown")._value
    before = counted.get()
    desk.database.clock = lambda: real() + LEASE_DURATION + timedelta(seconds=1)
    try:
        assert await leases.end_leases("alerts", notices.end_leases, desk.database) == 1
        assert await states(desk) == ["unknown"]
        assert counted.get() == before + 1  # by which operators hear of it
        await sender.step()
        assert await states(desk) == ["unknown"]
    finally:
        desk.database.clock = real


async def test_an_invited_colleague_gets_a_link_that_works(
    desk: Desk, sender: Sender, mailbox: Mailbox
) -> None:
    admin = await desk.signed_in("admin", name="Karen Beck")
    await admin.do("/settings", act="invite", address="invited@example.com", name="Sara", role="leader")
    await drain(sender)
    (found,) = await mailbox.mails(to="invited@example.com")
    (link,) = set(found["links"])
    told = await mailbox.mail(found["id"])
    assert "Karen Beck lets you sign in to Afterword for Havnbo, as a team leader." in told["text"]
    page = await desk.client().get(link.removeprefix("http://staff.example"))
    assert "Welcome to Havnbo." in page.text
    (notice,) = await rows(desk.database, "SELECT * FROM notification")
    assert link.rpartition("/")[2].partition(".")[0] not in str(notice)


async def test_the_owner_of_an_open_case_hears_of_the_next_answer_alone(desk: Desk) -> None:
    jonas, _ = await desk.signed_in(), await desk.person()
    case = await desk.unhappy(customer_id="c-17")
    await jonas.do(f"/cases/{case}", act="take")
    second = an_answer(customer_id="c-17")
    await deliver(desk.database, act_on_answers, second)
    told = await rows(desk.database, "SELECT staff_id FROM notification WHERE answer_id = :id", id=second.id)
    assert [row.staff_id for row in told] == [jonas.person.id]
