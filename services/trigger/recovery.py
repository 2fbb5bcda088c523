"""What the trigger remembers of what it has said, when its database was restored from an older backup."""

from services.trigger import repository
from shared.db.database import UnitOfWork
from shared.events import TENANTS, Tenant
from shared.kafka.kernel import Subscription
from shared.kafka.ops.recovery import Cursor, Owned, Recovery
from shared.service import Context
from shared.tenancy import keep_tenants


async def tenants_page(
    uow: UnitOfWork, after: Cursor | None, most: int
) -> tuple[list[tuple[str, Tenant]], Cursor | None]:
    """Every tenant, as it stands."""
    found = await repository.lock_tenants_after(uow, after[0] if after else "", most)
    return [(one.id, one) for one in found], (found[-1].id, None) if len(found) == most else None


def recovery(context: Context) -> Recovery:  # noqa: ARG001  (one signature for all services)
    """What the trigger reads again, and what it can publish again."""
    return Recovery(owned=(Owned(TENANTS, tenants_page),), reads=(Subscription(TENANTS, keep_tenants),))
