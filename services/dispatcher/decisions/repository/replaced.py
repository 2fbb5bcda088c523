"""Mails that do not leave, since a relational one to the same contact leaves on their day."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.decisions.relational import RELATIONAL_FIRST
from shared.db import UnitOfWork

# What a sender or an erasure holds is skipped: a sender that has it is about to send it.
LOCK_WAITING = """
    SELECT i.tenant, i.id, i.version, i.state, i.reason, i.sent_at, i.body, i.event_id
    FROM unnest(CAST(:tenants AS text[]), CAST(:event_ids AS uuid[])) AS n(tenant, event_id)
    JOIN decision d ON d.tenant = n.tenant AND d.event_id = n.event_id
    JOIN invitation i ON i.tenant = d.tenant AND i.id = d.invitation_id AND i.state = 'waiting'
    JOIN delivery w ON w.tenant = i.tenant AND w.about_id = i.id AND w.n = 1 AND w.state = 'waiting'
    ORDER BY w.tenant, w.about_id
    FOR UPDATE OF w, i SKIP LOCKED
"""


async def lock_waiting(uow: UnitOfWork, events: Collection[tuple[str, UUID]]) -> Sequence[Row[Any]]:
    """The invitations about these (tenant, event id) that wait, locked with their first deliveries."""
    values = {"tenants": [tenant for tenant, _ in events], "event_ids": [event_id for _, event_id in events]}
    return (await uow.execute(LOCK_WAITING, values)).all()


DROP_DELIVERY = f"""
    UPDATE delivery SET state = 'dropped', reason = '{RELATIONAL_FIRST}', settled_at = :now
    WHERE tenant = :tenant AND about_id = :id AND n = 1
"""


async def drop_delivery(uow: UnitOfWork, tenant: str, invitation_id: UUID) -> None:
    """End a locked first mail that waits to be sent."""
    await uow.execute(DROP_DELIVERY, {"tenant": tenant, "id": invitation_id, "now": uow.now})


NOTE_REPLACED = """
    UPDATE decision d SET relational_event_id = n.relational_event_id
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:event_ids AS uuid[]), CAST(:relational_event_ids AS uuid[])
    ) AS n(tenant, event_id, relational_event_id)
    WHERE d.tenant = n.tenant AND d.event_id = n.event_id
"""


async def note(uow: UnitOfWork, replaced: Sequence[tuple[str, UUID, UUID]]) -> None:
    """Store for each (tenant, event id) the event whose relational mail stands in its place."""
    if not replaced:
        return
    tenants, event_ids, relational_event_ids = (list(column) for column in zip(*replaced, strict=True))
    values = {"tenants": tenants, "event_ids": event_ids, "relational_event_ids": relational_event_ids}
    await uow.execute(NOTE_REPLACED, values)


LIST_REPLACED = """
    SELECT d.event_id, d.relational_event_id, coalesce(w.settled_at, d.decided_at) AS at,
        o.event_id AS other_id, o.source_id, o.facts, o.segments
    FROM decision d
    LEFT JOIN delivery w
        ON w.tenant = d.tenant AND w.about_id = d.invitation_id AND w.n = 1 AND w.state = 'dropped'
    LEFT JOIN decision o ON o.tenant = d.tenant
        AND o.event_id = CASE WHEN d.event_id = :event_id THEN d.relational_event_id ELSE d.event_id END
    WHERE d.tenant = :tenant AND d.relational_event_id IS NOT NULL
        AND (d.event_id = :event_id OR d.relational_event_id = :event_id)
    ORDER BY at, d.event_id
    LIMIT :limit
"""
MAX_LISTED = 100


async def list_replaced(uow: UnitOfWork, tenant: str, event_id: UUID) -> Sequence[Row[Any]]:
    """In place of which mails that about an event stands, or which stands in place of it.

    With the other event of each (None: it is not kept any more).
    """
    values = {"tenant": tenant, "event_id": event_id, "limit": MAX_LISTED}
    return (await uow.execute(LIST_REPLACED, values)).all()
