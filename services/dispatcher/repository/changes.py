"""``invitation_change``: what changed a mail after its decision."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from shared.db import UnitOfWork

MAX_CHANGES = 50
"""Of one invitation: more than quiet hours, caps and counter-events give one in months."""

# Both parts see the rows as they were before, so one of those that stay makes room for the new one.
INSERT_CHANGE = """
    WITH removed AS (
        DELETE FROM invitation_change c
        USING (
            SELECT n, at FROM invitation_change
            WHERE tenant = :tenant AND invitation_id = :invitation_id
            ORDER BY at DESC, n DESC
            OFFSET :others
        ) o
        WHERE c.tenant = :tenant AND c.invitation_id = :invitation_id AND c.n = o.n AND c.at = o.at
    )
    INSERT INTO invitation_change (tenant, invitation_id, n, at, what, reason, until, grounds)
    VALUES (:tenant, :invitation_id, :n, :at, :what, :reason, :until, :grounds)
    ON CONFLICT (tenant, invitation_id, n, at) DO UPDATE SET
        what = EXCLUDED.what, reason = EXCLUDED.reason, until = EXCLUDED.until, grounds = EXCLUDED.grounds
"""


async def insert(uow: UnitOfWork, tenant: str, invitation_id: UUID, change: Mapping[str, Any]) -> None:
    """Add a change, and remove the oldest beyond ``MAX_CHANGES``."""
    values = {**change, "tenant": tenant, "invitation_id": invitation_id, "others": MAX_CHANGES - 1}
    await uow.execute(INSERT_CHANGE, values)


LIST_CHANGES = """
    SELECT invitation_id, n, at, what, reason, until, grounds FROM invitation_change
    WHERE tenant = :tenant AND invitation_id = ANY(CAST(:ids AS uuid[]))
    ORDER BY invitation_id, at, n
"""


async def list_of(uow: UnitOfWork, tenant: str, invitation_ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """The changes of these invitations, of each the oldest first."""
    if not invitation_ids:
        return []
    return (await uow.execute(LIST_CHANGES, {"tenant": tenant, "ids": list(invitation_ids)})).all()


REMOVE_CHANGES = """
    DELETE FROM invitation_change c
    USING unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n(tenant, id)
    WHERE c.tenant = n.tenant AND c.invitation_id = n.id
"""


async def remove(uow: UnitOfWork, invitations: Sequence[tuple[str, UUID]]) -> None:
    """Remove the changes of these invitations, each given with its tenant."""
    values = {"tenants": [tenant for tenant, _ in invitations], "ids": [id_ for _, id_ in invitations]}
    await uow.execute(REMOVE_CHANGES, values)
