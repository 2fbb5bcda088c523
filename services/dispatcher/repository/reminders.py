"""Reminders: deliveries of an invitation behind its first one, and what forbids that one leaves."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from shared.db import UnitOfWork

ANSWERED_STATES = "('saved', 'sent')"
ANSWERED_REASON = "answered"

FIND_ANSWERED = f"""
    SELECT EXISTS (
        SELECT FROM answer_heard a
        WHERE a.tenant = :tenant AND a.id = :id AND a.state IN {ANSWERED_STATES}
    )
"""


async def is_answered(uow: UnitOfWork, tenant: str, invitation_id: UUID) -> bool:
    """Whether an answer to this invitation has come here."""
    return bool((await uow.execute(FIND_ANSWERED, {"tenant": tenant, "id": invitation_id})).scalar_one())


FIND_CLICKED = """
    SELECT EXISTS (
        SELECT FROM answer_heard a WHERE a.tenant = :tenant AND a.id = :id AND a.clicked_at IS NOT NULL
    )
"""


async def is_clicked(uow: UnitOfWork, tenant: str, invitation_id: UUID) -> bool:
    """Whether it has come here that the link of this invitation was opened."""
    return bool((await uow.execute(FIND_CLICKED, {"tenant": tenant, "id": invitation_id})).scalar_one())


# What a sender or an erasure holds is skipped: the sender judges a reminder by the answers that it finds.
DROP_ANSWERED = f"""
    WITH answered AS MATERIALIZED (
        SELECT d.tenant, d.about_id, d.n
        FROM delivery d
        JOIN unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS a(tenant, id)
            ON d.tenant = a.tenant AND d.about_id = a.id
        WHERE d.kind = 'reminder' AND d.state = 'waiting'
        ORDER BY d.tenant, d.about_id, d.n
        FOR UPDATE OF d SKIP LOCKED
    )
    UPDATE delivery AS d SET state = 'dropped', reason = '{ANSWERED_REASON}', settled_at = :now
    FROM answered a
    WHERE d.tenant = a.tenant AND d.about_id = a.about_id AND d.n = a.n
"""


async def drop_answered(uow: UnitOfWork, invitations: Sequence[tuple[str, UUID]]) -> None:
    """End the reminders that wait about these answered invitations, each given with its tenant."""
    await uow.execute(
        DROP_ANSWERED,
        {
            "tenants": [tenant for tenant, _ in invitations],
            "ids": [invitation_id for _, invitation_id in invitations],
            "now": uow.now,
        },
    )


TOUCH_INVITATION = """
    UPDATE invitation SET changed_at = :now WHERE tenant = :tenant AND id = :id
"""


async def touch_invitation(uow: UnitOfWork, tenant: str, invitation_id: UUID) -> None:
    """Let open pages of the event be drawn again; nothing is published, since nothing of it has changed."""
    await uow.execute(TOUCH_INVITATION, {"tenant": tenant, "id": invitation_id, "now": uow.now})


LIST_REMINDERS = """
    SELECT n, state, reason, due_at, settled_at, attempts FROM delivery
    WHERE tenant = :tenant AND about_id = :id AND kind = 'reminder'
    ORDER BY n
"""


async def list_reminders(uow: UnitOfWork, tenant: str, invitation_id: UUID) -> Sequence[Row[Any]]:
    """The reminders of one invitation, in their order."""
    return (await uow.execute(LIST_REMINDERS, {"tenant": tenant, "id": invitation_id})).all()
