"""Relational and transactional mails of one contact keep apart, and nobody with an open case is asked."""

import asyncio
import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace
from support.audit import an_actor
from support.dispatcher_builders import (
    NOON,
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    consume,
    decide,
    go_live,
    invitations,
    keep_tenant,
    make_survey,
    reasons,
    relay_all,
    rows,
)
from support.http_clients import SECRET

from services.dispatcher.contact_policies.policy_commands import set_policy
from services.dispatcher.story.handlers import keep_cases
from services.dispatcher.surveys.domain import StoredSurvey
from shared.db.database import Database
from shared.events import CASES, Case, ContactRules, Customer, Transaction
from shared.events.transactions import WAVE_SOURCE
from shared.ids import uuid7
from shared.outbound import Sender
from shared.privacy.persons import person_of
from shared.secrets import customer_hash

KIM = a_customer("kim")
STATES = """
    SELECT d.source_id, i.state, i.reason, w.state AS delivery FROM decision d
    JOIN invitation i ON i.id = d.invitation_id JOIN delivery w ON w.about_id = i.id
"""


@pytest.fixture
async def relation(database: Database) -> StoredSurvey:
    """A relational survey asked by waves at once, beside one that asks three hours after a delivery."""
    await keep_tenant(database)
    await make_survey(database, delay_minutes=180, quarantine_scope="survey")
    made = await make_survey(
        database, name="Relation", trigger="never", measurement="relational", delay_minutes=0,
        quarantine_scope="survey",
    )  # fmt: skip
    await go_live(database)
    await set_rules(database)
    return made


def order(id_: str = "order-1", **changes: Any) -> Transaction:
    return a_transaction(id_, KIM, **changes)


def in_a_wave(
    survey: StoredSurvey, id_: str = "wave-1", customer: Customer = KIM, **changes: Any
) -> Transaction:
    own = {"type": f"wave.{survey.id}", "source": f"{WAVE_SOURCE}1", "survey_id": survey.id}
    return a_transaction(id_, customer, **own, **changes)


async def states(database: Database) -> dict[str, tuple[str, str | None, str]]:
    return {row[0]: tuple(row[1:]) for row in await rows(database, STATES)}


async def replaced(database: Database) -> set[tuple[UUID, UUID]]:
    found = await rows(
        database,
        "SELECT event_id, relational_event_id FROM decision WHERE relational_event_id IS NOT NULL",
    )
    return {(row.event_id, row.relational_event_id) for row in found}


async def set_rules(database: Database, **changes: Any) -> None:
    async with database.transaction() as uow:
        rules = ContactRules(quiet_hours={}, cap_hours=0, **changes)
        await set_policy(uow, TENANT, an_actor("the test"), rules)


@pytest.mark.parametrize("together", [True, False])
async def test_a_relational_mail_takes_the_day_of_one_that_waits(
    database: Database, relation: StoredSurvey, clock: Clock, sender: Sender, together: bool
) -> None:
    first, second = order(), in_a_wave(relation, occurred_at=NOON + timedelta(minutes=1))
    for batch in [[first, second]] if together else [[first], [second]]:
        await decide(database, *batch)
    assert await reasons(database) == {"order-1": "invited", "wave-1": "invited"}
    assert (await states(database))["order-1"] == ("dropped", "relational_first", "dropped")
    assert await replaced(database) == {(first.event_id, second.event_id)}
    dropped = (await invitations(database))[-1]
    assert (dropped.event_id, dropped.state, dropped.version) == (first.event_id, "dropped", 2)
    (known,) = await rows(database, "SELECT DISTINCT measurement, asked_at FROM asked")
    assert known.measurement == "relational"
    (customer,) = await rows(
        database, "SELECT DISTINCT invited_at FROM customer WHERE invited_at IS NOT NULL"
    )
    assert customer.invited_at == known.asked_at
    await relay_all(database)
    clock.on(hours=4)
    while await sender.step() == 0:
        pass
    assert (await states(database))["wave-1"] == ("sent", None, "sent")


