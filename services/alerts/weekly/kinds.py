"""Who may get the letter when it leaves: leaders and administrators, and channels that are told of it."""

from datetime import date, timedelta

from services.alerts.chats.rendering import ChatReason
from services.alerts.notices.kinds import NoticeText, WaitingNotice
from services.alerts.weekly.letter import read_letter
from services.alerts.weekly.words import letter_text
from shared.db.database import UnitOfWork
from shared.permissions import ADMIN, Role

LETTER_ROLES: tuple[Role, ...] = (ADMIN, "leader")
VALID_FOR = timedelta(days=6)
"""After its Monday; then the next letter is near."""


async def prepare_letter(uow: UnitOfWork, notice: WaitingNotice) -> NoticeText | None:
    """The letter to a person, with three comments; None when there is nothing to tell."""
    monday = date.fromisoformat(notice.about["monday"])
    if notice.role not in LETTER_ROLES or _is_late(uow, monday):
        return None
    letter = await read_letter(uow, notice.tenant, notice.segments, monday, notice.zone, for_channel=False)
    return None if letter.is_empty else letter_text(letter, notice.staff_url, uow.now, notice.zone)


async def chat_of_letter(uow: UnitOfWork, reason: ChatReason) -> NoticeText | None:
    """The letter in a channel, without comments and names: what is posted there nobody can erase."""
    monday = date.fromisoformat(reason.about["monday"])
    if _is_late(uow, monday):
        return None
    segments = reason.channel.segments
    letter = await read_letter(uow, reason.tenant, segments, monday, reason.zone, for_channel=True)
    return None if letter.is_empty else letter_text(letter, reason.staff_url, uow.now, reason.zone)


def _is_late(uow: UnitOfWork, monday: date) -> bool:
    return uow.now.date() - monday > VALID_FOR
