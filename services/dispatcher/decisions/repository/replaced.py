"""Mails that do not leave, since they gave way to another one to the same contact."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.decisions.values import ReplacedReason
from shared.db import UnitOfWork


class ReplacedRow(NamedTuple):
    """The mail about an event, or the asking about it, that gave way to another event."""

    tenant: str
    event_id: UUID
    by_event_id: UUID
    reason: ReplacedReason


# What a sender or an erasure holds is skipped: a sender that has it is about to send it. Rows are joined by
# whole keys alone, and their states are looked at afterwards: for a planner that believes that hardly any row
# waits, as it does of tables that are new, each row would be searched for among all that wait.
LOCK_FIRST_MAILS = """
    WITH n AS MATERIALIZED (
        SELECT d.tenant, d.invitation_id AS id
        FROM unnest(CAST(:tenants AS text[]), CAST(:event_ids AS uuid[])) AS u(tenant, event_id)
        JOIN decision d ON d.tenant = u.tenant AND d.event_id = u.event_id
    )
    SELECT i.tenant, i.id, i.version, i.state, i.reason, i.sent_at, i.body, i.event_id,
        w.state AS delivery_state
    FROM n
    JOIN invitation i ON i.tenant = n.tenant AND i.id = n.id
    JOIN delivery w ON w.tenant = n.tenant AND w.about_id = n.id AND w.n = 1
    ORDER BY w.tenant, w.about_id
    FOR UPDATE OF w, i SKIP LOCKED
"""


async def lock_waiting(uow: UnitOfWork, events: Collection[tuple[str, UUID]]) -> list[Row[Any]]:
    """The invitations about these (tenant, event id) that wait, locked with their first deliveries."""
    values = {"tenants": [tenant for tenant, _ in events], "event_ids": [event_id for _, event_id in events]}
    rows = await uow.execute(LOCK_FIRST_MAILS, values)
    return [row for row in rows if row.state == row.delivery_state == "waiting"]


DROP_DELIVERY = """
    UPDATE delivery SET state = 'dropped', reason = :reason, settled_at = :now
    WHERE tenant = :tenant AND about_id = :id AND n = 1
"""


async def drop_delivery(uow: UnitOfWork, tenant: str, invitation_id: UUID, reason: ReplacedReason) -> None:
    """End a locked first mail that waits to be sent."""
    values = {"tenant": tenant, "id": invitation_id, "reason": reason, "now": uow.now}
    await uow.execute(DROP_DELIVERY, values)


# One event gives way to one other at most.
NOTE_REPLACED = """
    UPDATE decision d SET
        relational_event_id = CASE
            WHEN n.reason = 'relational_first' THEN n.by_event_id ELSE d.relational_event_id
        END,
        outranking_event_id = CASE
            WHEN n.reason = 'outranked' THEN n.by_event_id ELSE d.outranking_event_id
        END
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:event_ids AS uuid[]), CAST(:by_event_ids AS uuid[]),
        CAST(:reasons AS text[])
    ) AS n(tenant, event_id, by_event_id, reason)
    WHERE d.tenant = n.tenant AND d.event_id = n.event_id
"""


async def note(uow: UnitOfWork, replaced: Sequence[ReplacedRow]) -> None:
    """Store to which event each gave way."""
    if not replaced:
        return
    values = {
        "tenants": [row.tenant for row in replaced],
        "event_ids": [row.event_id for row in replaced],
        "by_event_ids": [row.by_event_id for row in replaced],
        "reasons": [row.reason for row in replaced],
    }
    await uow.execute(NOTE_REPLACED, values)


LIST_REPLACED = """
    SELECT d.event_id, r.by_event_id, r.reason, coalesce(w.settled_at, d.decided_at) AS at,
        o.event_id AS other_id, o.source_id, o.facts, o.segments
    FROM decision d
    CROSS JOIN LATERAL (
        VALUES (d.relational_event_id, 'relational_first'), (d.outranking_event_id, 'outranked')
    ) AS r(by_event_id, reason)
    LEFT JOIN delivery w
        ON w.tenant = d.tenant AND w.about_id = d.invitation_id AND w.n = 1 AND w.state = 'dropped'
    LEFT JOIN decision o ON o.tenant = d.tenant
        AND o.event_id = CASE WHEN d.event_id = :event_id THEN r.by_event_id ELSE d.event_id END
    WHERE d.tenant = :tenant
        AND (
            d.event_id = :event_id
            OR d.relational_event_id = :event_id
            OR d.outranking_event_id = :event_id
        )
        AND (d.event_id = :event_id AND r.by_event_id IS NOT NULL OR r.by_event_id = :event_id)
    ORDER BY at, d.event_id
    LIMIT :limit
"""
MAX_LISTED = 100


async def list_replaced(uow: UnitOfWork, tenant: str, event_id: UUID) -> Sequence[Row[Any]]:
    """Which events gave way to an event, and to which one it gave way.

    With the other event of each (None: it is not kept any more).
    """
    values = {"tenant": tenant, "event_id": event_id, "limit": MAX_LISTED}
    return (await uow.execute(LIST_REPLACED, values)).all()
