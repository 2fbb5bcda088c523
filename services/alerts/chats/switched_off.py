"""Administrators hear that a channel was switched off, whatever they have chosen to be told."""

from uuid import UUID

from services.alerts.chats.labels import OFF_LABELS
from services.alerts.chats.repository import channels
from services.alerts.notices.kinds import NoticeText, WaitingNotice
from services.alerts.notices.queueing import queue_admin_notices
from shared.db.database import UnitOfWork
from shared.pages.language import spoken, translated

CHAT_OFF_KIND = "chat_off"


async def notify_administrators(uow: UnitOfWork, tenant: str, channel_id: UUID) -> None:
    """Queue the mails by which they hear it."""
    await queue_admin_notices(uow, tenant, CHAT_OFF_KIND, about={"chat": str(channel_id)})


async def prepare_chat_off(uow: UnitOfWork, notice: WaitingNotice) -> NoticeText | None:
    """The mail; None when somebody has switched the channel on again, or it was deleted."""
    channel = await channels.find(uow, notice.tenant, UUID(notice.about["chat"]))
    if channel is None or channel.off_reason not in {"gone", "failing"}:
        return None
    return NoticeText(
        subject=translated("The channel %(name)s is switched off") % {"name": channel.name},
        paragraphs=[
            spoken(OFF_LABELS[channel.off_reason]),
            translated("Until somebody switches it on again its team is told nothing there."),
        ],
        path=f"/settings/chats/{channel.id}",
    )
