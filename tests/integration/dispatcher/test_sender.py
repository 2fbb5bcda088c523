"""A mail leaves at most once, and only while every rule still allows it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_string, policy

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs
from support.asking import (
    NOON,
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    decide,
    deliver,
    go_live,
    invitations,
    know_tenant,
    list_test_addresses,
    make_survey,
    relayed,
    rows,
    states,
)
from support.doors import SECRET, afterword_settings
from support.eventually import eventually
from support.stack import Mailbox

from services.dispatcher import sender as sender_module
from services.dispatcher import sending
from services.dispatcher.handlers import keep_answers
from services.dispatcher.letters import Scribe
from services.dispatcher.schedule import end_leases
from services.dispatcher.sender import Sender
from services.dispatcher.suppression import entries_of, suppress
from services.dispatcher.surveys import Draft, change
from shared.db.database import Database, UnitOfWork
from shared.events import ANSWERS, Answer
from shared.http.tokens import LinkSigner
from shared.ids import uuid7
from shared.mail import Mailer
from shared.runtime import Health


@pytest.fixture
async def sender(database: Database, mailbox: Mailbox, clock: Clock) -> AsyncIterator[Sender]:
    mailer = Mailer(mailbox.smtp_url, seconds=5)
    yield a_sender(database, mailer, clock)
    await mailer.close()


def a_sender(database: Database, mailer: Mailer, clock: Clock) -> Sender:
    settings = afterword_settings("127.0.0.1:1", mail_from="ask@shop.example")
    return Sender("sender", database, mailer, Scribe(settings, clock), SECRET, Health())


@pytest.fixture
async def survey(database: Database):
    await know_tenant(database)
    survey = await make_survey(database, delay_minutes=0)
    await go_live(database)
    return survey


async def asked(database: Database, name: str, **changes) -> str:
    """A customer who has been decided to be asked, and of whom everybody knows; the address."""
    customer = a_customer(name, **changes)
    await decide(database, a_transaction(f"order-{name}", customer))
    await relayed(database)
    return customer.email or ""


async def the_state(database: Database) -> tuple[str, str | None]:
    (state,) = (await states(database)).values()
    return state


async def test_a_due_mail_is_sent_once_and_each_step_is_said(
    database: Database, sender: Sender, survey, mailbox: Mailbox
):
    address = await asked(database, "sent-once")
    await sender.step()
    await sender.step()
    assert await the_state(database) == ("sent", None)
    assert len(await mailbox.mails(to=address)) == 1
    assert [(one.version, one.state) for one in await invitations(database)] == [(2, "sending"), (3, "sent")]
    assert (await invitations(database))[-1].sent_at == NOON


async def test_a_stop_cuts_short_the_wait_for_the_database_and_what_was_sent_is_still_recorded(
    database: Database, sender: Sender, survey, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
):
    address = await asked(database, "recorded-late")
    away, tried = asyncio.Event(), asyncio.Event()
    away.set()
    real = sender_module.record

    async def record(*given) -> None:
        tried.set()
        if away.is_set():
            raise ConnectionRefusedError
        await real(*given)

    monkeypatch.setattr(sender_module, "record", record)
    monkeypatch.setattr(sender_module.Backoff, "next", lambda _: 600.0)
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
    database: Database, sender: Sender, survey, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
):
    address = await asked(database, "stands")
    claim, claims = sender_module.rows.claim, []

    async def claimed_once(uow: UnitOfWork):
        claims.append(uow)
        if len(claims) > 1:
            raise LookupError("a bug of ours")
        return await claim(uow)

    monkeypatch.setattr(sender_module.rows, "claim", claimed_once)
    assert await sender.step() == 0
    assert await the_state(database) == ("sent", None)
    with pytest.raises(LookupError):
        await sender.step()
    assert len(await mailbox.mails(to=address)) == 1


async def test_who_is_to_stop_claims_no_other_mail(
    database: Database, sender: Sender, survey, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
):
    for name in ("before-the-stop", "after-the-stop"):
        await asked(database, name)
    stopping = asyncio.Event()
    send = Mailer.send

    async def send_and_stop(*given):
        stopping.set()
        return await send(*given)

    monkeypatch.setattr(Mailer, "send", send_and_stop)
    await sender.run(stopping)
    assert sorted(state for state, _ in (await states(database)).values()) == ["sent", "waiting"]


async def test_nothing_leaves_before_its_time(
    database: Database, sender: Sender, clock: Clock, mailbox: Mailbox
):
    await know_tenant(database)
    await make_survey(database, delay_minutes=60)
    await go_live(database)
    address = await asked(database, "in-time")
    clock.on(minutes=59)
    await sender.step()
    assert await mailbox.mails(to=address) == []
    clock.on(minutes=1)
    await sender.step()
    assert len(await mailbox.mails(to=address)) == 1


async def test_who_was_asked_elsewhere_while_the_mail_waited_is_not_asked_again(
    database: Database, sender: Sender, clock: Clock, mailbox: Mailbox
):
    """The invitation's own time lies later than the import's, and hides it from nobody."""
    await know_tenant(database)
    await make_survey(database, delay_minutes=1440)
    await go_live(database)
    address = await asked(database, "moved-in")
    others = await asked(database, "asked-long-ago")
    for customer, days in (("moved-in", 10), ("asked-long-ago", 90)):
        imported = Answer(
            id=uuid7(), version=1, state="sent", origin="import", score=9, customer_id=customer,
            invited_at=NOON - timedelta(days=days), changed_at=NOON,
        )  # fmt: skip
        await deliver(database, keep_answers, ANSWERS, imported)
    clock.on(days=1)
    await sender.step()
    await sender.step()
    assert sorted((await states(database)).values()) == [("dropped", "quarantine"), ("sent", None)]
    assert await mailbox.mails(to=address) == []
    assert len(await mailbox.mails(to=others)) == 1


async def test_nothing_leaves_before_the_broker_has_its_invitation(
    database: Database, sender: Sender, survey, mailbox: Mailbox
):
    await decide(database, a_transaction("first", a_customer("unsaid")))
    await sender.step()
    assert await the_state(database) == ("waiting", None)
    async with database.transaction() as uow:
        await uow.execute("DELETE FROM outbox WHERE topic = 'surveys.v1'")
    await sender.step()
    assert await the_state(database) == ("waiting", None)
    await relayed(database)
    await sender.step()
    assert await the_state(database) == ("sent", None)


async def test_one_that_is_not_yet_said_does_not_hold_up_the_others(
    database: Database, sender: Sender, survey, clock: Clock
):
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


async def test_a_refused_address_fails_for_good(database: Database, sender: Sender, survey, clock: Clock):
    await asked(database, "refuse-550-x", email="refuse-550-x@example.com")
    await sender.step()
    state, reason = await the_state(database)
    assert state == "failed"
    assert "550" in (reason or "")
    assert "example.com" not in (reason or "")
    clock.on(hours=5)
    await sender.step()
    assert [one.state for one in await invitations(database)] == ["sending", "failed"]


async def test_a_busy_mailbox_is_tried_again_later_and_never_when_it_is_too_old(
    database: Database, sender: Sender, survey, clock: Clock
):
    await asked(database, "defer-451-x", email="defer-451-x@example.com")
    tries = 0
    while (await the_state(database))[0] == "waiting":
        await sender.step()
        await relayed(database)
        tries += 1
        (row,) = await rows(database, "SELECT next_at, attempts FROM invitation")
        assert (await the_state(database))[0] != "waiting" or row.next_at > clock.now
        clock.now = max(clock.now, row.next_at)
        assert tries < 100
    assert await the_state(database) == ("dropped", "too_old")
    assert clock.now - NOON > timedelta(days=7)


async def test_a_connection_lost_after_data_is_unknown_and_never_sent_again(
    database: Database, sender: Sender, survey, clock: Clock, mailbox: Mailbox
):
    address = await asked(database, "drop-after-data-x", email="drop-after-data-x@example.com")
    await sender.step()
    assert (await the_state(database))[0] == "unknown"
    for _ in range(5):
        clock.on(hours=5)
        await relayed(database)
        await sender.step()
        await end_leases(database)
    assert len(await mailbox.mails(to=address)) == 1
    assert (await the_state(database))[0] == "unknown"


async def test_a_mail_server_that_is_away_is_nobodys_fault(database: Database, survey, clock: Clock):
    await asked(database, "away")
    sender = a_sender(database, Mailer("smtp://127.0.0.1:9", seconds=1), clock)
    assert await sender.step() > 0
    state, reason = await the_state(database)
    assert state == "waiting"
    assert "server" in (reason or "")
    assert sender._health.ready()


class Dying(Mailer):
    """The process ends while the mail is handed over; whether it has arrived nobody knows."""

    async def send(self, *_):
        raise asyncio.CancelledError


async def test_a_crash_between_claim_and_outcome_becomes_unknown_and_is_never_sent_again(
    database: Database, sender: Sender, survey, clock: Clock, mailbox: Mailbox
):
    address = await asked(database, "crashed")
    with pytest.raises(asyncio.CancelledError):
        await a_sender(database, Dying(mailbox.smtp_url), clock).step()
    assert (await the_state(database))[0] == "sending"
    await relayed(database)
    await sender.step()
    assert await end_leases(database) == 0
    clock.on(minutes=2, seconds=1)
    assert await end_leases(database) == 1
    assert (await the_state(database))[0] == "unknown"
    for _ in range(3):
        clock.on(hours=5)
        await relayed(database)
        await sender.step()
    assert await mailbox.mails(to=address) == []
    assert (await the_state(database))[0] == "unknown"


async def test_who_reports_after_the_lease_changes_nothing(
    database: Database, survey, clock: Clock, mailbox: Mailbox
):
    await asked(database, "late-report")

    class Slow(Mailer):
        async def send(self, sender, recipient, message):
            outcome = await super().send(sender, recipient, message)
            clock.on(minutes=3)
            await end_leases(database)
            return outcome

    mailer = Slow(mailbox.smtp_url)
    await a_sender(database, mailer, clock).step()
    await mailer.close()
    assert (await the_state(database))[0] == "unknown"


async def test_many_senders_at_once_send_each_mail_once(
    database: Database, survey, clock: Clock, mailbox: Mailbox
):
    people = [a_customer(f"crowd-{number}") for number in range(20)]
    await decide(database, *(a_transaction(f"order-{one.id}", one) for one in people))
    await relayed(database)
    stopping = asyncio.Event()
    senders = [a_sender(database, Mailer(mailbox.smtp_url), clock) for _ in range(4)]
    running = [asyncio.create_task(sender.run(stopping)) for sender in senders]

    async def done() -> bool:
        await relayed(database)
        return {state for state, _ in (await states(database)).values()} == {"sent"}

    await eventually(done, within=20)
    stopping.set()
    await asyncio.gather(*running)
    for one in people:
        assert len(await mailbox.mails(to=one.email)) == 1


class TestRulesOnceMore:
    """What was allowed when it was decided may be forbidden when it is due."""

    @pytest.mark.usefixtures("survey")
    async def test_unsubscribed_since(self, database: Database, sender: Sender):
        await asked(database, "gone")
        async with database.transaction() as uow:
            await suppress(uow, TENANT, [("customer", "gone")], reason="unsubscribed", who="the customer")
        await sender.step()
        assert await the_state(database) == ("dropped", "opted_out")

    @pytest.mark.usefixtures("survey")
    async def test_suppressed_since(self, database: Database, sender: Sender):
        address = await asked(database, "listed")
        entries = entries_of(SECRET, TENANT, address=address.upper(), customer_id=None)
        async with database.transaction() as uow:
            await suppress(uow, TENANT, entries, reason="listed", who="the test")
        await sender.step()
        assert await the_state(database) == ("dropped", "suppressed")

    async def test_paused_since(self, database: Database, sender: Sender, survey):
        await asked(database, "paused")
        async with database.transaction() as uow:
            paused = Draft(name="x", trigger="order.delivered", state="paused")
            await change(uow, TENANT, survey.id, paused)
        await relayed(database)
        await sender.step()
        assert await the_state(database) == ("dropped", "paused")

    @pytest.mark.usefixtures("survey")
    async def test_too_old_by_now(self, database: Database, sender: Sender, clock: Clock):
        await asked(database, "old")
        clock.on(days=8)
        await sender.step()
        assert await the_state(database) == ("dropped", "too_old")

    async def test_the_link_would_have_ended(self, database: Database, sender: Sender, clock: Clock):
        await know_tenant(database)
        await make_survey(database, delay_minutes=0, link_days=1)
        await go_live(database)
        await asked(database, "expired")
        clock.on(days=1)
        await sender.step()
        assert await the_state(database) == ("dropped", "expired")

    @pytest.mark.usefixtures("survey")
    async def test_back_in_test_mode(self, database: Database, sender: Sender):
        await asked(database, "withheld")
        async with database.transaction() as uow:
            await sending.set_mode(uow, TENANT, "the test", "test")
        await relayed(database)
        await sender.step()
        assert await the_state(database) == ("withheld", "test_mode")

    @pytest.mark.usefixtures("survey")
    async def test_no_longer_a_test_address(self, database: Database, sender: Sender):
        await list_test_addresses(database, "was-mine@example.com")
        await asked(database, "was-mine")
        await list_test_addresses(database)
        await sender.step()
        assert await the_state(database) == ("withheld", "test_mode")


class TestStopAll:
    @pytest.mark.usefixtures("survey")
    async def test_nothing_leaves_while_it_is_set_and_what_waited_goes_afterwards(
        self, database: Database, sender: Sender, mailbox: Mailbox
    ):
        address = await asked(database, "stopped")
        async with database.transaction() as uow:
            assert await sending.set_stopped(uow, TENANT, "the test", stopped=True)
        await relayed(database)
        for _ in range(3):
            await sender.step()
        assert await mailbox.mails(to=address) == []
        assert await the_state(database) == ("waiting", None)
        async with database.transaction() as uow:
            await sending.set_stopped(uow, TENANT, "the test", stopped=False)
        await relayed(database)
        await sender.step()
        assert len(await mailbox.mails(to=address)) == 1

    @pytest.mark.usefixtures("survey")
    async def test_another_company_goes_on(self, database: Database, sender: Sender, mailbox: Mailbox):
        await know_tenant(database, "other")
        async with database.transaction() as uow:
            await sending.set_stopped(uow, "other", "the test", stopped=True)
        address = await asked(database, "goes-on")
        await sender.step()
        assert len(await mailbox.mails(to=address)) == 1

    @pytest.mark.usefixtures("survey")
    async def test_a_claim_begun_before_the_stop_is_not_made_after_it(
        self, database: Database, sender: Sender, mailbox: Mailbox
    ):
        """The stop waits for nobody who holds an older view: the claim looks again with the row locked."""
        address = await asked(database, "raced")
        async with database.engine.begin() as stopping:
            await stopping.execute(text("UPDATE sending SET stopped = true WHERE tenant = :t"), {"t": TENANT})
            step = asyncio.create_task(sender.step())
            await eventually(lambda: _waits_for_a_lock(database))
        await step
        assert await mailbox.mails(to=address) == []
        assert await the_state(database) == ("waiting", None)


async def _waits_for_a_lock(database: Database) -> bool:
    found = await rows(
        database,
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    )
    return bool(found)


async def test_test_mode_sends_to_test_addresses_only(database: Database, sender: Sender, mailbox: Mailbox):
    await know_tenant(database)
    await make_survey(database, delay_minutes=0)
    await list_test_addresses(database, "tester@example.com")
    mine, theirs = await asked(database, "tester"), await asked(database, "customer-in-test-mode")
    for _ in range(3):
        await sender.step()
    assert len(await mailbox.mails(to=mine)) == 1
    assert await mailbox.mails(to=theirs) == []


class TestTheMail:
    @pytest.fixture
    async def mail(self, database: Database, sender: Sender, survey, mailbox: Mailbox, request):  # noqa: ARG002  (a fixture takes another by its argument)
        address = await asked(database, f"reader-{abs(hash(request.node.name))}")
        await sender.step()
        (summary,) = await mailbox.mails(to=address)
        return await mailbox.mail(summary["id"])

    async def test_says_it_in_the_customers_language_with_eleven_scores_as_links(
        self, mail, database: Database
    ):
        (invitation_id,) = await states(database)
        token = LinkSigner(SECRET).sign("answer", invitation_id)
        html, plain = mail["html"], mail["text"]
        assert "Hvor sandsynligt er det, at du vil anbefale Havnbo til en ven eller kollega?" in html
        assert 'lang="da"' in html
        for score in range(11):
            assert html.count(f'href="http://afterword.example/s/{token}?v={score}"') == 1
        assert "Havnegade 1, 8000 Aarhus" in html
        assert "Hvor sandsynligt" in plain
        assert plain.count(f"/s/{token}") == 1
        assert "?v=" not in plain
        assert "<img" not in html

    async def test_has_the_headers_of_list_mail(self, mail, database: Database):
        (invitation_id,) = await states(database)
        unsubscribe = f"http://afterword.example/u/{LinkSigner(SECRET).sign('unsubscribe', invitation_id)}"
        headers = {name.lower(): value for name, value in dict(mail["headers"]).items()}
        assert headers["list-unsubscribe"] == f"<{unsubscribe}>"
        assert headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
        assert headers["auto-submitted"] == "auto-generated"
        assert headers["list-id"] == "<survey.havnbo.shop.example>"
        assert headers["from"] == "Havnbo <ask@shop.example>"
        assert unsubscribe in mail["html"]
        assert unsubscribe in mail["text"]

    @pytest.mark.usefixtures("survey")
    async def test_has_the_same_message_id_however_often_it_is_tried(self, database: Database, clock: Clock):
        await asked(database, "same-id")
        seen: list[str] = []

        class Busy(Mailer):
            async def send(self, sender, recipient, message):
                seen.append(message_from_string(message.decode(), policy=policy.default)["Message-ID"])
                return await super().send(sender, recipient, message)

        sender = a_sender(database, Busy("smtp://127.0.0.1:9", seconds=1), clock)
        for _ in range(3):
            await sender.step()
            await relayed(database)
            clock.on(hours=1)
        assert len(seen) == 3
        assert len(set(seen)) == 1


async def test_no_address_and_no_token_reaches_the_log(database: Database, sender: Sender, survey):
    address = await asked(database, "canary-in-the-log")
    with capture_logs() as lines:
        await sender.step()
    logged = str(lines)
    assert "mail" in logged
    assert address not in logged
    assert "/s/" not in logged
