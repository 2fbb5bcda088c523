"""``text_reply``: what customers have texted back, until it is answered; of each kind the newest about an
invitation.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import Row

from services.dispatcher.invitations.repository import COLUMNS
from shared.db import UnitOfWork

WaitingKind = Literal["help", "unclear", "score"]


class WaitingReply(msgspec.Struct, frozen=True, kw_only=True):
    """A reply that a process answers now."""

    tenant: str
    id: UUID
    """Of the invitation that it is about."""
    kind: WaitingKind
    score: int | None
    """The number in it; None: there is none, or nobody knows which company it is for."""
    by_number: bool
    """Whether a number would be an answer."""
    attempts: int
    version: int
    """Which of the replies of its kind about the invitation it is."""
    said_at: datetime
    leased_until: datetime
    """Until then only this process may answer it."""


KEEP_REPLY = """
    INSERT INTO text_reply AS r (tenant, invitation_id, kind, score, by_number, said_at, came_at, next_at,
        attempts, version)
    VALUES (:tenant, :invitation_id, :kind, :score, :by_number, :said_at, :now, :now, 0, 1)
    ON CONFLICT (tenant, invitation_id, kind) DO UPDATE SET score = excluded.score,
        by_number = excluded.by_number, said_at = excluded.said_at, came_at = excluded.came_at,
        next_at = excluded.next_at, attempts = 0, version = r.version + 1
    WHERE r.said_at <= excluded.said_at
"""


async def keep(
    uow: UnitOfWork,
    tenant: str,
    invitation_id: UUID,
    kind: WaitingKind,
    score: int | None,
    said_at: datetime,
    *,
    by_number: bool,
) -> None:
    """Keep a reply, unless a newer one of its kind is known about the invitation."""
    values = {"tenant": tenant, "invitation_id": invitation_id, "kind": kind, "score": score}
    times = {"by_number": by_number, "said_at": said_at, "now": uow.now}
    await uow.execute(KEEP_REPLY, {**values, **times})


# Whoever answers an older one of the kind has the lease: a newer one waits for it, so that none comes last.
CLAIM = """
    UPDATE text_reply r SET leased_until = :until, attempts = r.attempts + 1
    FROM (
        SELECT tenant, invitation_id, kind FROM text_reply
        WHERE next_at <= :now AND (leased_until IS NULL OR leased_until <= :now)
        ORDER BY next_at
        LIMIT 1
        FOR UPDATE SKIP LOCKED
    ) AS due
    WHERE r.tenant = due.tenant AND r.invitation_id = due.invitation_id AND r.kind = due.kind
    RETURNING r.tenant, r.invitation_id AS id, r.kind, r.score, r.by_number, r.attempts, r.version,
        r.said_at, r.leased_until
"""


async def claim(uow: UnitOfWork, lease: timedelta) -> Row[Any] | None:
    """The reply that has waited longest; nobody else answers it before the lease ends.

    :returns: the fields of a :class:`WaitingReply`.
    """
    return (await uow.execute(CLAIM, {"now": uow.now, "until": uow.now + lease})).one_or_none()


FIND_ABOUT = f"""
    SELECT {COLUMNS}, t.body AS tenant_body, coalesce(s.stopped, false) AS stopped
    FROM invitation i
    JOIN tenant t ON t.id = i.tenant
    LEFT JOIN sending s ON s.tenant = i.tenant
    WHERE i.tenant = :tenant AND i.id = :id
"""


async def find_about(uow: UnitOfWork, reply: WaitingReply) -> Row[Any] | None:
    """The invitation that a reply is about, with its company."""
    return (await uow.execute(FIND_ABOUT, {"tenant": reply.tenant, "id": reply.id})).one_or_none()


_SETTLED = "tenant = :tenant AND invitation_id = :id AND kind = :kind"
SETTLE = f"""
    UPDATE text_reply SET leased_until = NULL,
        next_at = CASE WHEN version = :version THEN CAST(:next_at AS timestamptz) ELSE next_at END,
        score = CASE WHEN version = :version AND :done THEN NULL ELSE score END
    WHERE {_SETTLED} AND leased_until = :leased_until
"""
REMOVE = f"DELETE FROM text_reply WHERE {_SETTLED}"


async def settle(uow: UnitOfWork, reply: WaitingReply, next_at: datetime | None = None) -> None:
    """Say that a reply is answered; what it said is forgotten, and when stays. Nothing changes where its
    lease has expired: another process may be answering it, and says that itself.

    :param next_at: it is not, and tried again then. A newer one that has come meanwhile is due.
    """
    times = {"next_at": next_at, "done": next_at is None, "leased_until": reply.leased_until}
    about = {"tenant": reply.tenant, "id": reply.id, "kind": reply.kind, "version": reply.version}
    await uow.execute(SETTLE, {**about, **times})


async def remove(uow: UnitOfWork, reply: WaitingReply) -> None:
    """Forget a reply that is about nobody any more."""
    await uow.execute(REMOVE, {"tenant": reply.tenant, "id": reply.id, "kind": reply.kind})


REMOVE_OF = """
    DELETE FROM text_reply r
    USING unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n(tenant, id)
    WHERE r.tenant = n.tenant AND r.invitation_id = n.id
"""
END_WAITING = "UPDATE text_reply SET next_at = NULL, score = NULL WHERE next_at IS NOT NULL"
FIND_OLDEST_WAITING = "SELECT min(came_at) FROM text_reply WHERE next_at IS NOT NULL"


async def remove_of(uow: UnitOfWork, invitations: Sequence[tuple[str, UUID]]) -> None:
    """Remove the replies about these invitations, each given with its tenant."""
    values = {"tenants": [tenant for tenant, _ in invitations], "ids": [id_ for _, id_ in invitations]}
    await uow.execute(REMOVE_OF, values)


async def end_waiting(uow: UnitOfWork) -> None:
    """Let no reply of a restored backup be answered: it may have been since."""
    await uow.execute(END_WAITING)


async def oldest_waiting(uow: UnitOfWork) -> datetime | None:
    """Since when a reply has waited; None: none does."""
    return (await uow.execute(FIND_OLDEST_WAITING)).scalar_one_or_none()
