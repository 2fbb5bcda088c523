"""The queues of mails and of push messages to colleagues.

Each is sent at most once, and only if its reason still holds then and its reader still wants it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from services.alerts.notices.choices import due_at
from services.alerts.notices.digests import digest_text
from services.alerts.notices.kinds import NoticeText, PrepareNotice, WaitingNotice
from services.alerts.notices.pushes import PushRenderer
from services.alerts.notices.recipients import NoticeRecipient, recipient_of_row, waiting_notice
from services.alerts.notices.rendering import NoticeRenderer
from services.alerts.notices.repository import notifications, push_subscriptions
from services.alerts.notices.topics import DIGEST_KIND, TOPIC_BY_KIND, VIEW_MAIL_KIND, NoticeTopic
from shared.db.database import UnitOfWork
from shared.outbound import Delivery, MailResult, Postponed, Prepared, Withdrawn
from shared.outbound.push_channel import SUBSCRIPTION_GONE
from shared.sealed import SealBroken
from shared.tenancy.tenants import find_tenant

NOT_ANY_MORE = Withdrawn("not to be told any more")
QUIET = "the quiet hours of its reader"
NEWER = "a newer version knows how to tell it"
UNKNOWN_RETRY_AFTER = timedelta(minutes=5)
"""While two versions run, the older one leaves a kind that it does not know to the newer one."""
NEWER_WITHIN = timedelta(days=2)
"""So long after its first notice, which is a day after its time at least, a digest waits for a newer version.
Then that one was taken back, and the digest leaves without what only that one can tell.
"""


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
        """Render the message, if its reason still holds, unless its reader has quiet hours."""
        recipient = recipient_of_row(row, await find_tenant(uow, delivery.tenant))
        kind = row.notice_kind
        if kind not in self.kinds and kind != DIGEST_KIND:
            return Postponed(uow.now + UNKNOWN_RETRY_AFTER, NEWER)
        if not recipient.active or not self._is_wanted(recipient, kind):
            return NOT_ANY_MORE
        if (later := due_at(recipient.choices, kind, uow.now, recipient.zone)) > uow.now:
            return Postponed(later, QUIET)
        notice = replace(waiting_notice(row, delivery.tenant, recipient), staff_url=self.renderer.link(""))
        with self.renderer.reading(recipient.language, recipient.company, notice.zone.key):
            newer_may_come = uow.now - row.created_at < NEWER_WITHIN
            text = await self._text(uow, notice, recipient, newer_may_come=newer_may_come)
            if isinstance(text, Postponed):
                return text
            return NOT_ANY_MORE if text is None else await self._rendered(uow, row, notice, text)

    async def record(
        self,
        uow: UnitOfWork,  # noqa: ARG002  (the delivery tells all)
        delivery: Delivery,  # noqa: ARG002
        about: None,  # noqa: ARG002
        result: MailResult,  # noqa: ARG002
    ) -> bool:
        """Nothing: the delivery tells all."""
        return False

    def _is_wanted(self, recipient: NoticeRecipient, kind: str) -> bool:
        return wants_mail(recipient, kind)

    async def _text(
        self, uow: UnitOfWork, notice: WaitingNotice, recipient: NoticeRecipient, *, newer_may_come: bool
    ) -> NoticeText | Postponed | None:
        if notice.kind == DIGEST_KIND:
            return await self._digest(uow, notice, recipient, newer_may_come=newer_may_come)
        return await self.kinds[notice.kind](uow, notice)

    async def _digest(
        self, uow: UnitOfWork, notice: WaitingNotice, recipient: NoticeRecipient, *, newer_may_come: bool
    ) -> NoticeText | Postponed | None:
        """What waited for this digest and is still true; None when nothing is.

        It is one mail, so it is left to the version that knows all of it, as long as that one may come.
        """
        rows = await notifications.in_digest(uow, notice.tenant, notice.id)
        known = [row for row in rows if row.notice_kind in self.kinds]
        if len(known) < len(rows) and newer_may_come:
            return Postponed(uow.now + UNKNOWN_RETRY_AFTER, NEWER)
        lines: list[tuple[NoticeTopic, NoticeText]] = []
        for row in known:
            if not wants_mail(recipient, row.notice_kind):
                continue
            text = await self.kinds[row.notice_kind](uow, waiting_notice(row, notice.tenant, recipient))
            if text is not None:
                lines.append((TOPIC_BY_KIND[row.notice_kind], text))
        return digest_text(lines, self.renderer.link(""))

    async def _rendered(
        self, _: UnitOfWork, row: Row[Any], notice: WaitingNotice, text: NoticeText, /
    ) -> Prepared | Withdrawn:
        return Prepared(self.renderer.mail(notice.kind, notice.id, row.address, text), about=None)


@dataclass
class PushQueue(NoticeQueue):
    """Push messages to colleagues."""

    pushes: PushRenderer

    def _is_wanted(self, recipient: NoticeRecipient, kind: str) -> bool:
        topic = TOPIC_BY_KIND.get(kind)
        return topic is None or recipient.choices.of(topic).push != "never"

    async def _rendered(
        self, uow: UnitOfWork, row: Row[Any], notice: WaitingNotice, text: NoticeText, /
    ) -> Prepared | Withdrawn:
        """The message to one browser, while it may still have it."""
        browser = row.subscription_id
        sealed = await push_subscriptions.find_sealed(uow, notice.tenant, notice.staff_id, browser)
        if sealed is None:
            return NOT_ANY_MORE
        try:
            message = self.pushes.message(notice, text, browser, sealed)
        except SealBroken:  # by another secret than today's
            return NOT_ANY_MORE
        if not message.subscription.has_usual_port():
            await push_subscriptions.remove(uow, notice.tenant, notice.staff_id, browser)
            return NOT_ANY_MORE
        return Prepared(message, about=(notice.staff_id, browser))

    async def record(self, uow: UnitOfWork, delivery: Delivery, about: Any, result: MailResult) -> bool:
        """Remove a browser that takes nothing any more."""
        person, browser = about
        if result.state == "sent":
            await push_subscriptions.set_taken(uow, delivery.tenant, browser)
        elif result.state == "failed" and result.reason == SUBSCRIPTION_GONE:
            await push_subscriptions.remove(uow, delivery.tenant, person, browser)
        return False


def wants_mail(recipient: NoticeRecipient, kind: str) -> bool:
    """Whether a person wants this by mail, as they have chosen it now."""
    if kind in {DIGEST_KIND, VIEW_MAIL_KIND}:
        return recipient.wants_mail
    topic = TOPIC_BY_KIND.get(kind)
    return topic is None or (recipient.wants_mail and recipient.choices.of(topic).mail != "never")
