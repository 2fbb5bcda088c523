"""Many messages through servers that fail at every step: each leaves once at most, and what is said of it is true."""

import itertools
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import httpx
import pytest
from support.dispatcher_builders import (
    Clock,
    a_customer,
    a_sender,
    a_transaction,
    decide,
    go_live,
    keep_tenant,
    make_survey,
    reasons,
    relay_all,
    rows,
)
from support.dispatcher_texts import a_text_sender
from support.examples import examples, one_in
from support.faulty_mail_server import CONNECTION_FAULTS, SENDER_FAULTS, a_faulty_mail_server, drawn_faults
from support.faulty_text_provider import MODES, a_faulty_text_provider, drawn_text_faults
from support.http_clients import SECRET
from support.smtp import CERTIFICATE

from services.dispatcher.sms import channel
from services.dispatcher.sms.inbound import keep
from services.dispatcher.sms.messages import TextReport
from services.dispatcher.sms.providers import PROVIDERS
from shared.db.database import Database
from shared.events import Customer
from shared.events.invitations import ReportState
from shared.mail import Mailer, MailServer, mailer
from shared.outbound import Sender, mail_stream

MESSAGES = 250
"""10,000 with HYPOTHESIS=deep; a quarter of these mails, and half of these texts, in a run of all tests."""
DOMAINS = 40
"""Of the addresses: a mail server that greylists one delays the others of its domain."""
REPLY_TIMEOUT_S = 1.0
"""Far longer than a reply takes, since a late one is a fault."""
BATCH = 200
NewCustomer = Callable[[str], Customer]
STATES = "SELECT customer_id, state FROM invitation"
NEXT = "SELECT min(due_at) AS due_at FROM delivery WHERE state IN ('waiting', 'sending')"


async def ask(database: Database, clock: Clock, customers: Sequence[Customer], *channels: str) -> None:
    """A survey that asks each of them at once."""
    await keep_tenant(database)
    await make_survey(database, delay_minutes=0, first_day_per_hour=0, channels=channels)
    await go_live(database)
    for first in range(0, len(customers), BATCH):
        some = customers[first : first + BATCH]
        await decide(database, *(a_transaction(f"o-{one.id}", one, occurred_at=clock.now) for one in some))
        await relay_all(database)
    assert set((await reasons(database)).values()) == {"invited"}


