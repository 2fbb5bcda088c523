"""The gauges of anonymous answers that wait to be counted, of falls, and of actions of improvement."""

from services.scorer.improvements.repository import IMPROVEMENT_STATES, count_by_state
from services.scorer.repository import falls, waiting
from shared.db.database import UnitOfWork
from shared.telemetry import metrics


async def measure_waiting(uow: UnitOfWork) -> None:
    """Measure those of all tenants."""
    metrics.ANONYMOUS_WAITING.set(await waiting.count_waiting(uow))


async def measure_falls(uow: UnitOfWork) -> None:
    """Measure the falls of all tenants that last."""
    metrics.SEGMENTS_FALLEN.set(await falls.count_fallen(uow))


async def measure_improvements(uow: UnitOfWork) -> None:
    """Measure the actions of improvement of all tenants."""
    found = await count_by_state(uow)
    for state in IMPROVEMENT_STATES:
        metrics.IMPROVEMENTS.labels(state).set(found.get(state, 0))
