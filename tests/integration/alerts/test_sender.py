"""Mails to colleagues: once, without personal data, through a real mail server."""

import asyncio
from datetime import timedelta

import pytest
from msgspec import structs
from support.alerts_api import STAFF_URL, AlertsApi
from support.alerts_builders import TENANT, a_tenant, act_on_answers, an_answer, deliver, rows
from support.erasing import erase_customer
from support.stack import Mailbox

from services.alerts.app import SERVICE
from services.alerts.notice_kinds import NOTICE_KINDS
from services.alerts.notices.queue import NoticeQueue
from services.alerts.notices.rendering import NoticeRenderer
from services.alerts.notices.repository import notifications
from services.alerts.staff.repository import people
from shared.mail import Mailer
from shared.mail.installation import InstallationSender
from shared.outbound import LEASE_DURATION, MailChannel, Sender, deliveries, leases
from shared.telemetry import metrics
from shared.tenancy.tenants import keep_tenants


@pytest.fixture
def sender(alerts: AlertsApi, mailbox: Mailbox) -> Sender:
    return a_sender(alerts, mailbox.smtp_url)


def a_sender(alerts: AlertsApi, smtp_url: str) -> Sender:
    renderer = NoticeRenderer(
        InstallationSender("afterword@example.com"), STAFF_URL, "s" * 40, alerts.database.clock
    )
    queue = NoticeQueue(renderer, NOTICE_KINDS)
    return Sender(
        "sender", alerts.database, MailChannel(Mailer(smtp_url), "alerts"), queue, alerts.context.health
    )


async def drain(sender: Sender) -> None:
    """Send all that is due, and say goodbye."""
    while not await sender.step():
        pass
    await sender._channel.close()


async def states(alerts: AlertsApi) -> list[str]:
    return [row.state for row in await rows(alerts.database, "SELECT state FROM delivery ORDER BY about_id")]


async def test_the_team_reads_score_place_and_link_and_nothing_of_the_person(
    alerts: AlertsApi, sender: Sender, mailbox: Mailbox
) -> None:
    person = await alerts.person()
    case = await alerts.open_case(score=3, comment="Karen's very own words")
    await drain(sender)
    (found,) = await mailbox.mails(to=person.address)
    mail = await mailbox.mail(found["id"])
    (row,) = await rows(alerts.database, "SELECT number FROM cases")
    assert found["subject"] == f"Case {row.number}: a customer gave a 3"
    assert "First contact is due by" in mail["text"]
    assert "home delivery" in mail["text"]
    assert f"http://staff.example/cases/{case}" in mail["text"]
    for private in ("Karen", "karen@example.com", "very own words"):
        assert private not in str(mail)
    assert await states(alerts) == ["sent"]


async def test_two_senders_send_each_mail_once(alerts: AlertsApi, mailbox: Mailbox) -> None:
    people = [await alerts.person() for _ in range(6)]
    await alerts.open_case()
    senders = [a_sender(alerts, mailbox.smtp_url) for _ in range(3)]
    await asyncio.gather(*(drain(one) for one in senders))
    assert await states(alerts) == ["sent"] * 6
    for person in people:
        assert len(await mailbox.mails(to=person.address)) == 1


async def test_rules_are_checked_again_when_the_mail_leaves(alerts: AlertsApi, sender: Sender) -> None:
    person = await alerts.person()
    await alerts.open_case()
    async with alerts.database.transaction() as uow:
        await uow.execute("UPDATE staff SET active = false WHERE id = :id", {"id": person.id})
    await sender.step()
    assert await states(alerts) == ["dropped"]


async def test_a_mail_that_waits_when_the_customer_is_erased_never_leaves(
    alerts: AlertsApi, sender: Sender
) -> None:
    await alerts.person()
    await alerts.open_case(customer_id="c-karen")
    await erase_customer(SERVICE, alerts.database, TENANT, "c-karen")
    await sender.step()
    assert await states(alerts) == ["dropped"]


async def test_a_server_that_is_away_costs_no_try_and_is_said(alerts: AlertsApi) -> None:
    await alerts.person()
    await alerts.open_case()
    sender = a_sender(alerts, "smtp://127.0.0.1:1")
    assert await sender.step() > 0
    (row,) = await rows(alerts.database, "SELECT state, attempts, due_at > now() AS later FROM delivery")
    assert (row.state, row.attempts, row.later) == ("waiting", 0, False)
    (missing,) = alerts.context.health.unready()
    assert missing.startswith("mail server: ")


async def test_a_sender_that_vanished_leaves_an_unknown_mail_that_is_never_sent_again(
    alerts: AlertsApi, sender: Sender
) -> None:
    await alerts.person()
    await alerts.open_case()
    async with alerts.database.transaction() as uow:
        assert await deliveries.claim(uow, notifications.CLAIM, "mail") is not None
    real = alerts.database.clock
    counted = metrics.MAILS.labels("alerts", "unknown")._value
    before = counted.get()
    alerts.database.clock = lambda: real() + LEASE_DURATION + timedelta(seconds=1)
    try:
        assert await leases.end_leases("alerts", alerts.database) == 1
        assert await states(alerts) == ["unknown"]
        assert counted.get() == before + 1  # by which operators hear of it
        await sender.step()
        assert await states(alerts) == ["unknown"]
    finally:
        alerts.database.clock = real


async def test_an_invited_colleague_gets_a_link_that_works(
    alerts: AlertsApi, sender: Sender, mailbox: Mailbox
) -> None:
    admin = await alerts.signed_in("admin", name="Karen Beck")
    await admin.do(
        "/settings/people", act="invite", address="invited@example.com", name="Sara", role="leader"
    )
    await drain(sender)
    (found,) = await mailbox.mails(to="invited@example.com")
    (link,) = set(found["links"])
    told = await mailbox.mail(found["id"])
    assert "Karen Beck lets you sign in to Afterword for Havnbo, as a team leader." in told["text"]
    page = await alerts.client().get(link.removeprefix("http://staff.example"))
    assert "Welcome to Havnbo." in page.text
    (notice,) = await rows(alerts.database, "SELECT * FROM notification")
    assert link.rpartition("/")[2].partition(".")[0] not in str(notice)


async def test_the_owner_of_an_open_case_hears_of_the_next_answer_alone(alerts: AlertsApi) -> None:
    jonas, _ = await alerts.signed_in(), await alerts.person()
    case = await alerts.open_case(customer_id="c-17")
    await jonas.do(f"/cases/{case}", act="take")
    second = an_answer(customer_id="c-17")
    await deliver(alerts.database, act_on_answers, second)
    told = await rows(
        alerts.database, "SELECT staff_id FROM notification WHERE answer_id = :id", id=second.id
    )
    assert [row.staff_id for row in told] == [jonas.person.id]


async def test_each_colleague_reads_the_mail_in_their_language_else_in_the_companys(
    alerts: AlertsApi, sender: Sender, mailbox: Mailbox
) -> None:
    dutch = structs.replace(a_tenant(), version=2, languages=("fr", "nl"))
    await deliver(alerts.database, keep_tenants, dutch)
    sara, jonas = await alerts.person(), await alerts.person()
    async with alerts.database.transaction() as uow:
        await people.set_language(uow, sara.tenant, sara.id, "da")
    await alerts.open_case(score=3)
    await drain(sender)
    (row,) = await rows(alerts.database, "SELECT number FROM cases")
    for person, subject in (
        (sara, f"Sag {row.number}: en kunde gav et 3-tal"),
        (jonas, f"Zaak {row.number}: een klant gaf een 3"),
    ):
        (found,) = await mailbox.mails(to=person.address)
        assert found["subject"] == subject
