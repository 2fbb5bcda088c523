"""What people and programs do to alerts on segments: acknowledge and close them."""

from dataclasses import dataclass
from uuid import UUID

from services.alerts.segment_alerts import repository
from services.alerts.segment_alerts.domain import SegmentAlert, acknowledged, closed
from shared.db.database import UnitOfWork
from shared.db.notifications import notify_changes
from shared.http.auth import Caller
from shared.http.staff_auth import Staff


@dataclass(frozen=True, slots=True)
class AlertUser:
    """Who reads alerts and acts on them."""

    tenant: str
    name: str
    segments: tuple[str, ...]
    """The segments that they are limited to; none: not limited."""

    @classmethod
    def of_staff(cls, staff: Staff) -> "AlertUser":
        """A person who is signed in."""
        return cls(staff.tenant, staff.name, staff.segments)

    @classmethod
    def of(cls, caller: Caller) -> "AlertUser":
        """A person or a key; a key sees all of its company."""
        if caller.staff is not None:
            return cls.of_staff(caller.staff)
        return cls(caller.tenant, caller.key.name if caller.key is not None else "", ())


async def acknowledge(uow: UnitOfWork, user: AlertUser, alert_id: UUID) -> SegmentAlert | None:
    """Say that one looks into it; None: there is no such alert for this user.

    :raises SegmentAlertRefused: when it is closed.
    """
    alert = await repository.find(uow, user.tenant, alert_id, user.segments, lock=True)
    if alert is None:
        return None
    return await _written(uow, alert, acknowledged(alert, user.name, uow.now))


async def close(uow: UnitOfWork, user: AlertUser, alert_id: UUID, note: str) -> SegmentAlert | None:
    """Close it with a note; None: there is no such alert for this user.

    :raises SegmentAlertRefused: when it is closed already.
    """
    alert = await repository.find(uow, user.tenant, alert_id, user.segments, lock=True)
    if alert is None:
        return None
    return await _written(uow, alert, closed(alert, user.name, note, uow.now))


async def _written(uow: UnitOfWork, before: SegmentAlert, after: SegmentAlert) -> SegmentAlert:
    if after != before:
        await repository.write_act(uow, after)
        notify_changes(uow, [after.tenant])
    return after
