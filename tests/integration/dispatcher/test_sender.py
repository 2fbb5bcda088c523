"""A mail leaves at most once, whatever breaks between its claim and the record of it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from support.dispatcher_builders import (
    NOON,
    Clock,
    a_customer,
    a_sender,
    a_transaction,
    decide,
    invitations,
    invite_customer,
    relay_all,
    rows,
    states,
    the_state,
)
from support.eventually import eventually
from support.stack import Mailbox

from services.dispatcher.invitations.queue import InvitationQueue
from services.dispatcher.surveys.domain import StoredSurvey
from shared.db.database import Database, UnitOfWork
from shared.mail import Mailer, Outcome
from shared.outbound import Sender, deliveries
from shared.outbound import sender as sender_module
from shared.runtime import Backoff


async def test_a_due_mail_is_sent_once_and_each_step_is_said(
    database: Database, sender: Sender, survey: StoredSurvey, mailbox: Mailbox
) -> None:
    address = await invite_customer(database, "sent-once")
    await sender.step()
    await sender.step()
    assert await the_state(database) == ("sent", None)
    assert len(await mailbox.mails(to=address)) == 1
    assert [(one.version, one.state) for one in await invitations(database)] == [(2, "sending"), (3, "sent")]
    assert (await invitations(database))[-1].sent_at == NOON


async def test_a_stop_cuts_short_the_wait_for_the_database_and_what_was_sent_is_still_recorded(
    database: Database,
    sender: Sender,
    survey: StoredSurvey,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = await invite_customer(database, "recorded-late")
    away, tried = asyncio.Event(), asyncio.Event()
    away.set()
    real = InvitationQueue.record

    async def record(*given: Any) -> bool:
        tried.set()
        if away.is_set():
            raise ConnectionRefusedError
        return await real(*given)

    monkeypatch.setattr(InvitationQueue, "record", record)
    monkeypatch.setattr(Backoff, "next", lambda _: 600.0)
    stopping = asyncio.Event()
    running = asyncio.create_task(sender.run(stopping))
    await tried.wait()
    stopping.set()
    away.clear()
    async with asyncio.timeout(30):
        await running
    assert await the_state(database) == ("sent", None)
    assert len(await mailbox.mails(to=address)) == 1


async def test_what_became_of_a_mail_stands_also_when_the_next_one_cannot_be_claimed(
    database: Database,
    sender: Sender,
    survey: StoredSurvey,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = await invite_customer(database, "stands")
    claim, claims = deliveries.claim, []

    async def claimed_once(uow: UnitOfWork, *given: Any) -> Any:
        claims.append(uow)
        if len(claims) > 1:
            raise LookupError("a bug of ours")
        return await claim(uow, *given)

    monkeypatch.setattr(deliveries, "claim", claimed_once)
    assert await sender.step() == 0
    assert await the_state(database) == ("sent", None)
    with pytest.raises(LookupError):
        await sender.step()
    assert len(await mailbox.mails(to=address)) == 1


async def test_what_became_of_a_mail_does_not_wait_for_a_claim_that_takes_long(
    database: Database, sender: Sender, survey: StoredSurvey, monkeypatch: pytest.MonkeyPatch
) -> None:
    await invite_customer(database, "does-not-wait")
    claim, claims = deliveries.claim, []

    async def claimed_once(uow: UnitOfWork, *given: Any) -> Any:
        claims.append(uow)
        if len(claims) > 1:
            await asyncio.Event().wait()
        return await claim(uow, *given)

    monkeypatch.setattr(deliveries, "claim", claimed_once)
    monkeypatch.setattr(sender_module, "MAX_CLAIM_DELAY", timedelta(seconds=0.1))
    assert await sender.step() == 0
    assert len(claims) == 2
    assert await the_state(database) == ("sent", None)


async def test_who_has_found_its_database_again_is_ready_while_it_still_has_mails_to_send(
    database: Database, sender: Sender, survey: StoredSurvey, monkeypatch: pytest.MonkeyPatch
) -> None:
    await invite_customer(database, "first-of-many")
    health, missing = sender._health, []
    send = Mailer.send

    async def send_and_look(*given: Any) -> Outcome:
        missing.extend(health.unready())
        return await send(*given)

    monkeypatch.setattr(Mailer, "send", send_and_look)
    health.set_unready("sender", "the database is away")
    await sender.step()
    assert await the_state(database) == ("sent", None)
    assert missing == []


async def test_who_is_to_stop_claims_no_other_mail(
    database: Database,
    sender: Sender,
    survey: StoredSurvey,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("before-the-stop", "after-the-stop"):
        await invite_customer(database, name)
    stopping = asyncio.Event()
    send = Mailer.send

    async def send_and_stop(*given: Any) -> Outcome:
        stopping.set()
        return await send(*given)

    monkeypatch.setattr(Mailer, "send", send_and_stop)
    await sender.run(stopping)
    assert sorted(state for state, _ in (await states(database)).values()) == ["sent", "waiting"]


async def test_nothing_leaves_before_the_broker_has_its_invitation(
    database: Database, sender: Sender, survey: StoredSurvey, mailbox: Mailbox
) -> None:
    await decide(database, a_transaction("first", a_customer("unsaid")))
    await sender.step()
    assert await the_state(database) == ("waiting", None)
    async with database.transaction() as uow:
        await uow.execute("DELETE FROM outbox WHERE topic = 'surveys.v1'")
    await sender.step()
    assert await the_state(database) == ("waiting", None)
    await relay_all(database)
    await sender.step()
    assert await the_state(database) == ("sent", None)


async def test_one_that_is_not_yet_said_does_not_hold_up_the_others(
    database: Database, sender: Sender, survey: StoredSurvey, clock: Clock
) -> None:
    await decide(database, a_transaction("first", a_customer("unsaid-first")))
    clock.on(seconds=1)
    await decide(database, a_transaction("second", a_customer("said-second")))
    async with database.transaction() as uow:
        await uow.execute(
            "DELETE FROM outbox WHERE key = (SELECT convert_to(tenant || '/' || id::text, 'UTF8') FROM invitation "
            "WHERE customer_id = 'said-second')".replace("id::text", "CAST(id AS text)")
        )
    await sender.step()
    found = {
        row.customer_id: row.state
        for row in await rows(database, "SELECT customer_id, state FROM invitation")
    }
    assert found == {"unsaid-first": "waiting", "said-second": "sent"}


async def test_many_senders_at_once_send_each_mail_once(
    database: Database, survey: StoredSurvey, clock: Clock, mailbox: Mailbox
) -> None:
    people = [a_customer(f"crowd-{number}") for number in range(20)]
    await decide(database, *(a_transaction(f"order-{one.id}", one) for one in people))
    await relay_all(database)
    stopping = asyncio.Event()
    senders = [a_sender(database, Mailer(mailbox.smtp_url), clock) for _ in range(4)]
    running = [asyncio.create_task(sender.run(stopping)) for sender in senders]

    async def done() -> bool:
        await relay_all(database)
        return {state for state, _ in (await states(database)).values()} == {"sent"}

    await eventually(done, within=20)
    stopping.set()
    await asyncio.gather(*running)
    for one in people:
        assert len(await mailbox.mails(to=one.email)) == 1
