"""Counter-events cancel or hold what waits, in the transaction that consumes them, and give quarantines back."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from msgspec import Raw
from support.counter_model import set_table
from support.dispatcher_builders import (
    NOON,
    Clock,
    a_customer,
    a_transaction,
    decide,
    event_of,
    go_live,
    invitations,
    keep_tenant,
    list_test_addresses,
    make_survey,
    published,
    reasons,
    relay_all,
    rows,
    the_state,
)
from support.dispatcher_erasing import erase, execute
from support.dispatcher_reminders import some_reminders
from support.http_clients import context_on

from services.dispatcher.app import SERVICE
from services.dispatcher.recovery import restore_invitations, restore_policies
from services.dispatcher.surveys.domain import StoredSurvey
from shared.db.database import Database
from shared.events import CONTACT_POLICIES, INVITATIONS, CounterEvent, QuietHours, Transaction
from shared.events.transactions import WAVE_SOURCE, WAVE_TYPE
from shared.outbound import Sender

KIM, BO = a_customer("kim"), a_customer("bo")
CANCEL_ORDER = CounterEvent(event_type="refund.*", effect="cancel", scope="order")
CANCEL_ALL = CounterEvent(event_type="deceased", effect="cancel", scope="customer")
HOLD_ALL = CounterEvent(event_type="complaint", effect="hold", scope="customer", hold_hours=48)


@pytest.fixture
async def survey(database: Database) -> StoredSurvey:
    """Asks an hour after a delivery, and reminds after three days."""
    await keep_tenant(database)
    survey = await make_survey(database, delay_minutes=60, reminders=some_reminders(3))
    await go_live(database)
    await set_table(database, CANCEL_ORDER, CANCEL_ALL, HOLD_ALL)
    return survey


pytestmark = pytest.mark.usefixtures("survey")


def about(order: str | None, id_: str = "order-1", customer: Any = KIM, **changes: Any) -> Transaction:
    attributes = Raw(f'{{"order_id":"{order}"}}'.encode()) if order is not None else Raw(b"{}")
    return a_transaction(id_, customer, attributes=attributes, **changes)


def a_refund(order: str | None = "17", customer: Any = KIM, **changes: Any) -> Transaction:
    return about(order, "refund-1", customer, **{"type": "refund.made", **changes})


async def asked(database: Database) -> list[Any]:
    """What is kept of each question: when and what, each under the address and under the id."""
    found = await rows(
        database, "SELECT id, invited_at FROM customer WHERE invited_at IS NOT NULL ORDER BY 1"
    )
    return [*found, *await rows(database, "SELECT id FROM asked")]


async def test_a_refund_cancels_what_waits_of_its_order_and_nothing_else(
    database: Database, clock: Clock, sender: Sender
) -> None:
    await decide(database, about("17"))
    await decide(database, about("18", "order-2", BO))
    await relay_all(database)
    clock.on(minutes=10)
    await decide(database, a_refund(customer=BO))
    found = {row.source_id: row for row in await rows(
        database, "SELECT d.source_id, i.state, i.reason, w.state AS delivery, w.reason AS why FROM decision d "
        "JOIN invitation i ON i.id = d.invitation_id JOIN delivery w ON w.about_id = i.id",
    )}  # fmt: skip
    assert tuple(found["order-1"][1:]) == ("dropped", "countered", "dropped", "countered")
    assert tuple(found["order-2"][1:]) == ("waiting", None, "waiting", None)
    (event,) = await invitations(database)
    assert (event.state, event.reason, event.version) == ("dropped", "countered", 2)
    await relay_all(database)
    clock.on(hours=2)
    while await sender.step() == 0:
        pass
    assert {row.state for row in await rows(database, "SELECT state FROM invitation")} == {"dropped", "sent"}
    assert (await reasons(database))["refund-1"] == "no_survey"


async def test_the_quarantine_is_given_back_so_the_next_event_asks(database: Database, clock: Clock) -> None:
    await decide(database, about("17"))
    assert len(await asked(database)) == 4
    clock.on(minutes=10)
    await decide(database, a_refund())
    assert await asked(database) == []
    await decide(database, about("19", "order-3", occurred_at=clock.now))
    assert (await reasons(database))["order-3"] == "invited"


@pytest.mark.parametrize("together", [True, False])
async def test_a_counter_event_that_comes_first_has_the_same_effect(
    database: Database, clock: Clock, together: bool
) -> None:
    refund, order = a_refund(occurred_at=NOON + timedelta(minutes=5)), about("17")
    clock.on(minutes=10)
    for batch in [[order, refund]] if together else [[refund], [order]]:
        await decide(database, *batch)
    assert (await reasons(database))["order-1"] == "countered"
    assert await asked(database) == []
    (row,) = await rows(database, "SELECT counter_id, event_id, effect, n FROM countered")
    assert tuple(row) == (refund.event_id, order.event_id, "cancel", 1)


async def test_what_happens_after_a_complaint_waits_for_as_long_too(database: Database, clock: Clock) -> None:
    await decide(database, about(None, "complaint-1", type="complaint"))
    clock.on(hours=1)
    await decide(database, about("18", "order-2", occurred_at=clock.now))
    (row,) = await rows(database, "SELECT due_at FROM delivery")
    assert row.due_at == NOON + timedelta(hours=48)


FOR_GOOD = CounterEvent(event_type="died", effect="cancel", scope="customer", for_good=True)


@pytest.mark.parametrize("together", [True, False])
async def test_after_a_death_nobody_is_asked_about_what_comes_late_until_somebody_takes_it_back(
    database: Database, clock: Clock, together: bool
) -> None:
    await set_table(database, FOR_GOOD)
    await decide(database, about("16"))
    clock.on(minutes=10)
    died = about(None, "died-1", type="died", occurred_at=clock.now)
    later = about("17", "order-2", occurred_at=clock.now + timedelta(minutes=1))
    for batch in [[died, later]] if together else [[died], [later]]:
        await decide(database, *batch)
    assert await the_state(database) == ("dropped", "countered")
    clock.on(days=400)  # longer than a counter-event is remembered
    await decide(database, about("18", "order-3", occurred_at=clock.now))
    other_address = a_customer("kim", email="kim@elsewhere.example")
    await decide(database, about("19", "order-4", other_address, occurred_at=clock.now))
    assert {key: why for key, why in (await reasons(database)).items() if key > "order-1"} == {
        "order-2": "suppressed", "order-3": "suppressed", "order-4": "suppressed",
    }  # fmt: skip
    found = await rows(database, "SELECT reason, who FROM suppression")
    assert [tuple(row) for row in found] == [("listed", "the counter-event died")] * 2
    await execute(database, "DELETE FROM suppression")
    await decide(database, about("20", "order-5", occurred_at=clock.now))
    assert (await reasons(database))["order-5"] == "invited"


async def test_it_is_remembered_for_a_year(database: Database, clock: Clock) -> None:
    await execute(database, "UPDATE survey SET max_age_days = 365, delay_minutes = 0")
    early = NOON - timedelta(days=1)
    await decide(database, a_refund(occurred_at=early + timedelta(hours=1)))
    clock.on(days=363)
    await decide(database, about("17", occurred_at=early))
    clock.on(days=1, hours=23)
    await decide(database, about("17", "order-2", occurred_at=early + timedelta(minutes=1), customer=BO))
    clock.on(hours=2)
    assert await reasons(database) == {
        "refund-1": "no_survey",
        "order-1": "countered",
        "order-2": "countered",
    }


async def test_a_complaint_lets_the_customers_mails_wait_and_the_quarantine_counts_from_there(
    database: Database, clock: Clock, sender: Sender
) -> None:
    await decide(database, about("17"))
    clock.on(minutes=10)
    await decide(database, about(None, "complaint-1", type="complaint", occurred_at=clock.now))
    until = clock.now + timedelta(hours=48)
    (row,) = await rows(
        database, "SELECT i.state, i.reason, i.next_at, w.state AS delivery, w.reason AS why, w.due_at "
        "FROM invitation i JOIN delivery w ON w.about_id = i.id",
    )  # fmt: skip
    assert tuple(row) == ("waiting", "counter_event", until, "waiting", "counter_event", until)
    assert (await invitations(database))[-1].due_at == until
    assert {row.invited_at for row in (await asked(database))[:1]} == {until}
    await relay_all(database)
    clock.now = until - timedelta(seconds=1)
    await sender.step()
    assert (await the_state(database))[0] == "waiting"
    clock.now = until
    await sender.step()
    assert (await the_state(database))[0] == "sent"


async def test_what_is_held_leaves_at_an_hour_at_which_mail_may_leave(
    database: Database, clock: Clock
) -> None:
    await set_table(database, HOLD_ALL, quiet_hours={"mail": QuietHours(start="12:00", end="18:00")})
    early = NOON - timedelta(hours=3)
    clock.now = early
    await decide(database, about("17", occurred_at=early))
    clock.on(minutes=10)
    await decide(database, about(None, "complaint-1", type="complaint", occurred_at=NOON))
    (row,) = await rows(database, "SELECT next_at FROM invitation")
    assert row.next_at == NOON + timedelta(hours=48 + 5)  # 13:00 there is quiet until 18:00


async def test_what_would_be_too_old_when_it_may_leave_is_cancelled(database: Database, clock: Clock) -> None:
    await execute(database, "UPDATE survey SET max_age_days = 1")
    await decide(database, about("17"))
    clock.on(minutes=10)
    await decide(database, about(None, "complaint-1", type="complaint", occurred_at=clock.now))
    assert await the_state(database) == ("dropped", "countered")
    assert await asked(database) == []
    late = about("18", "order-2", occurred_at=NOON + timedelta(minutes=1))
    await decide(database, late)
    assert (await reasons(database))["order-2"] == "countered"


async def test_a_reminder_is_dropped_or_waits_and_the_invitation_stays_as_it_is(
    database: Database, clock: Clock, sender: Sender
) -> None:
    await decide(database, about("17"))
    await relay_all(database)
    clock.on(hours=1)
    await sender.step()
    await relay_all(database)
    clock.on(days=2, hours=12)
    await decide(database, about(None, "complaint-1", type="complaint", occurred_at=clock.now))
    (held,) = await rows(database, "SELECT state, reason, due_at FROM delivery WHERE n = 2")
    assert tuple(held) == ("waiting", "counter_event", clock.now + timedelta(hours=48))
    await decide(database, a_refund(occurred_at=clock.now))
    (dropped,) = await rows(database, "SELECT state, reason, settled_at FROM delivery WHERE n = 2")
    assert tuple(dropped) == ("dropped", "countered", clock.now)
    assert (await the_state(database))[0] == "sent"
    assert await published(database, INVITATIONS) == []
    assert len(await asked(database)) == 4
    done = await rows(database, "SELECT n, effect FROM countered ORDER BY effect")
    assert [tuple(row) for row in done] == [(2, "cancel"), (2, "hold")]


async def test_a_programme_asks_nobody_who_died_and_waits_after_a_complaint(
    database: Database, clock: Clock
) -> None:
    relation = await make_survey(
        database, name="The relation", trigger="never", measurement="relational", delay_minutes=0
    )
    own = {"type": f"{WAVE_TYPE}{relation.id}", "source": f"{WAVE_SOURCE}1", "survey_id": relation.id}
    died, complained = about(None, "d", KIM, type="deceased"), about(None, "c", BO, type="complaint")
    await decide(database, died, complained)
    until = NOON + timedelta(hours=48)
    clock.on(hours=47)
    turn = {**own, "occurred_at": clock.now}
    await decide(database, a_transaction("1/kim", KIM, **turn), a_transaction("1/bo", BO, **turn))
    assert await reasons(database) == {
        "d": "no_survey", "c": "no_survey", "1/kim": "countered", "1/bo": "invited",
    }  # fmt: skip
    assert [each.due_at for each in await invitations(database)] == [until]
    clock.on(days=300)
    turn["occurred_at"] = clock.now
    await decide(database, a_transaction("2/kim", KIM, **turn), a_transaction("2/bo", BO, **turn))
    assert (await reasons(database))["2/kim"] == "countered"
    assert (await reasons(database))["2/bo"] == "invited"


async def test_nobody_is_asked_about_a_death_but_by_a_survey_that_names_it(
    database: Database, clock: Clock
) -> None:
    await make_survey(database, name="All", trigger="*", quarantine_days=0)
    await decide(database, about(None, "d", KIM, type="deceased"), about(None, "c", BO, type="complaint"))
    assert await reasons(database) == {"d": "countered", "c": "invited"}
    await make_survey(database, name="The family", trigger="deceased", quarantine_days=0)
    await decide(database, about(None, "e", a_customer("eve"), type="deceased"))
    assert (await reasons(database))["e"] == "invited"


async def test_its_own_survey_is_not_countered_by_it(database: Database, clock: Clock) -> None:
    await make_survey(database, name="Complaints", trigger="complaint", delay_minutes=0)
    await set_table(database, CounterEvent(event_type="complaint", effect="cancel", scope="customer"))
    await decide(database, about("17"))
    clock.on(minutes=10)
    await decide(database, about("17", "complaint-1", type="complaint", occurred_at=clock.now))
    found = await rows(
        database, "SELECT d.source_id, i.state FROM decision d JOIN invitation i ON i.id = d.invitation_id ORDER BY 1"
    )  # fmt: skip
    assert [tuple(row) for row in found] == [("complaint-1", "waiting"), ("order-1", "dropped")]


async def test_what_a_sender_has_is_judged_again_when_it_is_due_the_next_time(
    database: Database, clock: Clock, sender: Sender
) -> None:
    await decide(database, about("17"))
    await relay_all(database)
    clock.on(hours=1)
    async with database.transaction() as uow:
        await uow.execute("SELECT 1 FROM delivery FOR UPDATE")
        # It does not wait for the row: within this transaction it would wait for ever.
        await asyncio.wait_for(decide(database, a_refund(occurred_at=clock.now)), 20)
    assert (await the_state(database))[0] == "waiting"
    clock.on(minutes=1)
    assert await sender.step() == 0
    assert await the_state(database) == ("dropped", "countered")
    assert await asked(database) == []
    assert len(await rows(database, "SELECT 1 FROM countered WHERE effect = 'cancel'")) == 1


async def test_what_is_being_sent_is_sent(database: Database, clock: Clock) -> None:
    await decide(database, about("17"))
    await execute(database, "UPDATE invitation SET state = 'sending'")
    await execute(database, "UPDATE delivery SET state = 'sending'")
    clock.on(minutes=1)
    await decide(database, a_refund())
    assert (await the_state(database))[0] == "sending"
    assert await rows(database, "SELECT 1 FROM countered") == []


async def test_a_table_that_is_emptied_goes_on_counting_for_what_came_before_and_for_nothing_later(
    database: Database, clock: Clock
) -> None:
    await decide(database, a_refund(occurred_at=NOON + timedelta(hours=1)))
    await set_table(database)
    await decide(database, about("17"), about("18", "order-2", BO))
    clock.on(minutes=1)
    await decide(database, about("18", "refund-2", BO, type="refund.made", occurred_at=clock.now))
    assert (await reasons(database))["order-1"] == "countered"
    assert (await the_state(database))[0] == "waiting"


async def test_another_company_is_not_touched(database: Database, clock: Clock) -> None:
    await keep_tenant(database, "zenith")
    await make_survey(database, "zenith", delay_minutes=60)
    await go_live(database, "zenith")
    await decide(database, about("17"), tenant="zenith")
    clock.on(minutes=1)
    await decide(database, a_refund())
    assert (await the_state(database))[0] == "waiting"


async def test_a_test_address_waits_for_nothing(database: Database, clock: Clock) -> None:
    await list_test_addresses(database, "kim@example.com")
    await decide(
        database, about(None, "complaint-1", type="complaint", occurred_at=NOON + timedelta(hours=1))
    )
    await decide(database, about("17"))
    (row,) = await rows(database, "SELECT next_at FROM invitation")
    assert row.next_at == clock.now


async def test_an_erased_customer_leaves_no_counter_event_and_no_order(database: Database) -> None:
    await decide(database, about("order-of-kim"), a_refund("other", occurred_at=NOON))
    assert len(await rows(database, "SELECT 1 FROM counter_event")) == 1
    await erase(database, customer_id="kim")
    assert await rows(database, "SELECT 1 FROM counter_event") == []
    assert await rows(database, "SELECT 1 FROM invitation WHERE order_id IS NOT NULL") == []
    await decide(database, about("17", "refund-2", type="refund.made"))
    assert await rows(database, "SELECT 1 FROM counter_event") == []


async def test_the_table_and_the_orders_are_restored(database: Database, clock: Clock) -> None:
    await decide(database, about("17"))
    (policy, *_) = reversed(await published(database, CONTACT_POLICIES))
    (invitation,) = await invitations(database)
    for table in ("contact_policy", "invitation", "delivery", "decision"):
        await execute(database, f"DELETE FROM {table}")
    async with database.transaction() as uow:
        await restore_policies(uow, [event_of(CONTACT_POLICIES, policy)])
        restore = partial(restore_invitations, context_on(SERVICE, database))
        await restore(uow, [event_of(INVITATIONS, invitation)])
    assert policy.counter_events == (CANCEL_ORDER, CANCEL_ALL, HOLD_ALL)
    clock.on(minutes=10)
    await decide(database, a_refund())
    assert await the_state(database) == ("dropped", "countered")


async def test_in_parallel_each_mail_is_cancelled_at_once_or_when_it_is_due(
    database: Database, clock: Clock, sender: Sender
) -> None:
    await execute(database, "UPDATE survey SET quarantine_days = 0")
    people = [a_customer(f"c-{n}") for n in range(4)]
    orders = [
        decide(database, *(about(f"{n}-{each.id}", f"order-{n}-{each.id}", each) for each in people))
        for n in range(6)
    ]
    ends = [
        decide(database, *(about(None, f"end-{n}-{each.id}", each, type="deceased", occurred_at=NOON + timedelta(hours=1)) for each in reversed(people)))
        for n in range(6)
    ]  # fmt: skip
    mixed = [one for pair in zip(orders, ends, strict=True) for one in pair]
    await asyncio.wait_for(asyncio.gather(*mixed), 60)
    assert len(await reasons(database)) == 48
    await relay_all(database)
    clock.on(hours=2)
    while await sender.step() == 0:
        pass
    assert {row.state for row in await rows(database, "SELECT state FROM invitation")} <= {"dropped"}
