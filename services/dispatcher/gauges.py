"""The gauges of invitations: how many are due or being sent, since when, and whether mail leaves at all."""

from services.dispatcher.invitations import repository
from shared.db.database import UnitOfWork
from shared.outbound.gauges import set_gauges


async def measure_mails(uow: UnitOfWork) -> None:
    """Measure the invitations of all tenants with one query."""
    await set_gauges(uow, "dispatcher", await repository.count_due_and_sending(uow))
