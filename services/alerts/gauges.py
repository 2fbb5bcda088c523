"""The gauges of the mails to colleagues: due, being sent, for how long, and whether they leave."""

from services.alerts.notices import repository as notices
from shared.db.database import UnitOfWork
from shared.outbound.gauges import show


async def measure(uow: UnitOfWork) -> None:
    """Set all of them."""
    await show(uow, "alerts", await notices.queued(uow))
