"""By the clock: invitations whose sender has not come back become ``unknown``, and are never sent again."""

from services.dispatcher import invitations
from services.dispatcher.repository.invitations import forsaken
from shared.db import UnitOfWork
from shared.outbound.leases import LEASE_ENDED


async def end_leases(uow: UnitOfWork, most: int) -> int:
    """Mark the forsaken, and say so of each; how many there were."""
    found = await forsaken(uow, most)
    for row in found:
        await invitations.move(uow, row.tenant, invitations.of_row(row), "unknown", reason=LEASE_ENDED)
    return len(found)
