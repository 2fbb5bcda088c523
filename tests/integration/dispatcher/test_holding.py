"""Until a mail in its holding time has left, it gives way to an event of a survey earlier in the order."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace
from support.counter_model import set_table
from support.dispatcher_builders import (
    NOON,
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    decide,
    go_live,
    invitations,
    keep_tenant,
    list_test_addresses,
    make_survey,
    reasons,
    relay_all,
    rows,
    share_ids,
)
from support.dispatcher_erasing import erase
from support.dispatcher_reminders import some_reminders

from services.dispatcher.decisions.explanation import decode_explanation
from services.dispatcher.surveys.domain import StoredSurvey
from services.dispatcher.surveys.survey_commands import change_survey, find_survey
from shared.db.database import Database
from shared.events import CounterEvent, Transaction
from shared.events.surveys import QuarantineScope
from shared.outbound import Sender

KIM = a_customer("kim")
STATES = """
    SELECT d.source_id, i.state, i.reason, w.state AS delivery FROM decision d
    JOIN invitation i ON i.id = d.invitation_id JOIN delivery w ON w.about_id = i.id AND w.n = 1
"""
GAVE_WAY = ("dropped", "outranked", "dropped")
WAITS, SENT = ("waiting", None, "waiting"), ("sent", None, "sent")


@pytest.fixture
async def held(database: Database) -> StoredSurvey:
    """A survey about calls that waits ten hours, behind one that asks about deliveries after an hour."""
    await keep_tenant(database)
    await make_survey(database, name="Delivery", delay_minutes=60, place=1, first_day_per_hour=0)
    made = await make_survey(
        database, name="Call", trigger="call", delay_minutes=0, holding_minutes=600, place=2,
        first_day_per_hour=0,
    )  # fmt: skip
    await go_live(database)
    await set_table(database)
    return made


pytestmark = pytest.mark.usefixtures("held")


def order(id_: str = "order-1", **changes: Any) -> Transaction:
    return a_transaction(id_, **{"customer": KIM, **changes})


def call(id_: str = "call-1", **changes: Any) -> Transaction:
    return a_transaction(id_, **{"customer": KIM, "type": "call", **changes})


async def states(database: Database) -> dict[str, tuple[str, str | None, str]]:
    return {row[0]: tuple(row[1:]) for row in await rows(database, STATES)}


async def gave_way(database: Database) -> set[tuple[UUID, UUID]]:
    found = await rows(
        database,
        "SELECT event_id, outranking_event_id FROM decision WHERE outranking_event_id IS NOT NULL",
    )
    return {(row.event_id, row.outranking_event_id) for row in found}


async def set_survey(database: Database, survey: StoredSurvey, **changes: Any) -> None:
    async with database.transaction() as uow:
        stored = await find_survey(uow, TENANT, survey.id)
        await change_survey(uow, TENANT, survey.id, replace(stored.draft, **changes))


async def send(database: Database, sender: Sender) -> None:
    await relay_all(database)
    while await sender.step() == 0:
        pass


async def test_a_mail_leaves_when_its_holding_time_is_over_and_its_decision_says_what_held_it(
    database: Database, clock: Clock, sender: Sender
) -> None:
    await decide(database, call())
    (row,) = await rows(database, "SELECT grounds FROM decision")
    explanation = decode_explanation(row.grounds)
    assert (explanation.held_by, explanation.wanted_at) == (("holding",), NOON)
    assert explanation.due_at == NOON + timedelta(hours=10)
    assert explanation.holding_minutes == 600
    clock.on(hours=9, minutes=59)
    await send(database, sender)
    assert await states(database) == {"call-1": WAITS}
    clock.on(minutes=1)
    await send(database, sender)
    assert await states(database) == {"call-1": SENT}


@pytest.mark.parametrize("together", [True, False])
async def test_it_gives_way_to_a_more_valuable_event_and_gives_its_quarantine_back(
    database: Database, clock: Clock, sender: Sender, together: bool
) -> None:
    first, second = call(), order(occurred_at=NOON + timedelta(minutes=1))
    for batch in [[first, second]] if together else [[first], [second]]:
        await decide(database, *batch)
    assert await reasons(database) == {"call-1": "invited", "order-1": "invited"}
    assert await states(database) == {"call-1": GAVE_WAY, "order-1": WAITS}
    assert await gave_way(database) == {(first.event_id, second.event_id)}
    (dropped,) = [each for each in await invitations(database) if each.state == "dropped"]
    assert (dropped.event_id, dropped.reason, dropped.version) == (first.event_id, "outranked", 2)
    (known,) = await rows(database, "SELECT DISTINCT asked_at FROM asked")
    (customer,) = await rows(
        database, "SELECT DISTINCT invited_at FROM customer WHERE invited_at IS NOT NULL"
    )
    assert customer.invited_at == known.asked_at == NOON + timedelta(hours=1, minutes=1)
    clock.on(hours=11)
    await send(database, sender)
    assert await states(database) == {"call-1": GAVE_WAY, "order-1": SENT}


@pytest.mark.parametrize("together", [True, False])
async def test_a_less_valuable_event_is_refused_as_ever_while_a_more_valuable_one_waits(
    database: Database, together: bool
) -> None:
    first, second = order(), call(occurred_at=NOON + timedelta(minutes=1))
    for batch in [[first, second]] if together else [[first], [second]]:
        await decide(database, *batch)
    assert await reasons(database) == {"order-1": "invited", "call-1": "quarantine"}
    assert await states(database) == {"order-1": WAITS}
    assert await gave_way(database) == set()


@pytest.mark.parametrize("scope", ["measurement", "touchpoint"])
async def test_it_gives_way_in_each_scope_of_the_quarantine_that_counts_it(
    database: Database, held: StoredSurvey, scope: QuarantineScope
) -> None:
    first = (await rows(database, "SELECT id FROM survey WHERE place = 1"))[0].id
    await set_survey(database, replace(held, id=first), quarantine_scope=scope)
    await decide(database, call())
    await decide(database, order())
    assert (await states(database))["call-1"] == GAVE_WAY


async def test_where_both_may_be_asked_nothing_is_dropped(database: Database, held: StoredSurvey) -> None:
    first = (await rows(database, "SELECT id FROM survey WHERE place = 1"))[0].id
    await set_survey(database, replace(held, id=first), quarantine_scope="survey")
    await decide(database, call())
    await decide(database, order())
    assert await states(database) == {"call-1": WAITS, "order-1": WAITS}


async def test_the_cap_alone_lets_it_give_way(database: Database, held: StoredSurvey) -> None:
    first = (await rows(database, "SELECT id FROM survey WHERE place = 1"))[0].id
    await set_survey(database, replace(held, id=first), quarantine_days=0)
    await decide(database, call())
    await set_table(database, cap_hours=24)
    await decide(database, order())
    assert await states(database) == {"call-1": GAVE_WAY, "order-1": WAITS}


async def test_what_a_sender_has_counts_as_sent(database: Database) -> None:
    await decide(database, call())
    async with database.transaction() as uow:
        await uow.execute("SELECT 1 FROM delivery FOR UPDATE")
        await decide(database, order())
    assert await reasons(database) == {"call-1": "invited", "order-1": "quarantine"}
    assert await states(database) == {"call-1": WAITS}


async def test_what_has_left_stands(database: Database, clock: Clock, sender: Sender) -> None:
    await decide(database, call())
    clock.on(hours=10)
    await send(database, sender)
    await decide(database, order(occurred_at=clock()))
    assert (await reasons(database))["order-1"] == "quarantine"
    assert await states(database) == {"call-1": SENT}


async def test_it_gives_way_as_long_as_it_waits_whatever_holds_it(
    database: Database, clock: Clock, sender: Sender
) -> None:
    """Here no sender ran when its holding time was over."""
    await decide(database, call())
    clock.on(hours=30)
    await decide(database, order(occurred_at=clock()))
    assert (await states(database))["call-1"] == GAVE_WAY


async def test_one_gives_way_after_the_other_to_what_is_worth_more(database: Database) -> None:
    await make_survey(
        database, name="Visit", trigger="visit", delay_minutes=0, holding_minutes=60, place=3,
        first_day_per_hour=0,
    )  # fmt: skip
    visit = a_transaction("visit-1", KIM, type="visit")
    for event in (visit, call(), order()):
        await decide(database, event)
    assert await states(database) == {"visit-1": GAVE_WAY, "call-1": GAVE_WAY, "order-1": WAITS}
    assert await gave_way(database) == {
        (visit.event_id, call().event_id),
        (call().event_id, order().event_id),
    }
    assert len(await rows(database, "SELECT DISTINCT id FROM asked")) == 1


@pytest.mark.parametrize("shared", [False, True])
async def test_the_mail_to_another_address_of_the_customer_gives_way_unless_ids_are_shared(
    database: Database, shared: bool
) -> None:
    await share_ids(database, shared=shared)
    await decide(database, call(customer=replace(KIM, email="kim@work.example")))
    await decide(database, order())
    assert await states(database) == {"call-1": WAITS if shared else GAVE_WAY, "order-1": WAITS}


async def test_an_event_of_another_company_displaces_nothing(database: Database) -> None:
    other = "another"
    await keep_tenant(database, other)
    await make_survey(database, other, delay_minutes=60)
    await go_live(database, other)
    await decide(database, call())
    await decide(database, order(), tenant=other)
    assert await reasons(database, other) == {"order-1": "invited"}
    assert (await states(database))["call-1"] == WAITS


async def test_the_same_address_under_another_id_is_one_contact(database: Database) -> None:
    await decide(database, call(customer=a_customer("kim-again", email=KIM.email)))
    await decide(database, order())
    assert (await states(database))["call-1"] == GAVE_WAY


async def test_what_waited_before_the_survey_had_a_holding_time_gives_way_too(
    database: Database, held: StoredSurvey
) -> None:
    """So does what a version before this one has decided: it knows no holding time."""
    await set_survey(database, held, holding_minutes=0, delay_minutes=60)
    await decide(database, call())
    await decide(database, order())
    assert (await reasons(database))["order-1"] == "quarantine"
    await set_survey(database, held, holding_minutes=600)
    await decide(database, order("order-2"))
    assert await states(database) == {"call-1": GAVE_WAY, "order-2": WAITS}


async def test_test_addresses_neither_wait_nor_displace(
    database: Database, clock: Clock, sender: Sender
) -> None:
    await list_test_addresses(database, "tester@example.com")
    tester = a_customer("tester", email="tester@example.com")
    await decide(database, call(customer=tester), order(customer=tester, occurred_at=NOON))
    await decide(database, call("call-2"))
    await send(database, sender)
    assert await states(database) == {"call-1": SENT, "order-1": SENT, "call-2": WAITS}
    assert await gave_way(database) == set()


async def test_a_relational_mail_takes_its_day_all_the_same(database: Database) -> None:
    await make_survey(
        database, name="Relation", trigger="visit", measurement="relational", delay_minutes=0, place=3,
        quarantine_scope="survey",
    )  # fmt: skip
    await decide(database, call())
    await decide(database, a_transaction("visit-1", KIM, type="visit"))
    assert (await states(database))["call-1"] == ("dropped", "relational_first", "dropped")
    assert await gave_way(database) == set()
    await decide(database, order())
    assert (await reasons(database))["order-1"] == "relational_first"


async def test_a_counter_event_of_the_valuable_event_brings_nothing_back(database: Database) -> None:
    refunds = CounterEvent(event_type="refund", effect="cancel", scope="customer")
    await set_table(database, refunds)
    await decide(database, call())
    await decide(database, order())
    await decide(database, a_transaction("refund-1", KIM, type="refund"))
    assert await states(database) == {"call-1": GAVE_WAY, "order-1": ("dropped", "countered", "dropped")}
    assert await rows(database, "SELECT 1 FROM asked") == []


async def test_a_mail_that_a_counter_event_holds_gives_way_too(database: Database) -> None:
    complaints = CounterEvent(event_type="complaint", effect="hold", scope="customer", hold_hours=48)
    await set_table(database, complaints)
    await decide(database, call())
    await decide(database, a_transaction("complaint-1", KIM, type="complaint"))
    assert (await states(database))["call-1"] == ("waiting", "counter_event", "waiting")
    await decide(database, order(occurred_at=NOON + timedelta(minutes=5)))
    assert (await states(database))["call-1"] == GAVE_WAY


async def test_an_erasure_of_either_customer_leaves_the_other_as_it_was(
    database: Database, clock: Clock, sender: Sender
) -> None:
    await decide(database, call())
    await decide(database, order())
    await erase(database, customer_id="kim")
    clock.on(hours=11)
    await send(database, sender)
    assert (await states(database))["call-1"][0] == "dropped"
    assert (await states(database))["order-1"][0] == "dropped"
    assert await gave_way(database) == {(call().event_id, order().event_id)}


async def test_nobody_is_reminded_of_what_gave_way(
    database: Database, held: StoredSurvey, clock: Clock, sender: Sender
) -> None:
    await set_survey(database, held, reminders=some_reminders(1))
    await decide(database, call())
    await decide(database, order())
    clock.on(days=3)
    await send(database, sender)
    assert await rows(database, "SELECT 1 FROM delivery WHERE kind = 'reminder'") == []


async def test_a_mail_takes_its_place_on_the_first_day_when_its_holding_time_is_over(
    database: Database, held: StoredSurvey, clock: Clock, sender: Sender
) -> None:
    await set_survey(database, held, first_day_per_hour=1)
    await decide(database, call(), call("call-2", customer=a_customer("bo")))
    clock.on(hours=10)
    await send(database, sender)
    left = sorted(await states(database), key=lambda one: one)
    assert left == ["call-1", "call-2"]
    assert sorted((await states(database)).values(), key=str) == [SENT, ("waiting", "first_day", "waiting")]


async def test_a_survey_in_rehearsal_says_that_it_would_ask_and_displaces_nothing(
    database: Database, held: StoredSurvey
) -> None:
    first = (await rows(database, "SELECT id FROM survey WHERE place = 1"))[0].id
    await set_survey(database, replace(held, id=first), state="paused")
    await set_survey(database, replace(held, id=first), state="rehearsal")
    await decide(database, call())
    await decide(database, order())
    assert await reasons(database) == {"call-1": "invited", "order-1": "no_survey"}
    (row,) = await rows(database, "SELECT grounds FROM decision WHERE source_id = 'order-1'")
    assert [one.why for one in decode_explanation(row.grounds).rehearsed] == ["invited"]
    assert await states(database) == {"call-1": WAITS}
