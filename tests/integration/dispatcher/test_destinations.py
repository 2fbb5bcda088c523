"""Each destination of mail has its own pace: many senders keep its limit, and one that refuses delays no other."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from structlog.testing import capture_logs
from support.dispatcher_builders import (
    CONTACT_POLICY,
    NOON,
    TENANT,
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
from support.eventually import eventually
from support.http_clients import SECRET, afterword_settings
from support.smtp import ScriptedServer, scripted_server

from services.dispatcher.bounces.bounce_commands import take_report
from services.dispatcher.bounces.failures import MailReport
from services.dispatcher.bounces.holding import Holding
from services.dispatcher.gauges import measure_destinations
from services.dispatcher.invitations.destinations import DestinationPaces
from services.dispatcher.invitations.queue import InvitationQueue
from services.dispatcher.invitations.survey_mail import SurveyMailRenderer
from services.dispatcher.repository import destinations, first_days
from shared.db.database import Database
from shared.events.surveys import Reminder
from shared.health import Health
from shared.mail import Mailer, Outcome
from shared.mail.references import MailReference
from shared.outbound import MailChannel, Sender
from shared.outbound.destinations import DestinationLimit, read_limits
from shared.telemetry import metrics

REFUSED = "450 4.4.1 connect to mx.slow.example[192.0.2.1]:25: Connection refused"


@asynccontextmanager
async def senders(
    database: Database, clock: Clock, pace: str = "", number: int = 3, first_day_per_hour: int = 0
) -> AsyncIterator[tuple[ScriptedServer, list[Sender]]]:
    """Senders to a server, with a live survey that all customers are asked by."""
    await keep_tenant(database)
    await go_live(database)
    await make_survey(
        database,
        delay_minutes=0,
        first_day_per_hour=first_day_per_hour,
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


async def test_who_has_locked_a_destination_for_an_outcome_waits_for_no_place_of_a_first_day(
    database: Database, clock: Clock
) -> None:
    """A sender that claims has locked the places, and asks for the destination: each would wait for the other."""
    async with senders(database, clock, number=1, first_day_per_hour=500) as (server, (one,)):
        server.for_recipients["c-0@slow.example"] = {"RCPT": REFUSED}
        await ask(database, "slow.example", 1)
        await send(database, [one])
        server.for_recipients.clear()
        clock.on(minutes=2)
        await ask(database, "fast.example", 2)
        (survey,) = await rows(database, "SELECT id FROM survey")
        key = DestinationPaces(SECRET, read_limits("")).of("c-0@slow.example").key
        sending, claiming, real = asyncio.Event(), asyncio.Event(), one._channel.send

        async def send_while_another_claims(message: Any) -> Outcome:
            sending.set()
            await claiming.wait()
            return await real(message)

        one._channel.send = send_while_another_claims  # type: ignore[method-assign]
        running = asyncio.create_task(one.step())
        await sending.wait()
        async with database.transaction() as another:
            await first_days.lock_places(another, TENANT, survey.id)
            claiming.set()
            await eventually(lambda: a_lock_is_waited_for(database))
            await another.execute("SET LOCAL lock_timeout = '300ms'")
            assert (await destinations.insert_and_lock(another, key)).refused == 0
        await running
        await send(database, [one])
        assert accepted(server) == {"slow.example": 1, "fast.example": 2}


async def a_lock_is_waited_for(database: Database) -> bool:
    sql = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return bool(await rows(database, sql))


async def test_three_senders_to_destinations_that_refuse_and_accept_finish(
    database: Database, clock: Clock
) -> None:
    async with senders(database, clock, "*=100/min", first_day_per_hour=500) as (server, three):
        domains = ["a.example", "b.example", "c.example"]
        for domain in domains:
            for n in range(2):
                server.for_recipients[f"c-{n}@{domain}"] = {"RCPT": REFUSED}
        for domain in domains:
            await ask(database, domain, 6)
        await send(database, three)
        server.for_recipients.clear()
        with capture_logs() as logged:
            for _ in range(25):
                clock.on(minutes=2)
                await send(database, three)
        assert [line for line in logged if line["log_level"] == "error"] == []
        assert accepted(server) == dict.fromkeys(domains, 6)


async def come_back(database: Database, address: str) -> None:
    """The mail to an address comes back by policy."""
    (row,) = await rows(
        database, "SELECT id FROM invitation WHERE customer_id = :id", id=address.replace("@", "-")
    )
    report = MailReport(MailReference(row.id, 1), "policy", "5.7.1")
    assert await take_report(database, SECRET, report, "smtp") == "stored"


async def test_a_destination_that_accepts_mails_and_sends_them_back_by_policy_gets_few(
    database: Database, clock: Clock
) -> None:
    async with senders(database, clock) as (server, three):
        holding = Holding(database, DestinationPaces(SECRET, read_limits("")))
        await ask(database, "strict.example", 3)
        await ask(database, "other.example", 40)
        await send(database, three)
        for n in range(2):
            await come_back(database, f"c-{n}@strict.example")
            await holding.step()
        for n in range(3):  # three of forty are their own mailboxes' rules
            await come_back(database, f"c-{n}@other.example")
        await holding.step()
        async with database.transaction() as uow:
            assert await destinations.count_held(uow) == 0
        await come_back(database, "c-2@strict.example")
        with capture_logs() as logged:
            for _ in range(2):
                await holding.step()
        assert [(line["event"], line["domain"]) for line in logged] == [
            ("mail_destination_held", "strict.example")
        ]
        async with database.transaction() as uow:
            await measure_destinations(uow)
        assert metrics.MAIL_DESTINATIONS_HELD._value.get() == 1
        assert await rows(database, "SELECT 1 FROM suppression") == []
        await ask(database, "strict.example", 4, prefix="next")
        await ask(database, "other.example", 4, prefix="next")
        await send(database, three)
        assert accepted(server) == {"strict.example": 3, "other.example": 44}
        for n in range(1, 3):  # it accepts what it gets, and that may come back
            clock.on(minutes=30, seconds=1)
            await send(database, three)
            assert accepted(server)["strict.example"] == 3 + n
        clock.on(days=1)
        for _ in range(3):
            clock.on(minutes=1)
            await send(database, three)
        assert len({each for each in server.accepted if each.endswith("@strict.example")}) == 7
        async with database.transaction() as uow:
            assert await destinations.count_held(uow) == 0


async def test_the_share_that_came_back_is_one_of_all_mails_of_the_destination_in_the_same_time(
    database: Database, clock: Clock
) -> None:
    """However many others change since, by whatever channel, and whichever domains are one destination."""
    async with senders(database, clock) as (_, three):
        paces = DestinationPaces(SECRET, read_limits("big.example+big2.example=9000/min"))
        holding = Holding(database, paces)
        await ask(database, "big.example", 6)
        await ask(database, "big2.example", 25)
        await send(database, three)
        clock.on(hours=2)
        await ask(database, "other.example", 30, prefix="later")
        await send(database, three)
        for n in range(3):
            await come_back(database, f"c-{n}@big.example")
        await holding.step()
        assert await held(database) == 0, "3 of 31, though half of those to one of its domains"
        await come_back(database, "c-3@big.example")
        clock.on(hours=23)
        await ask(database, "big.example", 3, prefix="next")
        await send(database, three)
        await holding.step()
        assert await held(database) == 0, "none of those that left in the last day has come back"
        clock.on(hours=-23)
        async with database.engine.begin() as connection:
            await connection.execute(text("UPDATE delivery SET channel = 'sms' WHERE n = 1 AND settled_at < :at"
                " AND about_id IN (SELECT id FROM invitation WHERE customer_id LIKE '%-big2.example')"),
                {"at": clock.now})  # fmt: skip
        await holding.step()
        assert await held(database) == 1, "texts are no mails"


async def held(database: Database) -> int:
    async with database.transaction() as uow:
        return await destinations.count_held(uow)


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
