"""What an operator asks of the mails to colleagues: due, being sent, for how long, and whether they leave."""

from services.alerts.repository import notices
from shared.db.database import UnitOfWork
from shared.outbound.gauges import show


async def measure(uow: UnitOfWork) -> None:
    """One look at all of them."""
    await show(uow, "alerts", await notices.on_their_way(uow))
