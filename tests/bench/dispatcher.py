"""The dispatcher deciding events: half of the customers were asked before, so the quarantine holds them."""

from datetime import UTC, datetime
from os import environ
from unittest.mock import patch

from bench.consuming import measure
from bench.figures import Figure
from bench.ground import Ground, Record
from bench.scorer import TENANT, know
from bench.trigger import an_event
from msgspec import json

from deploy.local.state import environment
from services.dispatcher import sending
from services.dispatcher.command import create_example_survey
from services.dispatcher.handlers import decide_transactions
from services.trigger.domain import transaction
from services.trigger.intake import EncodedEvent, read_event
from shared.db.database import Database
from shared.events import TRANSACTIONS
from shared.kafka.kernel import Subscription

EVENTS = 100_000


async def deciding(ground: Ground) -> list[Figure]:
    """Decisions and invitations, in a company that is live; nobody sends them meanwhile."""
    with patch.dict(environ, environment(ground.state)):
        return await measure(
            ground,
            "dispatcher",
            Subscription(TRANSACTIONS, decide_transactions),
            events(ground.size(EVENTS)),
            _go_live,
            what="dispatcher, deciding events",
            unit="events/s",
            least=0.6,
        )


def events(count: int) -> list[Record]:
    """As the trigger's door makes them; each customer has two."""
    now = datetime.now(UTC)
    made = []
    for number in range(count):
        customer = f"c-{number % max(count // 2, 1)}"
        given = an_event(number) | {
            "customer": {"id": customer, "email": f"{customer}@example.com", "locale": "da"}
        }
        sent, _ = read_event(EncodedEvent(json.encode(given)))
        taken = transaction(sent, source="shop", customer_id=str, now=now)
        event = TRANSACTIONS.event(TENANT, taken.transaction, now)
        made.append((TRANSACTIONS.record_key(event), TRANSACTIONS.encode(event)))
    return made


async def _go_live(database: Database) -> None:
    await know(database)
    await create_example_survey(database, TENANT, test_address=None)
    async with database.transaction() as uow:
        await sending.set_mode(uow, TENANT, "bench", "live")
