"""By the clock: invitations whose sender has not come back become ``unknown``, and are never sent again."""

from services.dispatcher.invitations.repository import lock_expired
from services.dispatcher.invitations.states import move_invitation, read_invitation
from shared.db import UnitOfWork
from shared.outbound.leases import LEASE_ENDED


async def end_leases(uow: UnitOfWork, limit: int) -> int:
    """Move those whose lease has ended to ``unknown``; returns how many there were."""
    expired = await lock_expired(uow, limit)
    for row in expired:
        await move_invitation(uow, row.tenant, read_invitation(row), "unknown", reason=LEASE_ENDED)
    return len(expired)
