"""Mails from cases: taken once, judged twice, sent once, and what customers answer taken once."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from uuid import UUID

import aiosmtplib
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.audit import an_actor
from support.bounces import BOUNCE_HOST, a_report
from support.case_mails import REFERENCES, REPLY_HOST, a_reply, a_reply_sender, an_answer_mail
from support.dispatcher_builders import (
    TENANT,
    Clock,
    a_customer,
    choose_preference,
    consume,
    invite_customer,
    list_test_addresses,
    published,
    relay_all,
    rows,
    say_no,
)
from support.http_clients import SECRET
from support.stack import Mailbox

from services.dispatcher.app import record_unknown_deliveries
from services.dispatcher.bounces.mailbox import MailboxReader
from services.dispatcher.bounces.smtp_server import BounceHandler, listen
from services.dispatcher.erasing import erase
from services.dispatcher.preferences.domain import PreferenceChoice
from services.dispatcher.replies.domain import MAX_BACK_PER_DAY
from services.dispatcher.replies.handlers import take_replies
from services.dispatcher.replies.reading import MAX_MAIL_BYTES
from services.dispatcher.replies.restoring import restore_case_mails, settle_restored
from services.dispatcher.retention.rules import RETENTION
from services.dispatcher.sending import sending_commands
from shared.db.database import Database
from shared.events import CASE_MAILS, REPLIES, CaseMail, CaseReply, RetentionRules, Tenant
from shared.events.tenants import CompanyState
from shared.mail import Mailer
from shared.mail.references import MailReference, MailReferences
from shared.outbound import LEASE_DURATION, Sender
from shared.outbound.leases import end_leases
from shared.privacy.erased import Target
from shared.privacy.persons import person_of
from shared.privacy.retention import Cutoffs
from shared.tenancy import find_tenant

pytestmark = pytest.mark.usefixtures("survey")


@pytest.fixture
async def reply_sender(database: Database, mailbox: Mailbox, clock: Clock) -> AsyncIterator[Sender]:
    mailer = Mailer(mailbox.smtp_url, seconds=5)
    yield a_reply_sender(database, mailer, clock)
    await mailer.close()


@pytest.fixture
async def port(database: Database) -> AsyncIterator[int]:
    handler = BounceHandler(database, SECRET, BOUNCE_HOST, REPLY_HOST)
    server = await listen(handler, "127.0.0.1", 0, BOUNCE_HOST, most_bytes=MAX_MAIL_BYTES)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def invited(database: Database, name: str = "karen") -> UUID:
    """The invitation of a customer who was asked."""
    await invite_customer(database, name)
    (row,) = await rows(
        database, "SELECT id FROM invitation WHERE customer_id = :id ORDER BY id DESC LIMIT 1", id=name
    )
    return UUID(str(row.id))


async def take(database: Database, *replies: CaseReply) -> None:
    await consume(database, partial(take_replies, SECRET), REPLIES, *replies)


async def told(database: Database) -> list[tuple[str, str | None]]:
    """What was told of our mails, oldest first."""
    mails: list[CaseMail] = await published(database, CASE_MAILS)
    return [(mail.state, mail.reason) for mail in mails if mail.direction == "out"]


async def came(database: Database) -> list[CaseMail]:
    return [mail for mail in await published(database, CASE_MAILS) if mail.direction == "in"]


async def set_state(database: Database, state: CompanyState) -> None:
    async with database.transaction() as uow:
        company = await find_tenant(uow, TENANT)
        assert isinstance(company, Tenant)
        body = msgspec.json.encode(msgspec.structs.replace(company, state=state))
        await uow.execute("UPDATE tenant SET body = :body WHERE id = :id", {"id": TENANT, "body": body})


async def send(port: int, to: str, content: bytes, sender: str = "karen@example.com") -> None:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
        await client.sendmail(sender, [to], content)


def address_of(reply: CaseReply) -> str:
    return REFERENCES.reply_address(MailReference(reply.id), REPLY_HOST)


async def sent_reply(database: Database, reply_sender: Sender) -> CaseReply:
    """A mail that has left."""
    reply = a_reply(await invited(database))
    await take(database, reply)
    await relay_all(database)
    await reply_sender.step()
    await relay_all(database)
    return reply


async def test_a_mail_from_a_case_is_sent_once_with_a_way_back(
    database: Database, reply_sender: Sender, mailbox: Mailbox, sender: Sender
) -> None:
    reply = a_reply(await invited(database))
    await sender.step()  # the mail that asks
    await relay_all(database)
    for _ in range(2):
        await take(database, reply)
    assert await told(database) == [("waiting", None)]
    await reply_sender.step()
    assert await told(database) == [("waiting", None)], "it leaves once its topic has it"
    await relay_all(database)
    for _ in range(2):
        await reply_sender.step()
    assert await told(database) == [("sent", None)]
    question, answer = [
        await mailbox.mail(each["id"]) for each in await mailbox.mails(to="karen@example.com")
    ][-2:]
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    asked = {name.lower(): value for name, value in question["headers"].items()}
    assert headers["subject"] == "Your sofa"
    assert headers["in-reply-to"] == asked["message-id"]
    assert REFERENCES.read_reply_address(headers["reply-to"], REPLY_HOST) == MailReference(reply.id)
    assert "we send a new leg." in answer["text"]
    (row,) = await rows(database, "SELECT state, body FROM case_mail")
    assert (row.state, row.body) == ("sent", None), "its words are not kept"


async def test_no_rule_of_surveys_holds_it_back(
    database: Database, reply_sender: Sender, clock: Clock
) -> None:
    """At night, in the quarantine, in a pause that the customer has chosen about questions."""
    answer_id = await invited(database)
    await choose_preference(database, a_customer("karen"), PreferenceChoice("pause", 3))
    clock.on(hours=12)
    await take(database, a_reply(answer_id, written_at=clock.now), a_reply(answer_id, written_at=clock.now))
    await relay_all(database)
    await reply_sender.step()
    assert await told(database) == [("sent", None)] * 2


async def test_a_no_holds_when_it_is_taken_and_when_it_is_to_leave(
    database: Database, reply_sender: Sender
) -> None:
    answer_id = await invited(database)
    await take(database, a_reply(answer_id))
    await relay_all(database)
    await say_no(database, a_customer("karen"))
    await reply_sender.step()
    assert await told(database) == [("refused", "opted_out")]
    await take(database, a_reply(answer_id))
    assert (await told(database))[1:] == [("refused", "opted_out")]
    deliveries = await rows(database, "SELECT state, reason FROM delivery WHERE kind = 'reply'")
    assert [tuple(row) for row in deliveries] == [("dropped", "opted_out")]


async def test_a_company_in_test_mode_writes_to_test_addresses_and_one_that_is_paused_to_nobody(
    database: Database,
) -> None:
    answer_id = await invited(database)
    async with database.transaction() as uow:
        await sending_commands.set_mode(uow, TENANT, an_actor("the test"), "test")
    await take(database, a_reply(answer_id))
    await list_test_addresses(database, "karen@example.com")
    await take(database, a_reply(answer_id))
    await set_state(database, "paused")
    await take(database, a_reply(answer_id))
    assert await told(database) == [
        ("refused", "test_mode"),
        ("waiting", None),
        ("refused", "company_closed"),
    ]


async def test_nobody_is_written_to_of_whom_no_invitation_is_kept(database: Database) -> None:
    await take(database, a_reply(UUID(int=7)))
    assert await told(database) == [("refused", "no_address")]


async def test_all_sending_that_is_stopped_holds_it_and_after_days_it_leaves_no_more(
    database: Database, reply_sender: Sender, clock: Clock
) -> None:
    answer_id = await invited(database)
    await take(database, a_reply(answer_id))
    await relay_all(database)
    async with database.transaction() as uow:
        await sending_commands.set_stopped(uow, TENANT, an_actor("the test"), stopped=True)
    await relay_all(database)
    await reply_sender.step()
    assert await told(database) == []
    clock.on(days=4)
    async with database.transaction() as uow:
        await sending_commands.set_stopped(uow, TENANT, an_actor("the test"), stopped=False)
    await reply_sender.step()
    assert await told(database) == [("refused", "too_old")]


async def test_a_sender_that_does_not_come_back_leaves_it_unknown_for_ever(
    database: Database, reply_sender: Sender, clock: Clock
) -> None:
    await take(database, a_reply(await invited(database)))
    await relay_all(database)
    async with database.transaction() as uow:
        await uow.execute(
            "UPDATE delivery SET state = 'sending', lease_until = :until WHERE kind = 'reply'",
            {"until": uow.now + LEASE_DURATION},
        )
    clock.on(minutes=31)
    assert await end_leases("dispatcher", database, record_unknown_deliveries) == 1
    await reply_sender.step()
    assert [state for state, _ in await told(database)] == ["unknown"]


class TestBack:
    async def test_a_customers_mail_is_told_to_the_case_once(
        self, database: Database, reply_sender: Sender, port: int
    ) -> None:
        reply = await sent_reply(database, reply_sender)
        content = an_answer_mail(address_of(reply))
        for _ in range(2):
            await send(port, address_of(reply).upper(), content)
        (mail,) = await came(database)
        assert (mail.reply_id, mail.case_id, mail.answer_id) == (reply.id, reply.case_id, reply.answer_id)
        assert (mail.text, mail.subject, mail.state) == ("The leg came. Thanks!", "Re: Your sofa", "came")
        assert (mail.automatic, mail.other_sender, mail.cut) == (False, False, False)
        assert mail.person == person_of(SECRET, TENANT, "karen")
        kept = await rows(database, "SELECT * FROM mail_back")
        assert "leg" not in repr(kept)

    async def test_a_forged_address_is_refused(
        self, database: Database, reply_sender: Sender, port: int
    ) -> None:
        reply = await sent_reply(database, reply_sender)
        reference = MailReference(reply.id)
        for forged in (
            MailReferences("another").reply_address(reference, REPLY_HOST),
            REFERENCES.reply_address(reference, "elsewhere.example"),
            REFERENCES.bounce_address(reference, BOUNCE_HOST).replace("bounce+", "reply+"),
            f"reply+{reply.id}@{REPLY_HOST}",
            address_of(reply).replace("reply+", "reply+a"),
        ):
            with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
                await send(port, forged, an_answer_mail(forged))
        assert await came(database) == []

    async def test_what_a_program_answers_is_marked_and_another_sender_is_said(
        self, database: Database, reply_sender: Sender, port: int
    ) -> None:
        reply = await sent_reply(database, reply_sender)
        to = address_of(reply)
        await send(port, to, an_answer_mail(to, Auto_Submitted="auto-replied"), sender="")
        await send(port, to, an_answer_mail(to, From="spouse@example.com"))
        assert [(mail.automatic, mail.other_sender) for mail in await came(database)] == [
            (True, False),
            (False, True),
        ]

    async def test_a_mail_that_comes_back_is_told_and_its_address_gets_none_any_more(
        self, database: Database, reply_sender: Sender, port: int
    ) -> None:
        """To the sender of its envelope, or to the address for answers, as some servers do."""
        reply = await sent_reply(database, reply_sender)
        reference = MailReference(reply.id)
        for to in (REFERENCES.bounce_address(reference, BOUNCE_HOST), address_of(reply)):
            await send(port, to, a_report("postfix", REFERENCES, reference), sender="")
        states = await told(database)
        assert [state for state, _ in states] == ["bounced"]
        assert await came(database) == []
        await take(database, a_reply(reply.answer_id))
        assert (await told(database))[1:] == [("refused", "undeliverable")]

    async def test_many_mails_in_a_day_and_large_ones_are_refused(
        self, database: Database, reply_sender: Sender, port: int
    ) -> None:
        reply = await sent_reply(database, reply_sender)
        to = address_of(reply)
        for _ in range(MAX_BACK_PER_DAY):
            await send(port, to, an_answer_mail(to))
        with pytest.raises(aiosmtplib.SMTPDataError):
            await send(port, to, an_answer_mail(to))
        with pytest.raises(aiosmtplib.SMTPException):
            await send(port, to, b"Subject: x\r\n\r\n" + b"x" * MAX_MAIL_BYTES)
        assert len(await came(database)) == MAX_BACK_PER_DAY

    async def test_a_mailbox_is_read_for_the_same_addresses(
        self, database: Database, reply_sender: Sender
    ) -> None:
        reply = await sent_reply(database, reply_sender)
        forged = MailReferences("another").reply_address(MailReference(reply.id), REPLY_HOST)
        box = Box({1: an_answer_mail(address_of(reply)), 2: an_answer_mail(forged)})
        await MailboxReader(database, SECRET, REPLY_HOST).take_all(box)
        assert (box.read, [mail.text for mail in await came(database)]) == ([1], ["The leg came. Thanks!"])

    async def test_nothing_of_an_erased_customer_is_sent_or_taken_and_what_was_told_is_erased(
        self, database: Database, reply_sender: Sender, port: int
    ) -> None:
        reply = await sent_reply(database, reply_sender)
        await send(port, address_of(reply), an_answer_mail(address_of(reply)))
        (back,) = await came(database)
        await take(database, waiting := a_reply(reply.answer_id))
        await relay_all(database)
        person = person_of(SECRET, TENANT, "karen")
        async with database.transaction() as uow:
            await uow.execute(
                "INSERT INTO erased (tenant, id, person, erased_at) VALUES (:t, :p, :p, :now)",
                {"t": TENANT, "p": person, "now": uow.now},
            )
            assert not await erase(uow, [Target(TENANT, person, person, None)])
        gone = await rows(
            database, "SELECT key FROM outbox WHERE topic = :topic AND value IS NULL", topic=CASE_MAILS.name
        )
        keys = {bytes(row.key).decode().partition("/")[2] for row in gone}
        assert keys == {str(reply.id), str(waiting.id), str(back.id)}
        await relay_all(database)
        await reply_sender.step()
        await send(port, address_of(reply), an_answer_mail(address_of(reply)))
        assert (await told(database), await came(database)) == ([], [])
        left = await rows(database, "SELECT person, contact_key, customer_id, body FROM case_mail")
        assert {tuple(row) for row in left} == {("", None, None, None)}


async def test_what_is_old_of_a_mail_goes_and_one_that_waits_stays(
    database: Database, reply_sender: Sender, port: int, clock: Clock
) -> None:
    reply = await sent_reply(database, reply_sender)
    await send(port, address_of(reply), an_answer_mail(address_of(reply)))
    await take(database, a_reply(reply.answer_id))

    async def apply(**days: int) -> list[tuple[str, str]]:
        cutoffs = Cutoffs(TENANT, clock.now, RetentionRules(**days))
        async with database.transaction() as uow:
            for rule in RETENTION:
                if rule.table.name in {"case_mail", "mail_back"}:
                    await rule.apply(uow, cutoffs, 100)
        found = await rows(database, "SELECT state, person FROM case_mail ORDER BY state")
        return [(row.state, row.person) for row in found]

    clock.on(days=100)
    person = person_of(SECRET, TENANT, "karen")
    assert await apply(contacts=90, deliveries=3650) == [("sent", ""), ("waiting", person)]
    assert len(await rows(database, "SELECT id FROM mail_back")) == 1
    assert await apply() == [("waiting", person)]
    assert await rows(database, "SELECT id FROM mail_back") == []


class Box:
    """A mailbox of these mails."""

    validity = "1"

    def __init__(self, mails: dict[int, bytes]) -> None:
        self._mails = mails
        self.read: list[int] = []

    def unread(self, after: int = 0) -> list[int]:
        return [uid for uid in self._mails if uid > after]

    def fetch(self, uid: int) -> bytes:
        return self._mails[uid]

    def mark_read(self, uid: int) -> None:
        self.read.append(uid)


async def test_after_a_restore_no_mail_is_sent_again_and_one_that_nobody_was_told_of_is_sent(
    database: Database, reply_sender: Sender
) -> None:
    """By what the topic holds: one was sent since the backup, one waited, one was not taken yet."""
    answer_id = await invited(database)
    sent, waited, new = (a_reply(answer_id) for _ in range(3))
    await take(database, sent)
    (waiting_event,) = await published(database, CASE_MAILS)
    on_topic = [
        msgspec.structs.replace(waiting_event, version=2, state="sent"),
        msgspec.structs.replace(waiting_event, id=waited.id, reply_id=waited.id),
    ]
    await relay_all(database)
    async with database.transaction() as uow:
        await uow.execute("DELETE FROM delivery WHERE kind = 'reply'")
        await uow.execute("DELETE FROM case_mail")
    await consume(database, restore_case_mails, CASE_MAILS, *on_topic)
    async with database.transaction() as uow:
        assert await settle_restored(uow, 100) == 1
        assert await settle_restored(uow, 100) == 0
    await take(database, sent, waited, new)
    assert [state for state, _ in await told(database)] == ["unknown", "waiting"]
    await relay_all(database)
    await reply_sender.step()
    assert await told(database) == [("sent", None)]
    states: Any = await rows(database, "SELECT id, state FROM case_mail")
    assert {row.id: row.state for row in states} == {sent.id: "sent", waited.id: "unknown", new.id: "sent"}


@given(order=st.permutations(range(4)))
@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
async def test_mails_are_restored_alike_in_whatever_order_their_states_are_read(
    database: Database, order: list[int]
) -> None:
    reply = a_reply(UUID(int=1))
    first = CaseMail(
        id=reply.id,
        version=1,
        direction="out",
        reply_id=reply.id,
        case_id=reply.case_id,
        answer_id=reply.answer_id,
        state="waiting",
        at=reply.written_at,
    )
    told_states = [first, *(msgspec.structs.replace(first, version=2, state="sent") for _ in range(2))]
    told_states.append(msgspec.structs.replace(first, version=3, state="bounced"))
    for each in order:
        await consume(database, restore_case_mails, CASE_MAILS, told_states[each])
    (row,) = await rows(database, "SELECT state, version FROM case_mail WHERE id = :id", id=reply.id)
    assert tuple(row) == ("bounced", 3)