AT_HOME = a_customer("kim", email="family@example.com")
BO = a_customer("bo", email="family@example.com")


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(("first", "second"), [(KIM, AT_HOME), (AT_HOME, KIM), (AT_HOME, BO), (BO, AT_HOME)])
async def test_it_takes_the_day_of_one_that_waits_for_the_person_or_the_address(
    database: Database, relation: StoredSurvey, together: bool, first: Customer, second: Customer
) -> None:
    """And then nothing is left of the dropped one, under whatever name: the next survey asks."""
    events = [
        a_transaction("order-1", first),
        in_a_wave(relation, customer=second, occurred_at=NOON + timedelta(minutes=1)),
    ]
    for batch in [events] if together else [[each] for each in events]:
        await decide(database, *batch)
    assert await reasons(database) == {"order-1": "invited", "wave-1": "invited"}
    assert (await states(database))["order-1"] == ("dropped", "relational_first", "dropped")
    (kept,) = await rows(database, "SELECT DISTINCT measurement FROM asked")
    assert kept.measurement == "relational"
    invited = await rows(database, "SELECT id FROM customer WHERE invited_at IS NOT NULL")
    asked = await rows(database, "SELECT contact FROM asked")
    assert {row.id for row in invited} == {row.contact for row in asked}


async def test_a_mail_is_not_replaced_whose_other_name_another_transaction_has(
    database: Database, relation: StoredSurvey
) -> None:
    """It is not waited for, or two of them would wait for each other: the mail counts as sent."""
    await decide(database, a_transaction("order-1", AT_HOME))
    async with database.transaction() as uow:
        await uow.execute("SELECT 1 FROM customer WHERE id = 'kim' FOR UPDATE")
        await decide(database, in_a_wave(relation, customer=BO))
    assert (await reasons(database))["wave-1"] == "relational_distance"
    assert (await states(database))["order-1"] == ("waiting", None, "waiting")


async def test_waves_that_take_the_days_of_persons_and_addresses_crosswise_never_wait_for_ever(
    database: Database, relation: StoredSurvey
) -> None:
    chance = random.Random(7)

    def somebody() -> Customer:
        return a_customer(f"c-{chance.randrange(4)}", email=f"a-{chance.randrange(4)}@example.com")

    for turn in range(4):
        orders = [a_transaction(f"order-{turn}-{n}", somebody()) for n in range(6)]
        waves = [in_a_wave(relation, f"wave-{turn}-{n}", customer=somebody()) for n in range(12)]
        await decide(database, *orders)
        await asyncio.gather(*(decide(database, *waves[n::4]) for n in range(4)))
    assert len(await reasons(database)) == 4 * 18


async def test_what_a_sender_has_counts_as_sent(database: Database, relation: StoredSurvey) -> None:
    await decide(database, order())
    async with database.transaction() as uow:
        await uow.execute("SELECT 1 FROM delivery FOR UPDATE")
        await decide(database, in_a_wave(relation))
    assert (await reasons(database))["wave-1"] == "relational_distance"
    assert (await states(database))["order-1"] == ("waiting", None, "waiting")


async def test_an_event_of_the_day_on_which_a_relational_mail_waits_is_not_asked_about(
    database: Database, relation: StoredSurvey, clock: Clock, sender: Sender
) -> None:
    await decide(database, wave := in_a_wave(relation, delay_minutes=180))
    await decide(database, first := order())
    assert (await reasons(database))["order-1"] == "relational_first"
    assert await replaced(database) == {(first.event_id, wave.event_id)}
    await relay_all(database)
    clock.on(hours=3)
    await sender.step()
    await decide(database, order("order-2", occurred_at=clock()))
    assert (await reasons(database))["order-2"] == "relational_first"  # it has left, and stands
    clock.on(days=1)
    await decide(database, order("order-3", occurred_at=clock()))
    assert (await reasons(database))["order-3"] == "invited"


