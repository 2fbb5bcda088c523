"""By the clock: invitations whose sender has not come back become ``unknown``, and are never sent again."""

from collections.abc import Sequence
from uuid import UUID

from services.dispatcher.invitations import repository
from services.dispatcher.invitations.states import move_invitation, read_invitation
from shared.db import UnitOfWork


async def record_unknown(uow: UnitOfWork, invitations: Sequence[tuple[str, UUID]], reason: str) -> None:
    """Move invitations whose delivery has become unknown to that state, unless they have come to an end, and
    publish them. One whose reminder has become unknown was sent, and stays so.
    """
    for tenant, invitation_id in invitations:
        row = await repository.find(uow, tenant, invitation_id)
        if row is not None and row.state in {"waiting", "sending"}:
            await move_invitation(uow, tenant, read_invitation(row), "unknown", reason=reason)