async def send_until_settled(
    database: Database,
    sender: Sender,
    clock: Clock,
    another: NewCustomer,
    change: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Take steps until nothing waits. Meanwhile others are asked, since a message that alone is refused fails only
    while others are taken.

    :param change: what happens to the server between two steps.
    """
    name = sender._channel.name
    for number in itertools.count():
        await sender.step()
        await relay_all(database)
        if change is not None:
            await change()
        ((due_at,),) = await rows(database, NEXT)
        if due_at is None:
            return
        async with database.reading() as uow:
            stream = await mail_stream.read(uow, channel=name)
        tried_at = stream.try_at if stream.stopped_at is not None else None
        if due_at > clock.now or stream.refused:
            customer = another(f"other-{number}")
            await decide(database, a_transaction(f"o-{customer.id}", customer, occurred_at=clock.now))
            await relay_all(database)
        clock.now = max(clock.now + timedelta(seconds=1), due_at, tried_at or due_at)


async def test_mails_through_a_server_that_fails_at_every_step_leave_once_and_end_as_the_server_knows(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailer, "DATA_COMMAND_TIMEOUT_S", REPLY_TIMEOUT_S)
    monkeypatch.setattr(mailer, "DATA_TIMEOUT_S", REPLY_TIMEOUT_S)
    chance = random.Random("mails")
    drawn = {
        f"m-{number}": fault
        for number, fault in enumerate(drawn_faults(examples(MESSAGES) // one_in(4), chance))
    }
    address_of = {id_: f"{id_}@shop{number % DOMAINS}.example" for number, id_ in enumerate(drawn)}
    await ask(database, clock, [a_customer(id_, email=to) for id_, to in address_of.items()], "mail")
    async with a_faulty_mail_server({address_of[id_]: each for id_, each in drawn.items()}, chance) as server:
        sending = Mailer(MailServer(server.url, ca_file=str(CERTIFICATE)), seconds=REPLY_TIMEOUT_S)
        sender = a_sender(database, sending, clock)
        await send_until_settled(database, sender, clock, a_customer)
        await sending.close()
    ends = {row.customer_id: row.state for row in await rows(database, STATES)}
    unlike = {id_: (each, ends[id_]) for id_, each in drawn.items() if ends[id_] != each.ends}
    assert unlike == {}
    assert set(server.taken.values()) == {1}
    assert {end for id_, end in ends.items() if id_ not in drawn} <= {"sent"}
    taken = {id_ for id_, to in address_of.items() if to in server.taken}
    assert {id_ for id_, end in ends.items() if end == "sent" and id_ in drawn} <= taken
    assert not taken & {id_ for id_, end in ends.items() if end == "failed"}
    assert sender._health.unready() == []
    met = {f"{step} {reply}" for step, replies in CONNECTION_FAULTS.items() for reply in replies}
    assert server.met.keys() == met | {f"MAIL {reply}" for reply in SENDER_FAULTS}


REPORTS: Sequence[tuple[Sequence[ReportState], Sequence[ReportState]]] = (
    ((), ()),
    ((), ()),
    ((), ("delivered",)),
    ((), ("undeliverable", "undeliverable")),
    (("delivered", "delivered"), ()),
    (("undeliverable",), ()),
    (("delivered",), ("undeliverable",)),
    (("undeliverable",), ("delivered", "undeliverable")),
)
"""What a provider reports of a text that it took: before it answers, and long after."""


def a_text_customer(number: str) -> Customer:
    return a_customer(f"t-{number.removeprefix('+')}", email=None, phone=number)


def number_of(customer_id: str) -> str:
    return f"+{customer_id.removeprefix('t-')}"


def reported_end(ends: str, reports: Sequence[ReportState]) -> str:
    return "sent" if "delivered" in reports else "bounced" if reports else ends


@pytest.mark.parametrize("name", PROVIDERS)
async def test_texts_through_a_provider_that_fails_at_every_step_leave_once_and_end_as_it_knows_and_reports(
    database: Database, clock: Clock, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "ANSWER_TIMEOUT_S", REPLY_TIMEOUT_S)
    chance = random.Random(f"texts of {name}")
    count, silent = examples(MESSAGES) // (len(PROVIDERS) * one_in(2)), name == "generic" or one_in(2) == 1
    faults = drawn_text_faults(count, chance, silent=silent)
    drawn = {f"+45{21_123_456 + number}": fault for number, fault in enumerate(faults)}
    reports = {number: chance.choice(REPORTS) for number in drawn}
    people = [a_text_customer(number) for number in drawn]
    await ask(database, clock, people, "sms")
    found = await rows(database, "SELECT customer_id, id FROM invitation")
    ids = {number_of(row.customer_id): row.id for row in found}

    async def report(number: str, states: Sequence[ReportState]) -> None:
        for state in states:
            async with database.transaction() as uow:
                said = TextReport(reference=f"{ids[number]}/1", state=state, code="30003")
                assert await keep(uow, SECRET, said) == state

    async def report_at_once(number: str) -> None:
        await report(number, reports[number][0] if number in drawn else ())

    def another(id_: str) -> Customer:
        return a_text_customer(f"+45{41_123_456 + int(id_.rpartition('-')[2])}")

    async with a_faulty_text_provider(name, drawn, chance) as server:
        server.on_taken = report_at_once
        way = httpx.AsyncHTTPTransport(verify=server.trusted)
        texts = a_text_sender(database, way, clock, server.provider())
        await send_until_settled(database, texts, clock, another, server.change)
        await texts._channel.close()
    for number in drawn:
        await report(number, reports[number][1] if number in server.taken else ())
    ends = {number_of(row.customer_id): row.state for row in await rows(database, STATES)}
    wanted = {
        number: reported_end(
            (each.vonage_ends if name == "vonage" else None) or each.ends,
            [*reports[number][0], *reports[number][1]] if number in server.taken else [],
        )
        for number, each in drawn.items()
    }
    assert {
        each: (wanted[each], ends[each], drawn[each]) for each in drawn if wanted[each] != ends[each]
    } == {}
    assert set(server.taken.values()) == {1}
    assert not server.taken.keys() & {number for number, end in ends.items() if end == "failed"}
    assert {end for number, end in ends.items() if number not in drawn} <= {"sent"}
    assert texts._health.unready() == []
    assert server.met.keys() == set(MODES)
