"""Lanes of push messages: what waits for one browser is sent by one process, as long as its lease holds."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.alerts.notices.push_rest import PushHealth
from services.alerts.notices.repository.notifications import claim_notice
from shared.db.database import UnitOfWork
from shared.outbound.lanes import Lane
from shared.tenancy.closed import IS_OPEN

CLAIM_NEXT = claim_notice("n.tenant = :tenant AND n.subscription_id = :browser")
"""The message to a browser that has been due for longest, with its recipient as they are now."""

# Many browsers that answer slowly take no turn from other companies: each company has its share of lanes.
CLAIM_LANES = f"""
    WITH due AS MATERIALIZED (
        SELECT p.tenant, p.id, min(w.due_at) AS due_at
        FROM delivery w
        JOIN notification n ON n.tenant = w.tenant AND n.id = w.about_id
        JOIN push_subscription p ON p.tenant = n.tenant AND p.id = n.subscription_id
        WHERE w.channel = 'push' AND w.state = 'waiting' AND NOT w.set_aside AND w.due_at <= :now
            AND w.tenant {IS_OPEN}
            AND (p.lease_until IS NULL OR p.lease_until < :now)
            AND (p.rests_until IS NULL OR p.rests_until <= :now)
        GROUP BY 1, 2
    ), served AS MATERIALIZED (
        SELECT tenant, count(*) AS n FROM push_subscription WHERE lease_until >= :now GROUP BY 1
    ), free AS MATERIALIZED (
        SELECT tenant, id, due_at, row_number() OVER (PARTITION BY tenant ORDER BY due_at, id) AS place
        FROM due
    ), chosen AS MATERIALIZED (
        SELECT p.tenant, p.id
        FROM free
        JOIN push_subscription p ON p.tenant = free.tenant AND p.id = free.id
        LEFT JOIN served ON served.tenant = free.tenant
        WHERE free.place + coalesce(served.n, 0) <= :most AND (p.lease_until IS NULL OR p.lease_until < :now)
        ORDER BY free.due_at
        LIMIT :limit
        FOR UPDATE OF p SKIP LOCKED
    )
    UPDATE push_subscription p SET lease_id = :lease_id, lease_until = :lease_until
    FROM chosen
    WHERE p.tenant = chosen.tenant AND p.id = chosen.id
    RETURNING p.tenant, p.id
"""


async def claim(
    uow: UnitOfWork, lease_id: UUID, lease_until: datetime, *, most: int, limit: int
) -> list[Lane]:
    """Claim browsers with a message that is due and that do not rest, of all companies.

    :param most: so many of one company are served at the same time.
    """
    values = {"now": uow.now, "lease_id": lease_id, "lease_until": lease_until, "most": most, "limit": limit}
    return [Lane(row.tenant, row.id, lease_id) for row in await uow.execute(CLAIM_LANES, values)]


DROP_WITHOUT_BROWSER = """
    WITH gone AS MATERIALIZED (
        SELECT w.tenant, w.about_id, w.n
        FROM delivery w
        JOIN notification n ON n.tenant = w.tenant AND n.id = w.about_id
        WHERE w.channel = 'push' AND w.state = 'waiting' AND NOT w.set_aside AND w.due_at <= :now
            AND NOT EXISTS (
                SELECT FROM push_subscription p WHERE p.tenant = n.tenant AND p.id = n.subscription_id
            )
        LIMIT :limit
        FOR UPDATE OF w SKIP LOCKED
    )
    UPDATE delivery w SET state = 'dropped', reason = :reason, settled_at = :now
    FROM gone
    WHERE w.tenant = gone.tenant AND w.about_id = gone.about_id AND w.n = gone.n
"""
MOST_DROPPED = 500
"""By one statement."""


async def drop_without_browser(uow: UnitOfWork, reason: str) -> None:
    """Drop the messages of all companies whose browser was removed: no lane is theirs."""
    await uow.execute(DROP_WITHOUT_BROWSER, {"reason": reason, "now": uow.now, "limit": MOST_DROPPED})


HOLD_LANE = """
    UPDATE push_subscription SET lease_until = :lease_until
    WHERE tenant = :tenant AND id = :id AND lease_id = :lease_id
    RETURNING failures, failing_since, rests_until
"""


async def hold(uow: UnitOfWork, lane: Lane, lease_until: datetime) -> PushHealth | None:
    """Go on with a lane; None: it is another's, or its browser was removed."""
    row = (await uow.execute(HOLD_LANE, {**_of(lane), "lease_until": lease_until})).one_or_none()
    return None if row is None else PushHealth(row.failures, row.failing_since, row.rests_until)


RELEASE_LANE = """
    UPDATE push_subscription SET lease_id = NULL, lease_until = NULL
    WHERE tenant = :tenant AND id = :id AND lease_id = :lease_id
"""


async def release(uow: UnitOfWork, lane: Lane) -> None:
    """Let the lane go, until its next message is due."""
    await uow.execute(RELEASE_LANE, _of(lane))


SET_HEALTH = """
    UPDATE push_subscription
    SET failures = :failures, failing_since = :failing_since, rests_until = :rests_until
    WHERE tenant = :tenant AND id = :id
"""


async def set_health(uow: UnitOfWork, lane: Lane, health: PushHealth) -> None:
    """Keep since when a browser takes nothing, and until when it rests."""
    await uow.execute(SET_HEALTH, {"tenant": lane.tenant, "id": lane.id, **health._asdict()})


WITHOUT_RESTING = """
    NOT (w.channel = 'push' AND EXISTS (
        SELECT FROM notification n
        JOIN push_subscription p ON p.tenant = n.tenant AND p.id = n.subscription_id
        WHERE n.tenant = w.tenant AND n.id = w.about_id AND p.rests_until > :now
    ))
"""
"""A condition on deliveries ``w``: without what waits for a browser that takes nothing."""


def _of(lane: Lane) -> dict[str, Any]:
    return {"tenant": lane.tenant, "id": lane.id, "lease_id": lane.lease_id}
