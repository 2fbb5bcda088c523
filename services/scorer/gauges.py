"""The gauges of anonymous answers that wait, falls, actions of improvement, themes, the audit, and of what is
not in the counts yet, and declared pairs that are not ready.
"""

from services.scorer.asked.noted_repository import count_noted
from services.scorer.auditing.repository import measure_results
from services.scorer.improvements.repository import IMPROVEMENT_STATES, count_by_state
from services.scorer.repository import falls, waiting
from services.scorer.repository.pairs import count_unready
from services.scorer.themes.found_repository import count_late
from services.scorer.themes.model_repository import count_waiting
from services.scorer.themes.repository import count_behind
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


async def measure_themes(uow: UnitOfWork) -> None:
    """Measure the companies with comments that wait to be matched with their present themes, and those that
    wait to be looked at for new ones; and the comments that wait for a model.
    """
    metrics.THEMES_BEHIND.set(await count_behind(uow))
    metrics.THEME_LOOKS_LATE.set(await count_late(uow))
    metrics.THEME_MODEL_WAITING.set(await count_waiting(uow))


async def measure_audit(uow: UnitOfWork) -> None:
    """Measure what differs by the last audit of each company."""
    differing, at = await measure_results(uow)
    metrics.AUDIT_DIFFERENCES.set(differing)
    metrics.AUDIT_FINISHED.set(at.timestamp() if at else 0)


async def measure_noted(uow: UnitOfWork) -> None:
    """Measure what triggers have noted and the loop has not added to the counts yet, of all tenants."""
    metrics.COUNTS_NOTED.set(await count_noted(uow))


async def measure_pairs(uow: UnitOfWork) -> None:
    """Measure the pairs of all tenants that are being filled or removed."""
    metrics.PAIRS_UNREADY.set(await count_unready(uow))
