"""An incident ends by its deadline, which its cases move."""

from collections.abc import Collection, Sequence

from services.alerts.incidents.notifying import ENDED, notify
from services.alerts.incidents.repository import incidents as incident_rows
from shared.db.database import UnitOfWork
from shared.db.deadlines import Deadline


async def end_incidents(uow: UnitOfWork, due: Sequence[Deadline]) -> Collection[Deadline]:
    """End incidents whose cases have become few, and tell it.

    One to which a case is being added is not waited for: its deadline is moved by then.
    """
    found = await incident_rows.end(uow, [deadline.about for deadline in due])
    ended = [incident for incident, ends_now in found if ends_now]
    await notify(uow, ENDED, ended, await incident_rows.teams_of(uow, ended))
    keys = {(incident.tenant, incident.id) for incident, _ in found}
    return [deadline for deadline in due if deadline.about in keys]
