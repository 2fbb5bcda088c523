"""The queue of mails to colleagues. A mail is sent at most once, and only if its reason still holds then."""

from dataclasses import dataclass
from typing import Any, Literal

from services.alerts.cases.repository.cases import find_case
from services.alerts.notices import repository
from services.alerts.notices.rendering import NoticeRenderer
from services.alerts.replicas import repository as replicas
from services.alerts.staff import sign_in_tokens
from services.alerts.staff.repository import people
from shared.db.database import UnitOfWork
from shared.events import may_see, segments_of
from shared.mail import MailMessage
from shared.outbound import LEASE_DURATION, PASSED, ClaimedMail, MailResult
from shared.permissions import CASE_ROLES
from shared.tenancy.tenants import find_tenant


@dataclass
class NoticeQueue:
    """Mails to colleagues as a :class:`shared.outbound.Queue`."""

    renderer: NoticeRenderer
    service = "alerts"
    most_tries = 12

    async def claim(self, uow: UnitOfWork) -> ClaimedMail | Literal["passed"] | None:
        """The next mail that is due, marked ``sending``; PASSED when its reason no longer holds."""
        notice = await repository.claim(uow)
        if notice is None:
            return None
        mail = await self._mail(uow, notice)
        if mail is None:
            await repository.settle(uow, notice.tenant, notice.id, "dropped", "not to be told any more")
            return PASSED
        return ClaimedMail(
            notice.id, notice.attempts, notice.refusals, mail, uow.now + LEASE_DURATION, about=notice.tenant
        )

    async def settle(self, uow: UnitOfWork, claimed: ClaimedMail, fate: MailResult) -> None:
        """Record the outcome."""
        await repository.settle(
            uow,
            claimed.about,
            claimed.id,
            fate.state,
            fate.reason,
            fate.next_at,
            tried=fate.tried,
            refused=fate.refused,
        )

    async def _mail(self, uow: UnitOfWork, notice: Any) -> MailMessage | None:
        """The mail as of now; None when this person must not get it any more."""
        if not notice.active:
            return None
        if notice.kind == "invite":
            return await self._invitation(uow, notice)
        if not notice.wants_mail or notice.role not in CASE_ROLES:
            return None
        case = await find_case(uow, notice.tenant, notice.case_id)
        if case is None or case.state == "closed":
            return None
        answers = await replicas.newest_answers(uow, [(notice.tenant, notice.answer_id)])
        answer, _ = answers[notice.tenant, notice.answer_id]
        if not may_see(notice.segments, segments_of(answer)):
            return None
        tenant = await find_tenant(uow, notice.tenant)
        return self.renderer.case_notice(notice, case, answer, uow.now, tenant)

    async def _invitation(self, uow: UnitOfWork, notice: Any) -> MailMessage:
        tenant = await find_tenant(uow, notice.tenant)
        link = await sign_in_tokens.new_link(uow, notice.tenant, notice.staff_id)
        inviter = None
        if notice.by_id is not None:
            inviter = await people.find_person(uow, notice.tenant, notice.by_id)
        return self.renderer.invitation(notice, tenant, inviter.name if inviter is not None else None, link)
