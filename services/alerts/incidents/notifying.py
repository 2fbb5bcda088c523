"""Who is told that an incident began or ended, and who is then not told of each of its cases."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from shared.permissions import CASE_ROLES

BEGAN = "incident_began"
ENDED = "incident_ended"


async def notify(
    uow: UnitOfWork, kind: str, incidents: Sequence[Incident], teams: Mapping[UUID, UUID | None]
) -> None:
    """Queue the notices and messages that incidents began, or ended.

    :param teams: by incident the team of the case by which it began.
    """
    if incidents:
        await queue_notices(uow, await incident_notices(uow, kind, incidents))
        await notify_channels(uow, kind, incidents, teams)


async def notify_channels(
    uow: UnitOfWork, kind: str, incidents: Sequence[Incident], teams: Mapping[UUID, UUID | None]
) -> None:
    """Queue the messages to channels alone."""
    await queue_chats(uow, "incidents", [incident_item(kind, one, teams.get(one.id)) for one in incidents])


async def incident_notices(uow: UnitOfWork, kind: str, incidents: Sequence[Incident]) -> list[WantedNotice]:
    """The notices to all who work on cases and may see the incident."""
    if not incidents:
        return []
    workers = await people.working_on_cases(uow, [one.tenant for one in incidents], CASE_ROLES)
    return [
        WantedNotice(
            tenant=one.tenant,
            person=person["id"],
            kind=kind,
            parts=_parts(kind, one),
            case_id=one.case_id,
            about={"incident": str(one.id)},
        )
        for one in incidents
        for person in workers.get(one.tenant, [])
        if may_see(person["segments"], one.belongs)
    ]


def _parts(kind: str, incident: Incident) -> tuple[str, ...]:
    return kind, str(incident.id)


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

    def notice(self, notice: WantedNotice, case: CaseFile) -> WantedNotice:
        """The notice of an answer, without the channels that tell its person of the incident at once."""
        incident = self._incident_of(case, notice.answer_id)
        if incident is None:
            return notice
        told = self._told.get((incident.tenant, incident.id, notice.person), ())
        return replace(notice, without=frozenset(told), instead=_parts(BEGAN, incident))

    def instead(self, case: CaseFile, answer_id: UUID) -> ChatItem | None:
        """What a channel has been told in place of this answer, if it has."""
        incident = self._incident_of(case, answer_id)
        return incident_item(BEGAN, incident, None) if incident is not None else None

    def _incident_of(self, case: CaseFile, answer_id: UUID | None) -> Incident | None:
        """The incident of a case; none of an answer that came later than the case."""
        return self._by_case.get((case.tenant, case.id)) if answer_id == case.answer_id else None
