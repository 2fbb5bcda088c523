"""Each destination of mail has its own pace: many senders keep its limit, and one that refuses delays no other."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from support.dispatcher_builders import (
    CONTACT_POLICY,
    NOON,
    Clock,
    a_customer,
    a_transaction,
    decide,
    go_live,
    keep_tenant,
    make_survey,
    relay_all,
    rows,
)
from support.http_clients import SECRET, afterword_settings
from support.smtp import ScriptedServer, scripted_server

from services.dispatcher.gauges import measure_destinations
from services.dispatcher.invitations.queue import InvitationQueue
from services.dispatcher.invitations.survey_mail import SurveyMailRenderer
from services.dispatcher.repository import destinations
from shared.db.database import Database
from shared.events.surveys import Reminder
from shared.health import Health
from shared.mail import Mailer
from shared.outbound import MailChannel, Sender
from shared.outbound.destinations import DestinationLimit, read_limits
from shared.telemetry import metrics

REFUSED = "450 4.4.1 connect to mx.slow.example[192.0.2.1]:25: Connection refused"


@asynccontextmanager
async def senders(
    database: Database, clock: Clock, pace: str = "", number: int = 3
) -> AsyncIterator[tuple[ScriptedServer, list[Sender]]]:
    """Senders to a server, with a live survey that all customers are asked by."""
    await keep_tenant(database)
    await go_live(database)
    await make_survey(
        database,
        delay_minutes=0,
        first_day_per_hour=0,
        quarantine_days=0,
        reminders=(Reminder(after_days=1),),
    )
    renderer = SurveyMailRenderer(afterword_settings("127.0.0.1:1", mail_from="ask@shop.example"), clock)
    queue = InvitationQueue({"mail": renderer}, SECRET, CONTACT_POLICY, pace=read_limits(pace))
    async with scripted_server() as server:
        channels = [MailChannel(Mailer(server.url, seconds=5), "tests") for _ in range(number)]
        yield server, [Sender("sender", database, each, queue, Health()) for each in channels]
        for each in channels:
            await each.close()


async def ask(database: Database, domain: str, number: int, prefix: str = "c") -> None:
    await decide(
        database,
        *(
            a_transaction(
                f"{prefix}-{n}-{domain}", a_customer(f"{prefix}-{n}-{domain}", email=f"{prefix}-{n}@{domain}")
            )
            for n in range(number)
        ),
    )
    await relay_all(database)


async def send(database: Database, each_of: list[Sender]) -> None:
    """All that is due, by all senders at once."""

    async def until_all_is_done(sender: Sender) -> None:
        while await sender.step() == 0:
            pass

    await asyncio.gather(*map(until_all_is_done, each_of))
    await relay_all(database)


def accepted(server: ScriptedServer) -> Counter[str]:
    return Counter(address.rpartition("@")[2] for address in server.accepted)


async def test_no_hour_has_more_mails_to_a_destination_than_its_limit_and_no_other_waits_for_it(
    database: Database, clock: Clock
) -> None:
    limit = DestinationLimit(6, timedelta(hours=1))
    pace = "slow.example+slow2.example=6/h"
    async with senders(database, clock, pace) as (server, three):
        await ask(database, "slow.example", 5)
        await ask(database, "slow2.example", 3)
        await ask(database, "fast.example", 4)
        await send(database, three)
        assert accepted(server)["fast.example"] == 4
        assert len(server.accepted) == 5
        waiting = await rows(
            database,
            "SELECT i.reason, d.due_at FROM invitation i JOIN delivery d ON d.about_id = i.id "
            "AND d.tenant = i.tenant WHERE i.state = 'waiting' ORDER BY d.due_at",
        )
        assert [(row.reason, row.due_at) for row in waiting] == [
            ("mail_pace", NOON + limit.interval * n) for n in range(1, 8)
        ]
        for n in range(1, 8):
            clock.now = NOON + limit.interval * n
            await send(database, three)
        times: list[datetime] = [
            row.sent_at
            for row in await rows(
                database, "SELECT sent_at FROM invitation WHERE customer_id LIKE '%slow%' ORDER BY sent_at"
            )
        ]
        assert len(times) == 8
        assert all(beyond - first >= limit.period for first, beyond in zip(times, times[6:], strict=False))
        kept = await rows(database, "SELECT destination FROM mail_destination")
        assert [len(row.destination) for row in kept] == [32]


async def test_a_destination_that_refuses_delays_no_other_and_gets_one_mail_now_and_then(
    database: Database, clock: Clock
) -> None:
    async with senders(database, clock) as (server, three):
        for n in range(4):
            server.for_recipients[f"c-{n}@slow.example"] = {"RCPT": REFUSED}
        await ask(database, "slow.example", 1)
        await send(database, three)
        await ask(database, "slow.example", 4)
        await ask(database, "fast.example", 4)
        server.commands.clear()
        await send(database, three)
        assert accepted(server) == {"fast.example": 4}
        assert not any("slow.example" in command for command in server.commands)
        async with database.transaction() as uow:
            await measure_destinations(uow)
        assert metrics.MAIL_DESTINATIONS_REFUSING._value.get() == 1
        clock.on(minutes=2)
        await send(database, three)
        assert sum("slow.example" in command for command in server.commands) == 1
        server.for_recipients.clear()
        for _ in range(6):
            clock.on(minutes=10)
            await send(database, three)
        assert accepted(server) == {"fast.example": 4, "slow.example": 4}
        async with database.transaction() as uow:
            assert await destinations.count_refusing(uow) == 0
        assert all(sender._health.unready() == [] for sender in three)


async def test_a_reminder_waits_for_its_place_too_and_idle_destinations_are_forgotten(
    database: Database, clock: Clock
) -> None:
    interval = DestinationLimit(1, timedelta(hours=1)).interval
    async with senders(database, clock, "*=1/h", 1) as (server, one):
        await ask(database, "slow.example", 1)
        await send(database, one)
        clock.on(hours=23, minutes=30)
        await ask(database, "slow.example", 1, prefix="next")
        await send(database, one)
        assert len(server.accepted) == 2
        clock.on(minutes=30)
        await send(database, one)
        (reminder,) = await rows(
            database, "SELECT due_at FROM delivery WHERE kind = 'reminder' AND reason = 'mail_pace'"
        )
        assert reminder.due_at == NOON + timedelta(hours=23, minutes=30) + interval
        clock.now = reminder.due_at
        await send(database, one)
        assert len(server.accepted) == 3
        for days, kept in ((0, 1), (2, 0)):
            clock.on(days=days)
            async with database.transaction() as uow:
                await destinations.forget_idle(uow)
            assert len(await rows(database, "SELECT 1 FROM mail_destination")) == kept
