"""What an operator asks of the mails to colleagues: due, being sent, and for how long."""

from services.alerts.repository import notices
from shared.db.database import UnitOfWork
from shared.telemetry import metrics


async def measure(uow: UnitOfWork) -> None:
    """One look at all of them."""
    found = await notices.on_their_way(uow)
    age = (uow.now - found.oldest).total_seconds() if found.oldest is not None else 0.0
    metrics.show_mails("alerts", due=found.due, sending=found.sending, age_seconds=age)
