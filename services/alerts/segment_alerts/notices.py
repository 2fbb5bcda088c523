"""Notices that the score of a segment has fallen: whom they are for, and what they say."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.alerts.notices.kinds import NoticeText, WaitingNotice
from services.alerts.notices.queueing import WantedNotice, queue_notices
from services.alerts.segment_alerts import repository
from services.alerts.segment_alerts.domain import SegmentAlert
from services.alerts.segment_alerts.words import fall_sentence, heading
from services.alerts.staff.repository import people
from shared.db.database import UnitOfWork
from shared.events import may_see
from shared.pages.language import translated
from shared.permissions import ADMIN, Role

SEGMENT_FALL = "segment_fall"
"""The kind of the notice."""
LEADER: Role = "leader"


async def notify_leaders(uow: UnitOfWork, alerts: Sequence[SegmentAlert]) -> None:
    """Queue a notice of each new alert to the leaders who may see its segment; where there is none, to the
    administrators who may.
    """
    if not alerts:
        return
    tenants = [alert.tenant for alert in alerts]
    leaders = await people.working_on_cases(uow, tenants, (LEADER,))
    admins = await people.working_on_cases(uow, tenants, (ADMIN,))
    await queue_notices(
        uow,
        [
            WantedNotice(
                tenant=alert.tenant,
                person=person,
                kind=SEGMENT_FALL,
                parts=(SEGMENT_FALL, str(alert.id)),
                about={"alert": str(alert.id)},
            )
            for alert in alerts
            for person in recipients_of(alert, leaders.get(alert.tenant, ()), admins.get(alert.tenant, ()))
        ],
    )


def recipients_of(
    alert: SegmentAlert, leaders: Sequence[dict[str, Any]], admins: Sequence[dict[str, Any]]
) -> list[UUID]:
    """Whom a new alert is for."""
    for group in (leaders, admins):
        if found := [each["id"] for each in group if may_see(each["segments"], alert.belongs)]:
            return found
    return []


async def prepare_fall(uow: UnitOfWork, notice: WaitingNotice) -> NoticeText | None:
    """About a fall; None when its alert is closed, or the person may not see the segment."""
    alert_id = notice.about.get("alert")
    if notice.role not in {LEADER, ADMIN} or not isinstance(alert_id, str):
        return None
    alert = await repository.find(uow, notice.tenant, UUID(alert_id), notice.segments)
    if alert is None or alert.state == "closed":
        return None
    company = notice.company.name if notice.company else notice.tenant
    return NoticeText(
        subject=heading(alert, company),
        paragraphs=[fall_sentence(alert)],
        call=translated("Read it and act:"),
        path=f"/segment-alerts/{alert.id}",
    )
