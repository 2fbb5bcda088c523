"""A mail that was stopped, or whose view was removed, does not leave any more, though it was written."""

from collections.abc import Sequence
from uuid import UUID

from services.alerts.view_mails import history_repository
from shared.db.database import UnitOfWork
from shared.events import AuditLine, Event

STOPPED, REMOVED = "view_mail_stopped", "view_removed"


async def forget_stopped(uow: UnitOfWork, events: Sequence[Event[AuditLine]]) -> None:
    """Forget the words of mails that wait, so that these are withdrawn when they are to leave."""
    views: list[tuple[str, UUID, UUID | None]] = []
    for event in events:
        line = event.data
        if line.act in {STOPPED, REMOVED} and line.about is not None:
            person = UUID(str(line.facts["staff"])) if line.act == STOPPED else None
            views.append((event.tenant, UUID(line.about), person))
    if views:
        await history_repository.forget_waiting(uow, sorted(views, key=str))
