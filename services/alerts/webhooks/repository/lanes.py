"""Lanes: what waits for one webhook is sent by one process, in order, as long as its lease holds."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.alerts.webhooks.domain import OffReason, Posted, TryResult, WebhookEndpoint
from services.alerts.webhooks.repository.webhooks import COLUMNS, webhook_of
from shared.db.database import UnitOfWork
from shared.outbound.lanes import Lane
from shared.tenancy.closed import IS_OPEN

# By the first that waits alone: those behind it wait for it, whatever they are.
CLAIM_LANES = f"""
    WITH due AS MATERIALIZED (
        SELECT w.tenant, w.id
        FROM webhook w
        CROSS JOIN LATERAL (
            SELECT d.next_at, d.type FROM webhook_delivery d
            WHERE d.tenant = w.tenant AND d.webhook_id = w.id AND d.state = 'waiting'
            ORDER BY d.seq
            LIMIT 1
        ) head
        WHERE head.next_at <= :now AND (w.state = 'on' OR head.type = :test)
            AND w.tenant {IS_OPEN} AND (w.lease_until IS NULL OR w.lease_until < :now)
        ORDER BY w.served_at NULLS FIRST
        LIMIT :limit
        FOR UPDATE OF w SKIP LOCKED
    )
    UPDATE webhook w SET lease_id = :lease_id, lease_until = :lease_until
    FROM due
    WHERE w.tenant = due.tenant AND w.id = due.id
    RETURNING w.tenant, w.id
"""


async def claim(
    uow: UnitOfWork, lease_id: UUID, lease_until: datetime, *, test: str, limit: int
) -> list[Lane]:
    """Claim lanes with a message that is due, of all companies; first those that were served longest ago."""
    rows = await uow.execute(
        CLAIM_LANES,
        {"now": uow.now, "lease_id": lease_id, "lease_until": lease_until, "test": test, "limit": limit},
    )
    return [Lane(row.tenant, row.id, lease_id) for row in rows]


HOLD_LANE = f"""
    UPDATE webhook w SET lease_until = :lease_until
    WHERE w.tenant = :tenant AND w.id = :id AND w.lease_id = :lease_id
    RETURNING {COLUMNS}
"""


async def hold(uow: UnitOfWork, lane: Lane, lease_until: datetime) -> WebhookEndpoint | None:
    """Go on with a lane; None: it is another's, or its webhook was deleted."""
    found = await uow.execute(HOLD_LANE, {**_of(lane), "lease_until": lease_until})
    row = found.one_or_none()
    return None if row is None else webhook_of(row)


RELEASE_LANE = """
    UPDATE webhook SET lease_id = NULL, lease_until = NULL, served_at = :now
    WHERE tenant = :tenant AND id = :id AND lease_id = :lease_id
"""


async def release(uow: UnitOfWork, lane: Lane) -> None:
    """Let the lane go, until its next message is due."""
    await uow.execute(RELEASE_LANE, {**_of(lane), "now": uow.now})


class Waiting(NamedTuple):
    """A message whose turn it is, or comes."""

    message_id: str
    seq: int
    type: str
    body: bytes
    attempts: int
    next_at: datetime


READ_WAITING = """
    SELECT message_id, seq, type, body, attempts, next_at FROM webhook_delivery
    WHERE tenant = :tenant AND webhook_id = :id AND state = 'waiting'
    ORDER BY seq
    LIMIT :limit
"""


async def read_waiting(uow: UnitOfWork, lane: Lane, limit: int) -> list[Waiting]:
    """The next messages of a lane, in their order."""
    rows = await uow.execute(READ_WAITING, {"tenant": lane.tenant, "id": lane.id, "limit": limit})
    return [Waiting._make(row) for row in rows]


STILL_WAITING = """
    SELECT w.tenant, w.id, w.lease_id, d.message_id
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:webhooks AS uuid[]), CAST(:leases AS uuid[]), CAST(:ids AS text[])
    ) AS n (tenant, webhook_id, lease_id, message_id)
    JOIN webhook w ON w.tenant = n.tenant AND w.id = n.webhook_id AND w.lease_id = n.lease_id
    JOIN webhook_delivery d
        ON d.tenant = n.tenant AND d.webhook_id = n.webhook_id AND d.message_id = n.message_id
    WHERE d.state = 'waiting'
"""


