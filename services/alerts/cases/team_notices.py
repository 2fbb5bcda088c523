"""The team gets a mail about an answer when it is complete."""

from collections.abc import Sequence

from services.alerts.cases.domain import case_rules
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.domain.timeline import Entries
from services.alerts.notices import repository as notices
from services.alerts.staff.repository import people
from shared.db.database import UnitOfWork
from shared.events import Answer
from shared.permissions import CASE_ROLES


async def queue_team_mails(
    uow: UnitOfWork,
    policy: CasePolicy,
    finished: Sequence[tuple[CaseFile, Answer]],
    entries: Entries,
) -> None:
    """Queue the mails about answers that are complete, unless the case is closed or the answer is too old."""
    recent = [
        (case, answer)
        for case, answer in finished
        if case.state != "closed" and case_rules.is_recent(answer, uow.now, policy)
    ]
    if not recent:
        return
    people_by_tenant = await people.wanting_mail(uow, [case.tenant for case, _ in recent], CASE_ROLES)
    queued: list[notices.CaseNotice] = []
    for case, answer in recent:
        found = case_rules.mail_recipients(people_by_tenant.get(case.tenant, []), case, answer)
        if found:
            case.team_notified(entries, uow.now, len(found), answer.id)
            queued += [(case.tenant, person, case.id, answer.id) for person in found]
    if queued:
        await notices.queue_case_notices(uow, queued)
