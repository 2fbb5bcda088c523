"""What was decided about events for which links were wanted."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from shared.db import UnitOfWork

FIND_DECIDED = """
    SELECT d.event_id, d.reason AS decided, d.digest, i.version, i.state, i.reason, i.sent_at, i.body
    FROM decision d
    LEFT JOIN invitation i ON i.tenant = d.tenant AND i.id = d.invitation_id
    WHERE d.tenant = :tenant AND d.event_id = ANY(CAST(:event_ids AS uuid[]))
"""


async def find_decided(
    uow: UnitOfWork, tenant: str, identities: Collection[tuple[str, UUID]]
) -> Sequence[Row[Any]]:
    """The decisions about these events of a tenant, each with its invitation where there is one."""
    event_ids = [event_id for _, event_id in identities]
    rows = await uow.execute(FIND_DECIDED, {"tenant": tenant, "event_ids": event_ids})
    return rows.all()
