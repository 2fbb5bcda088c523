"""A world with one customer who is asked and reminded, and a model of it that is written from the rules alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from support.audit import an_actor
from support.dispatcher_builders import (
    CONTACT_POLICY,
    NOON,
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    consume,
    decide,
    go_live,
    keep_tenant,
    make_survey,
    relay_all,
    rows,
    say_no,
)
from support.dispatcher_erasing import ask, execute, run_erasing
from support.dispatcher_texts import a_text_renderer
from support.http_clients import SECRET, afterword_settings

from services.dispatcher.bounces.bounce_commands import take_report
from services.dispatcher.bounces.failures import BounceKind, MailReport
from services.dispatcher.invitations.queue import InvitationQueue, InvitationRenderer
from services.dispatcher.invitations.survey_mail import SurveyMailRenderer
from services.dispatcher.models import metadata
from services.dispatcher.sending import sending_commands
from services.dispatcher.story.handlers import keep_answers, keep_cases
from services.dispatcher.suppressions.domain import SuppressionEntry
from services.dispatcher.suppressions.suppression_commands import suppress
from services.dispatcher.surveys.survey_commands import change_survey, find_survey
from shared.db.database import Database
from shared.events import ANSWERS, CASES, Answer, Case
from shared.events.surveys import ChannelName, Reminder
from shared.health import Health
from shared.ids import uuid7
from shared.mail import Deferred, Delivered, Outcome, Rejected, Unknown
from shared.mail.references import MailReference
from shared.outbound import Sender
from shared.privacy.persons import person_of
from shared.secrets import customer_hash

KIM = a_customer("kim")
OUTCOMES: dict[str, Outcome] = {
    "sent": Delivered(),
    "waiting": Deferred("busy"),
    "failed": Rejected("no such mailbox", 550),
    "unknown": Unknown("the connection broke while the mail was handed over"),
}
"""What the mail server may do, by the state that a mail has then."""
LINK_DAYS = 14
DAY = timedelta(days=1)
RETRY_MINUTES = (1, 5, 15, 60, 240)
"""Between the tries of a mail that the mailbox refuses for now."""


def some_reminders(*days: int) -> tuple[Reminder, ...]:
    return tuple(Reminder(after_days=each) for each in days)


class ScriptedChannel:
    """A mail server, or a provider of texts, that does what the test says."""

    def __init__(self, name: ChannelName = "mail") -> None:
        self.name: ChannelName = name
        self.outcome = "sent"
        self.handed: list[tuple[Any, str]] = []
        """Each message that it was given, with what became of it."""

    async def send(self, message: Any) -> Outcome:
        self.handed.append((message, self.outcome))
        return OUTCOMES[self.outcome]

    def end(self) -> None:
        """There is no connection."""

    async def close(self) -> None:
        """There is no connection."""


@lru_cache(maxsize=1)
def _renderer(clock: Clock) -> SurveyMailRenderer:
    """One for all worlds of a test: to read all translations takes longer than many mails."""
    return SurveyMailRenderer(afterword_settings("127.0.0.1:1", mail_from="ask@shop.example"), clock)


def a_scripted_sender(database: Database, clock: Clock, channel: ScriptedChannel) -> Sender:
    """The real sender, with such a mail server or provider."""
    renderer: InvitationRenderer = _renderer(clock) if channel.name == "mail" else a_text_renderer(clock)
    queue = InvitationQueue({channel.name: renderer}, SECRET, CONTACT_POLICY)
    return Sender("sender", database, channel, queue, Health())


@dataclass
class Planned:
    """A reminder as the model expects it."""

    due_at: datetime
    state: str = "waiting"
    reason: str | None = None
    tries: int = 0


@dataclass
class Model:
    """What must become of the reminders, by the rules alone."""

    days: Sequence[int]
    """Of the survey's reminders, as they are now."""
    expires_at: datetime
    """When the link ends: so long after the first mail was tried."""
    first: str = "waiting"
    first_sent_at: datetime | None = None
    answered: bool = False
    complained: bool = False
    reported: bool = False
    """Whether the mail was reported as spam before."""
    opted_out: bool = False
    listed: bool = False
    erased: bool = False
    case_open: bool = False
    paused: bool = False
    gone: bool = False
    stopped: bool = False
    test_mode: bool = False
    reminders: list[Planned] = field(default_factory=list)

    def why_not(self, number: int, now: datetime) -> str | None:
        """The rule that forbids this reminder to leave."""
        rules = {
            "answered": self.answered,
            "erased": self.erased,
            "test_mode": self.test_mode,
            "bounced": self.first == "bounced",
            "not_sent": self.first != "sent",
            "complained": self.complained,
            "opted_out": self.opted_out,
            "suppressed": self.listed,
            "case_open": self.case_open,
            "survey_gone": self.gone,
            "paused": self.paused,
            "not_wanted": number > len(self.days),
            "expired": self.expires_at - now < DAY,
        }
        return next((reason for reason, forbids in rules.items() if forbids), None)

    def plan(self, now: datetime) -> None:
        """The mail before the next reminder was sent now."""
        number = len(self.reminders) + 1
        if number > len(self.days) or self.answered or self.first_sent_at is None:
            return
        due_at = self.first_sent_at + timedelta(days=self.days[number - 1])
        self.reminders.append(Planned(due_at if number == 1 else max(due_at, now + DAY)))

    def drop(self, reason: str) -> None:
        """No reminder that waits leaves any more."""
        for each in self.reminders:
            if each.state == "waiting":
                each.state, each.reason = "dropped", reason

    def run(self, now: datetime, outcome: str) -> None:
        """The senders have done what is due; at most one reminder waits."""
        if self.stopped or not self.reminders:
            return
        number, last = len(self.reminders), self.reminders[-1]
        if last.state != "waiting" or last.due_at > now:
            return
        if (reason := self.why_not(number, now)) is not None:
            last.state, last.reason = "dropped", reason
            return
        last.tries += 1
        if outcome == "waiting":
            last.due_at = now + timedelta(minutes=RETRY_MINUTES[min(last.tries, 5) - 1])
            return
        last.state = outcome
        if outcome == "sent":
            self.plan(now)


