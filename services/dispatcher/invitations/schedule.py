"""By the clock: invitations whose sender has not come back become ``unknown``, and are never sent again; and
those that an earlier version stored get their place in the search; destinations of mail are forgotten.
"""

from collections.abc import Sequence
from uuid import UUID

from services.dispatcher.invitations import repository
from services.dispatcher.invitations.states import move_invitation, read_invitation
from services.dispatcher.repository import destinations
from shared.db import UnitOfWork
from shared.runtime import Loop, Periodic
from shared.service import Context

PLACES_LOOP = "invitation places"
CHECK_INTERVAL_S = 30.0
INVITATIONS_PER_STEP = 1_000
DESTINATIONS_LOOP = "mail destinations"
FORGET_INTERVAL_S = 3600.0


async def record_unknown(uow: UnitOfWork, invitations: Sequence[tuple[str, UUID]], reason: str) -> None:
    """Move invitations whose delivery has become unknown to that state, unless they have come to an end, and
    publish them. One whose reminder has become unknown was sent, and stays so.
    """
    for tenant, invitation_id in invitations:
        row = await repository.lock(uow, tenant, invitation_id)
        if row is not None and row.state in {"waiting", "sending"}:
            await move_invitation(uow, tenant, read_invitation(row), "unknown", reason=reason)


def places_loop(context: Context) -> Loop:
    """The loop that finds something only while, or after, a version without ``decided_at`` has run."""

    async def step() -> float | None:
        async with context.database.transaction() as uow:
            placed = await repository.place(uow, INVITATIONS_PER_STEP)
        return 0 if placed == INVITATIONS_PER_STEP else None

    return Periodic(PLACES_LOOP, step, CHECK_INTERVAL_S, context.health).run


def destinations_loop(context: Context) -> Loop:
    """The loop that forgets the destinations that nothing has been mailed to for a day."""

    async def step() -> None:
        async with context.database.transaction() as uow:
            await destinations.forget_idle(uow)

    return Periodic(DESTINATIONS_LOOP, step, FORGET_INTERVAL_S, context.health).run
