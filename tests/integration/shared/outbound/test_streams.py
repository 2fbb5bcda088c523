"""A mail server in every kind of trouble: whose fault it is, who waits, and that each mail leaves once."""

import asyncio

import pytest
from support.dispatcher_builders import relay_all
from support.eventually import eventually
from support.smtp import HANG_UP, SILENCE, ScriptedServer, SmtpCommand

from shared.outbound import LEASE_DURATION, mail_stream
from shared.outbound.gauges import set_gauges
from shared.outbound.outcome_rules import MAX_REFUSALS, MailStream
from shared.telemetry import metrics

from .conftest import Mails

OUR_FAULT: dict[str, dict[SmtpCommand, str]] = {
    "nobody lets us in": {"CONNECT": "554 5.3.2 no service"},
    "the server closes": {"CONNECT": "421 4.3.2 closing"},
    "our name is refused": {"EHLO": "504 5.5.2 need a full name", "HELO": "504 5.5.2 need a full name"},
    "our name is refused late": {
        "RCPT": "504 5.5.2 <x>: Helo command rejected: need fully-qualified hostname"
    },
    "our sender is refused": {"MAIL": "550 5.1.8 bad sender"},
    "our sender is deferred": {"MAIL": "450 4.7.1 later"},
    "no relaying": {"RCPT": "554 5.7.1 Relay access denied"},
    "no more today": {"RCPT": "550 5.4.5 Daily user sending limit exceeded"},
    "no more today, told late": {"END": "550 5.4.5 Daily user sending limit exceeded"},
    "not as this sender": {"END": "554 5.7.60 Client does not have permissions to send as this sender"},
    "on a block list": {"RCPT": "554 5.7.1 Service unavailable; Client host blocked using zen.spamhaus.org"},
    "the disk is full": {"DATA": "452 4.3.1 Insufficient system storage"},
    "it hangs up at RCPT": {"RCPT": HANG_UP},
    "no reason is given": {"RCPT": "550 5.7.1 no"},
    "no reason is given, late": {"END": "554 failed"},
}
"""What a whole server says for a day."""


async def test_a_day_of_refusals_for_our_fault_fails_no_mail_and_then_each_is_sent_once(
    mails: Mails, server: ScriptedServer
) -> None:
    sender = mails.sender(server)
    for number, (trouble, answers) in enumerate(OUR_FAULT.items()):
        addresses = await mails.all_due(*(f"reader-{number}-{one}" for one in range(4)))
        server.answers.update(answers)
        server.hang_up()  # so that a new connection meets them
        server.accepted.clear()
        for _ in range(12):
            await mails.step(sender, hours=2)
        stand = await mails.stand()
        assert {stand[one][0] for one in addresses} == {"waiting"}, (trouble, stand)
        assert max(stand[one][1] for one in addresses) <= 1, (trouble, stand)
        assert sender._health.unready() != [], trouble
        server.answers.clear()
        for _ in range(5):
            await mails.step(sender, minutes=10)
        assert {state for state, _ in (await mails.stand()).values()} == {"sent"}, trouble
        assert sorted(server.accepted) == sorted(addresses), trouble
        assert sender._health.unready() == [], trouble
    await sender._channel.close()


async def test_a_missing_server_fails_no_mail_and_then_each_is_sent_once(
    mails: Mails, server: ScriptedServer
) -> None:
    addresses = await mails.all_due("one", "two", "three")
    away = mails.sender("smtp://127.0.0.1:9")
    for _ in range(30):
        await mails.step(away, minutes=48)
    assert set((await mails.stand()).values()) == {("waiting", 0)}
    back = mails.sender(server)
    await mails.step(back, minutes=5)
    assert sorted(server.accepted) == sorted(addresses)
    assert {state for state, _ in (await mails.stand()).values()} == {"sent"}
    await back._channel.close()


ONE_MAILBOX: list[tuple[SmtpCommand, str, str]] = [
    ("RCPT", "550 5.1.1 nobody", "failed"),
    ("RCPT", "550 User unknown", "failed"),
    ("RCPT", "552 5.2.2 over quota", "failed"),
    ("END", "550 5.1.1 nobody", "failed"),
    ("RCPT", "450 4.2.1 busy", "waiting"),
    ("RCPT", "451 4.7.1 greylisted", "waiting"),
    ("RCPT", "550 5.7.1 not to this group", "waiting"),
    ("END", HANG_UP, "unknown"),
    ("END", "200 what", "unknown"),
]


async def test_a_refusal_for_one_mailbox_delays_no_other(mails: Mails, server: ScriptedServer) -> None:
    sender = mails.sender(server)
    for number, (step, answer, state) in enumerate(ONE_MAILBOX):
        one, *others = await mails.all_due(*(f"{name}-{number}" for name in ("one", "two", "three")))
        server.for_recipients[one] = {step: answer}
        await mails.step(sender)
        stand = await mails.stand()
        assert stand[one] == (state, 1), answer
        assert {stand[other][0] for other in others} == {"sent"}, answer
        assert all(server.accepted.count(other) == 1 for other in others), answer
        assert sender._health.unready() == [], answer
    await sender._channel.close()


async def test_a_recipient_that_alone_is_refused_without_a_reason_fails_in_the_end(
    mails: Mails, server: ScriptedServer
) -> None:
    one = await mails.due("one")
    server.for_recipients[one] = {"RCPT": "550 5.7.1 not to this group"}
    sender, seen = mails.sender(server), 0
    while (await mails.stand())[one][0] == "waiting":
        other = await mails.due(f"other-{seen}")
        await mails.step(sender, hours=4)
        assert (await mails.stand())[other][0] == "sent"
        seen += 1
        assert seen <= MAX_REFUSALS
    assert (await mails.stand())[one] == ("failed", MAX_REFUSALS)
    await sender._channel.close()


