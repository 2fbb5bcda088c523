"""Word that the score of a segment has fallen, in notices and chat channels: for whom, and what it says."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.alerts.chats.queueing import ChatItem, queue_chats
from services.alerts.chats.rendering import ChatReason
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
from shared.tenancy.tenants import find_tenant

SEGMENT_FALL = "segment_fall"
"""The kind of the notice."""
LEADER: Role = "leader"


async def notify_leaders(uow: UnitOfWork, alerts: Sequence[SegmentAlert]) -> None:
    """Queue a notice of each new alert to the leaders who may see its segment; where there is none, to the
    administrators who may. The channels that are told of incidents are told, too.
    """
    if not alerts:
        return
    tenants = [alert.tenant for alert in alerts]
    await queue_chats(uow, "incidents", [_item(alert) for alert in alerts])
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


def _item(alert: SegmentAlert) -> ChatItem:
    about = {"alert": str(alert.id)}
    return ChatItem(
        alert.tenant, SEGMENT_FALL, (str(alert.id),), about, belongs=alert.belongs, for_all_teams=True
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
    return _text(alert, notice.company.name if notice.company else notice.tenant)


async def chat_of_fall(uow: UnitOfWork, reason: ChatReason) -> NoticeText | None:
    """About a fall; None when its alert is closed."""
    alert = await repository.find(uow, reason.tenant, UUID(reason.about["alert"]), reason.channel.segments)
    if alert is None or alert.state == "closed":
        return None
    company = await find_tenant(uow, reason.tenant)
    return _text(alert, company.name if company else reason.tenant)


def _text(alert: SegmentAlert, company: str) -> NoticeText:
    return NoticeText(
        subject=heading(alert, company),
        paragraphs=[fall_sentence(alert)],
        call=translated("Read it and act:"),
        path=f"/segment-alerts/{alert.id}",
    )
