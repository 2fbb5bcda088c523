"""How many sources of all companies are read, fail or are paused, and how far they are behind."""

from services.trigger.sources.repository import workers as worker_rows
from shared.db.database import UnitOfWork
from shared.telemetry import metrics


async def measure_sources(uow: UnitOfWork) -> None:
    """Measure the sources."""
    counted = await worker_rows.count_states(uow)
    for state in ("running", "failing", "paused"):
        metrics.SOURCES.labels(state).set(getattr(counted, state))
    metrics.SOURCE_LAG.set(counted.lag)