async def still_waiting(
    uow: UnitOfWork, held: Sequence[tuple[Lane, Collection[str]]]
) -> dict[Lane, set[str]]:
    """Those of the messages of these lanes that may still be sent: not erased since they were read."""
    asked = [(lane, message) for lane, messages in held for message in messages]
    rows = await uow.execute(
        STILL_WAITING,
        {
            "tenants": [lane.tenant for lane, _ in asked],
            "webhooks": [lane.id for lane, _ in asked],
            "leases": [lane.lease_id for lane, _ in asked],
            "ids": [message for _, message in asked],
        },
    )
    found: dict[Lane, set[str]] = {}
    for row in rows:
        found.setdefault(Lane(row.tenant, row.id, row.lease_id), set()).add(row.message_id)
    return found


class Tried(NamedTuple):
    """A message that was tried, and what became of it."""

    waiting: Waiting
    posted: Posted
    result: TryResult
    at: datetime


# One that was erased meanwhile does not wait any more, and stays as it is.
SETTLE_TRIED = """
    UPDATE webhook_delivery d
    SET state = n.state, attempts = d.attempts + 1, next_at = coalesce(n.next_at, d.next_at),
        tried_at = n.at, settled_at = CASE WHEN n.state <> 'waiting' THEN CAST(:now AS timestamptz) END,
        status = n.status, fault = n.fault, duration_ms = n.duration_ms, excerpt = n.excerpt
    FROM unnest(
        CAST(:ids AS text[]), CAST(:states AS text[]), CAST(:next AS timestamptz[]),
        CAST(:at AS timestamptz[]), CAST(:statuses AS integer[]), CAST(:faults AS text[]),
        CAST(:durations AS integer[]), CAST(:excerpts AS text[])
    ) AS n (message_id, state, next_at, at, status, fault, duration_ms, excerpt)
    WHERE d.tenant = :tenant AND d.webhook_id = :id AND d.message_id = n.message_id AND d.state = 'waiting'
"""


async def settle(uow: UnitOfWork, lane: Lane, tried: Sequence[Tried]) -> None:
    """Record what became of messages of a lane that is held."""
    await uow.execute(
        SETTLE_TRIED,
        {
            "tenant": lane.tenant,
            "id": lane.id,
            "now": uow.now,
            "ids": [each.waiting.message_id for each in tried],
            "states": [each.result.state for each in tried],
            "next": [each.result.next_at for each in tried],
            "at": [each.at for each in tried],
            "statuses": [each.posted.status for each in tried],
            "faults": [each.posted.fault for each in tried],
            "durations": [each.posted.duration_ms for each in tried],
            "excerpts": [each.posted.excerpt or None for each in tried],
        },
    )


SET_HEALTH = """
    UPDATE webhook SET failing_since = :failing_since,
        state = CASE WHEN CAST(:off AS text) IS NULL THEN state ELSE 'off' END,
        off_reason = coalesce(CAST(:off AS text), off_reason)
    WHERE tenant = :tenant AND id = :id
"""


async def set_health(
    uow: UnitOfWork, lane: Lane, *, failing_since: datetime | None, off: OffReason | None
) -> None:
    """Record since when an endpoint fails, and switch its webhook off."""
    await uow.execute(
        SET_HEALTH,
        {"tenant": lane.tenant, "id": lane.id, "failing_since": failing_since, "off": off},
    )


MEASURE = """
    SELECT count(*) FILTER (WHERE w.state = 'off') AS off,
        count(*) FILTER (WHERE w.state = 'on' AND w.failing_since IS NOT NULL) AS failing,
        coalesce(sum(lane.waiting) FILTER (WHERE w.state = 'on'), 0) AS waiting,
        min(lane.oldest) FILTER (WHERE w.state = 'on' AND w.failing_since IS NULL) AS oldest
    FROM webhook w
    CROSS JOIN LATERAL (
        SELECT count(*) AS waiting, min(d.created_at) AS oldest
        FROM (
            SELECT d.created_at FROM webhook_delivery d
            WHERE d.tenant = w.tenant AND d.webhook_id = w.id AND d.state = 'waiting'
            ORDER BY d.seq
            LIMIT :most
        ) d
    ) lane
"""


async def measure(uow: UnitOfWork, most: int) -> Any:
    """Of all companies: webhooks that are off and failing, what waits, and since when for those that work.

    :param most: so many messages of one webhook are counted.
    """
    return (await uow.execute(MEASURE, {"most": most})).one()


def _of(lane: Lane) -> dict[str, Any]:
    return {"tenant": lane.tenant, "id": lane.id, "lease_id": lane.lease_id}
