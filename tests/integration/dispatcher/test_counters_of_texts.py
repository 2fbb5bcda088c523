"""A counter-event does to a text what it does to a mail: under the number, too, and by the hours of texts."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec import Raw
from support.audit import an_actor
from support.counter_model import set_table
from support.dispatcher_builders import (
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    decide,
    go_live,
    keep_tenant,
    make_survey,
    reasons,
    rows,
)

from services.dispatcher.contact_policies.policy_commands import set_policy
from shared.db.database import Database
from shared.events import ContactRules, CounterEvent, QuietHours, Transaction
from shared.events.surveys import ChannelName

KIM = a_customer("kim", phone="+4520123456")
CANCEL_ORDER = CounterEvent(event_type="refund", effect="cancel", scope="order")
HOLD_ALL = CounterEvent(event_type="complaint", effect="hold", scope="customer", hold_hours=3)


def about(order: str, id_: str, **changes: Any) -> Transaction:
    return a_transaction(id_, KIM, attributes=Raw(f'{{"order_id":"{order}"}}'.encode()), **changes)


async def a_survey_by(database: Database, channel: ChannelName) -> None:
    await keep_tenant(database)
    await make_survey(database, delay_minutes=60, channels=(channel,))
    await go_live(database)


@pytest.mark.parametrize("channel", ["sms", "mail"])
async def test_what_is_cancelled_keeps_nobody_from_being_asked(
    database: Database, clock: Clock, channel: ChannelName
) -> None:
    await a_survey_by(database, channel)
    await set_table(database, CANCEL_ORDER)
    await decide(database, about("17", "order-1"))
    clock.on(minutes=10)
    await decide(database, about("17", "refund-1", type="refund"))
    assert await rows(database, "SELECT 1 FROM asked") == []
    assert await rows(database, "SELECT 1 FROM customer WHERE invited_at IS NOT NULL") == []
    await decide(database, about("19", "order-2", occurred_at=clock.now))
    assert (await reasons(database))["order-2"] == "invited"


async def test_a_text_that_is_held_counts_under_each_name_from_when_it_will_leave(
    database: Database, clock: Clock
) -> None:
    await a_survey_by(database, "sms")
    await set_table(database, HOLD_ALL)
    await decide(database, about("17", "order-1"))
    clock.on(minutes=10)
    await decide(database, about("17", "complaint-1", type="complaint", occurred_at=clock.now))
    asked = await rows(database, "SELECT contact, asked_at FROM asked")
    assert len(asked) == 3
    assert {row.asked_at for row in asked} == {clock.now + timedelta(hours=3)}


async def test_a_text_is_held_by_the_hours_of_texts(database: Database, clock: Clock) -> None:
    await a_survey_by(database, "sms")
    nearly_all_day = QuietHours(start="13:30", end="13:00")
    rules = ContactRules(
        quiet_hours={"mail": nearly_all_day, "sms": QuietHours(start="22:00", end="06:00")},
        counter_events=(HOLD_ALL,),
    )
    async with database.transaction() as uow:
        await set_policy(uow, TENANT, an_actor("test"), rules)
    await decide(database, about("17", "order-1"))
    clock.on(minutes=10)
    await decide(database, about("17", "complaint-1", type="complaint", occurred_at=clock.now))
    (held,) = await rows(database, "SELECT due_at FROM delivery")
    assert held.due_at == clock.now + timedelta(hours=3)
