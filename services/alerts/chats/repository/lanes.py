"""What waits for one channel is sent by one process, in order, as long as its lease holds."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.alerts.chats.domain import TEST_KIND, ChatAnswer, ChatChannel, ChatMessageState, ChatOffReason
from services.alerts.chats.repository.channels import COLUMNS, channel_of
from shared.db.database import UnitOfWork
from shared.outbound.lanes import Lane
from shared.tenancy.closed import IS_OPEN

# By the first that waits alone: those behind it wait for it, whatever they are.
CLAIM_LANES = f"""
    WITH due AS MATERIALIZED (
        SELECT h.tenant, h.id
        FROM chat_channel h
        CROSS JOIN LATERAL (
            SELECT m.kind, m.state FROM chat_message m
            WHERE m.tenant = h.tenant AND m.channel_id = h.id AND m.state IN ('waiting', 'sending')
            ORDER BY m.seq
            LIMIT 1
        ) head
        WHERE h.tenant {IS_OPEN} AND (h.lease_until IS NULL OR h.lease_until < :now)
            AND (
                head.kind = '{TEST_KIND}' OR head.state = 'sending'
                OR h.state = 'on' AND (h.resume_at IS NULL OR h.resume_at <= :now)
            )
        ORDER BY h.served_at NULLS FIRST
        LIMIT :limit
        FOR UPDATE OF h SKIP LOCKED
    )
    UPDATE chat_channel h SET lease_id = :lease_id, lease_until = :lease_until
    FROM due
    WHERE h.tenant = due.tenant AND h.id = due.id
    RETURNING h.tenant, h.id
"""


async def claim(uow: UnitOfWork, lease_id: UUID, lease_until: datetime, limit: int) -> list[Lane]:
    """Claim channels with a message that is due, of all companies; first those served longest ago."""
    rows = await uow.execute(
        CLAIM_LANES, {"now": uow.now, "lease_id": lease_id, "lease_until": lease_until, "limit": limit}
    )
    return [Lane(row.tenant, row.id, lease_id) for row in rows]


HOLD_LANE = f"""
    UPDATE chat_channel h SET lease_until = :lease_until
    WHERE h.tenant = :tenant AND h.id = :id AND h.lease_id = :lease_id
    RETURNING {COLUMNS}
"""


async def hold(uow: UnitOfWork, lane: Lane, lease_until: datetime) -> ChatChannel | None:
    """Go on with a lane; None: it is another's, or its channel was deleted."""
    found = await uow.execute(HOLD_LANE, {**_of(lane), "lease_until": lease_until})
    row = found.one_or_none()
    return None if row is None else channel_of(row)


RELEASE_LANE = """
    UPDATE chat_channel SET lease_id = NULL, lease_until = NULL, served_at = :now
    WHERE tenant = :tenant AND id = :id AND lease_id = :lease_id
"""


async def release(uow: UnitOfWork, lane: Lane) -> None:
    """Let the lane go, until its next message is due."""
    await uow.execute(RELEASE_LANE, {**_of(lane), "now": uow.now})


END_ABANDONED = """
    UPDATE chat_message SET state = 'unknown', settled_at = :now, fault = 'broken'
    WHERE tenant = :tenant AND channel_id = :id AND state = 'sending'
"""


async def end_abandoned(uow: UnitOfWork, lane: Lane) -> int:
    """What another process was sending when it died may have been posted; returns how many these are."""
    return (await uow.execute(END_ABANDONED, {**_of(lane), "now": uow.now})).rowcount


class WaitingChat(NamedTuple):
    """A message whose turn it is."""

    id: UUID
    kind: str
    about: Mapping[str, Any]
    created_at: datetime


READ_NEXT = """
    SELECT id, kind, about, created_at FROM chat_message
    WHERE tenant = :tenant AND channel_id = :id AND state = 'waiting'
    ORDER BY seq
    LIMIT 1
    FOR UPDATE
"""


async def read_next(uow: UnitOfWork, lane: Lane) -> WaitingChat | None:
    """The next message of a lane that is held."""
    row = (await uow.execute(READ_NEXT, _of(lane))).one_or_none()
    return None if row is None else WaitingChat._make(row)


BEGIN_SENDING = """
    UPDATE chat_message SET state = 'sending', attempts = attempts + 1
    WHERE tenant = :tenant AND channel_id = :id AND id = :message
"""


async def begin(uow: UnitOfWork, lane: Lane, message_id: UUID) -> None:
    """Mark a message as being sent: from the commit on it may have been posted."""
    await uow.execute(BEGIN_SENDING, {**_of(lane), "message": message_id})


SETTLE = """
    UPDATE chat_message SET state = :state, status = :status, fault = :fault,
        settled_at = CASE WHEN :state <> 'waiting' THEN CAST(:now AS timestamptz) END
    WHERE tenant = :tenant AND channel_id = :id AND id = :message AND state IN ('waiting', 'sending')
"""


async def settle(
    uow: UnitOfWork, lane: Lane, message_id: UUID, state: ChatMessageState, answer: ChatAnswer | None = None
) -> None:
    """Record what became of a message."""
    await uow.execute(
        SETTLE,
        {
            **_of(lane),
            "message": message_id,
            "state": state,
            "status": answer.status if answer else None,
            "fault": answer.fault if answer else None,
            "now": uow.now,
        },
    )


SET_HEALTH = """
    UPDATE chat_channel SET failing_since = :failing_since, failures = :failures, resume_at = :resume_at,
        state = CASE WHEN CAST(:off AS text) IS NULL THEN state ELSE 'off' END,
        off_reason = coalesce(CAST(:off AS text), off_reason)
    WHERE tenant = :tenant AND id = :id
"""


async def set_health(
    uow: UnitOfWork,
    lane: Lane,
    *,
    failing_since: datetime | None,
    failures: int,
    resume_at: datetime | None,
    off: ChatOffReason | None,
) -> None:
    """Record since when a channel fails and when it is tried again, and switch it off."""
    await uow.execute(
        SET_HEALTH,
        {
            "tenant": lane.tenant,
            "id": lane.id,
            "failing_since": failing_since,
            "failures": failures,
            "resume_at": resume_at,
            "off": off,
        },
    )


MEASURE = """
    SELECT count(*) FILTER (WHERE h.state = 'off' AND h.off_reason <> 'person') AS off,
        count(*) FILTER (WHERE h.state = 'on' AND h.failing_since IS NOT NULL) AS failing,
        min(head.created_at) FILTER (WHERE h.state = 'on' AND h.failing_since IS NULL) AS oldest
    FROM chat_channel h
    LEFT JOIN LATERAL (
        SELECT m.created_at FROM chat_message m
        WHERE m.tenant = h.tenant AND m.channel_id = h.id AND m.state = 'waiting'
        ORDER BY m.seq
        LIMIT 1
    ) head ON true
"""


async def measure(uow: UnitOfWork) -> Any:
    """Channels of all companies that are off and failing; since when a message waits for one that works."""
    return (await uow.execute(MEASURE)).one()


def _of(lane: Lane) -> dict[str, Any]:
    return {"tenant": lane.tenant, "id": lane.id, "lease_id": lane.lease_id}
