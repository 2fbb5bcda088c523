"""Notices: what each is about; its delivery tells whether it was sent."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec

from services.alerts import models
from shared.db.bulk import insert
from shared.db.database import UnitOfWork
from shared.outbound import claim_sql
from shared.outbound.channel_names import DeliveryChannel
from shared.permissions import ADMIN
from shared.tenancy.closed import IS_OPEN

RowState = Literal["waiting", "queued"]
"""``queued``: in a digest, or of a kind that a version before does not know: its senders pass that over."""


class NotificationRow(msgspec.Struct, frozen=True, kw_only=True):
    """One notice to one person by one channel."""

    tenant: str
    id: UUID
    kind: str
    staff_id: UUID
    case_id: UUID | None = None
    answer_id: UUID | None = None
    by_id: UUID | None = None
    webhook_id: UUID | None = None
    about: str | None = None
    """JSON."""
    channel: DeliveryChannel = "mail"
    subscription_id: UUID | None = None
    """The browser that takes it, of a push message."""
    digest_id: UUID | None = None
    """The digest in which it is told; None: by a delivery of its own."""
    state: RowState = "waiting"
    attempts: int = 0


async def add(
    uow: UnitOfWork, rows: Sequence[NotificationRow], due: Sequence[datetime]
) -> set[tuple[str, UUID]]:
    """Add those that are not there yet, each with its time; which were added."""
    if not rows:
        return set()
    added = await insert(
        uow, models.notification, rows, returning="tenant, id", due_at=list(due), created_at=uow.now
    )
    return {(row.tenant, row.id) for row in added}


FIND_ADMINISTRATORS = """
    SELECT id FROM staff
    WHERE tenant = :tenant AND role = :admin AND active AND cardinality(segments) = 0
    ORDER BY id
"""


async def administrators(uow: UnitOfWork, tenant: str) -> list[UUID]:
    """The administrators of the whole company."""
    return list((await uow.execute(FIND_ADMINISTRATORS, {"tenant": tenant, "admin": ADMIN})).scalars())


_CLAIMED = """n.id, n.kind AS notice_kind, n.case_id, n.answer_id, n.by_id, n.webhook_id, n.about,
            n.subscription_id, n.created_at, s.id AS staff_id, s.address, s.role, s.segments,
            s.active, s.wants_mail, s.language, c.body AS choices"""
_JOINED = """JOIN staff s ON s.tenant = n.tenant AND s.id = n.staff_id
            LEFT JOIN notice_choice c ON c.tenant = n.tenant AND c.staff_id = n.staff_id"""

MAY_BE_NOTIFIED = f"w.tenant {IS_OPEN}"
"""A condition on a delivery ``w``: the people of its tenant work."""


def claim_notice(which: str = "true") -> str:
    """The statement that claims a notice that is due, with its recipient as they are now.

    :param which: a condition on the notice ``n``.
    """
    return claim_sql(
        columns=_CLAIMED,
        joined=f"""JOIN notification n
                ON n.tenant = w.tenant AND n.id = w.about_id AND n.state IN ('waiting', 'queued')
            {_JOINED}""",
        locked="n",
        may_leave=f"{MAY_BE_NOTIFIED} AND {which}",
    )


CLAIM = claim_notice()
"""Any of a channel."""

COUNT_STATES = """
    SELECT d.state, count(*) AS n
    FROM notification n
    JOIN delivery d ON d.tenant = n.tenant AND d.about_id = n.id
    WHERE n.tenant = :tenant AND n.case_id = :case AND n.answer_id = ANY(CAST(:answers AS uuid[]))
        AND n.channel IS DISTINCT FROM 'push'
    GROUP BY 1
