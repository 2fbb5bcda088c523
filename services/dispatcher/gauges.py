"""What an operator asks of the invitations: due, being sent, for how long, and whether they leave."""

from services.dispatcher.invitations.states import repository
from shared.db.database import UnitOfWork
from shared.outbound.gauges import show


async def measure_mails(uow: UnitOfWork) -> None:
    """One look at all of them."""
    await show(uow, "dispatcher", await repository.on_their_way(uow))
