"""The gauge of anonymous answers that wait until there are enough of them to be counted."""

from services.scorer.repository import waiting
from shared.db.database import UnitOfWork
from shared.telemetry import metrics


async def measure_waiting(uow: UnitOfWork) -> None:
    """Measure those of all tenants."""
    metrics.ANONYMOUS_WAITING.set(await waiting.count_waiting(uow))
