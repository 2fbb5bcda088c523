"""The gauges of the mails to colleagues: due, being sent, for how long, and whether they leave."""

from shared.db.database import UnitOfWork
from shared.outbound.gauges import set_gauges


async def measure(uow: UnitOfWork) -> None:
    """Set all of them."""
    await set_gauges(uow, "alerts")
