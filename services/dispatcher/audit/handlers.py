"""Lines of the log that services publish are kept."""

from collections.abc import Sequence

from services.dispatcher.audit import repository
from shared.db import UnitOfWork
from shared.events import AuditLine, Event
from shared.events.dedupe import first


async def keep_audit(uow: UnitOfWork, events: Sequence[Event[AuditLine]]) -> None:
    """Keep each line once."""
    await repository.add(uow, first(events, lambda line: line.id))
