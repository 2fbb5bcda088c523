"""Messages of webhooks that were deleted, removed in parts."""

from typing import NamedTuple
from uuid import UUID

from shared.db.database import UnitOfWork

# By their places, which locked rows keep: whatever the planner knows of the table, none is looked for twice.
REMOVE_MESSAGES = """
    DELETE FROM webhook_delivery
    WHERE tenant = :tenant AND webhook_id = :webhook AND ctid = ANY (ARRAY(
        SELECT d.ctid FROM webhook_delivery d
        WHERE d.tenant = :tenant AND d.webhook_id = :webhook
        LIMIT :limit
        FOR UPDATE SKIP LOCKED
    ))
"""
HAS_MESSAGES = """
    SELECT EXISTS (SELECT FROM webhook_delivery WHERE tenant = :tenant AND webhook_id = :webhook)
"""


class RemovedPart(NamedTuple):
    """How many messages were removed, and whether there are more."""

    removed: int
    more: bool


async def remove_messages(uow: UnitOfWork, tenant: str, webhook_id: UUID, limit: int) -> RemovedPart:
    """Remove some messages of a webhook; those that another transaction has locked are left."""
    webhook = {"tenant": tenant, "webhook": webhook_id}
    removed = (await uow.execute(REMOVE_MESSAGES, {**webhook, "limit": limit})).rowcount
    return RemovedPart(removed, bool((await uow.execute(HAS_MESSAGES, webhook)).scalar_one()))
