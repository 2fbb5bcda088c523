"""Reminders through the real mail server: in the thread of the first mail, once, and after nothing that ends them."""

import asyncio
import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Never

import pytest
from msgspec.structs import replace
from support.dispatcher_builders import (
    NOON,
    TENANT,
    Clock,
    a_customer,
    a_sender,
    a_transaction,
    consume,
    decide,
    go_live,
    invitations,
    invite_customer,
    keep_tenant,
    make_survey,
    relay_all,
    rows,
)
from support.dispatcher_erasing import ask, erase, run_erasing
from support.dispatcher_reminders import some_reminders
from support.http_clients import SECRET, context_on
from support.stack import Mailbox

from services.dispatcher.app import SERVICE
from services.dispatcher.invitations.repository import COLUMNS
from services.dispatcher.invitations.schedule import record_unknown
from services.dispatcher.invitations.states import read_invitation
from services.dispatcher.recovery import restore_invitations, settle
from services.dispatcher.story.handlers import keep_answers, keep_cases
from services.dispatcher.surveys.domain import StoredSurvey
from shared.db.database import Database
from shared.events import ANSWERS, CASES, INVITATIONS, Answer, Case, Invitation
from shared.ids import uuid7
from shared.link_tokens import LinkSigner
from shared.mail import Away, Deferred, Delivered, Mailer, Outcome, Rejected, Unknown
from shared.outbound import LEASE_DURATION, Sender, claim_sql, deliveries, leases
from shared.secrets import customer_hash

REMINDERS = "SELECT n, state, reason, due_at, settled_at FROM delivery WHERE kind = 'reminder' ORDER BY n"


@pytest.fixture
async def survey(database: Database) -> StoredSurvey:
    """Asks at once, and reminds after three and after five days."""
    await keep_tenant(database)
    survey = await make_survey(database, delay_minutes=0, reminders=some_reminders(3, 5))
    await go_live(database)
    return survey


class Reading(Mailer):
    """Keeps what it hands over, and gives it to nobody."""

    def __init__(self) -> None:
        super().__init__("smtp://127.0.0.1:9", seconds=1)
        self.mails: list[EmailMessage] = []
        self.outcome: Outcome | None = None

    async def send(self, *given: Any) -> Outcome:
        self.mails.append(message_from_bytes(given[-1], policy=policy.default))
        return self.outcome or Delivered()


async def reminders(database: Database) -> list[tuple[str, str | None]]:
    """State and reason of each reminder."""
    return [(row.state, row.reason) for row in await rows(database, REMINDERS)]


async def sent(database: Database, sender: Sender) -> None:
    """What is due has left, and is published."""
    while await sender.step() == 0:
        pass
    await relay_all(database)


async def an_answer(database: Database, **changes: Any) -> None:
    """The customer's answer is consumed."""
    (invitation,) = await rows(database, "SELECT id, event_id FROM invitation")
    facts: dict[str, Any] = {
        "id": invitation.id, "version": 1, "state": "saved", "origin": "survey", "score": 9,
        "event_id": invitation.event_id, "answered_at": database.clock(), "changed_at": database.clock(),
    }  # fmt: skip
    await consume(database, keep_answers, ANSWERS, Answer(**{**facts, **changes}))


@pytest.mark.usefixtures("survey")
async def test_who_has_not_answered_is_reminded_twice_in_the_thread_of_the_first_mail(
    database: Database, sender: Sender, clock: Clock, mailbox: Mailbox
) -> None:
    address = await invite_customer(database, "reminded")
    await sent(database, sender)
    version = (await rows(database, "SELECT version FROM invitation"))[0].version
    for _ in range(12):
        clock.on(days=1)
        await sent(database, sender)
    found = [await mailbox.mail(one["id"]) for one in await mailbox.mails(to=address)]
    assert len(found) == 3
    first, *later = ({name.lower(): value for name, value in dict(mail["headers"]).items()} for mail in found)
    assert "in-reply-to" not in first
    for headers in later:
        assert headers["in-reply-to"] == headers["references"] == first["message-id"]
        for name in ("list-unsubscribe", "list-unsubscribe-post", "list-id", "from", "auto-submitted"):
            assert headers[name] == first[name]
    assert len({headers["message-id"] for headers in (first, *later)}) == 3
    (invitation,) = await rows(database, "SELECT id, version, state, sent_at FROM invitation")
    assert (invitation.version, invitation.state, invitation.sent_at) == (version + 4, "sent", NOON)
    token = LinkSigner(SECRET).sign("answer", invitation.id)
    for mail in found:
        assert mail["text"].count(f"/s/{token}") == 1
        assert "?v=" not in mail["text"]
        assert mail["html"].count(f'/s/{token}?v=7"') == 1
    assert await reminders(database) == [("sent", None), ("sent", None)]
    assert [(row.settled_at - NOON).days for row in await rows(database, REMINDERS)] == [3, 5]