async def test_a_recipient_that_was_deferred_before_has_all_refusals_left(
    mails: Mails, server: ScriptedServer
) -> None:
    one = await mails.due("one")
    sender, deferred = mails.sender(server), MAX_REFUSALS - 1
    server.for_recipients[one] = {"RCPT": "451 4.7.1 greylisted"}
    for number in range(deferred + MAX_REFUSALS):
        assert (await mails.stand())[one] == ("waiting", number)
        if number == deferred:
            server.for_recipients[one] = {"RCPT": "550 5.7.1 not to this group"}
        await mails.due(f"other-{number}")
        await mails.step(sender, hours=4)
    assert (await mails.stand())[one] == ("failed", deferred + MAX_REFUSALS)
    await sender._channel.close()


async def test_a_recipient_whose_refusal_seems_our_fault_delays_the_others_for_seconds_only(
    mails: Mails, server: ScriptedServer
) -> None:
    one, *others = await mails.all_due("one", "two", "three")
    server.for_recipients[one] = {"RCPT": "550 5.4.5 Daily user sending limit exceeded"}
    sender = mails.sender(server)
    await mails.step(sender)
    assert server.accepted == []
    await mails.step(sender, seconds=1)
    assert server.accepted == others
    assert (await mails.stand())[one] == ("waiting", 0)
    await sender._channel.close()


async def test_many_recipients_that_are_refused_delay_no_other_and_fail_in_the_end(
    mails: Mails, server: ScriptedServer
) -> None:
    refused = await mails.all_due(*(f"one-{number}" for number in range(12)))
    server.for_recipients |= {one: {"RCPT": "550 5.7.1 not to this group"} for one in refused}
    sender, seen = mails.sender(server), 0
    for _ in refused:
        await mails.step(sender, minutes=20)
    async with mails.database.reading() as uow:
        assert (await mail_stream.read(uow)).stopped_at is not None
    while {state for state, _ in (await mails.stand()).values()} & {"waiting"}:
        other = await mails.due(f"other-{seen}")
        await mails.step(sender, minutes=20)
        assert (await mails.stand())[other][0] == "sent", "it was tried before those that were refused"
        seen += 1
        assert seen <= len(refused) * MAX_REFUSALS
    stand = await mails.stand()
    assert {stand[one] for one in refused} == {("failed", MAX_REFUSALS)}
    assert sender._health.unready() == []
    await sender._channel.close()


async def test_while_the_stream_is_stopped_one_sender_tries_one_mail_now_and_then(
    mails: Mails, server: ScriptedServer
) -> None:
    await mails.all_due("one", "two", "three")
    server.answers["MAIL"] = "550 5.7.1 no"
    senders = [mails.sender(server) for _ in range(3)]
    await mails.step(senders[0])
    for sender in senders:
        await sender.step()
        assert sender._health.unready() != []

    def tries() -> int:
        return sum(command.startswith("MAIL") for command in server.commands)

    assert tries() == 1
    mails.clock.on(seconds=1)
    await asyncio.gather(*(sender.step() for sender in senders))
    assert tries() == 2


async def test_the_due_age_grows_while_the_stream_is_stopped(mails: Mails, server: ScriptedServer) -> None:
    await mails.due("one")
    await mails.due("two")
    server.answers["RCPT"] = "550 5.4.5 daily limit"
    sender = mails.sender(server)
    for _ in range(12):
        await mails.step(sender, minutes=5)
    async with mails.database.reading() as uow:
        standing = await mail_stream.read(uow)
        assert standing.reason is not None
        assert "550 5.4.5" in standing.reason
        await set_gauges(uow, mails.queue.service, counted="false")
    assert metrics.MAIL_STOPPED.labels(mails.queue.service)._value.get() == 55 * 60
    assert metrics.MAIL_DUE_AGE.labels(mails.queue.service)._value.get() == 55 * 60
    await sender._channel.close()


async def stopped_at(step: SmtpCommand, mails: Mails, server: ScriptedServer) -> None:
    """A sender that is stopped while it waits for the reply at this step."""
    server.answers[step] = SILENCE
    server.waiting.clear()
    stopping = asyncio.Event()
    running = asyncio.create_task(mails.sender(server).run(stopping))
    await server.waiting.wait()
    stopping.set()
    async with asyncio.timeout(5):
        await running
    server.answers.clear()
    await relay_all(mails.database)


async def test_a_stopping_sender_leaves_unsent_mails_waiting_and_the_others_unknown(
    mails: Mails, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.outbound.sender.STOP_GRACE_S", 0.1)
    one = await mails.due("one")
    steps: tuple[SmtpCommand, ...] = ("CONNECT", "EHLO", "MAIL", "RCPT")
    for step in steps:
        await stopped_at(step, mails, server)
        assert await mails.stand() == {one: ("waiting", 0)}, step
        async with mails.database.reading() as uow:
            assert await mail_stream.read(uow) == MailStream(), step
    await stopped_at("END", mails, server)
    assert await mails.stand() == {one: ("unknown", 1)}


async def test_a_slow_server_makes_the_sender_unready_and_is_waited_for(
    mails: Mails, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await mails.due("one")
    monkeypatch.setattr("shared.outbound.sender.SLOW_SERVER_S", 0.05)
    server.answers["END"] = SILENCE
    sender = mails.sender(server)
    stepping = asyncio.create_task(sender.step())
    await eventually(lambda: sender._health.unready() == ["mail server: it does not answer"])
    assert sender._health.stalled() == []
    assert (await mails.stand())[one][0] == "sending"
    server.hang_up()
    await stepping
    assert (await mails.stand())[one][0] == "unknown"
    assert LEASE_DURATION.total_seconds() > 600
