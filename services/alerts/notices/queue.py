"""The queue of mails to colleagues. A mail is sent at most once, and only if its reason still holds then."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.repository.cases import find_case
from services.alerts.notices import repository
from services.alerts.notices.rendering import NoticeRenderer
from services.alerts.replicas import repository as replicas
from services.alerts.staff import sign_in_tokens
from services.alerts.staff.repository import people
from services.alerts.webhooks.repository import webhooks
from shared.db.database import UnitOfWork
from shared.events import may_see, segments_of
from shared.mail import MailMessage
from shared.outbound import Delivery, MailResult, Prepared, Withdrawn
from shared.permissions import CASE_ROLES
from shared.tenancy.tenants import find_tenant


@dataclass
class NoticeQueue:
    """Mails to colleagues as a :class:`shared.outbound.Queue`."""

    renderer: NoticeRenderer
    service = "alerts"
    most_tries = 12
    claim_sql = repository.CLAIM

    async def prepare(self, uow: UnitOfWork, delivery: Delivery, row: Row[Any]) -> Prepared | Withdrawn:
        """Render the mail, if its reason still holds."""
        mail = await self._mail(uow, delivery.tenant, row)
        return Withdrawn("not to be told any more") if mail is None else Prepared(mail, about=None)

    async def record(self, uow: UnitOfWork, delivery: Delivery, about: None, result: MailResult) -> None:
        """The delivery tells all."""

    async def _mail(self, uow: UnitOfWork, tenant_id: str, notice: Any) -> MailMessage | None:
        """The mail as of now; None when this person must not get it any more."""
        if not notice.active:
            return None
        match notice.notice_kind:
            case "invite":
                return await self._invitation(uow, tenant_id, notice)
            case "webhook":
                return await self._webhook(uow, tenant_id, notice)
            case _:
                return await self._about_case(uow, tenant_id, notice)

    async def _about_case(self, uow: UnitOfWork, tenant_id: str, notice: Any) -> MailMessage | None:
        if not notice.wants_mail or notice.role not in CASE_ROLES:
            return None
        case = await find_case(uow, tenant_id, notice.case_id)
        if case is None or case.state == "closed":
            return None
        if notice.notice_kind == "case":
            return await self._case_notice(uow, tenant_id, notice, case)
        return await self._clock_notice(uow, tenant_id, notice, case)

    async def _case_notice(
        self, uow: UnitOfWork, tenant_id: str, notice: Any, case: CaseFile
    ) -> MailMessage | None:
        """The mail about an answer; None when the person may not read it."""
        answers = await replicas.newest_answers(uow, [(tenant_id, notice.answer_id)])
        answer, _ = answers[tenant_id, notice.answer_id]
        if not may_see(notice.segments, segments_of(answer)):
            return None
        tenant = await find_tenant(uow, tenant_id)
        return self.renderer.case_notice(notice, case, answer, uow.now, tenant)

    async def _webhook(self, uow: UnitOfWork, tenant_id: str, notice: Any) -> MailMessage | None:
        webhook = await webhooks.find(uow, tenant_id, notice.webhook_id)
        if webhook is None or webhook.off_reason is None:
            return None
        return self.renderer.webhook_notice(notice, await find_tenant(uow, tenant_id), webhook)

    async def _clock_notice(
        self, uow: UnitOfWork, tenant_id: str, notice: Any, case: CaseFile
    ) -> MailMessage | None:
        """The mail about a deadline; None when it is met or paused, or the person may not see the case."""
        contact = notice.notice_kind in {"contact_warning", "contact_escalation"}
        if case.waiting_since is not None or (contact and not case.waits_for_contact):
            return None
        if not may_see(notice.segments, case.belongs):
            return None
        return self.renderer.clock_notice(notice, case, uow.now, await find_tenant(uow, tenant_id))

    async def _invitation(self, uow: UnitOfWork, tenant_id: str, notice: Any) -> MailMessage:
        tenant = await find_tenant(uow, tenant_id)
        link = await sign_in_tokens.new_link(uow, tenant_id, notice.staff_id)
        inviter = None
        if notice.by_id is not None:
            inviter = await people.find_person(uow, tenant_id, notice.by_id)
        return self.renderer.invitation(notice, tenant, inviter.name if inviter is not None else None, link)