async def _events(database: Database) -> list[Invitation]:
    """The invitation's events that wait in the outbox, in order."""
    found = await rows(database, "SELECT value FROM outbox WHERE topic = 'invitations.v1' ORDER BY seq")
    return [INVITATIONS.decode(row.value).data for row in found]


class Watching(Reading):
    """Sees what is published while it hands a mail over."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self.seen: list[Invitation] = []

    async def send(self, *given: Any) -> Outcome:
        self.seen = await _events(self.database)
        self.outcome = self.outcome or Delivered()
        return await super().send(*given)


@pytest.mark.usefixtures("survey")
@pytest.mark.parametrize(
    ("outcome", "taken"),
    [
        (Delivered(), True),
        (Rejected("no such mailbox", 550), False),
        (Deferred("451 later"), False),
        (Away("no connection"), False),
        (Unknown("lost after DATA"), False),
    ],
)
async def test_the_collector_is_told_when_a_reminder_begins_to_leave_and_when_it_was_taken(
    database: Database, clock: Clock, outcome: Outcome, *, taken: bool
) -> None:
    """It is told before the server has the mail: what scans it while it is handed over is no person."""
    await invite_customer(database, "watched")
    mailer = Watching(database)
    sender = a_sender(database, mailer, clock)
    while await sender.step() == 0:
        pass
    await relay_all(database)
    clock.on(days=3)
    mailer.outcome = outcome
    began = clock.now
    await sender.step()
    (begun,) = mailer.seen
    assert (begun.state, begun.sent_at, begun.reminding_since, begun.reminded_at) == (
        "sent",
        NOON,
        began,
        None,
    )
    last = (await _events(database))[-1]
    assert last.version == begun.version + 1
    assert (last.state, last.sent_at) == ("sent", NOON)
    assert (last.reminding_since, last.reminded_at) == ((began, began) if taken else (None, None))
    (kept,) = await rows(database, f"SELECT {COLUMNS} FROM invitation i")
    assert read_invitation(kept) == last, "whatever is published later says it, too"


@pytest.mark.parametrize(
    ("language", "subject", "first", "last", "only"),
    [
        ("en", "Reminder: Havnbo asks", "at most one more follows", "the last reminder", "and the only one"),
        (
            "da",
            "Påmindelse: Havnbo spørger",
            "følger højst én mere",
            "den sidste påmindelse",
            "og den eneste",
        ),
        ("nl", "Herinnering: Havnbo vraagt", "hooguit nog één", "de laatste herinnering", "en de enige"),
    ],
)
@pytest.mark.parametrize("days", [(2,), (2, 4)])
async def test_a_reminder_says_that_it_is_one_of_which_day_and_whether_it_is_the_last(
    database: Database, clock: Clock, days: tuple[int, ...],
    language: str, subject: str, first: str, last: str, only: str,
) -> None:  # fmt: skip
    await keep_tenant(database)
    await make_survey(database, delay_minutes=0, reminders=some_reminders(*days))
    await go_live(database)
    await invite_customer(database, "reader", locale=language)
    mailer = Reading()
    sender = a_sender(database, mailer, clock)
    for _ in range(6):
        await sent(database, sender)
        clock.on(days=1)
    assert len(mailer.mails) == 1 + len(days)
    ends = [only] if len(days) == 1 else [first, last]
    for mail, end in zip(mailer.mails[1:], ends, strict=True):
        assert str(mail["Subject"]).startswith(subject)
        plain, html = mail.iter_parts()
        for part in (plain, html):
            text = re.sub(r"\s+", " ", part.get_content())
            assert end in text
            assert text.count("20") > 0
            assert "November" in text or "november" in text
    assert not str(mailer.mails[0]["Subject"]).startswith(subject.partition(" ")[0])


@pytest.mark.usefixtures("survey")
async def test_a_reminder_that_is_tried_again_has_its_message_id_and_the_invitation_stays_sent(
    database: Database, clock: Clock
) -> None:
    await invite_customer(database, "busy")
    mailer = Reading()
    await sent(database, a_sender(database, mailer, clock))
    clock.on(days=3)
    away = Reading()
    away.outcome = await Mailer("smtp://127.0.0.1:9", seconds=1).send("a@b.example", "c@d.example", b"")
    for _ in range(3):
        await sent(database, a_sender(database, away, clock))
        clock.on(hours=1)
    assert len(away.mails) == 3
    assert len({str(mail["Message-ID"]) for mail in away.mails}) == 1
    assert str(away.mails[0]["Message-ID"]) != str(mailer.mails[0]["Message-ID"])
    assert str(away.mails[0]["In-Reply-To"]) == str(mailer.mails[0]["Message-ID"])
    ((state, reason),) = await reminders(database)
    assert state == "waiting"
    assert "server" in (reason or "")
    (row,) = await rows(database, "SELECT state, reason FROM invitation")
    assert tuple(row) == ("sent", None)


@pytest.mark.parametrize("outcome", ["refuse-550-first", "drop-after-data-first"])
@pytest.mark.usefixtures("survey")
async def test_a_first_mail_that_did_not_arrive_for_sure_is_never_followed_by_a_reminder(
    database: Database, sender: Sender, clock: Clock, outcome: str
) -> None:
    await invite_customer(database, outcome, email=f"{outcome}@example.com")
    for _ in range(4):
        await sent(database, sender)
        clock.on(days=3)
    assert await reminders(database) == []


@pytest.mark.usefixtures("survey")
async def test_a_reminder_that_the_server_refuses_fails_alone_and_no_other_follows(
    database: Database, sender: Sender, clock: Clock, mailbox: Mailbox
) -> None:
    await invite_customer(database, "moved-out")
    await sent(database, sender)
    before = await rows(database, "SELECT state, reason, sent_at FROM invitation")
    (asked,) = await rows(database, "SELECT DISTINCT invited_at FROM customer WHERE invited_at IS NOT NULL")
    async with database.transaction() as uow:
        await uow.execute(
            "UPDATE invitation SET body = convert_to(replace(convert_from(body, 'UTF8'), :old, :new), 'UTF8')",
            {"old": "moved-out@example.com", "new": "refuse-550-y@example.com"},
        )
    for _ in range(3):
        clock.on(days=3)
        await sent(database, sender)
    ((state, reason),) = await reminders(database)
    assert state == "failed"
    assert "550" in (reason or "")
    assert await rows(database, "SELECT state, reason, sent_at FROM invitation") == before
    assert await rows(database, "SELECT DISTINCT invited_at FROM customer WHERE invited_at IS NOT NULL") == [
        asked
    ]


class TestAnswers:
    @pytest.mark.usefixtures("survey")
    async def test_an_answer_ends_the_reminder_that_waits_at_once(
        self, database: Database, sender: Sender, clock: Clock, mailbox: Mailbox
    ) -> None:
        address = await invite_customer(database, "answers")
        await sent(database, sender)
        clock.on(days=1)
        await an_answer(database, state="clicked", score=None, answered_at=None)
        assert await reminders(database) == [("waiting", None)]
        await an_answer(database, version=2)
        assert await reminders(database) == [("dropped", "answered")]
        clock.on(days=5)
        await sent(database, sender)
        assert len(await mailbox.mails(to=address)) == 1
        assert await reminders(database) == [("dropped", "answered")]

    @pytest.mark.usefixtures("survey")
    async def test_who_only_opened_the_link_is_reminded(
        self, database: Database, sender: Sender, clock: Clock, mailbox: Mailbox
    ) -> None:
        address = await invite_customer(database, "opened")
        await sent(database, sender)
        await an_answer(database, state="clicked", score=None, answered_at=None)
        clock.on(days=3)
        await sent(database, sender)
        assert len(await mailbox.mails(to=address)) == 2

    @pytest.mark.usefixtures("survey")
    async def test_who_opened_the_link_is_not_reminded_where_the_survey_says_so(
        self, database: Database, sender: Sender, clock: Clock, mailbox: Mailbox
    ) -> None:
        async with database.transaction() as uow:
            await uow.execute("UPDATE survey SET stop_after_click = true")
        address = await invite_customer(database, "opened-and-left")
        await sent(database, sender)
        await an_answer(database, state="clicked", score=None, answered_at=None)
        clock.on(days=3)
        await sent(database, sender)
        assert len(await mailbox.mails(to=address)) == 1
        assert await reminders(database) == [("dropped", "clicked")]

    @pytest.mark.usefixtures("survey")
    async def test_an_answer_that_a_handler_could_not_end_the_reminder_of_is_seen_when_it_would_leave(
        self, database: Database, sender: Sender, clock: Clock, mailbox: Mailbox
    ) -> None:
        """A sender or an erasure holds the row meanwhile: the handler does not wait for it."""
        address = await invite_customer(database, "held")
        await sent(database, sender)
        async with database.transaction() as uow:
            await uow.execute("SELECT 1 FROM delivery FOR UPDATE")
            async with asyncio.timeout(10):
                await an_answer(database)
        assert await reminders(database) == [("waiting", None)]
        clock.on(days=3)
        await sent(database, sender)
        assert await reminders(database) == [("dropped", "answered")]
        assert len(await mailbox.mails(to=address)) == 1

    @pytest.mark.usefixtures("survey")
    async def test_an_answer_that_comes_before_the_mail_is_known_to_be_sent_plans_no_reminder(
        self, database: Database, clock: Clock
    ) -> None:
        await invite_customer(database, "quick")

        class Answered(Reading):
            async def send(self, *given: Any) -> Outcome:
                await an_answer(database)
                return await super().send(*given)

        await sent(database, a_sender(database, Answered(), clock))
        assert await reminders(database) == []


class TestCases:
    @pytest.mark.parametrize("by", ["person", "contact_key", "another"])
    @pytest.mark.usefixtures("survey")
    async def test_nobody_is_reminded_while_a_case_of_theirs_is_open(
        self, database: Database, sender: Sender, clock: Clock, by: str
    ) -> None:
        address = await invite_customer(database, "in-trouble")
        await sent(database, sender)
        (invitation,) = await rows(database, "SELECT person FROM invitation")
        whose = {
            "person": {"person": invitation.person},
            "contact_key": {"contact_key": customer_hash(SECRET, TENANT, address)},
            "another": {"person": "0" * 64, "contact_key": "1" * 64},
        }[by]
        case = Case(
            id=uuid7(), number=1, version=1, state="assigned", answer_id=uuid7(), score=1, opened_at=NOON,
            due_at=NOON, **whose,
        )  # fmt: skip
        await consume(database, keep_cases, CASES, case)
        clock.on(days=3)
        await sent(database, sender)
        expected = [("sent", None), ("waiting", None)] if by == "another" else [("dropped", "case_open")]
        assert await reminders(database) == expected

    @pytest.mark.usefixtures("survey")
    async def test_a_case_that_is_closed_again_forbids_nothing(
        self, database: Database, sender: Sender, clock: Clock
    ) -> None:
        await invite_customer(database, "helped")
        await sent(database, sender)
        (invitation,) = await rows(database, "SELECT person FROM invitation")
        case = Case(
            id=uuid7(), number=1, version=1, state="open", answer_id=uuid7(), score=1, opened_at=NOON,
            due_at=NOON, person=invitation.person,
        )  # fmt: skip
        await consume(
            database, keep_cases, CASES, case, replace(case, version=2, state="closed", closed_at=NOON)
        )
        clock.on(days=3)
        await sent(database, sender)
        assert (await reminders(database))[0] == ("sent", None)


@pytest.mark.usefixtures("survey")
async def test_an_erased_customer_is_not_reminded_and_a_reminder_that_is_being_sent_is_waited_for(
    database: Database, sender: Sender, clock: Clock
) -> None:
    await invite_customer(database, "kim")
    await sent(database, sender)
    clock.on(days=3)
    held: list[Any] = []

    class Erasing(Reading):
        async def send(self, *given: Any) -> Outcome:
            await ask(database, customer_id="kim")
            held.extend(await run_erasing(database))
            return await super().send(*given)

    await sent(database, a_sender(database, Erasing(), clock))
    assert len(held) == 1
    assert await reminders(database) == [("sent", None), ("waiting", None)]
    assert await run_erasing(database) == []
    assert await reminders(database) == [("sent", None), ("dropped", "erased")]
    clock.on(days=9)
    await sent(database, sender)
    assert await reminders(database) == [("sent", None), ("dropped", "erased")]


@pytest.mark.usefixtures("survey")
async def test_an_erasure_ends_the_reminder_that_waits(
    database: Database, sender: Sender, clock: Clock
) -> None:
    await invite_customer(database, "kim")
    await sent(database, sender)
    await erase(database, customer_id="kim")
    assert await reminders(database) == [("dropped", "erased")]


async def test_the_invitation_of_an_anonymous_survey_is_never_followed_by_a_reminder(
    database: Database, sender: Sender, clock: Clock, survey: StoredSurvey
) -> None:
    """It was made while the survey was anonymous, and its mail leaves when the survey is not any more."""
    async with database.transaction() as uow:
        await uow.execute("UPDATE survey SET anonymous = true, reminders = '[]'")
    await invite_customer(database, "unnamed")
    async with database.transaction() as uow:
        await uow.execute("UPDATE survey SET anonymous = false, reminders = '[{\"after_days\": 3}]'")
    await sent(database, sender)
    assert await reminders(database) == []


class Dying(Mailer):
    """The process ends while the reminder is handed over; whether it has arrived nobody knows."""

    async def send(self, *_: Any) -> Never:
        raise asyncio.CancelledError


@pytest.mark.usefixtures("survey")
async def test_a_reminder_whose_sender_dies_is_unknown_for_ever_and_its_invitation_stays_sent(
    database: Database, sender: Sender, clock: Clock, mailbox: Mailbox
) -> None:
    address = await invite_customer(database, "orphan")
    await sent(database, sender)
    clock.on(days=3)
    with pytest.raises(asyncio.CancelledError):
        await a_sender(database, Dying("smtp://127.0.0.1:9"), clock).step()
    assert await reminders(database) == [("sending", None)]
    clock.now += LEASE_DURATION * 2
    assert await leases.end_leases("dispatcher", database, record_unknown) == 1
    for _ in range(3):
        clock.on(days=3)
        await sent(database, sender)
    ((state, reason),) = await reminders(database)
    assert state == "unknown"
    assert "did not come back" in (reason or "")
    assert [row.state for row in await rows(database, "SELECT state FROM invitation")] == ["sent"]
    assert len(await mailbox.mails(to=address)) == 1


@pytest.mark.usefixtures("survey")
async def test_a_sender_of_the_version_before_claims_no_reminder(
    database: Database, sender: Sender, clock: Clock
) -> None:
    before = claim_sql(
        columns="i.state",
        joined="JOIN invitation i ON i.tenant = w.tenant AND i.id = w.about_id",
        locked="i",
        may_leave="i.state = 'waiting'",
    )
    await invite_customer(database, "beside")
    await sent(database, sender)
    clock.on(days=3)
    async with database.transaction() as uow:
        assert await deliveries.claim(uow, before, "mail") is None
    await sent(database, sender)
    assert (await reminders(database))[0] == ("sent", None)


class TestRestoring:
    @pytest.mark.usefixtures("survey")
    async def test_a_reminder_that_may_have_left_since_the_backup_is_unknown_and_no_other_follows(
        self, database: Database, sender: Sender, clock: Clock, mailbox: Mailbox
    ) -> None:
        address = await invite_customer(database, "restored")
        await sent(database, sender)
        clock.on(days=3, minutes=1)
        async with database.transaction() as uow:
            assert await settle(uow, 10) == 1
        assert [state for state, _ in await reminders(database)] == ["unknown"]
        assert [row.state for row in await rows(database, "SELECT state FROM invitation")] == ["sent"]
        assert await invitations(database) == []
        clock.on(days=9)
        await sent(database, sender)
        assert [state for state, _ in await reminders(database)] == ["unknown"]
        assert len(await mailbox.mails(to=address)) == 1

    @pytest.mark.usefixtures("survey")
    async def test_a_reminder_that_is_not_due_yet_cannot_have_left_and_waits_on(
        self, database: Database, sender: Sender, clock: Clock
    ) -> None:
        await invite_customer(database, "early")
        await sent(database, sender)
        clock.on(days=2)
        async with database.transaction() as uow:
            assert await settle(uow, 10) == 0
        assert await reminders(database) == [("waiting", None)]

    @pytest.mark.usefixtures("survey")
    async def test_who_was_mailed_after_the_backup_is_not_reminded(
        self, database: Database, sender: Sender, clock: Clock
    ) -> None:
        """Whether the reminder has left is on no topic."""
        await decide(database, a_transaction("order-since", a_customer("since")))
        (waiting,) = await invitations(database)
        await relay_all(database)
        mailed = event_of_sent(waiting)
        async with database.transaction() as uow:
            await restore_invitations(context_on(SERVICE, database), uow, [mailed])
            assert await settle(uow, 10) == 0
        for _ in range(3):
            clock.on(days=3)
            await sent(database, sender)
        assert await reminders(database) == []


def event_of_sent(waiting: Any) -> Any:
    return INVITATIONS.event(TENANT, replace(waiting, version=3, state="sent", sent_at=NOON), NOON)
