"""Who is told that a customer says of a closed case that it is not solved."""

from collections.abc import Sequence
from typing import NamedTuple

from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.notices.queueing import WantedNotice
from services.alerts.staff.repository import people
from shared.db.database import UnitOfWork
from shared.events import Answer, may_see
from shared.permissions import CASE_ROLES


class ObjectedCase(NamedTuple):
    """The case in which the work goes on after an objection."""

    case: CaseFile
    answer: Answer
    version: int
    """Of the case, by the entry that records it."""


async def objection_notices(uow: UnitOfWork, objected: Sequence[ObjectedCase]) -> list[WantedNotice]:
    """The notices to the owner of each case, else to whom the routing chose, else to all who may see it."""
    if not objected:
        return []
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
                kind="objected",
                parts=(str(case.id), "objected", str(version)),
                case_id=case.id,
                answer_id=answer.id,
            )
            for person in owner or chosen or readers
        ]
    return wanted
