"""By the clock: invitations whose sender has not come back become ``unknown``, and are never sent again."""

from services.dispatcher.invitations.repository import forsaken
from services.dispatcher.invitations.states import states
from shared.db import UnitOfWork
from shared.outbound.leases import LEASE_ENDED


async def end_leases(uow: UnitOfWork, most: int) -> int:
    """Mark the forsaken, and say so of each; how many there were."""
    found = await forsaken(uow, most)
    for row in found:
        await states.move_invitation(
            uow, row.tenant, states.read_invitation(row), "unknown", reason=LEASE_ENDED
        )
    return len(found)