async def test_a_mail_that_was_moved_to_the_day_of_a_relational_one_gives_way_when_it_is_due(
    database: Database, relation: StoredSurvey, clock: Clock, sender: Sender
) -> None:
    await decide(database, wave := in_a_wave(relation, delay_minutes=3 * 1440))
    await decide(database, first := order())
    assert (await reasons(database))["order-1"] == "invited"
    await relay_all(database)
    clock.now = NOON + timedelta(days=3, hours=-2)  # the sender was away meanwhile
    await sender.step()
    assert (await states(database))["order-1"] == ("dropped", "relational_first", "dropped")
    assert await replaced(database) == {(first.event_id, wave.event_id)}
    assert len(await rows(database, "SELECT DISTINCT id FROM asked")) == 1


async def test_a_relational_mail_is_not_sent_soon_after_another_that_left_while_it_waited(
    database: Database, relation: StoredSurvey, clock: Clock, sender: Sender
) -> None:
    await decide(database, in_a_wave(relation, delay_minutes=3 * 1440))
    await decide(database, order())
    await relay_all(database)
    clock.on(hours=3)
    await sender.step()
    await relay_all(database)
    clock.on(days=3)
    await sender.step()
    assert await states(database) == {
        "order-1": ("sent", None, "sent"),
        "wave-1": ("dropped", "relational_distance", "dropped"),
    }


@pytest.mark.parametrize(("days", "reason"), [(3, "relational_distance"), (2, "invited"), (0, "invited")])
async def test_the_company_sets_the_distance(
    database: Database, relation: StoredSurvey, clock: Clock, sender: Sender, days: int, reason: str
) -> None:
    await set_rules(database, relational_distance_days=days)
    await decide(database, order())
    await relay_all(database)
    clock.on(hours=3)
    await sender.step()
    clock.on(days=2)
    await decide(database, in_a_wave(relation, occurred_at=clock()))
    assert (await reasons(database))["wave-1"] == reason


@pytest.fixture
def case() -> Case:
    return Case(
        id=uuid7(), number=1, version=1, state="open", answer_id=uuid7(), score=1, opened_at=NOON, due_at=NOON,
        person=person_of(SECRET, TENANT, "kim"),
    )  # fmt: skip


@pytest.fixture
async def careful(database: Database, survey: StoredSurvey) -> StoredSurvey:
    await set_rules(database)
    return survey


@pytest.mark.usefixtures("careful")
class TestAnOpenCase:
    async def test_nobody_is_asked_until_it_is_closed(self, database: Database, case: Case) -> None:
        await consume(database, keep_cases, CASES, case)
        others = a_customer("bo")
        await decide(database, order(), a_transaction("order-2", others))
        assert await reasons(database) == {"order-1": "case_open", "order-2": "invited"}
        closed = replace(case, version=2, state="closed", closed_at=NOON)
        await consume(database, keep_cases, CASES, closed)
        await decide(database, order("order-3"))
        assert (await reasons(database))["order-3"] == "invited"

    async def test_it_counts_for_the_address_under_any_id(self, database: Database, case: Case) -> None:
        own = customer_hash(SECRET, TENANT, KIM.email or "")
        await consume(database, keep_cases, CASES, replace(case, person="0" * 64, contact_key=own))
        await decide(database, a_transaction("order-1", a_customer("else", email=KIM.email)))
        assert await reasons(database) == {"order-1": "case_open"}

    async def test_a_mail_that_waits_is_not_sent_once_it_is_open(
        self, database: Database, case: Case, sender: Sender
    ) -> None:
        await decide(database, order())
        await relay_all(database)
        await consume(database, keep_cases, CASES, case)
        await sender.step()
        assert await states(database) == {"order-1": ("dropped", "case_open", "dropped")}
        assert await rows(database, "SELECT 1 FROM asked") == []

    async def test_the_company_may_ask_all_the_same(
        self, database: Database, case: Case, sender: Sender
    ) -> None:
        await set_rules(database, ask_with_open_case=True)
        await consume(database, keep_cases, CASES, case)
        await decide(database, order())
        await relay_all(database)
        await sender.step()
        assert await states(database) == {"order-1": ("sent", None, "sent")}
