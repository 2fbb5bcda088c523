"""The dispatcher deciding events: every customer has two, so the quarantine declines the second."""

from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any

from bench.consumer import measure
from bench.results import Result
from bench.scorer import TENANT, add_tenant
from bench.servers import Record, Servers
from bench.trigger import an_event
from msgspec import json
from support.audit import an_actor
from support.contact_rules import write_at_any_time

from services.dispatcher.command import create_example_survey
from services.dispatcher.decisions.handlers import decide_transactions
from services.dispatcher.decisions.policy import current_contact_policy
from services.dispatcher.sending import sending_commands
from services.trigger.domain import transaction
from services.trigger.intake import EncodedEvent, read_event
from shared.db.database import Database
from shared.events import TRANSACTIONS, Event, Transaction
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
    await create_example_survey(database, TENANT, test_address=None)
    async with database.transaction() as uow:
        await sending_commands.set_mode(uow, TENANT, an_actor("bench"), "live")
        await write_at_any_time(uow, TENANT)
