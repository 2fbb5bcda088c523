"""Notices about cases: what is checked when one leaves, and what it says."""

from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.repository.cases import find_case
from services.alerts.notices.case_texts import (
    case_text,
    clock_text,
    colleague_text,
    mail_text,
    objection_text,
    woken_text,
)
from services.alerts.notices.kinds import NoticeText, WaitingNotice
from services.alerts.replicas import repository as replicas
from shared.db.database import UnitOfWork
from shared.events import may_see, segments_of
from shared.permissions import CASE_ROLES


async def prepare_case(uow: UnitOfWork, notice: WaitingNotice) -> NoticeText | None:
    """About an answer; None when its case is closed, or the person may not read it."""
    case = await _open_case(uow, notice)
    if case is None or notice.answer_id is None:
        return None
    answers = await replicas.newest_answers(uow, [(notice.tenant, notice.answer_id)])
    answer, _ = answers[notice.tenant, notice.answer_id]
    if not may_see(notice.segments, segments_of(answer)):
        return None
    return case_text(case, answer, uow.now, notice.zone)


async def prepare_deadline(uow: UnitOfWork, notice: WaitingNotice) -> NoticeText | None:
    """About a deadline; None when it is met or paused, or the person may not see the case."""
    case = await _open_case(uow, notice)
    if case is None:
        return None
    contact = notice.kind in {"contact_warning", "contact_escalation"}
    if case.waiting_since is not None or (contact and not case.waits_for_contact):
        return None
    if not may_see(notice.segments, case.belongs):
        return None
    return clock_text(notice.kind, case, uow.now, notice.zone)


async def prepare_colleague(uow: UnitOfWork, notice: WaitingNotice) -> NoticeText | None:
    """A case was given to the person, or a colleague asks them; None when they have it no more, it is closed,
    or they may not see it.
    """
    case = await _open_case(uow, notice)
    if case is None or not may_see(notice.segments, case.belongs):
        return None
    if notice.kind == "handed_over" and case.owner_id != notice.staff_id:
        return None
    return colleague_text(notice.kind, case, str(notice.about.get("by", "")), uow.now, notice.zone)


async def prepare_woken(uow: UnitOfWork, notice: WaitingNotice) -> NoticeText | None:
    """A case has waited until now; None when it is closed or waits again, or the person may not see it."""
    case = await _open_case(uow, notice)
    if case is None or case.waiting_since is not None or not may_see(notice.segments, case.belongs):
        return None
    return woken_text(case, uow.now, notice.zone)


async def prepare_objection(uow: UnitOfWork, notice: WaitingNotice) -> NoticeText | None:
    """A customer says that something is not solved; None when the case is closed, or they may not see it."""
    case = await _open_case(uow, notice)
    if case is None or not may_see(notice.segments, case.belongs):
        return None
    return objection_text(case, uow.now, notice.zone)


async def prepare_mail(uow: UnitOfWork, notice: WaitingNotice) -> NoticeText | None:
    """A customer has answered a mail, or has not got it; None when they may not see the case. It is told of a
    closed case, too, which nobody looks at.
    """
    if notice.role not in CASE_ROLES or notice.case_id is None:
        return None
    case = await find_case(uow, notice.tenant, notice.case_id)
    if case is None or case.erased or not may_see(notice.segments, case.belongs):
        return None
    return mail_text(notice.kind, case)


async def _open_case(uow: UnitOfWork, notice: WaitingNotice) -> CaseFile | None:
    if notice.role not in CASE_ROLES or notice.case_id is None:
        return None
    case = await find_case(uow, notice.tenant, notice.case_id)
    return case if case is not None and case.state != "closed" else None
