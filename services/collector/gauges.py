"""The gauge of suspect answers that wait to be judged."""

from services.collector.repository import suspects
from shared.db.database import UnitOfWork
from shared.telemetry import metrics


async def measure_suspects(uow: UnitOfWork) -> None:
    """Measure those of all tenants."""
    metrics.SUSPECT_ANSWERS.set(await suspects.count_unjudged(uow))
