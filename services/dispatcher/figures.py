"""What an operator asks of the invitations: due, being sent, and for how long."""

from services.dispatcher.repository import invitations
from shared.db.database import UnitOfWork
from shared.telemetry import metrics


async def measure(uow: UnitOfWork) -> None:
    """One look at all of them."""
    found = await invitations.on_their_way(uow)
    age = (uow.now - found.oldest).total_seconds() if found.oldest is not None else 0.0
    metrics.show_mails("dispatcher", due=found.due, sending=found.sending, age_seconds=age)
