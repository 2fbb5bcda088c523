"""Whatever happens in whatever order, nobody is asked too often, and nobody is spared without a reason.

Events alone and in batches, mails and texts that arrive and that do not, refunds, imports, changed rules and a
database whose history is read again: what is decided and what is sent is what a model says that remembers everything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace
from support.audit import an_actor
from support.contact_rules import AT_ANY_TIME
from support.contact_world import ANSWER_LINK
from support.dispatcher_builders import (
    NOON,
    TENANT,
    Clock,
    a_transaction,
    consume,
    decide,
    go_live,
    keep_tenant,
    make_survey,
    relay_all,
    rows,
)
from support.dispatcher_reminders import ScriptedChannel, a_scripted_sender
from support.examples import examples
from support.frequency_model import Happened, Model, Question, Rules
from support.http_clients import SECRET

from services.dispatcher import backfill
from services.dispatcher.contact_policies.policy_commands import set_policy
from services.dispatcher.models import metadata
from services.dispatcher.sms.messages import TextMessage
from services.dispatcher.story.handlers import keep_answers
from services.dispatcher.surveys.domain import SurveyDraft
from services.dispatcher.surveys.survey_commands import change_survey
from shared.db.database import Database
from shared.events import ANSWERS, Answer, CounterEvent, Customer
from shared.ids import derived, uuid7
from shared.link_tokens import LinkSigner
from shared.mail import MailMessage
from shared.outbound import Sender
from shared.secrets import customer_hash

TYPES = ("order", "call")
NUMBERS = ("+4520123456", "+4520123457")
PEOPLE = (
    ("kim", "kim@example.com", 0),
    ("kim", "kim@work.example", 1),
    ("kim-again", "kim@example.com", 1),
    (None, "kim@work.example", 0),
    ("robin", None, 0),
)
"""Ids, addresses and numbers, which come together in several ways."""
NOBODY_ELSES = "robin@example.com"
"""The address of who comes with a number alone, where nobody is asked by SMS."""
REFUNDED = CounterEvent(event_type="refund", effect="cancel", scope="order")
TOUCHPOINTS = (None, "delivery", "repair")
SCOPES = ("any", "measurement", "touchpoint", "survey")
KEPT = {"tenant", "sending", "mail_stream", "survey", "survey_words"}
HOURS = st.integers(0, 60)

RULES: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    event_type=st.sampled_from(TYPES),
    days=st.integers(0, 3),
    scope=st.sampled_from(SCOPES),
    measurement=st.sampled_from(("transactional", "relational")),
    touchpoint=st.sampled_from(TOUCHPOINTS),
    delay=st.sampled_from((0, 1, 36)),
    max_age=st.integers(2, 5),
    holding=st.sampled_from((0, 0, 5, 40)),
    live=st.sampled_from((True, True, True, False)),
)
EVENT: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    type=st.sampled_from(TYPES),
    person=st.sampled_from(PEOPLE),
    age=st.sampled_from((0, 0, 1, 24, 80)),
    touchpoint=st.sampled_from(TOUCHPOINTS),
    delay=st.sampled_from((None, None, 0, 2, 50)),
)
STEP = st.one_of(
    st.tuples(st.just("events"), st.lists(EVENT, min_size=1, max_size=4)),
    st.tuples(st.just("events"), st.lists(EVENT, min_size=1, max_size=1)),
    st.tuples(st.just("clock"), HOURS),
    st.tuples(st.just("send"), st.sampled_from(("sent", "failed"))),
    st.tuples(st.just("rules"), st.tuples(st.integers(0, 2), RULES)),
    st.tuples(
        st.just("import"),
        st.tuples(
            st.sampled_from(PEOPLE),
            HOURS,
            st.sampled_from(TOUCHPOINTS),
            st.sampled_from(("transactional", "relational")),
        ),
    ),
    st.tuples(st.just("refund"), st.integers(0, 20)),
    st.tuples(st.just("share"), st.booleans()),
    st.tuples(st.just("read again"), st.none()),
)


HOLDS_BACK: dict[str, Any] = {
    "event_type": "order", "days": 3, "scope": "any", "measurement": "transactional", "touchpoint": None,
    "delay": 1, "max_age": 5, "holding": 0, "live": True,
}  # fmt: skip
AN_ORDER = {"type": "order", "age": 0, "touchpoint": None, "delay": None}
A_NUMBER_GIVEN_BACK = [
    ("events", [{**AN_ORDER, "person": ("kim", "kim@example.com", 0)}]),
    ("refund", 0),
    ("events", [{**AN_ORDER, "person": ("robin", None, 0)}]),
    ("clock", 2),
    ("send", "failed"),
    ("events", [{**AN_ORDER, "person": (None, "kim@work.example", 0)}]),
]
"""What a text keeps others of the same number from being asked for ends when it is cancelled, or not taken."""


@dataclass
class Company:
    """A dispatcher and its model, side by side."""

    database: Database
    clock: Clock
    senders: dict[bool, Sender]
    """By whether its surveys ask by SMS."""
    channels: dict[bool, ScriptedChannel]
    surveys: list[UUID] = field(default_factory=list)
    model: Model = field(default_factory=Model)
    events: dict[str, str] = field(default_factory=dict)
    """What the model says of each event."""

    async def begin(
        self, rules: Sequence[dict[str, Any]], distance_days: int, shared: bool, texts: bool
    ) -> None:
        self.clock.now = NOON
        distance = timedelta(days=distance_days)
        self.model, self.events = Model(distance=distance, shared=shared, texts=texts), {}
        async with self.database.transaction() as uow:
            for table in reversed(metadata.sorted_tables):
                if table.name not in KEPT:
                    await uow.execute(f"DELETE FROM {table.name}")
        await self.write_policy()
        for number, each in enumerate(rules):
            self.model.surveys.append(rules_of(number, each))
            await self.write(number)

    async def write_policy(self) -> None:
        """Set the company's rules as the model has them."""
        days, shared = self.model.distance.days, self.model.shared
        rules = {"relational_distance_days": days, "ids_are_shared": shared, "counter_events": (REFUNDED,)}
        own = replace(AT_ANY_TIME, **rules)
        async with self.database.transaction() as uow:
            await set_policy(uow, TENANT, an_actor("the test"), own)

    async def write(self, number: int) -> None:
        """Set a survey as the model has it."""
        rules = self.model.surveys[number]
        draft = SurveyDraft(
            name=rules.survey,
            trigger=rules.event_type,
            state="live" if rules.live else "paused",
            quarantine_days=rules.days,
            quarantine_scope=rules.scope,  # type: ignore[arg-type]
            measurement=rules.measurement,  # type: ignore[arg-type]
            touchpoint=rules.touchpoint,
            delay_minutes=int(rules.delay.total_seconds()) // 60,
            max_age_days=rules.max_age.days,
            holding_minutes=int(rules.holding.total_seconds()) // 60,
            link_days=365,
            place=number + 1,
            channels=("sms",) if self.model.texts else ("mail",),
        )
        async with self.database.transaction() as uow:
            await change_survey(uow, TENANT, self.surveys[number], draft)

    async def do(self, kind: str, about: Any) -> None:
        if kind == "clock":
            self.clock.on(hours=about)
        elif kind == "rules":
            number, rules = about
            self.model.surveys[number] = rules_of(number, rules)
            await self.write(number)
        elif kind == "events":
            await self.decide(about)
        elif kind == "send":
            await self.send(about)
        elif kind == "refund":
            await self.refund(about)
        elif kind == "share":
            self.model.shared = about
            await self.write_policy()
        elif kind == "import":
            await self.hear_import(*about)
        else:
            await self.read_again()

    async def decide(self, drawn: Sequence[dict[str, Any]]) -> None:
        """Events of one batch: in both they are judged in the order in which they happened."""
        happened: list[Happened] = []
        for each in drawn:
            id_, address, number = each["person"]
            at = self.clock.now - timedelta(hours=each["age"])
            delay = None if each["delay"] is None else timedelta(hours=each["delay"])
            name = f"{len(self.events) + len(happened)}"
            address = address or self._instead_of_an_address(number)
            of_whom = id_, address, NUMBERS[number]
            happened.append(Happened(name, each["type"], *of_whom, at, each["touchpoint"], delay))
        transactions = [transaction_of(each) for each in happened]
        await decide(self.database, *transactions)
        order = {each.id: (each.occurred_at, each.event_id) for each in transactions}
        for one in sorted(happened, key=lambda one: order[one.id]):
            self.events[one.id] = self.model.decide(one, self.clock.now)
        await relay_all(self.database)

    async def refund(self, number: int) -> None:
        """The order of one of the events so far is cancelled, whoever says so."""
        if not self.events:
            return
        order, name = f"{number % len(self.events)}", f"{len(self.events)}"
        someone = Happened(name, "refund", None, "shop@example.com", NUMBERS[1], self.clock.now)
        await decide(self.database, replace(transaction_of(someone), attributes=named(order)))
        self.events[name] = "no_survey"
        self.model.cancel(order)
        await relay_all(self.database)

    def _instead_of_an_address(self, number: int) -> str:
        return NUMBERS[number] if self.model.texts else NOBODY_ELSES

    async def send(self, outcome: str) -> None:
        channel, sender = self.channels[self.model.texts], self.senders[self.model.texts]
        channel.outcome = outcome
        channel.handed.clear()
        due = "SELECT 1 FROM delivery WHERE state = 'waiting' AND due_at <= :now"
        for _ in range(100):
            await relay_all(self.database)
            await sender.step()
            if not await rows(self.database, due, now=self.clock.now):
                break
        self.model.send(self.clock.now, outcome, [await self._event_of(each) for each, _ in channel.handed])

    async def _event_of(self, message: MailMessage | TextMessage) -> str:
        link = ANSWER_LINK.search(message.text)
        invitation = LinkSigner(SECRET).read("answer", link[1]) if link else None
        found = await rows(
            self.database, "SELECT source_id FROM decision WHERE invitation_id = :id", id=invitation
        )
        return str(found[0].source_id)

    async def hear_import(
        self, person: tuple[str | None, str | None, int], hours: int, touchpoint: str | None, measurement: str
    ) -> None:
        id_, address = person[0], person[1] or self._instead_of_an_address(person[2])
        at = self.clock.now - timedelta(hours=hours)
        answer = Answer(
            id=uuid7(),
            version=1,
            state="sent",
            origin="import",
            score=9,
            customer_id=id_ or customer_hash(SECRET, TENANT, address),
            invited_at=at,
            changed_at=self.clock.now,
            measurement=measurement,  # type: ignore[arg-type]
            touchpoint=touchpoint,
        )
        await consume(self.database, keep_answers, ANSWERS, answer)
        self.model.questions.append(Question(id_ or address, at, measurement, touchpoint))

    async def read_again(self) -> None:
        """What our invitations asked is lost, as where an earlier version did not keep it, and read again."""
        async with self.database.transaction() as uow:
            await uow.execute("DELETE FROM asked WHERE NOT elsewhere")
            await uow.execute("INSERT INTO backfill (name) VALUES ('asked')")
        while await backfill.backfill_batch(self.database, SECRET):
            pass

    async def judge(self) -> None:
        """Both have decided the same, sent the same, and would forbid the same."""
        names = {
            survey_id: rules.survey for survey_id, rules in zip(self.surveys, self.model.surveys, strict=True)
        }
        decided = await rows(self.database, "SELECT source_id, reason, survey_id FROM decision")
        found = {row.source_id: names[row.survey_id] if row.survey_id else row.reason for row in decided}
        assert found == self.events
        stored = await rows(
            self.database,
            "SELECT d.source_id, i.state, convert_from(i.body, 'UTF8')::json ->> 'touchpoint' AS touchpoint, "
            "convert_from(i.body, 'UTF8')::json -> 'segments' ->> 'touchpoint' AS segment "
            "FROM invitation i JOIN decision d ON d.tenant = i.tenant AND d.invitation_id = i.id",
        )
        questions = [each for each in self.model.questions if each.event is not None]
        assert {(row.source_id, row.state, row.touchpoint) for row in stored} == {
            (each.event.id, each.state, each.touchpoint) for each in questions if each.event
        }
        assert all(row.touchpoint == row.segment for row in stored)


