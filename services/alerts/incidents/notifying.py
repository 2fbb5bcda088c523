"""Who is told that an incident began or ended, and who is then not told of each of its cases."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.chats.queueing import ChatItem, queue_chats
from services.alerts.incidents.domain import Incident
from services.alerts.incidents.repository import incidents as incident_rows
from services.alerts.incidents.repository.incidents import Key, Notified
from services.alerts.notices.queueing import WantedNotice, queue_notices
from services.alerts.staff.repository import people
from shared.db.database import UnitOfWork
from shared.events import may_see
from shared.outbound.channel_names import DeliveryChannel
from shared.permissions import CASE_ROLES

BEGAN = "incident_began"
ENDED = "incident_ended"


async def notify(
    uow: UnitOfWork, kind: str, incidents: Sequence[Incident], teams: Mapping[UUID, UUID | None]
) -> None:
    """Queue the notices and messages that incidents began, or ended.

    :param teams: by incident the team of the case by which it began.
    """
    if not incidents:
        return
    workers = await people.working_on_cases(uow, [one.tenant for one in incidents], CASE_ROLES)
    await queue_notices(
        uow,
        [
            WantedNotice(
                tenant=one.tenant,
                person=person["id"],
                kind=kind,
                parts=(kind, str(one.id)),
                case_id=one.case_id,
                about={"incident": str(one.id)},
            )
            for one in incidents
            for person in workers.get(one.tenant, [])
            if may_see(person["segments"], one.belongs)
        ],
    )
    await queue_chats(uow, "incidents", [incident_item(kind, one, teams.get(one.id)) for one in incidents])


def incident_item(kind: str, incident: Incident, team: UUID | None) -> ChatItem:
    """What is told in channels."""
    about = {"incident": str(incident.id)}
    return ChatItem(incident.tenant, kind, (str(incident.id),), about, incident.belongs, team)


class SingleNotices:
    """Which answers are told one by one: by no channel those of cases whose incident it has told at once."""

    def __init__(self, by_case: Mapping[Key, Incident], told: Notified) -> None:
        self._by_case = by_case
        self._told = told

    @classmethod
    async def of(cls, uow: UnitOfWork, cases: Sequence[CaseFile]) -> "SingleNotices":
        """For these cases."""
        by_case = await incident_rows.incidents_of_cases(uow, [(case.tenant, case.id) for case in cases])
        told = await incident_rows.notified_people(uow, BEGAN, set(by_case.values()))
        return cls(by_case, told)

    def without(self, person: UUID, case: CaseFile, answer_id: UUID) -> frozenset[DeliveryChannel]:
        """The channels that do not tell this person of an answer; none where it came later than the case."""
        incident = self._by_case.get((case.tenant, case.id))
        if incident is None or answer_id != case.answer_id:
            return frozenset()
        return frozenset(self._told.get((incident.tenant, incident.id, person), ()))

    def instead(self, case: CaseFile, answer_id: UUID) -> ChatItem | None:
        """What a channel has been told in place of this answer, if it has."""
        incident = self._by_case.get((case.tenant, case.id))
        if incident is None or answer_id != case.answer_id:
            return None
        return incident_item(BEGAN, incident, None)
