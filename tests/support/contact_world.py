"""The real dispatcher of one company on a clock that is moved, beside the history that judges each of its mails."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

from msgspec import Raw
from support.audit import an_actor
from support.contact_history import (
    LINK,
    Counter,
    Happened,
    History,
    Mail,
    Policy,
    Survey,
    Who,
    Wish,
    months_later,
)
from support.dispatcher_builders import (
    NOON,
    TENANT,
    Clock,
    a_transaction,
    choose_preference,
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
from support.dispatcher_reminders import OUTCOMES, ScriptedChannel, a_scripted_sender, some_reminders
from support.http_clients import SECRET

from services.dispatcher.contact_policies.policy_commands import set_policy
from services.dispatcher.erasures.requests import ErasureRefused
from services.dispatcher.models import metadata
from services.dispatcher.preferences.domain import PreferenceChoice
from services.dispatcher.sending import sending_commands
from services.dispatcher.story.handlers import keep_answers, keep_cases
from services.dispatcher.suppressions.domain import SuppressionEntry
from services.dispatcher.suppressions.suppression_commands import suppress
from services.dispatcher.surveys.domain import SurveyDraft
from services.dispatcher.surveys.survey_commands import change_survey
from shared.db.database import Database
from shared.events import ANSWERS, CASES, Answer, Case, ContactRules, CounterEvent, Customer, QuietHours
from shared.ids import derived, uuid7
from shared.link_tokens import LinkSigner
from shared.mail import MailMessage, Outcome
from shared.privacy.persons import person_of
from shared.secrets import customer_hash

HOUR = timedelta(hours=1)
TICK_HOURS = 5
"""The senders look at what is due once in so many hours; it divides no day, so they look at every hour."""
ANSWER_LINK = re.compile(r"/s/([A-Za-z0-9_-]{43})")


class WatchedChannel(ScriptedChannel):
    """A mail server that lets each mail be judged at the instant at which it is handed over."""

    def __init__(self, world: "World") -> None:
        super().__init__()
        self._world = world

    async def send(self, message: MailMessage) -> Outcome:
        await self._world.judge_mail(message, self.outcome)
        return OUTCOMES[self.outcome]


@dataclass
class World:
    """One company; each step changes both sides."""

    database: Database
    clock: Clock
    history: History = field(default_factory=History)
    broken: list[str] = field(default_factory=list)
    """What the history says of each mail that should not have left."""
    told: list[str] = field(default_factory=list)
    """What happened, for who reads why it failed."""
    drawn: dict[tuple[str, str], list[tuple[int, bool]]] = field(default_factory=dict)
    """By survey and address: at which percent the contact was asked, and at which it was not."""

    def __post_init__(self) -> None:
        self.channel = WatchedChannel(self)
        self.sender = a_scripted_sender(self.database, self.clock, self.channel)
        self._numbers, self._versions = count(1), count(1)
        self._signer = LinkSigner(SECRET)

    @classmethod
    async def begin(
        cls, database: Database, clock: Clock, surveys: Sequence[Survey], policy: Policy
    ) -> "World":
        clock.now = NOON
        async with database.transaction() as uow:
            for table in reversed(metadata.sorted_tables):
                await uow.execute(f"DELETE FROM {table.name}")
        await keep_tenant(database)
        world = cls(database, clock)
        world.told += [f"{each}" for each in (*surveys, policy)]
        for survey in surveys:
            await make_survey(database, id=derived("survey", survey.name), **drafted(survey))
            world.history.surveys[survey.name] = survey
        await go_live(database)
        await world.set_policy(policy)
        return world

    async def do(self, step: str, about: Any) -> None:
        self.told.append(f"{self.clock.now:%d %H:%M} {step} {about}")
        await getattr(self, step)(about)
        await self.relay()
        await self.judge()

    async def relay(self) -> None:
        await relay_all(self.database)

    async def consume(self, drawn: Sequence[tuple[str, Who, str | None, str | None, int]]) -> None:
        """Events that come in one batch."""
        self.clock.on(seconds=1)
        batch = []
        for type_, who, order, touchpoint, age in drawn:
            number = next(self._numbers)
            # No two at the same time: which of them is first would be nobody's rule.
            at = self.clock.now - age * HOUR - timedelta(milliseconds=number)
            batch.append(Happened(f"e-{number}", type_, who, order, touchpoint, at, self.clock.now))
        await decide(self.database, *map(transaction_of, batch))
        await self.relay()
        for event in batch:
            self.history.consume(event)
        await self._judge_decisions()

    async def wait(self, hours: int) -> None:
        """Time passes, and the senders look at what is due again and again."""
        for _ in range(max(1, hours // TICK_HOURS)):
            self.clock.on(hours=min(hours, TICK_HOURS))
            while await self.sender.step() == 0:
                pass
            await self._judge_drops()
            await self.relay()

    async def serve(self, outcome: str) -> None:
        """From now on the mail server does this."""
        self.channel.outcome = outcome

    async def set_policy(self, policy: Policy) -> None:
        self.history.policy = policy
        async with self.database.transaction() as uow:
            await set_policy(uow, TENANT, an_actor("the test"), contact_rules(policy))

    async def set_survey(self, survey: Survey) -> None:
        self.history.surveys[survey.name] = survey
        place = [*self.history.surveys].index(survey.name) + 1
        draft = SurveyDraft(**drafted(survey), place=place)
        async with self.database.transaction() as uow:
            await change_survey(uow, TENANT, derived("survey", survey.name), draft)

    async def say_no(self, who: Who) -> None:
        await say_no(self.database, customer_of(who))
        self.history.noes.add(who.address)
        shared = self.history.policy.shared
        (self.history.perhaps_noes_of if shared else self.history.noes_of).add(who.id)

    async def list(self, who: Who) -> None:
        """The company puts the address on its list."""
        entry = SuppressionEntry("address", customer_hash(SECRET, TENANT, who.address))
        async with self.database.transaction() as uow:
            await suppress(uow, TENANT, [entry], reason="listed", who=an_actor("the test"))
        self.history.noes.add(who.address)

    async def choose(self, chosen: tuple[Who, str]) -> None:
        """The customer chooses on their page."""
        who, kind = chosen
        months = 1 if kind in {"fewer", "pause"} else None
        await choose_preference(self.database, customer_of(who), PreferenceChoice(kind, months))  # type: ignore[arg-type]
        until = months_later(self.clock.now, 1) if kind == "pause" else None
        wish = Wish(who.id, until, 1 if kind == "fewer" else 0, no_mail=kind == "channel")
        self.history.choose(who, None if kind == "usual" else wish)

    async def allow(self, _: None) -> None:
        """Everybody takes their no back."""
        await execute(self.database, "DELETE FROM suppression WHERE reason <> 'erased'")
        await execute(self.database, "DELETE FROM contact_preference")
        self.history.wishes.clear()
        self.history.perhaps_wishes.clear()
        self.history.noes.clear()
        self.history.noes_of.clear()
        self.history.perhaps_noes_of.clear()

    async def erase(self, who: Who) -> None:
        try:
            await ask(self.database, customer_id=who.id)
        except ErasureRefused:  # nothing is known of them yet
            return
        assert await run_erasing(self.database) == []
        self.history.erase(who.id)

    async def answer(self, number: int) -> None:
        """Who got one of the mails answers it."""
        asked = [each for each in self.history.mails if each.arrived]
        if not asked:
            return
        event = asked[number % len(asked)].event
        found = await rows(
            self.database, "SELECT invitation_id FROM decision WHERE source_id = :id", id=event.id
        )
        answer = Answer(
            id=found[0].invitation_id, version=next(self._versions), state="saved", origin="survey", score=3,
            event_id=transaction_of(event).event_id, answered_at=self.clock.now, changed_at=self.clock.now,
        )  # fmt: skip
        await consume(self.database, keep_answers, ANSWERS, answer)
        self.history.answered.add(event.id)

    async def open_case(self, who: Who) -> None:
        await self._case(who, "open")
        if who.id not in self.history.erased:
            self.history.cases.add(who.id)

    async def close_case(self, who: Who) -> None:
        await self._case(who, "closed")
        self.history.cases.discard(who.id)

    async def _case(self, who: Who, state: Any) -> None:
        case = Case(
            id=derived("case", who.id), number=1, version=next(self._versions), state=state, answer_id=uuid7(),
            person=person_of(SECRET, TENANT, who.id), score=2, opened_at=self.clock.now, due_at=self.clock.now,
            closed_at=self.clock.now if state == "closed" else None,
        )  # fmt: skip
        await consume(self.database, keep_cases, CASES, case)

    async def stop(self, stopped: bool) -> None:
        async with self.database.transaction() as uow:
            await sending_commands.set_stopped(uow, TENANT, an_actor("the test"), stopped=stopped)
        self.history.stopped = stopped

    async def test_mode(self, on: bool) -> None:
        async with self.database.transaction() as uow:
            await sending_commands.set_mode(uow, TENANT, an_actor("the test"), "test" if on else "live")
        self.history.test_mode = on

    async def judge_mail(self, message: MailMessage, outcome: str) -> None:
        """Which event a mail is about stands in its link; everything else the history knows."""
        link = ANSWER_LINK.search(message.text)
        invitation = self._signer.read("answer", link[1]) if link else None
        assert invitation is not None
        (row,) = await rows(
            self.database, "SELECT source_id, reason, survey_id FROM decision WHERE invitation_id = :id", id=invitation
        )  # fmt: skip
        event = self.history.events[row.source_id]
        before = [each for each in self.history.mails if each.event.id == event.id and each.arrived]
        n = 0 if message.in_reply_to is None else max((each.n for each in before), default=0) + 1
        mail = Mail(event, self._survey_name(row.survey_id), n, self.clock.now, outcome)
        self.told.append(f"{mail}")
        self.broken += [f"{why}: {mail}" for why in self.history.leave(mail)]
        if message.recipient != event.who.address or row.reason != "invited":
            self.broken.append(f"a mail to {message.recipient} without a decision: {mail}")

    async def _judge_decisions(self) -> None:
        """Each event has one decision, with one reason, which something that is known gives."""
        now = self.clock.now
        found = await rows(
            self.database,
            "SELECT d.source_id, d.reason, d.survey_id, i.state, i.next_at, i.reason AS why, w.due_at "
            "FROM decision d LEFT JOIN invitation i ON i.id = d.invitation_id "
            "LEFT JOIN delivery w ON w.about_id = i.id AND w.n = 1",
        )
        assert sorted(row.source_id for row in found) == sorted(self.history.events)
        waiting = {row.source_id for row in found if row.state in {"waiting", "sending", "unknown"}}
        unsent = {row.source_id for row in found if row.state == "waiting"}
        decided = [(self.history.events[row.source_id], row) for row in found]
        decided = [(event, row) for event, row in decided if event.known_at == now]
        for event, row in decided:
            assert (row.reason == "invited") == (row.state is not None), row
            if row.reason == "invited":
                self.history.ask(event, self._survey_name(row.survey_id), row.due_at or row.next_at)
        for event, row in sorted(decided, key=lambda each: each[0].at):
            unfounded = row.reason != "invited" and self.history.unfounded(event, row.reason, waiting, unsent)
            assert not unfounded, "\n".join([f"{row} {event}", *self.told])
            self._draw(event, row.reason, row.survey_id)
            if row.reason == "invited":
                self.broken += self.history.judge_asking(event, waiting, unsent)
        for row in found:
            if row.why == "outranked" and row.source_id not in self.history.outranked:
                self.broken += self.history.give_way(row.source_id, row.due_at)

    async def _judge_drops(self) -> None:
        """What was not sent now since its customer had been asked not long before: that was so."""
        found = await rows(
            self.database,
            "SELECT d.source_id, d.survey_id FROM decision d JOIN invitation i ON i.id = d.invitation_id "
            "WHERE i.state = 'dropped' AND i.reason = 'quarantine' AND i.changed_at = :now",
            now=self.clock.now,
        )
        for row in found:
            event = self.history.events[row.source_id]
            asked = self.history.left_within_quarantine(
                event, self._survey_name(row.survey_id), self.clock.now, perhaps=True
            )
            self.told.append(f"{row.source_id} is dropped after {asked}")
            if not asked:
                self.broken.append(f"{row.source_id} was not sent, and no other mail had left")

    def _draw(self, event: Happened, reason: str, survey_id: UUID | None) -> None:
        surveys = [each for each in self.history.surveys.values() if each.event_type == event.type]
        if reason == "invited" and survey_id is not None:
            survey, asked = self.history.surveys[self._survey_name(survey_id)], True
        elif reason == "sampled_out" and len(surveys) == 1:
            survey, asked = surveys[0], False
        else:
            return
        self.drawn.setdefault((survey.name, event.who.address), []).append((survey.percent, asked))

    async def judge(self) -> None:
        """No mail broke a rule, and the draws are of one stable order of the contacts."""
        assert self.broken == [], "\n".join([*self.broken, *self.told])
        for draws in self.drawn.values():
            asked = [percent for percent, yes in draws if yes]
            spared = [percent for percent, yes in draws if not yes]
            assert max(spared, default=0) < min(asked, default=101), draws

    def _survey_name(self, survey_id: UUID) -> str:
        return next(name for name in self.history.surveys if derived("survey", name) == survey_id)


def drafted(survey: Survey) -> dict[str, Any]:
    """The fields of a draft."""
    return {
        "name": survey.name,
        "trigger": survey.event_type,
        "measurement": survey.measurement,
        "touchpoint": survey.touchpoint,
        "quarantine_days": survey.days,
        "quarantine_scope": survey.scope,
        "delay_minutes": survey.delay // timedelta(minutes=1),
        "holding_minutes": survey.holding // timedelta(minutes=1),
        "max_age_days": survey.max_age.days,
        "sampling_percent": survey.percent,
        "reminders": some_reminders(*survey.reminders),
        "link_days": LINK.days,
        "state": "live" if survey.live else "paused",
    }


def contact_rules(policy: Policy) -> ContactRules:
    """The policy as a company sets it."""
    quiet = {}
    if policy.quiet is not None:
        begin, end = ("{:02}:{:02}".format(*divmod(minute, 60)) for minute in policy.quiet)
        quiet["mail"] = QuietHours(start=begin, end=end)
    return ContactRules(
        quiet_hours=quiet,
        sundays=policy.sundays,
        holidays=policy.holidays,
        cap_hours=policy.cap // HOUR,
        counter_events=tuple(map(counter_event, policy.counters)),
        ids_are_shared=policy.shared,
    )


def counter_event(counter: Counter) -> CounterEvent:
    return CounterEvent(
        event_type=counter.event_type,
        effect="cancel" if counter.hold is None else "hold",
        scope=counter.scope,  # type: ignore[arg-type]
        hold_hours=None if counter.hold is None else counter.hold // HOUR,
    )


def customer_of(who: Who) -> Customer:
    return Customer(id=who.id, email=who.address, time_zone=who.zone, country=who.country)


def transaction_of(event: Happened) -> Any:
    attributes = {} if event.order is None else {"order_id": event.order}
    return a_transaction(
        event.id,
        customer_of(event.who),
        type=event.type,
        occurred_at=event.at,
        accepted_at=event.known_at,
        segments={"touchpoint": event.touchpoint} if event.touchpoint else {},
        organisation=(),
        attributes=Raw(json.dumps(attributes).encode()),
    )
