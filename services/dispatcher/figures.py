"""What an operator asks of the invitations: due, being sent, for how long, and whether they leave."""

from services.dispatcher.repository import invitations
from shared.db.database import UnitOfWork
from shared.outbound.gauges import set_gauges


async def measure(uow: UnitOfWork) -> None:
    """One look at all of them."""
    await set_gauges(uow, "dispatcher", await invitations.on_their_way(uow))
