"""Who is told that a customer says of a closed case that it is not solved, or has answered a mail."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.alerts.cases.case_handlers import handlers_of_cases
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.notices.queueing import WantedNotice
from services.alerts.rules.setup import CompanySetup
from services.alerts.staff.repository import people
from services.alerts.teams.routing import accompanied
from shared.db.database import UnitOfWork
from shared.events import Answer, may_see
from shared.permissions import CASE_ROLES


class ObjectedCase(NamedTuple):
    """The case in which the work goes on after an objection, or a mail."""

    case: CaseFile
    answer: Answer
    version: int
    """Of the case, by the entry that records it."""


async def objection_notices(
    uow: UnitOfWork,
    setups: Mapping[str, CompanySetup],
    objected: Sequence[ObjectedCase],
    kind: str = "objected",
) -> list[WantedNotice]:
    """The notices to the owner of each case, else to whom the routing chose, else to all who may see it.

    Whoever handled the event is never told alone.

    :param kind: of the notices.
    """
    if not objected:
        return []
    handlers_by_case = await handlers_of_cases(uow, setups, [one.case for one in objected])
    by_tenant = await people.working_on_cases(uow, [one.case.tenant for one in objected], CASE_ROLES)
    wanted = []
    for case, answer, version in objected:
        readers = [
            person["id"]
            for person in by_tenant.get(case.tenant, [])
            if may_see(person["segments"], case.belongs)
        ]
        owner = [person for person in readers if person == case.owner_id]
        chosen = [person for person in readers if person in case.routed_to]
        wanted += [
            WantedNotice(
                tenant=case.tenant,
                person=person,
                kind=kind,
                parts=(str(case.id), kind, str(version)),
                case_id=case.id,
                answer_id=answer.id,
            )
            for person in accompanied(
                setups[case.tenant],
                owner or chosen or readers,
                case.belongs,
                case.team_id,
                uow.now,
                handlers_by_case.get((case.tenant, case.id), frozenset()),
            )
        ]
    return wanted