@dataclass
class World:
    """The dispatcher of one company, and the model beside it."""

    database: Database
    clock: Clock
    channel: ScriptedChannel
    sender: Sender
    model: Model
    survey_id: UUID
    invitation_id: UUID
    answer_version: int = 0
    case_version: int = 0
    tried_at: datetime = NOON
    """When the first mail was tried for the last time: the quarantine counts from there."""
    sent_version: int = 0
    """The version of the invitation since which reminders change nothing of it but when they left."""

    @classmethod
    async def begin(cls, database: Database, clock: Clock, days: Sequence[int]) -> "World":
        """One customer whose mail is due now."""
        clock.now = NOON
        async with database.transaction() as uow:
            for table in reversed(metadata.sorted_tables):
                await uow.execute(f"DELETE FROM {table.name}")
        await keep_tenant(database)
        survey = await make_survey(
            database, delay_minutes=0, link_days=LINK_DAYS, reminders=some_reminders(*days)
        )
        await go_live(database)
        await decide(database, a_transaction("order-1", KIM))
        await relay_all(database)
        channel = ScriptedChannel()
        sender = a_scripted_sender(database, clock, channel)
        (row,) = await rows(database, "SELECT id FROM invitation")
        model = Model(days, expires_at=NOON + timedelta(days=LINK_DAYS))
        return cls(database, clock, channel, sender, model, survey.id, row.id)

    async def send(self) -> None:
        """Everything that is due and may leave."""
        before = len(self.channel.handed)
        # Whatever is handed over now is allowed by every rule that holds now.
        number = len(self.model.reminders)
        allowed = not self.model.stopped and number and self.model.why_not(number, self.clock.now) is None
        while await self.sender.step() == 0:
            pass
        await relay_all(self.database)
        for message, _ in self.channel.handed[before:]:
            assert message.in_reply_to is None or allowed, self.model
            if message.in_reply_to is None:
                self.tried_at = self.clock.now
                self.model.expires_at = self.clock.now + timedelta(days=LINK_DAYS)
        await self._look_at_first()
        self.model.run(self.clock.now, self.channel.outcome)
        self._judge_mails()

    async def _look_at_first(self) -> None:
        """The model does not judge the first mail: other tests do."""
        if self.model.first not in {"waiting", "sending"}:
            return
        (row,) = await rows(self.database, "SELECT state, sent_at, version FROM invitation")
        self.model.first, self.model.first_sent_at = row.state, row.sent_at
        if row.state == "sent":
            self.sent_version = row.version
            if not self.model.gone:
                self.model.plan(self.clock.now)

    def _judge_mails(self) -> None:
        """Each mail arrived once at most, and no reminder without the first."""
        arrived = [message for message, state in self.channel.handed if state in {"sent", "unknown"}]
        ids = [message.message_id for message in arrived]
        assert len(set(ids)) == len(ids)
        firsts = [message for message in arrived if message.in_reply_to is None]
        assert len(firsts) <= 1
        assert all(one.in_reply_to in {None, firsts[0].message_id} for one in arrived)

    async def judge(self) -> None:
        """The reminders are those of the model, and none of them moved the invitation or its quarantine."""
        found = await rows(
            self.database,
            "SELECT n, state, reason, due_at, settled_at FROM delivery WHERE kind = 'reminder' ORDER BY n",
        )
        expected = self.model.reminders
        assert [(row.n, row.state) for row in found] == [
            (number + 2, each.state) for number, each in enumerate(expected)
        ], (found, self.model)
        for row, each in zip(found, expected, strict=True):
            if row.state == "dropped":
                assert row.reason == each.reason, (row, self.model)
            if row.state == "waiting":
                assert row.due_at == each.due_at, (row, self.model)
            assert (row.settled_at is None) == (row.state == "waiting")
        (invitation,) = await rows(self.database, "SELECT state, version, sent_at FROM invitation")
        assert invitation.state == self.model.first
        assert invitation.sent_at == self.model.first_sent_at
        if self.sent_version and self.model.first == "sent" and not self.model.erased:
            # Each try is published twice: when it begins, and when it has ended.
            tries = sum(message.in_reply_to is not None for message, _ in self.channel.handed)
            assert invitation.version == self.sent_version + 2 * tries
        asked = await rows(self.database, "SELECT invited_at FROM customer WHERE invited_at IS NOT NULL")
        assert {row.invited_at for row in asked} <= {NOON, self.tried_at}

    async def wait(self, **by: float) -> None:
        self.clock.on(**by)
        await self.send()

    async def serve(self, outcome: str) -> None:
        """From now on the mail server does this."""
        self.channel.outcome = outcome

    async def answer(self, state: Any, score: int | None) -> None:
        """A new version of the customer's answer is consumed."""
        if self.model.answered and score is None:
            return  # an answer is not taken back
        self.answer_version += 1
        answer = Answer(
            id=self.invitation_id, version=self.answer_version, state=state, origin="survey", score=score,
            event_id=a_transaction("order-1").event_id, answered_at=self.clock.now if score is not None else None,
            changed_at=self.clock.now,
        )  # fmt: skip
        await consume(self.database, keep_answers, ANSWERS, answer)
        if score is not None:
            self.model.answered = True
            self.model.drop("answered")

    async def case(self, state: Any) -> None:
        self.case_version += 1
        case = Case(
            id=UUID(int=7), number=1, version=self.case_version, state=state, answer_id=uuid7(),
            person=person_of(SECRET, TENANT, KIM.id), score=2, opened_at=self.clock.now, due_at=self.clock.now,
            closed_at=self.clock.now if state == "closed" else None,
        )  # fmt: skip
        await consume(self.database, keep_cases, CASES, case)
        self.model.case_open = state != "closed" and not self.model.erased

    async def say_no(self) -> None:
        await say_no(self.database, KIM)
        self.model.opted_out = True

    async def list(self) -> None:
        """The company puts the address on its list."""
        entry = SuppressionEntry("address", customer_hash(SECRET, TENANT, KIM.email or ""))
        async with self.database.transaction() as uow:
            await suppress(uow, TENANT, [entry], reason="listed", who=an_actor("the test"))
        said_no = self.model.opted_out or self.model.complained
        self.model.listed = not said_no or self.model.listed

    async def allow(self) -> None:
        await execute(self.database, "DELETE FROM suppression WHERE reason <> 'erased'")
        self.model.opted_out = self.model.listed = self.model.complained = False

    async def erase(self) -> None:
        await ask(self.database, customer_id=KIM.id)
        assert await run_erasing(self.database) == []
        await relay_all(self.database)
        if self.model.first == "waiting":
            await self._look_at_first()
        self.model.erased, self.model.case_open = True, False
        self.model.drop("erased")

    async def bounce(self) -> None:
        """The mailbox sends the first mail back."""
        if self.model.first != "sent":
            return
        await take_report(self.database, SECRET, self._report("hard"), "smtp")
        self.model.first = "bounced"

    async def complain(self) -> None:
        """The customer reports the first mail as spam, who has it; a second time changes nothing."""
        if self.model.first != "sent":
            return
        await take_report(self.database, SECRET, self._report("complaint"), "imap")
        self.model.complained = self.model.complained or not (self.model.reported or self.model.erased)
        self.model.reported = True

    def _report(self, kind: BounceKind) -> MailReport:
        return MailReport(MailReference(self.invitation_id), kind)

    async def change(self, **changes: Any) -> None:
        if self.model.gone:
            return
        async with self.database.transaction() as uow:
            current = await find_survey(uow, TENANT, self.survey_id)
            draft = msgspec.structs.replace(current.draft, **changes)
            await change_survey(uow, TENANT, self.survey_id, draft)
        self.model.paused = draft.state == "paused"
        self.model.days = [each.after_days for each in draft.reminders]

    async def lose_survey(self) -> None:
        await execute(self.database, "DELETE FROM survey_words")
        await execute(self.database, "DELETE FROM survey")
        self.model.gone = True

    async def stop(self, *, stopped: bool) -> None:
        async with self.database.transaction() as uow:
            await sending_commands.set_stopped(uow, TENANT, an_actor("the test"), stopped=stopped)
        self.model.stopped = stopped

    async def mode(self, mode: Any) -> None:
        async with self.database.transaction() as uow:
            await sending_commands.set_mode(uow, TENANT, an_actor("the test"), mode)
        self.model.test_mode = mode == "test"
