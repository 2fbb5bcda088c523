"""What an operator asks of the invitations: due, being sent, for how long, and whether they leave."""

from services.dispatcher.repository import invitations
from shared.db.database import UnitOfWork
from shared.outbound.gauges import show


async def measure(uow: UnitOfWork) -> None:
    """One look at all of them."""
    await show(uow, "dispatcher", await invitations.on_their_way(uow))
