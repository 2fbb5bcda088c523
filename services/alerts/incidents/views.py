"""Incidents as the inbox shows them."""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.alerts.cases.times import moment
from services.alerts.incidents.kinds import POLICY
from services.alerts.incidents.repository.lists import visible_incidents
from services.alerts.incidents.words import address_of_cases
from shared.db.database import UnitOfWork
from shared.http.staff_auth import Staff
from shared.pages.filters import segment_words

MOST_SHOWN = 5


class IncidentLine(NamedTuple):
    """An incident that is going on."""

    segment: str
    cases: int
    since: str
    address: str


async def incident_lines(uow: UnitOfWork, staff: Staff, now: datetime, zone: ZoneInfo) -> list[IncidentLine]:
    """The newest incidents that are going on in segments that this person may see."""
    found = await visible_incidents(
        uow, staff.tenant, staff.segments, POLICY.within, going_on=True, limit=MOST_SHOWN
    )
    return [
        IncidentLine(
            segment_words(one.incident.segment),
            one.cases,
            moment(one.incident.began_at, now, zone),
            address_of_cases(one),
        )
        for one in found
    ]
