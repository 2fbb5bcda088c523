"""Administrators hear once a day that messages of a channel were given up, whatever they have chosen."""

from uuid import UUID

from services.alerts.chats.repository import channels
from services.alerts.notices.kinds import NoticeText, WaitingNotice
from services.alerts.notices.queueing import queue_admin_notices
from shared.db.database import UnitOfWork
from shared.pages.language import translated

CHAT_GIVEN_UP_KIND = "chat_given_up"


async def notify_of_given_up(uow: UnitOfWork, tenant: str, channel_id: UUID) -> None:
    """Queue the mails by which they hear it, unless they are queued already on this day (UTC)."""
    once = (str(channel_id), uow.now.date().isoformat())
    about = {"chat": str(channel_id)}
    await queue_admin_notices(uow, tenant, CHAT_GIVEN_UP_KIND, about=about, once=once)


async def prepare_chat_given_up(uow: UnitOfWork, notice: WaitingNotice) -> NoticeText | None:
    """The mail; None when the channel was deleted."""
    channel = await channels.find(uow, notice.tenant, UUID(notice.about["chat"]))
    if channel is None:
        return None
    return NoticeText(
        subject=translated("Messages to the channel %(name)s were given up") % {"name": channel.name},
        paragraphs=[
            translated("They could not leave for a day, so nobody was told them there."),
            translated("The page of the channel lists them, and says what its provider answered."),
        ],
        path=f"/settings/chats/{channel.id}",
    )
