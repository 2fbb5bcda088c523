"""Customers who have their mail: invitations that were sent, known to every service that consumes them."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from bench.product import RunningProduct
from bench.scorer import TENANT

from services.alerts.cases import handlers as alerts
from services.alerts.cases.domain.policy import current_policy
from services.alerts.rules.setup_cache import CompanySetups
from services.collector import handlers as collector
from services.scorer import handlers as scorer
from shared.db.database import UnitOfWork
from shared.events import INVITATIONS, Customer, Event, Invitation
from shared.ids import derived, uuid7

INVITATIONS_PER_TRANSACTION = 1_000
KEEP_HANDLERS: dict[str, Callable[[UnitOfWork, Sequence[Event[Invitation]]], Awaitable[Any]]] = {
    "collector": collector.keep_invitations,
    "alerts": partial(alerts.act_on_invitations, current_policy(), CompanySetups()),
    "scorer": scorer.keep_invitations,
}


async def add_invitations(product: RunningProduct, count: int) -> list[UUID]:
    """Add so many sent invitations to every service that consumes them; return their ids."""
    now = datetime.now(UTC)
    events = [INVITATIONS.event(TENANT, an_invitation(uuid7(), now), now) for _ in range(count)]
    for first in range(0, count, INVITATIONS_PER_TRANSACTION):
        part: Sequence[Event[Invitation]] = events[first : first + INVITATIONS_PER_TRANSACTION]
        for name, keep in KEEP_HANDLERS.items():
            async with product.databases[name].transaction() as uow:
                await keep(uow, part)
    return [event.data.id for event in events]


def an_invitation(id_: UUID, now: datetime) -> Invitation:
    """An invitation that was sent an hour ago, to a customer of its own."""
    sent = now - timedelta(hours=1)
    return Invitation(
        id=id_,
        version=3,
        state="sent",
        survey_id=derived("example survey", TENANT, "order.delivered"),
        survey_version=1,
        survey_name="After order.delivered",
        measurement="transactional",
        language="en",
        test=False,
        customer=Customer(id=f"c-{id_}", email=f"{id_}@example.com", name="Astrid Nørgaard", country="DK"),
        event_id=derived("event", str(id_)),
        event_type="order.delivered",
        occurred_at=sent,
        touchpoint="checkout",
        segments={
            "touchpoint": "checkout",
            "store": f"store-{id_.int % 40}",
            "product": f"product-{id_.int % 60}",
        },
        organisation=("north", "sales", f"team-{id_.int % 9}"),
        decided_at=sent,
        due_at=sent,
        sent_at=sent,
        expires_at=now + timedelta(days=30),
    )
