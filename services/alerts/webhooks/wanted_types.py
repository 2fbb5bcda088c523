"""Other services hear what the webhooks of a company ask for, and publish nothing that none is told."""

from collections.abc import Sequence

from services.alerts.webhooks.repository import wanted_types as rows
from shared.db.database import UnitOfWork
from shared.events import WEBHOOKS, Event, TenantWebhooks
from shared.events.dedupe import newest
from shared.kafka.ops.recovery import Cursor


async def publish_wanted(uow: UnitOfWork, tenant: str) -> None:
    """Publish what the company's webhooks ask for, where that has changed.

    Whoever adds, changes, switches off or deletes a webhook calls this after it, in the same transaction.
    """
    known = await rows.lock(uow, tenant)
    if known.wanted == known.types:
        return
    version = max(known.version + 1, int(uow.now.timestamp() * 1_000_000))
    await rows.write(uow, tenant, version, known.wanted)
    uow.publish(WEBHOOKS, tenant, TenantWebhooks(version=version, types=known.wanted, changed_at=uow.now))


async def restore_wanted(uow: UnitOfWork, events: Sequence[Event[TenantWebhooks]]) -> None:
    """Restore what was published since the backup, whatever the webhooks that are there ask for."""
    await rows.restore(uow, newest(events, lambda _: "webhooks"))


async def publish_differing(uow: UnitOfWork, limit: int) -> int:
    """After a restore: publish what the webhooks that are there ask for; of how many companies."""
    tenants = await rows.differing(uow, limit)
    for tenant in tenants:
        await publish_wanted(uow, tenant)
    return len(tenants)


async def wanted_page(
    uow: UnitOfWork, after: Cursor | None, limit: int
) -> tuple[list[tuple[str, TenantWebhooks]], Cursor | None]:
    """What was published of the next companies behind a cursor, to be published again."""
    found = await rows.share_after(uow, after[0] if after else "", limit)
    events = [
        (each.tenant, TenantWebhooks(version=each.version, types=each.types, changed_at=each.changed_at))
        for each in found
    ]
    return events, (found[-1].tenant, None) if len(found) == limit else None
