"""How the trigger recovers when its database was restored from an older backup: it reads its own topic."""

from services.trigger.repository import end_export_links, lock_tenants_after
from shared.db.database import UnitOfWork
from shared.events import TENANTS, Tenant
from shared.kafka.kernel import Subscription
from shared.kafka.ops.recovery import Cursor, Owned, Recovery
from shared.service import Context
from shared.tenancy import keep_tenants

LOST = (
    "All links to exports of companies end, since those that were withdrawn since the backup would open "
    "again: make the ones anew that are still wanted."
)


async def tenants_page(
    uow: UnitOfWork, after: Cursor | None, most: int
) -> tuple[list[tuple[str, Tenant]], Cursor | None]:
    """The next tenants as they are now, and where to go on."""
    tenants = await lock_tenants_after(uow, after[0] if after else "", most)
    found = [(tenant.id, tenant) for tenant in tenants]
    return found, (found[-1][0], None) if len(found) == most else None


async def settle(uow: UnitOfWork, limit: int) -> int:
    """End all links to exports of companies: which of them were withdrawn since the backup is not known."""
    return await end_export_links(uow, limit)


def recovery(context: Context) -> Recovery:  # noqa: ARG001  (one signature for all services)
    """What the trigger reads again, and what it can publish again."""
    return Recovery(
        owned=(Owned(TENANTS, tenants_page),),
        reads=(Subscription(TENANTS, keep_tenants),),
        settle=settle,
        lost=LOST,
    )
