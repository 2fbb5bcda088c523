"""``webhook_copy``: what the webhooks of each company ask for."""

from collections.abc import Collection, Sequence

from services.dispatcher.models import webhook_copy
from shared.db import UnitOfWork
from shared.db.bulk import keep_newest_events
from shared.events import Event, TenantWebhooks
from shared.events.dedupe import newest

DECISION_MESSAGE = "decision.made"
"""The type of the messages about decisions."""
FIND_WANTING_TENANTS = """
    SELECT tenant FROM webhook_copy
    WHERE tenant = ANY(CAST(:tenants AS text[])) AND :type = ANY(types)
"""


async def keep_webhooks(uow: UnitOfWork, events: Sequence[Event[TenantWebhooks]]) -> None:
    """Handle ``webhooks`` events: keep what the webhooks of each company ask for."""
    await keep_newest_events(uow, webhook_copy, newest(events, lambda _: "webhooks"))


async def find_wanting_tenants(uow: UnitOfWork, tenants: Collection[str]) -> set[str]:
    """Those of the companies that have their decisions told. Most companies are none."""
    rows = await uow.execute(FIND_WANTING_TENANTS, {"tenants": sorted(tenants), "type": DECISION_MESSAGE})
    return {row.tenant for row in rows}
