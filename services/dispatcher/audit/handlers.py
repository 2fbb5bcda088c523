"""Lines of the log that services publish are kept."""

from collections.abc import Sequence

from services.dispatcher.audit import repository
from shared.db import UnitOfWork
from shared.events import AuditLine, Event
from shared.events.dedupe import first
from shared.telemetry import metrics


async def keep_audit(uow: UnitOfWork, events: Sequence[Event[AuditLine]]) -> None:
    """Keep each line once."""
    for act in await repository.add(uow, first(events, lambda line: line.id)):
        metrics.AUDIT_LINES.labels(act).inc()
