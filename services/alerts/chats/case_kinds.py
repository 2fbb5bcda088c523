"""Messages about cases: what is checked when one leaves. It says what the mail to colleagues says."""

from uuid import UUID

from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.repository.cases import find_case
from services.alerts.chats.rendering import ChatReason
from services.alerts.notices.case_texts import case_text, clock_text
from services.alerts.notices.kinds import NoticeText
from services.alerts.replicas import repository as replicas
from shared.db.database import UnitOfWork
from shared.events import may_see, segments_of


async def chat_of_case(uow: UnitOfWork, reason: ChatReason) -> NoticeText | None:
    """About an answer; None when its case is closed, or is none of the channel's any more."""
    case = await _open_case(uow, reason)
    if case is None:
        return None
    key = (reason.tenant, UUID(reason.about["answer"]))
    answers = await replicas.newest_answers(uow, [key])
    answer, _ = answers[key]
    if not may_see(reason.channel.segments, segments_of(answer)):
        return None
    return case_text(case, answer, uow.now, reason.zone)


async def chat_of_deadline(uow: UnitOfWork, reason: ChatReason) -> NoticeText | None:
    """About a deadline that was missed; None when it is met by now or does not run."""
    case = await _open_case(uow, reason)
    if case is None or case.waiting_since is not None:
        return None
    if reason.kind == "contact_escalation" and not case.waits_for_contact:
        return None
    if not may_see(reason.channel.segments, case.belongs):
        return None
    return clock_text(reason.kind, case, uow.now, reason.zone)


async def _open_case(uow: UnitOfWork, reason: ChatReason) -> CaseFile | None:
    case = await find_case(uow, reason.tenant, UUID(reason.about["case"]))
    if case is None or case.state == "closed" or reason.channel.team_id not in {None, case.team_id}:
        return None
    return case
