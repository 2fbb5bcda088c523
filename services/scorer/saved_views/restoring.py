"""What was taken back stays so when the database was restored from an older backup.

A screen's link that was revoked would open again, a view that was removed would be there with its links, and
a mail that was stopped would leave. Each of these acts is on ``audit``, so that topic is read again.
"""

from collections.abc import Sequence
from uuid import UUID

from services.scorer.saved_views import restoring_repository
from services.scorer.saved_views.restoring_repository import TakenBack
from shared.db.database import UnitOfWork
from shared.events import AuditLine, Event
from shared.privacy.audit import AuditAct


async def take_back_again(uow: UnitOfWork, events: Sequence[Event[AuditLine]]) -> None:
    """Take back what these lines say was taken back; of what is newer than a line nothing changes."""
    if revoked := _acts(events, "screen_revoked"):
        await restoring_repository.revoke_screens(uow, revoked)
    if removed := _acts(events, "view_removed"):
        await restoring_repository.remove_views(uow, removed)
    if stopped := _acts(events, "view_mail_stopped"):
        await restoring_repository.stop_mails(uow, stopped)


def _acts(events: Sequence[Event[AuditLine]], act: AuditAct) -> list[TakenBack]:
    found = []
    for event in events:
        line, person = event.data, event.data.facts.get("staff")
        if line.act == act and line.about is not None:
            whose = None if person is None else UUID(str(person))
            found.append(TakenBack(event.tenant, UUID(line.about), line.at, whose))
    return found
