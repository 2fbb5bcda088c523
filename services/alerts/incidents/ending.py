"""An incident ends by its deadline, which each of its cases moves."""

from collections.abc import Collection, Sequence

from services.alerts.incidents import repository
from services.alerts.incidents.notifying import ENDED, notify
from shared.db.database import UnitOfWork
from shared.db.deadlines import Deadline


async def end_incidents(uow: UnitOfWork, due: Sequence[Deadline]) -> Collection[Deadline]:
    """End incidents to which no case has come for a while, and tell it.

    One to which a case is being added is not waited for: its deadline is moved by then.
    """
    found = await repository.end(uow, [deadline.about for deadline in due])
    ended = [incident for incident, ends_now in found if ends_now]
    await notify(uow, ENDED, ended, await repository.teams_of(uow, ended))
    keys = {(incident.tenant, incident.id) for incident, _ in found}
    return [deadline for deadline in due if deadline.about in keys]
