"""What happens to a decision later is told on the event's page, step by step, with its time and reason."""

import re
from html import unescape

import httpx
import pytest
from support.audit import an_actor
from support.dispatcher_builders import (
    TENANT,
    Clock,
    a_customer,
    a_sender,
    a_transaction,
    decide,
    go_live,
    keep_tenant,
    make_survey,
    relay_all,
    say_no,
)
from support.dispatcher_client import a_person
from support.stack import Mailbox

from services.dispatcher.sending import sending_commands
from shared.db.database import Database
from shared.mail import Mailer


async def steps(client: httpx.AsyncClient) -> list[tuple[str, str]]:
    """The steps of the one event's page: their times and first sentences."""
    page = (await client.get(f"/events/{a_transaction().event_id}", headers=a_person())).text
    story = page.partition('<ol class="timeline story">')[2].partition("</ol>")[0]
    found = re.findall(r'<li.*?<p class="at">(.*?)</p><div><p>(.*?)</p>', story, re.DOTALL)
    return [tuple(unescape(re.sub(r"<[^>]+>", "", part)).strip() for part in each) for each in found]  # type: ignore[misc]


@pytest.fixture
async def clock(database: Database) -> Clock:
    """Of a company that asks an hour after each event; the one event has just been decided."""
    await make_survey(database, delay_minutes=60)
    await go_live(database)
    assert isinstance(database.clock, Clock)
    await decide(database, a_transaction())
    await relay_all(database)
    return database.clock


async def send(database: Database, mailbox: Mailbox, clock: Clock) -> None:
    mailer = Mailer(mailbox.smtp_url, seconds=5)
    await a_sender(database, mailer, clock).step()
    await mailer.close()


async def test_a_mail_that_is_dropped_at_sending_says_when_and_why(
    client: httpx.AsyncClient, database: Database, clock: Clock, mailbox: Mailbox
) -> None:
    clock.on(minutes=30)
    await say_no(database, a_customer())
    clock.on(minutes=31)
    await send(database, mailbox, clock)
    assert (await steps(client))[1:] == [
        ("20 November 13:00", "Decided: Invited."),
        ("20 November 13:00", "The mail was to leave 20\u00a0November, 14:00."),
        ("20 November 14:01", "Mail. The mail was not sent. The customer has unsubscribed since."),
    ]


async def test_a_stop_of_all_sending_and_its_end_are_told_between(
    client: httpx.AsyncClient, database: Database, clock: Clock, mailbox: Mailbox
) -> None:
    async def switch(*, stopped: bool) -> None:
        async with database.transaction() as uow:
            await sending_commands.set_stopped(uow, TENANT, an_actor("Sara Lund"), stopped=stopped)

    clock.on(minutes=10)
    await switch(stopped=True)
    told = await steps(client)
    assert ("20 November 13:10", "Sara Lund stopped all sending.") in told
    assert told[-1] == ("20 November 14:00", "Mail. The mail waits for its time.")
    clock.on(minutes=80)
    await switch(stopped=False)
    await send(database, mailbox, clock)
    clock.on(minutes=10)
    await switch(stopped=True)
    assert (await steps(client))[2:] == [
        ("20 November 13:00", "The mail was to leave 20\u00a0November, 14:00."),
        ("20 November 13:10", "Sara Lund stopped all sending."),
        ("20 November 14:30", "Sara Lund started sending again."),
        ("20 November 14:30", "Mail. The mail was sent."),
    ]


async def test_a_mail_that_test_mode_withholds_at_sending_says_who_went_back_to_it(
    client: httpx.AsyncClient, database: Database, clock: Clock, mailbox: Mailbox
) -> None:
    clock.on(minutes=10)
    async with database.transaction() as uow:
        await sending_commands.set_mode(uow, TENANT, an_actor("Sara Lund"), "test")
    clock.on(minutes=60)
    await send(database, mailbox, clock)
    assert (await steps(client))[2:] == [
        ("20 November 13:00", "The mail was to leave 20\u00a0November, 14:00."),
        ("20 November 13:10", "Sara Lund went back to test mode."),
        ("20 November 14:10", "Mail. The mail would have been sent, but the company is in test mode."),
    ]


async def test_tries_that_the_mail_server_put_off_are_counted_when_it_is_sent_at_last(
    client: httpx.AsyncClient, database: Database, clock: Clock, mailbox: Mailbox
) -> None:
    async with database.transaction() as uow:
        await uow.execute("UPDATE delivery SET attempts = 2")
    clock.on(minutes=60)
    await send(database, mailbox, clock)
    assert (await steps(client))[2:] == [
        ("20 November 13:00", "The mail was to leave 20\u00a0November, 14:00."),
        ("", "The mail server had put it off 2 times."),
        ("20 November 14:00", "Mail. The mail was sent."),
    ]


async def test_what_is_withheld_at_the_decision_was_never_to_leave(
    client: httpx.AsyncClient, database: Database
) -> None:
    await keep_tenant(database)
    await make_survey(database, delay_minutes=60)
    await decide(database, a_transaction())
    assert (await steps(client))[2:] == [
        ("20 November 13:00", "Mail. The mail would have been sent, but the company is in test mode.")
    ]
