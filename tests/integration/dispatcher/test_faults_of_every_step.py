"""Many messages through servers that fail at every step: each leaves once at most, and what is said of it is true."""

import random
from collections import Counter

import pytest
from support.dispatcher_builders import Clock, a_customer, a_sender, a_transaction, decide, go_live, keep_tenant
from support.dispatcher_builders import make_survey, relay_all, rows
from support.examples import examples
from support.faulty_mail_server import CONNECTION_FAULTS, SENDER_FAULTS, MailFault, a_faulty_mail_server, drawn_faults
from support.smtp import CERTIFICATE

from shared.db.database import Database
from shared.mail import Mailer, MailServer, mailer
from shared.outbound import Sender

MESSAGES = 250
"""10,000 with HYPOTHESIS=deep."""
DOMAINS = 40
"""Of the addresses: a mail server that greylists one delays the others of its domain."""
REPLY_TIMEOUT_S = 0.7
"""Far longer than a reply takes, since a late one is a fault."""
PARTS = 500
"""Events in one batch."""
WAITING = "SELECT count(*) AS number, min(due_at) AS due_at FROM delivery WHERE state IN ('waiting', 'sending')"
DIFFERING = """
    SELECT i.customer_id FROM invitation i JOIN delivery d ON d.tenant = i.tenant AND d.about_id = i.id
    WHERE d.state <> i.state AND i.state NOT IN ('bounced', 'sent')
"""


async def test_ten_thousand_mails_through_a_server_that_fails_at_every_step_leave_once_or_are_told_apart(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailer, "DATA_COMMAND_TIMEOUT_S", REPLY_TIMEOUT_S)
    monkeypatch.setattr(mailer, "DATA_TIMEOUT_S", REPLY_TIMEOUT_S)
    chance = random.Random("mails")
    faults = {
        f"m{number}@shop{number % DOMAINS}.example": fault
        for number, fault in enumerate(drawn_faults(examples(MESSAGES), chance))
    }
    await keep_tenant(database)
    await make_survey(database, delay_minutes=0, first_day_per_hour=0)
    await go_live(database)
    await _decide(database, clock, list(faults))
    async with a_faulty_mail_server(faults, chance) as server:
        sending = Mailer(MailServer(server.url, ca_file=str(CERTIFICATE)), seconds=REPLY_TIMEOUT_S)
        sender = a_sender(database, sending, clock)
        await _until_settled(database, sender, clock)
        await sending.close()
    ends = {row.email: row.state for row in await rows(database, ENDS)}
    assert _unlike(faults, ends) == {}
    assert Counter(server.taken.values()).keys() == {1}
    assert {to for to, end in ends.items() if end == "sent"} <= server.taken.keys()
    assert {to for to, end in ends.items() if end == "failed"}.isdisjoint(server.taken)
    assert sender._health.unready() == []
    met = {each for step, replies in CONNECTION_FAULTS.items() for each in (f"{step} {reply}" for reply in replies)}
    assert server.met.keys() == met | {f"MAIL {reply}" for reply in SENDER_FAULTS}
