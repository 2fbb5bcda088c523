"""What an operator asks of the mails to colleagues: due, being sent, for how long, and whether they leave."""

from services.alerts.repository import notices
from shared.db.database import UnitOfWork
from shared.outbound.gauges import set_gauges


async def measure(uow: UnitOfWork) -> None:
    """One look at all of them."""
    await set_gauges(uow, "alerts", await notices.on_their_way(uow))
