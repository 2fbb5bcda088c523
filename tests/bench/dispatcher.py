"""The dispatcher deciding events: every customer has two, so the quarantine declines the second."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any

from bench.consumer import catch_up, measure
from bench.results import Result, interleaved
from bench.scorer import TENANT, add_tenant
from bench.servers import Record, Servers
from bench.trigger import an_event
from msgspec import json
from support.audit import an_actor
from support.contact_rules import write_at_any_time

from services.dispatcher.command import create_example_survey
from services.dispatcher.contact_policies.policy_commands import set_policy
from services.dispatcher.decisions.handlers import decide_transactions
from services.dispatcher.decisions.policy import current_contact_policy
from services.dispatcher.sending import sending_commands
from services.dispatcher.surveys.domain import SurveyDraft
from services.dispatcher.surveys.survey_commands import create_survey
from services.trigger.intake import EncodedEvent, read_event
from shared.db.database import Database
from shared.events import TRANSACTIONS, ContactRules, Event, Transaction
from shared.events.conditions import Condition
from shared.events.contact_policies import CounterEvent, CountryRule
from shared.events.surveys import Reminder
from shared.ids import uuid7
from shared.intake.domain import transaction
from shared.kafka.kernel import Subscription

EVENT_COUNT = 100_000


async def deciding(servers: Servers) -> list[Result]:
    """Decisions and invitations of a live tenant; no sender runs."""
    context: Any = SimpleNamespace(secret=servers.state.secret)
    return await measure(
        servers,
        "dispatcher",
        Subscription(TRANSACTIONS, partial(decide_transactions, context, current_contact_policy())),
        events(servers.size(EVENT_COUNT)),
        go_live,
        what="dispatcher, deciding events",
        unit="events/s",
        min_ratio=0.6,
    )


async def with_all_rules(servers: Servers) -> list[Result]:
    """The same events by a survey with every rule that costs something, and by one with the defaults."""
    count = servers.size(EVENT_COUNT)
    context: Any = SimpleNamespace(secret=servers.state.secret)
    handle = partial(decide_transactions, context, current_contact_policy())
    subscription = Subscription(TRANSACTIONS, handle)
    await servers.fill(TRANSACTIONS.name, events(count))

    async def deciding_with(prepare: Callable[[Database], Awaitable[None]]) -> float:
        async with servers.database("dispatcher") as database:
            await prepare(database)
            return count / await catch_up(servers, database, "dispatcher", subscription, count)

    found = await interleaved(
        servers.rounds,
        {"all": partial(deciding_with, go_live_with_all_rules), "defaults": partial(deciding_with, go_live)},
    )
    return [
        Result("rules", "dispatcher, deciding with all rules", "events/s", found["all"],
               "a survey with the defaults, at any hour", found["defaults"], min_ratio=0.8,
               size=f"{count:,} events"),
    ]  # fmt: skip


def events(count: int) -> list[Record]:
    """Records as the trigger publishes them; each customer has two."""
    now = datetime.now(UTC)
    made = (order(number, f"c-{number % max(count // 2, 1)}", now) for number in range(count))
    return [(TRANSACTIONS.record_key(event), TRANSACTIONS.encode(event)) for event in made]


def order(number: int, customer: str, now: datetime) -> Event[Transaction]:
    """An event of this customer, as the trigger publishes it."""
    given = an_event(number) | {
        "customer": {"id": customer, "email": f"{customer}@example.com", "locale": "da"}
    }
    sent, _ = read_event(EncodedEvent(json.encode(given)))
    return TRANSACTIONS.event(
        TENANT, transaction(sent, source="shop", customer_id=str, now=now).transaction, now
    )


async def go_live(database: Database) -> None:
    """Add the company with a live survey."""
    await add_tenant(database)
    await create_example_survey(database, TENANT, test_address=None, first_day_per_hour=0)
    await _leave_test_mode(database)
    async with database.transaction() as uow:
        await write_at_any_time(uow, TENANT)


async def go_live_with_all_rules(database: Database) -> None:
    """Add the company, whose survey and contact policy have every rule; nearly each event meets them."""
    await add_tenant(database)
    conditions = Condition(
        all=(
            Condition(field="attributes.amount", op=">=", value=50),
            Condition(
                any=(
                    Condition(field="segments.touchpoint", op="in", value=("checkout", "store")),
                    Condition(field="customer.country", op="=", value="DK"),
                )
            ),
        )
    )
    draft = SurveyDraft(
        name="After delivery",
        trigger="order.*",
        state="live",
        delay_minutes=60,
        quarantine_scope="touchpoint",
        touchpoint="delivery",
        conditions=conditions,
        sampling_percent=99,
        first_day_per_hour=0,
        holding_minutes=30,
        neutral=True,
        reminders=(Reminder(after_days=3), Reminder(after_days=6)),
    )
    relational = SurveyDraft(
        name="Twice a year",
        trigger="order.*",
        measurement="relational",
        state="live",
        neutral=True,
        quarantine_days=180,
        first_day_per_hour=0,
    )
    async with database.transaction() as uow:
        await create_survey(uow, TENANT, uuid7(), draft)
        await create_survey(uow, TENANT, uuid7(), relational)
    await _leave_test_mode(database)
    rules = ContactRules(  # and its default quiet hours
        sundays=False,
        holidays=False,
        cap_hours=24,
        counter_events=(CounterEvent(event_type="refund.*", effect="cancel", scope="order"),),
        countries=(CountryRule(country="*", needs="existing_customer"),),
    )
    async with database.transaction() as uow:
        await set_policy(uow, TENANT, an_actor("bench"), rules)


async def _leave_test_mode(database: Database) -> None:
    async with database.transaction() as uow:
        await sending_commands.set_mode(uow, TENANT, an_actor("bench"), "live")
