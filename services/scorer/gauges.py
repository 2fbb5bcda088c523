"""The gauges of anonymous answers that wait until there are enough of them to be counted, and of falls."""

from services.scorer.repository import falls, waiting
from shared.db.database import UnitOfWork
from shared.telemetry import metrics


async def measure_waiting(uow: UnitOfWork) -> None:
    """Measure those of all tenants."""
    metrics.ANONYMOUS_WAITING.set(await waiting.count_waiting(uow))


async def measure_falls(uow: UnitOfWork) -> None:
    """Measure the falls of all tenants that last."""
    metrics.SEGMENTS_FALLEN.set(await falls.count_fallen(uow))
