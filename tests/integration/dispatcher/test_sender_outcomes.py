"""What became of a mail: refused, tried again, or unknown for ever."""

import asyncio
from datetime import timedelta
from typing import Never

import pytest
from support.dispatcher_builders import (
    NOON,
    Clock,
    a_sender,
    invitations,
    invite_customer,
    relay_all,
    rows,
    the_state,
)
from support.stack import Mailbox

from services.dispatcher.invitations import schedule
from services.dispatcher.surveys.domain import StoredSurvey
from shared.db.database import Database
from shared.mail import Mailer, Outcome
from shared.outbound import LEASE_DURATION, Sender, leases


async def end_leases(database: Database) -> int:
    return await leases.end_leases("dispatcher", database, schedule.record_unknown)


async def test_a_refused_address_fails_for_good(
    database: Database, sender: Sender, survey: StoredSurvey, clock: Clock
) -> None:
    await invite_customer(database, "refuse-550-x", email="refuse-550-x@example.com")
    await sender.step()
    state, reason = await the_state(database)
    assert state == "failed"
    assert "550" in (reason or "")
    assert "example.com" not in (reason or "")
    clock.on(hours=5)
    await sender.step()
    assert [one.state for one in await invitations(database)] == ["sending", "failed"]


async def test_a_busy_mailbox_is_tried_again_later_and_never_when_it_is_too_old(
    database: Database, sender: Sender, survey: StoredSurvey, clock: Clock
) -> None:
    await invite_customer(database, "defer-451-x", email="defer-451-x@example.com")
    tries = 0
    while (await the_state(database))[0] == "waiting":
        await sender.step()
        await relay_all(database)
        tries += 1
        (row,) = await rows(database, "SELECT due_at, attempts FROM delivery")
        assert (await the_state(database))[0] != "waiting" or row.due_at > clock.now
        clock.now = max(clock.now, row.due_at)
        assert tries < 100
    assert await the_state(database) == ("dropped", "too_old")
    assert clock.now - NOON > timedelta(days=7)


async def test_a_connection_lost_after_data_is_unknown_and_never_sent_again(
    database: Database, sender: Sender, survey: StoredSurvey, clock: Clock, mailbox: Mailbox
) -> None:
    address = await invite_customer(database, "drop-after-data-x", email="drop-after-data-x@example.com")
    await sender.step()
    assert (await the_state(database))[0] == "unknown"
    for _ in range(5):
        clock.on(hours=5)
        await relay_all(database)
        await sender.step()
        await end_leases(database)
    assert len(await mailbox.mails(to=address)) == 1
    assert (await the_state(database))[0] == "unknown"


async def test_a_mail_server_that_is_away_is_nobodys_fault(
    database: Database, survey: StoredSurvey, clock: Clock
) -> None:
    await invite_customer(database, "away")
    sender = a_sender(database, Mailer("smtp://127.0.0.1:9", seconds=1), clock)
    assert await sender.step() > 0
    state, reason = await the_state(database)
    assert state == "waiting"
    assert "server" in (reason or "")
    assert sender._health.unready()


class Dying(Mailer):
    """The process ends while the mail is handed over; whether it has arrived nobody knows."""

    async def send(self, *_: object) -> Never:
        raise asyncio.CancelledError


async def test_a_crash_between_claim_and_outcome_becomes_unknown_and_is_never_sent_again(
    database: Database, sender: Sender, survey: StoredSurvey, clock: Clock, mailbox: Mailbox
) -> None:
    address = await invite_customer(database, "crashed")
    with pytest.raises(asyncio.CancelledError):
        await a_sender(database, Dying(mailbox.smtp_url), clock).step()
    assert (await the_state(database))[0] == "sending"
    await relay_all(database)
    await sender.step()
    assert await end_leases(database) == 0
    clock.now += LEASE_DURATION + timedelta(seconds=1)
    assert await end_leases(database) == 1
    assert (await the_state(database))[0] == "unknown"
    for _ in range(3):
        clock.on(hours=5)
        await relay_all(database)
        await sender.step()
    assert await mailbox.mails(to=address) == []
    assert (await the_state(database))[0] == "unknown"


async def test_who_reports_after_the_lease_changes_nothing(
    database: Database, survey: StoredSurvey, clock: Clock, mailbox: Mailbox
) -> None:
    await invite_customer(database, "late-report")

    class Slow(Mailer):
        async def send(self, sender: str, recipient: str, message: bytes) -> Outcome:
            outcome = await super().send(sender, recipient, message)
            clock.now += LEASE_DURATION + timedelta(minutes=1)
            await end_leases(database)
            return outcome

    mailer = Slow(mailbox.smtp_url)
    await a_sender(database, mailer, clock).step()
    await mailer.close()
    assert (await the_state(database))[0] == "unknown"
