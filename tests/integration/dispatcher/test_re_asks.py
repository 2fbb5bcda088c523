"""Customers of cases are asked again, each case once: in every order of what happens to a case, judged by a model."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.audit import an_actor
from support.contact_rules import AT_ANY_TIME
from support.dispatcher_builders import (
    NOON,
    TENANT,
    Clock,
    consume,
    decide,
    go_live,
    keep_tenant,
    make_survey,
    published,
    reasons,
    relay_all,
    rows,
    the_state,
)
from support.dispatcher_customers import know_customers
from support.dispatcher_erasing import erase
from support.examples import examples
from support.http_clients import SECRET

from services.dispatcher.contact_policies.policy_commands import set_policy
from services.dispatcher.re_asks.publishing import advance_re_asks
from services.dispatcher.story.handlers import keep_cases
from services.dispatcher.surveys.domain import StoredSurvey
from shared.db.database import Database
from shared.events import CASES, INVITATIONS, TRANSACTIONS, Case, Invitation, Transaction
from shared.events.surveys import NO_TRIGGER
from shared.ids import uuid7
from shared.outbound import Sender
from shared.privacy.persons import NOBODY, person_of

DAYS, TOO_OLD = timedelta(days=30), timedelta(days=7)


async def a_recovery_survey(database: Database, **changes: Any) -> StoredSurvey:
    facts = {"name": "After a case", "trigger": NO_TRIGGER, "measurement": "recovery", "delay_minutes": 0}
    return await make_survey(database, **{**facts, "quarantine_scope": "measurement", **changes})


async def ask_nobody_with_an_open_case(database: Database) -> None:
    """As the rules of a new company say."""
    async with database.transaction() as uow:
        rules = replace(AT_ANY_TIME, ask_with_open_case=False)
        await set_policy(uow, TENANT, an_actor("the test"), rules)


@pytest.fixture
async def survey(database: Database) -> StoredSurvey:
    """A live survey that asks again, and a customer."""
    await keep_tenant(database)
    made = await a_recovery_survey(database)
    await go_live(database)
    await ask_nobody_with_an_open_case(database)
    await know_customers(database, {"kim": {"region": "north"}})
    await relay_all(database)
    return made


def a_case(customer: str = "kim", **changes: Any) -> Case:
    facts: dict[str, Any] = {
        "id": uuid7(),
        "number": 1,
        "version": 1,
        "state": "open",
        "stage": "open",
        "answer_id": uuid7(),
        "person": person_of(SECRET, TENANT, customer),
        "score": 2,
        "segments": {"touchpoint": "checkout"},
        "organisation": ("north",),
        "opened_at": NOON,
        "due_at": NOON,
    }
    return Case(**{**facts, **changes})


def closed(case: Case, at: datetime, **changes: Any) -> Case:
    facts = {"state": "closed", "stage": "closed", "closed_at": at, "outcome": "recovered"}
    return replace(case, version=case.version + 1, **{**facts, **changes})


async def hear(database: Database, *cases: Case) -> None:
    await consume(database, keep_cases, CASES, *cases)


async def asked(database: Database) -> list[Transaction]:
    """The events of whoever is asked again now; they are relayed."""
    while await advance_re_asks(database):
        pass
    found: list[Transaction] = await published(database, TRANSACTIONS)
    await relay_all(database)
    return found


async def test_the_customer_of_a_closed_case_is_asked_once_and_by_the_rules(
    database: Database, clock: Clock, survey: StoredSurvey
) -> None:
    case = closed(a_case(first_contact_at=NOON), NOON)
    await hear(database, case)
    clock.on(days=29, hours=23)
    assert await asked(database) == []
    clock.on(hours=1)
    (event,) = await asked(database)
    assert (event.recovery_of, event.survey_id, event.occurred_at) == (case.id, survey.id, NOON + DAYS)
    assert (event.customer.id, event.customer.email) == ("kim", "kim@example.com")
    await decide(database, event, event)
    assert await reasons(database) == {str(case.id): "invited"}
    invitation: Invitation = (await published(database, INVITATIONS))[-1]
    assert (invitation.recovery_of, invitation.measurement) == (case.id, "recovery")
    assert invitation.segments == {"touchpoint": "checkout"}
    await hear(database, replace(case, version=9, closed_at=NOON + timedelta(days=1)))
    clock.on(days=1)
    assert await asked(database) == []


async def test_of_several_surveys_the_first_one_asks_and_in_test_mode_none_does(
    database: Database, clock: Clock
) -> None:
    await keep_tenant(database)
    first = await a_recovery_survey(database)
    await a_recovery_survey(database, name="Another")
    await know_customers(database, {"kim": {}})
    await hear(database, closed(a_case(), NOON))
    clock.on(days=30)
    await relay_all(database)
    assert await asked(database) == []
    await go_live(database)
    await relay_all(database)
    assert [event.survey_id for event in await asked(database)] == [first.id]


@pytest.mark.parametrize(
    "changes",
    [
        {"score": 7},
        {"anonymous": True},
        {"may_contact": False},
        {"person": NOBODY},
        {"person": None},
        {"stage": "duplicate"},
        {"stage": "withdrawn"},
        {"contact_key": "of another address"},
    ],
)
async def test_some_are_never_asked_again(
    database: Database, clock: Clock, survey: StoredSurvey, changes: dict[str, Any]
) -> None:
    await hear(database, replace(closed(a_case(), NOON), **changes))
    clock.on(days=30)
    assert await asked(database) == []


async def test_whoever_nobody_reached_is_asked_although_their_case_is_open(
    database: Database, clock: Clock, survey: StoredSurvey
) -> None:
    case = a_case()
    await hear(database, case)
    clock.on(days=30)
    (event,) = await asked(database)
    await decide(database, event)
    assert await reasons(database) == {str(case.id): "invited"}


@pytest.mark.parametrize("since", ["reached", "reopened"])
async def test_a_case_that_somebody_works_on_meanwhile_forbids_it(
    database: Database, clock: Clock, survey: StoredSurvey, since: str
) -> None:
    case = a_case()
    await hear(database, case)
    clock.on(days=30)
    (event,) = await asked(database)
    changed = {"reached": {"first_contact_at": clock()}, "reopened": {"reopened_at": clock()}}[since]
    await hear(database, replace(case, version=2, **changed))
    await decide(database, event)
    assert await reasons(database) == {str(case.id): "case_open"}


@pytest.mark.parametrize(("reached", "state"), [(False, "sent"), (True, "dropped")])
async def test_when_the_mail_leaves_the_same_holds(
    database: Database, clock: Clock, sender: Sender, reached: bool, state: str
) -> None:
    await keep_tenant(database)
    await a_recovery_survey(database, delay_minutes=60)
    await go_live(database)
    await ask_nobody_with_an_open_case(database)
    await know_customers(database, {"kim": {}})
    await relay_all(database)
    case = a_case()
    await hear(database, case)
    clock.on(days=30)
    await decide(database, *await asked(database))
    await relay_all(database)
    if reached:
        await hear(database, replace(case, version=2, first_contact_at=clock()))
    clock.on(hours=2)
    await sender.step()
    assert (await the_state(database))[0] == state


async def test_another_open_case_forbids_it(database: Database, clock: Clock, survey: StoredSurvey) -> None:
    case = closed(a_case(), NOON)
    await hear(database, case, a_case(number=2, opened_at=NOON + timedelta(days=20)))
    clock.on(days=30)
    await decide(database, *await asked(database))
    assert await reasons(database) == {str(case.id): "case_open"}


async def test_the_case_of_such_an_answer_is_not_asked_about_again(
    database: Database, clock: Clock, survey: StoredSurvey
) -> None:
    await hear(database, closed(a_case(), NOON))
    clock.on(days=30)
    (event,) = await asked(database)
    await decide(database, event)
    await hear(database, closed(a_case(number=2, event_id=event.event_id, opened_at=clock()), clock()))
    clock.on(days=30)
    assert await asked(database) == []


async def test_an_erased_customer_is_not_asked_again(
    database: Database, clock: Clock, survey: StoredSurvey
) -> None:
    await hear(database, closed(a_case(), NOON))
    await erase(database, customer_id="kim")
    clock.on(days=30)
    assert await asked(database) == []


class World:
    """A database, and beside it a model: what is known of a case, and what follows from the words alone."""

    def __init__(self, database: Database, clock: Clock, tag: int) -> None:
        self.database, self.clock = database, clock
        self.case = replace(a_case(f"c-{tag}"), opened_at=clock())
        self.heard = [self.case]
        self.expected: list[UUID] = []
        self.asked: list[UUID] = []

    async def change(self, **changes: Any) -> None:
        self.case = replace(self.case, version=self.case.version + 1, **changes)
        self.heard.append(self.case)
        await hear(self.database, self.case)

    async def close(self) -> None:
        if self.case.state == "open":
            await self.change(state="closed", stage="closed", closed_at=self.clock(), outcome="lost")

    async def merge(self) -> None:
        if self.case.state == "open":
            await self.change(state="closed", stage="duplicate", closed_at=self.clock(), outcome="duplicate")

    async def reopen(self) -> None:
        if self.case.state == "closed":
            again = {"closed_at": None, "outcome": None, "reopened_at": self.clock()}
            await self.change(state="open", stage="reopened", **again)

    async def reach(self) -> None:
        if self.case.state == "open" and self.case.first_contact_at is None:
            await self.change(first_contact_at=self.clock(), stage="contacted")

    async def refuse(self) -> None:
        await self.change(may_contact=False)

    async def allow(self) -> None:
        await self.change(may_contact=True)

    async def erase(self) -> None:
        end = self.case.closed_at or self.clock()
        await self.change(person=NOBODY, erased=True, stage="withdrawn", state="closed", closed_at=end)

    async def read_again(self) -> None:
        for case in reversed(self.heard):
            await hear(self.database, case)

    async def wait(self, days: int) -> None:
        for _ in range(days):
            self.clock.on(days=1)
            if self._is_due() and not self.expected:
                self.expected.append(self.case.id)
            found = [event.recovery_of for event in await asked(self.database)]
            self.asked += [case for case in found if case == self.case.id]

    def _is_due(self) -> bool:
        case = self.case
        if case.person == NOBODY or case.may_contact is False or case.stage in {"duplicate", "withdrawn"}:
            return False
        if case.state == "closed":
            began = case.closed_at
        elif case.first_contact_at is None and case.reopened_at is None:
            began = case.opened_at
        else:
            return False
        return began is not None and timedelta() <= self.clock() - began - DAYS < TOO_OLD


STEPS: dict[str, Callable[[World], Any]] = {
    "closed": World.close,
    "merged": World.merge,
    "reopened": World.reopen,
    "reached": World.reach,
    "refused": World.refuse,
    "allowed": World.allow,
    "erased": World.erase,
    "read again": World.read_again,
    "a day": lambda world: world.wait(1),
    "ten days": lambda world: world.wait(10),
    "thirty days": lambda world: world.wait(30),
}
TIME = [name for name in STEPS if name.endswith(("day", "days"))]


@given(order=st.lists(st.sampled_from(TIME) | st.sampled_from(list(STEPS)), max_size=14))
@example(order=["thirty days", "reached", "closed", "thirty days"])
@example(
    order=["reached", "closed", "ten days", "reopened", "thirty days", "closed", "read again", "thirty days"]
)
@example(order=["closed", "ten days", "reopened", "thirty days", "closed", "thirty days", "thirty days"])
@example(order=["closed", "thirty days", "reopened", "closed", "thirty days"])
@example(order=["refused", "thirty days", "allowed", "a day", "ten days"])
@example(order=["reached", "merged", "thirty days", "reopened", "closed", "thirty days"])
@example(order=["closed", "erased", "read again", "thirty days"])
@settings(
    max_examples=examples(15),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to look for a shorter order takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_in_every_order_exactly_those_are_asked_again_whom_the_words_say(
    database: Database, clock: Clock, survey: StoredSurvey, order: Sequence[str]
) -> None:
    number = len(await rows(database, "SELECT id FROM case_heard"))
    await know_customers(database, {f"c-{number}": {}})
    await relay_all(database)
    world = World(database, clock, number)
    await hear(database, world.case)
    for step in order:
        await STEPS[step](world)
    assert world.asked == world.expected