def rules_of(number: int, drawn: dict[str, Any]) -> Rules:
    return Rules(
        survey=f"survey {number}",
        **{
            **drawn,
            "delay": timedelta(hours=drawn["delay"]),
            "max_age": timedelta(days=drawn["max_age"]),
            "holding": timedelta(hours=drawn["holding"] if drawn["measurement"] == "transactional" else 0),
        },
    )


def named(event_id: str) -> Raw:
    """The attributes of what is about the order of an event; "0" alone would be no order's."""
    return Raw(msgspec.json.encode({"order_id": f"order {event_id}"}))


def transaction_of(event: Happened) -> Any:
    return a_transaction(
        event.id,
        Customer(
            id=event.customer_id or customer_hash(SECRET, TENANT, event.address),
            email=event.address if event.address != event.number else None,
            phone=event.number,
        ),
        type=event.type,
        occurred_at=event.at,
        accepted_at=event.at,
        segments={"touchpoint": event.touchpoint} if event.touchpoint else {},
        organisation=(),
        attributes=named(event.id),
        delay_minutes=None if event.delay is None else int(event.delay.total_seconds()) // 60,
    )


@pytest.fixture
async def company(database: Database, clock: Clock) -> Company:
    await keep_tenant(database)
    surveys = [derived("survey", f"{number}") for number in range(3)]
    for survey_id in surveys:
        await make_survey(database, id=survey_id)
    await go_live(database)
    channels = {False: ScriptedChannel(), True: ScriptedChannel("sms")}
    senders = {texts: a_scripted_sender(database, clock, each) for texts, each in channels.items()}
    return Company(database, clock, senders, channels, surveys)


@example(rules=[HOLDS_BACK] * 3, distance_days=0, shared=False, texts=True, steps=A_NUMBER_GIVEN_BACK)
@given(
    rules=st.lists(RULES, min_size=3, max_size=3),
    distance_days=st.sampled_from((0, 1, 3)),
    shared=st.sampled_from((False, False, True)),
    texts=st.booleans(),
    steps=st.lists(STEP, min_size=4, max_size=16),
)
@settings(
    max_examples=examples(20),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to look for a shorter order takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_every_order_of_events_mails_imports_and_rules_asks_exactly_whom_the_words_allow(
    company: Company,
    rules: Sequence[dict[str, Any]],
    distance_days: int,
    shared: bool,
    texts: bool,
    steps: Sequence[tuple[str, Any]],
) -> None:
    await company.begin(rules, distance_days, shared, texts)
    for kind, about in steps:
        await company.do(kind, about)
        await company.judge()
