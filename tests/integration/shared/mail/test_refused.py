"""Step by step: what a server can say to a mail, and what is concluded from it."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest
from support.smtp import HANG_UP, SILENCE, scripted_server

from shared.mail import Away, Blocked, Deferred, Delivered, Mailer, Outcome, Rejected, Unknown
from shared.outbound.outcome_rules import MailStream

MAIL = b"Subject: x\r\n\r\n.\r\n..two\nlone\rend"
US, UNCLEAR = Blocked("", certain=True), Blocked("", certain=False)


def kind(outcome: Outcome) -> object:
    return (Blocked, outcome.certain) if isinstance(outcome, Blocked) else type(outcome)


async def send(mailer: Mailer, to: str = "reader@example.com") -> Outcome:
    return await mailer.send("ask@shop.example", to, MAIL)


BEFORE = ["CONNECT", "EHLO+HELO", "MAIL"]
ANSWERS = [
    *((step, answer, Away) for step in BEFORE for answer in (
        "421 4.3.2 closing", "450 4.7.1 later", "451 4.3.0 trouble", "550 5.7.1 no", "554 5.5.1 no",
        "550 5.1.1 who", "530 5.7.0 sign in", "535 5.7.8 no", "200 what", "no code", HANG_UP,
    )),
    ("RCPT", "550 5.1.1 nobody", Rejected),
    ("RCPT", "550 5.1.1 nobody\n550 5.1.1 of that name", Rejected),
    ("RCPT", "552 5.2.2 full", Rejected),
    ("RCPT", "550 User unknown", Rejected),
    ("RCPT", "450 4.2.1 busy", Deferred),
    ("RCPT", "451 4.7.1 greylisted", Deferred),
    ("RCPT", "450 4.7.1 not now", Deferred),
    ("RCPT", "252 cannot say", Deferred),
    ("RCPT", "421 4.7.0 closing", US),
    ("RCPT", "452 4.3.1 disk full", US),
    ("RCPT", "550 5.4.5 daily limit", US),
    ("RCPT", "554 5.7.1 relay access denied", US),
    ("RCPT", "554 5.7.60 may not send as", US),
    ("RCPT", "504 5.5.2 <x>: Helo command rejected", US),
    ("RCPT", "550 5.7.1 no", UNCLEAR),
    ("RCPT", HANG_UP, UNCLEAR),
    ("DATA", "550 5.1.1 nobody", Rejected),
    ("DATA", "451 4.2.0 later", Deferred),
    ("DATA", "550 5.4.5 daily limit", US),
    ("DATA", "554 refused", UNCLEAR),
    ("DATA", HANG_UP, UNCLEAR),
    ("DATA", "250 ok?", Unknown),
    ("END", "550 5.1.1 nobody", Rejected),
    ("END", "552 5.2.2 full", Rejected),
    ("END", "451 4.2.0 later", Deferred),
    ("END", "451 4.3.0 queue file write error", US),
    ("END", "452 4.3.1 disk full", US),
    ("END", "550 5.4.5 daily limit", US),
    ("END", "554 5.7.60 may not send as", US),
    ("END", "550 5.7.26 not authenticated", US),
    ("END", "421 4.7.0 unusual rate", US),
    ("END", "554 5.7.1 looks like spam", UNCLEAR),
    ("END", "554 failed", UNCLEAR),
    ("END", "200 queued", Unknown),
    ("END", "251 forwarded", Unknown),
    ("END", "399 what", Unknown),
    ("END", "600 what", Unknown),
    ("END", "OK queued", Unknown),
    ("END", HANG_UP, Unknown),
]  # fmt: skip


@pytest.mark.parametrize(("step", "answer", "expected"), ANSWERS)
async def test_each_reply_at_each_step_is_read_for_its_cause(
    step: str, answer: str, expected: Blocked | type[Outcome]
) -> None:
    async with scripted_server(answers=dict.fromkeys(step.split("+"), answer)) as server:
        mailer = Mailer(server.url, seconds=5)
        outcome = await send(mailer)
        assert kind(outcome) == (kind(expected) if isinstance(expected, Blocked) else expected), outcome
        assert not isinstance(outcome, Delivered)
        assert "reader" not in outcome.reason
        assert "nobody" not in outcome.reason
        assert (server.accepted == []) or expected is Unknown
        server.answers.clear()
        assert await send(mailer, "next@example.com") == Delivered()
        await mailer.close()


@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END"])
async def test_end_waits_for_no_reply_and_the_outcome_says_whether_the_mail_may_have_been_accepted(
    step: str,
) -> None:
    async with scripted_server(answers={step: SILENCE}) as server:
        mailer = Mailer(server.url)
        sending = asyncio.create_task(send(mailer))
        await server.waiting.wait()
        mailer.end()
        async with asyncio.timeout(5):
            outcome = await sending
        assert isinstance(outcome, Unknown if step == "END" else Away)


@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL", "RCPT"])
async def test_a_server_that_does_not_reply_in_time_is_away_or_perhaps_does_not_like_the_mail(
    step: str,
) -> None:
    async with scripted_server(answers={step: SILENCE}) as server:
        outcome = await send(Mailer(server.url, seconds=0.2))
        assert kind(outcome) == ((Blocked, False) if step == "RCPT" else Away)
        assert not isinstance(outcome, Delivered)
        assert "no answer in time" in outcome.reason


@pytest.mark.parametrize(("answer", "conversations"), [("450 4.3.2 unavailable", 2), ("550 5.1.1 nobody", 1)])
async def test_a_refusal_for_our_fault_ends_the_connection(answer: str, conversations: int) -> None:
    """Some servers refuse each first connection, at RCPT until it ends."""
    async with scripted_server(answers={"RCPT": answer}) as server:
        mailer = Mailer(server.url, seconds=5)
        await send(mailer)
        server.answers.clear()
        assert await send(mailer) == Delivered()
        await mailer.close()
    assert sum(command.startswith("EHLO") for command in server.commands) == conversations


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
async def test_a_mail_at_which_the_server_breaks_the_connection_stops_no_other(step: str) -> None:
    async with scripted_server(answers={step: HANG_UP}) as server:
        mailer = Mailer(server.url, seconds=5)
        outcome, now = await send(mailer), datetime(2026, 11, 30, tzinfo=UTC)
        assert MailStream().after(outcome, UUID(int=1), now).may_try(now)
        await mailer.close()


async def test_a_mail_arrives_line_by_line_as_it_was_written() -> None:
    async with scripted_server() as server:
        mailer = Mailer(server.url, seconds=5)
        assert await send(mailer) == Delivered()
        await mailer.close()
    assert server.mails == [b"Subject: x\r\n\r\n..\r\n...two\r\nlone\r\nend\r\n.\r\n"]


async def test_a_refusal_of_addresses_outside_ascii_stops_no_other_mail() -> None:
    """The server offers SMTPUTF8 and does not take it: the fault may be that address's alone."""
    async with scripted_server(
        extensions=["SMTPUTF8"], answers={"MAIL": "555 5.5.4 unknown parameter"}
    ) as server:
        mailer = Mailer(server.url, seconds=5)
        assert kind(await send(mailer, "søren@example.com")) == (Blocked, False)
        assert kind(await send(mailer)) is Away
        await mailer.close()


async def test_a_sender_outside_ascii_needs_a_server_that_supports_it() -> None:
    async with scripted_server() as server:
        mailer = Mailer(server.url, seconds=5)
        assert isinstance(await mailer.send("spørg@shop.example", "reader@example.com", MAIL), Away)
        server.extensions.append("SMTPUTF8")
        await mailer.close()
        assert await mailer.send("spørg@shop.example", "reader@example.com", MAIL) == Delivered()
        await mailer.close()