"""


async def count_states(uow: UnitOfWork, tenant: str, case: UUID, answers: Sequence[UUID]) -> dict[str, int]:
    """How many mails about these answers of a case are in each state."""
    rows = await uow.execute(COUNT_STATES, {"tenant": tenant, "case": case, "answers": list(answers)})
    return {row.state: row.n for row in rows}


LOCK_DIGESTS = """
    SELECT d.tenant, d.about_id
    FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS k (tenant, id)
    JOIN delivery d ON d.tenant = k.tenant AND d.about_id = k.id
    WHERE d.state = 'waiting'
    ORDER BY 1, 2
    FOR SHARE OF d
"""


async def hold_digests(uow: UnitOfWork, digests: Sequence[tuple[str, UUID]]) -> set[tuple[str, UUID]]:
    """Those that wait: no sender claims one of them before this transaction ends."""
    rows = await uow.execute(
        LOCK_DIGESTS,
        {"tenants": [tenant for tenant, _ in digests], "ids": [digest for _, digest in digests]},
    )
    return {(row.tenant, row.about_id) for row in rows}


LOCK_LATER_DIGESTS = """
    SELECT n.tenant, n.id, n.staff_id, n.due_at
    FROM notification n
    JOIN delivery d ON d.tenant = n.tenant AND d.about_id = n.id
    WHERE n.tenant = ANY(CAST(:tenants AS text[])) AND n.kind = :kind AND n.due_at > :now
        AND d.state = 'waiting'
    ORDER BY n.tenant, n.id
    FOR UPDATE OF d
"""


async def later_digests(uow: UnitOfWork, tenants: Collection[str], kind: str) -> list[Any]:
    """The digests of these companies that are still to come; nothing is added to them meanwhile."""
    values = {"tenants": sorted(tenants), "kind": kind, "now": uow.now}
    return list(await uow.execute(LOCK_LATER_DIGESTS, values))


MOVE_TO_DIGESTS = """
    UPDATE notification n SET digest_id = k.digest, due_at = k.due_at
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:olds AS uuid[]), CAST(:digests AS uuid[]),
        CAST(:due AS timestamptz[])
    ) AS k (tenant, old, digest, due_at)
    WHERE n.tenant = k.tenant AND n.digest_id = k.old
"""
DELETE_MOVED = """
    WITH old AS (
        DELETE FROM notification n
        USING unnest(CAST(:tenants AS text[]), CAST(:olds AS uuid[])) AS k (tenant, id)
        WHERE n.tenant = k.tenant AND n.id = k.id
        RETURNING n.tenant, n.id
    )
    DELETE FROM delivery d USING old WHERE d.tenant = old.tenant AND d.about_id = old.id
"""


class DigestMove(NamedTuple):
    """A digest that is locked, and the one that is sent in its place."""

    tenant: str
    old: UUID
    digest: UUID
    due_at: datetime


async def move_digests(uow: UnitOfWork, moves: Sequence[DigestMove]) -> None:
    """Let what waits for each of the old digests wait for the one in its place."""
    if not moves:
        return
    values = {"tenants": [move.tenant for move in moves], "olds": [move.old for move in moves]}
    places = {"digests": [move.digest for move in moves], "due": [move.due_at for move in moves]}
    await uow.execute(MOVE_TO_DIGESTS, {**values, **places})
    await uow.execute(DELETE_MOVED, values)


FIND_IN_DIGEST = f"""
    SELECT {_CLAIMED}
    FROM notification n
    {_JOINED}
    WHERE n.tenant = :tenant AND n.digest_id = :digest
    ORDER BY n.created_at, n.id
    LIMIT :limit
"""
MOST_IN_DIGEST = 500
"""Each is checked again while its digest is claimed. Nobody reads more lines; the pages have all."""


async def in_digest(uow: UnitOfWork, tenant: str, digest: UUID) -> list[Any]:
    """The first notices of a digest, each as :data:`CLAIM` selects one."""
    values = {"tenant": tenant, "digest": digest, "limit": MOST_IN_DIGEST}
    return list(await uow.execute(FIND_IN_DIGEST, values))
