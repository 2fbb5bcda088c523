"""Whether the mail of a saved view may still leave, and its words."""

import msgspec

from services.alerts.notices.kinds import NoticeText, WaitingNotice
from services.alerts.view_mails import repository
from services.alerts.view_mails.domain import VALID_FOR
from shared.db.database import UnitOfWork
from shared.mail import InlinePicture
from shared.privacy.view_mails import PICTURE_ID, ViewMailContent


async def prepare_view_mail(uow: UnitOfWork, notice: WaitingNotice) -> NoticeText | None:
    """The mail as it was written; None where it is old, or its reader may see something else by now."""
    mail = await repository.find_mail(uow, notice.tenant, notice.id)
    if mail is None or uow.now - mail.created_at > VALID_FOR:
        return None
    if (mail.role, tuple(mail.segments)) != (notice.role, notice.segments):
        return None
    content = msgspec.json.decode(mail.body, type=ViewMailContent)
    picture = None
    if content.picture is not None:
        picture = InlinePicture(content_id=PICTURE_ID, name="trend.png", body=content.picture)
    return NoticeText(
        subject=content.subject,
        paragraphs=content.paragraphs,
        path=content.path,
        html=content.html,
        picture=picture,
        stop_path=content.stop_path,
    )
