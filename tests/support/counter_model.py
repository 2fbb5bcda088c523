"""Counter-events, once more: a company with the real dispatcher, and a model written from their words alone."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from msgspec import Raw
from support.audit import an_actor
from support.dispatcher_builders import (
    NOON,
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    decide,
    go_live,
    keep_tenant,
    make_survey,
    relay_all,
    rows,
)
from support.dispatcher_reminders import ScriptedChannel, a_scripted_sender, some_reminders

from services.dispatcher.contact_policies.policy_commands import set_policy
from services.dispatcher.models import metadata
from shared.db.database import Database
from shared.events import ContactRules, CounterEvent, Transaction
from shared.outbound import Sender

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DELAY, MAX_AGE, REMIND_AFTER, LINK = 6 * HOUR, 7 * DAY, 3 * DAY, 30 * DAY
TABLE = (
    CounterEvent(event_type="refund.*", effect="cancel", scope="order"),
    CounterEvent(event_type="recall", effect="hold", scope="order", hold_hours=30),
    CounterEvent(event_type="complaint", effect="hold", scope="customer", hold_hours=48),
    CounterEvent(event_type="deceased", effect="cancel", scope="customer"),
)
TYPES = ("order.delivered", "refund.made", "recall", "complaint", "deceased")


@dataclass(frozen=True)
class Happened:
    """An event, as the company's back-end knows it."""

    id: str
    type: str
    customer: str
    address: str
    order: str | None
    at: datetime

    def transaction(self) -> Transaction:
        attributes = {} if self.order is None else {"order_id": self.order}
        return a_transaction(
            self.id,
            a_customer(self.customer, email=self.address),
            type=self.type,
            occurred_at=self.at,
            attributes=Raw(json.dumps(attributes).encode()),
        )

    @property
    def rule(self) -> CounterEvent | None:
        return next((each for each in TABLE if each.event_type.rstrip("*") == self.type[: len(each.event_type.rstrip("*"))]), None)  # fmt: skip

    @property
    def holds_all_of_its_customer(self) -> bool:
        """Whether it holds also mails about what happens after it."""
        return self.rule is not None and (self.rule.effect, self.rule.scope) == ("hold", "customer")

    def is_about(self, other: "Happened") -> bool:
        """Whether it counters mails about this other event, whenever they came."""
        rule = self.rule
        if rule is None or other.id == self.id:
            return False
        if rule.scope == "order":
            return self.order is not None and self.order == other.order
        return self.customer == other.customer or self.address == other.address


@dataclass
class Mail:
    """What is on its way to a customer: the first mail, then its reminder."""

    about: Happened
    due: datetime
    state: str = "waiting"
    first_sent: datetime | None = None
    reminder: str | None = None
    expires: datetime = NOON


@dataclass
class Model:
    """What must become of each mail."""

    came: list[Happened] = field(default_factory=list)
    mails: dict[str, Mail] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)

    def consume(self, batch: Sequence[Happened], now: datetime) -> None:
        new = [each for each in batch if each.id not in {one.id for one in self.came}]
        for event in new:
            if event.rule is not None:
                for mail in self.mails.values():
                    if event.is_about(mail.about):
                        self._counter(mail, event)
        self.came += new
        for event in new:
            self._decide(event, now)

    def _decide(self, event: Happened, now: datetime) -> None:
        if event.type == "refund.made":
            return  # no survey asks about it
        counters = [
            each
            for each in self.came
            if each.is_about(event) and (event.at <= each.at or each.holds_all_of_its_customer)
        ]
        wanted = max(event.at + DELAY, now)
        due = max([wanted, *(until for each in counters if (until := held_until(each)) is not None)])
        cancelled = any(held_until(each) is None for each in counters)
        if cancelled or wanted - event.at <= MAX_AGE < due - event.at:
            self.refused.add(event.id)
        if cancelled or due - event.at > MAX_AGE:
            return
        self.mails[event.id] = Mail(event, due, expires=due + LINK)

    def _counter(self, mail: Mail, counter: Happened) -> None:
        until = held_until(counter)
        waits = mail.state == "waiting" or mail.reminder == "waiting"
        if not waits or (until is not None and until <= mail.due):
            return
        late = until is not None and (
            until - mail.about.at > MAX_AGE if mail.state == "waiting" else mail.expires - until < DAY
        )
        if until is not None and not late:
            if mail.state == "waiting":
                mail.expires += until - mail.due
            mail.due = until
        elif mail.state == "waiting":
            mail.state = "dropped"
        else:
            mail.reminder = "dropped"

    def send(self, now: datetime) -> None:
        for mail in self.mails.values():
            if mail.state == "waiting" and mail.due <= now:
                late = now - mail.due if now - mail.due >= timedelta(minutes=1) else timedelta()
                if mail.due + late - mail.about.at > MAX_AGE:
                    mail.state = "too_old"
                    continue
                mail.expires += late
                mail.state, mail.first_sent = "sent", now
                mail.reminder, mail.due = "waiting", now + REMIND_AFTER
            if mail.reminder == "waiting" and mail.due <= now:
                mail.reminder = "sent"


