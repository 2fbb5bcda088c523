"""The gauges of invitations: how many are due or being sent, since when, and whether mail leaves at all."""

from services.dispatcher.invitations import repository
from shared.db.database import UnitOfWork
from shared.outbound.gauges import set_gauges


async def measure_mails(uow: UnitOfWork) -> None:
    """Measure the deliveries of all tenants but those that have stopped all sending."""
    await set_gauges(uow, "dispatcher", repository.NOT_STOPPED)
