"""Notices and messages about incidents: what is checked when one leaves."""

from uuid import UUID

from services.alerts.chats.rendering import ChatReason
from services.alerts.incidents.domain import IncidentPolicy
from services.alerts.incidents.repository.lists import IncidentCases, visible_incidents
from services.alerts.incidents.words import began_text, ended_text
from services.alerts.notices.kinds import NoticeText, WaitingNotice
from shared.db.database import UnitOfWork
from shared.permissions import CASE_ROLES

POLICY = IncidentPolicy()


async def prepare_began(uow: UnitOfWork, notice: WaitingNotice) -> NoticeText | None:
    """That an incident began; None once it is over, which is told by itself."""
    found = await _visible(uow, notice)
    return None if found is None or _is_over(found) else began_text(found, POLICY, uow.now, notice.zone)


async def prepare_ended(uow: UnitOfWork, notice: WaitingNotice) -> NoticeText | None:
    """That an incident is over."""
    found = await _visible(uow, notice)
    return None if found is None else ended_text(found, POLICY, uow.now, notice.zone)


async def chat_of_begin(uow: UnitOfWork, reason: ChatReason) -> NoticeText | None:
    """That an incident began; None once it is over."""
    found = await _of_channel(uow, reason)
    return None if found is None or _is_over(found) else began_text(found, POLICY, uow.now, reason.zone)


async def chat_of_end(uow: UnitOfWork, reason: ChatReason) -> NoticeText | None:
    """That an incident is over."""
    found = await _of_channel(uow, reason)
    return None if found is None else ended_text(found, POLICY, uow.now, reason.zone)


def _is_over(found: IncidentCases) -> bool:
    return found.incident.ended_at is not None


async def _visible(uow: UnitOfWork, notice: WaitingNotice) -> IncidentCases | None:
    """The incident, if this person works on cases and may see its segment."""
    if notice.role not in CASE_ROLES:
        return None
    return await _found(uow, notice.tenant, notice.about["incident"], notice.segments)


async def _of_channel(uow: UnitOfWork, reason: ChatReason) -> IncidentCases | None:
    return await _found(uow, reason.tenant, reason.about["incident"], reason.channel.segments)


async def _found(
    uow: UnitOfWork, tenant: str, incident: str, segments: tuple[str, ...]
) -> IncidentCases | None:
    found = await visible_incidents(uow, tenant, segments, POLICY.within, incident=UUID(incident))
    return found[0] if found else None
