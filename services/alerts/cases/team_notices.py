"""The team is told of an answer when it is complete."""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from services.alerts.cases.case_handlers import handlers_of_cases
from services.alerts.cases.domain import case_rules
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.domain.timeline import Entries
from services.alerts.chats.queueing import case_item, queue_chats
from services.alerts.incidents.domain import Incident
from services.alerts.incidents.notifying import BEGAN, SingleNotices, incident_notices
from services.alerts.notices.queueing import WantedNotice, queue_notices
from services.alerts.rules.setup import CompanySetup
from services.alerts.staff.repository import people
from services.alerts.teams.routing import accompanied
from shared.db.database import UnitOfWork
from shared.events import Answer, segments_of
from shared.permissions import CASE_ROLES


async def queue_team_notices(
    uow: UnitOfWork,
    policy: CasePolicy,
    setups: Mapping[str, CompanySetup],
    finished: Sequence[tuple[CaseFile, Answer]],
    entries: Entries,
    begun: Sequence[Incident] = (),
    further: Sequence[WantedNotice] = (),
    learnt: Sequence[tuple[CaseFile, Answer]] = (),
) -> None:
    """Queue notices of answers that are complete, unless the case is closed or the answer is too old.

    Who was told of an incident at once is not told of each of its cases by the same channel.

    :param begun: incidents that began by them, whose notices are queued by the same call.
    :param further: notices that are queued by it, too.
    :param learnt: answers of which the team was told before their event was known: whoever must be told now
        that it is, and was not, gets the same notice.
    """
    recent = _recent_answers(uow, policy, finished)
    about = [*recent, *_recent_answers(uow, policy, learnt)]
    wanted = [*await incident_notices(uow, BEGAN, begun), *further]
    if not about and not wanted:
        return
    singles = await SingleNotices.of(uow, [case for case, _ in about])
    await queue_chats(
        uow,
        "cases",
        [
            case_item(
                case.tenant,
                case.id,
                answer.id,
                segments_of(answer),
                case.team_id,
                singles.instead(case, answer.id),
            )
            for case, answer in recent
        ],
    )
    handlers_by_case = await handlers_of_cases(uow, setups, [case for case, _ in about])
    people_by_tenant = await people.working_on_cases(uow, [case.tenant for case, _ in about], CASE_ROLES)
    told = await queue_notices(
        uow,
        [
            *wanted,
            *(
                singles.notice(answer_notice(case.tenant, person, case.id, answer.id), case)
                for case, answer in about
                for person in accompanied(
                    setups[case.tenant],
                    case_rules.notice_recipients(people_by_tenant.get(case.tenant, []), case, answer),
                    segments_of(answer),
                    case.team_id,
                    uow.now,
                    handlers_by_case.get((case.tenant, case.id), frozenset()),
                )
            ),
        ],
    )
    notified_people = Counter((one.tenant, one.answer_id) for one in told)
    for case, answer in recent:
        if count := notified_people[case.tenant, answer.id]:
            case.team_notified(entries, uow.now, count, answer.id)


def _recent_answers(
    uow: UnitOfWork, policy: CasePolicy, answers: Sequence[tuple[CaseFile, Answer]]
) -> list[tuple[CaseFile, Answer]]:
    return [
        (case, answer)
        for case, answer in answers
        if case.state != "closed" and case_rules.is_recent(answer, uow.now, policy)
    ]


def answer_notice(tenant: str, person: UUID, case: UUID, answer: UUID) -> WantedNotice:
    """The notice of an answer to one person."""
    return WantedNotice(
        tenant=tenant, person=person, kind="case", parts=(str(answer),), case_id=case, answer_id=answer
    )
