"""``/v1/incidents``: many cases of one segment at once."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from services.alerts.context import OwnContext
from services.alerts.incidents.kinds import POLICY
from services.alerts.incidents.repository import IncidentCases, incidents_of
from shared.events import may_see
from shared.http.auth import Caller, staff_or_key
from shared.http.routes import CheckedRoute
from shared.permissions import CASE_ROLES

router = APIRouter(prefix="/v1/incidents", tags=["incidents"], route_class=CheckedRoute)
ReadsIncidents = Annotated[Caller, Depends(staff_or_key("cases:read", *CASE_ROLES))]


class IncidentOut(BaseModel):
    """More than ten cases of one segment within ten minutes."""

    id: UUID = Field(description="`GET /v1/cases?incident=` lists its cases.")
    segment: str
    cases: int
    began_at: datetime = Field(description="When the customer of its first case answered.")
    opened_at: datetime = Field(description="When it was found.")
    last_at: datetime = Field(description="When the customer of its last case answered.")
    ended_at: datetime | None = Field(description="Null while it goes on: until 30 minutes without a case.")

    @classmethod
    def of(cls, found: IncidentCases) -> Self:
        """As it stands."""
        incident = found.incident
        return cls(
            id=incident.id,
            segment=incident.segment,
            cases=found.cases,
            began_at=incident.began_at,
            opened_at=incident.opened_at,
            last_at=found.last_at,
            ended_at=incident.ended_at,
        )


class IncidentList(BaseModel):
    """The newest incidents, the last one first."""

    incidents: list[IncidentOut]


@router.get("", summary="Incidents")
async def list_incidents(
    caller: ReadsIncidents,
    context: OwnContext,
    going_on: Annotated[bool, Query(description="Only those that are not over.")] = False,
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 50,
) -> IncidentList:
    """Those of segments that the caller may see."""
    async with context.database.reading() as uow:
        found = await incidents_of(uow, caller.tenant, POLICY.within, going_on=going_on, limit=limit)
    segments = caller.staff.segments if caller.staff is not None else ()
    return IncidentList(
        incidents=[IncidentOut.of(one) for one in found if may_see(segments, one.incident.belongs)]
    )