def held_until(counter: Happened) -> datetime | None:
    """Until when it holds; None: it cancels."""
    rule = counter.rule
    assert rule is not None
    return None if rule.hold_hours is None else counter.at + rule.hold_hours * HOUR


@dataclass
class World:
    """The dispatcher of one company, and the model beside it."""

    database: Database
    clock: Clock
    sender: Sender
    channel: ScriptedChannel
    model: Model

    @classmethod
    async def begin(cls, database: Database, clock: Clock) -> "World":
        clock.now = NOON
        async with database.transaction() as uow:
            for table in reversed(metadata.sorted_tables):
                await uow.execute(f"DELETE FROM {table.name}")
        await keep_tenant(database)
        for trigger in TYPES:
            if trigger != "refund.made":
                await make_survey(
                    database, name=trigger, trigger=trigger, delay_minutes=6 * 60, quarantine_days=0,
                    reminders=some_reminders(REMIND_AFTER.days),
                )  # fmt: skip
        await go_live(database)
        await set_table(database, *TABLE)
        channel = ScriptedChannel()
        return cls(database, clock, a_scripted_sender(database, clock, channel), channel, Model())

    async def consume(self, batch: Sequence[Happened]) -> None:
        self.clock.on(seconds=1)
        await decide(self.database, *(each.transaction() for each in batch))
        self.model.consume(batch, self.clock.now)
        await relay_all(self.database)

    async def wait(self, hours: int) -> None:
        for _ in range(hours):
            self.clock.on(hours=1)
            while await self.sender.step() == 0:
                pass
            await relay_all(self.database)
            self.model.send(self.clock.now)

    async def judge(self) -> None:
        """Each mail is where the model has it, and each that was countered says by which event."""
        found = await rows(
            self.database,
            "SELECT d.source_id, d.reason, i.state, i.reason AS why, w.state AS reminder, w.reason AS reminder_why, "
            "coalesce(w.due_at, f.due_at) AS due_at, "
            "EXISTS (SELECT FROM countered c WHERE c.event_id = d.event_id AND c.effect = 'cancel') AS named "
            "FROM decision d LEFT JOIN invitation i ON i.id = d.invitation_id "
            "LEFT JOIN delivery f ON f.about_id = i.id AND f.n = 1 "
            "LEFT JOIN delivery w ON w.about_id = i.id AND w.n = 2",
        )
        assert {row.source_id for row in found} == {each.id for each in self.model.came}
        for row in found:
            mail = self.model.mails.get(row.source_id)
            assert (row.reason == "countered") == (row.source_id in self.model.refused), (row, self.model)
            assert (row.reason == "invited") == (mail is not None), (row, self.model)
            countered = row.reason == "countered"
            if mail is not None:
                assert row.state == ("dropped" if mail.state == "too_old" else mail.state), (row, mail)
                assert row.reminder == mail.reminder, (row, mail)
                if mail.state == "dropped":
                    assert row.why == "countered"
                if mail.reminder == "dropped":
                    assert row.reminder_why == "countered"
                if "waiting" in {mail.state, mail.reminder}:
                    assert row.due_at == mail.due, (row, mail)
                countered = "dropped" in {mail.state, mail.reminder}
            assert row.named is countered, (row, self.model)


async def set_table(database: Database, *table: CounterEvent, **rules: Any) -> None:
    """The company's counter-events; a mail may leave at any time."""
    made = ContactRules(**{"quiet_hours": {}, "cap_hours": 0, **rules}, counter_events=table)
    async with database.transaction() as uow:
        await set_policy(uow, TENANT, an_actor("the test"), made)
