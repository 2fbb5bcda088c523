"""The queue of mails to colleagues. A mail is sent at most once, and only if its reason still holds then."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row

from services.alerts.notices.choices import due_at
from services.alerts.notices.kinds import NoticeText, PrepareNotice, WaitingNotice
from services.alerts.notices.recipients import Recipient, recipient_of_row, waiting_notice
from services.alerts.notices.rendering import NoticeRenderer
from services.alerts.notices.repository import notifications
from services.alerts.notices.topics import TOPIC_BY_KIND
from shared.db.database import UnitOfWork
from shared.mail import MailMessage
from shared.outbound import Delivery, MailResult, Postponed, Prepared, Withdrawn
from shared.tenancy.tenants import find_tenant

NOT_ANY_MORE = Withdrawn("not to be told any more")
QUIET = "the quiet hours of its reader"


@dataclass
class NoticeQueue:
    """Mails to colleagues as a :class:`shared.outbound.Queue`."""

    renderer: NoticeRenderer
    kinds: Mapping[str, PrepareNotice]
    service = "alerts"
    most_tries = 12
    claim_sql = notifications.CLAIM

    async def prepare(
        self, uow: UnitOfWork, delivery: Delivery, row: Row[Any]
    ) -> Prepared | Withdrawn | Postponed:
        """Render the mail, if its reason still holds, unless its reader has quiet hours."""
        recipient = recipient_of_row(row, await find_tenant(uow, delivery.tenant))
        kind = row.notice_kind
        if not recipient.active or not wants_mail(recipient, kind):
            return NOT_ANY_MORE
        if (later := due_at(recipient.choices, kind, uow.now, recipient.zone)) > uow.now:
            return Postponed(later, QUIET)
        mail = await self._mail(uow, waiting_notice(row, delivery.tenant, recipient), recipient)
        return NOT_ANY_MORE if mail is None else Prepared(mail, about=None)

    async def record(self, uow: UnitOfWork, delivery: Delivery, about: None, result: MailResult) -> None:
        """The delivery tells all."""

    async def _mail(self, uow: UnitOfWork, notice: WaitingNotice, recipient: Recipient) -> MailMessage | None:
        with self.renderer.reading(recipient.language, recipient.company, notice.zone.key):
            text = await self._text(uow, replace(notice, staff_url=self.renderer.link("")))
            if text is None:
                return None
            return self.renderer.mail(notice.kind, notice.id, recipient.address, text)

    async def _text(self, uow: UnitOfWork, notice: WaitingNotice) -> NoticeText | None:
        return await self.kinds[notice.kind](uow, notice)


def wants_mail(recipient: Recipient, kind: str) -> bool:
    """Whether a person wants this by mail, as they have chosen it now."""
    topic = TOPIC_BY_KIND.get(kind)
    if topic is None:
        return True
    return recipient.wants_mail and recipient.choices.of(topic).mail != "never"
