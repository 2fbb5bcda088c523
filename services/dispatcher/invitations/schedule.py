"""By the clock: invitations whose sender has not come back become ``unknown``, and are never sent again; and
those that an earlier version stored get their place in the search.
"""

from collections.abc import Sequence
from uuid import UUID

from services.dispatcher.invitations import repository
from services.dispatcher.invitations.states import move_invitation, read_invitation
from shared.db import UnitOfWork
from shared.runtime import Loop, Periodic
from shared.service import Context

PLACES_LOOP = "invitation places"
CHECK_INTERVAL_S = 30.0
INVITATIONS_PER_STEP = 1_000


async def record_unknown(uow: UnitOfWork, invitations: Sequence[tuple[str, UUID]], reason: str) -> None:
    """Move invitations whose delivery has become unknown to that state, unless they have come to an end, and
    publish them. Each has one delivery, its first.
    """
    for tenant, invitation_id in invitations:
        row = await repository.find(uow, tenant, invitation_id)
        if row is not None and row.state in {"waiting", "sending"}:
            await move_invitation(uow, tenant, read_invitation(row), "unknown", reason=reason)


def places_loop(context: Context) -> Loop:
    """The loop that finds something only while, or after, a version without ``decided_at`` has run."""

    async def step() -> float | None:
        async with context.database.transaction() as uow:
            placed = await repository.place(uow, INVITATIONS_PER_STEP)
        return 0 if placed == INVITATIONS_PER_STEP else None

    return Periodic(PLACES_LOOP, step, CHECK_INTERVAL_S, context.health).run
