"""``/v1/incidents``: many cases of one segment at once."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from services.alerts.context import OwnContext
from services.alerts.incidents.kinds import POLICY
from services.alerts.incidents.repository.lists import IncidentCases, visible_incidents
from shared.http.auth import Caller, staff_or_key
from shared.http.cursors import MAX_CURSOR_LENGTH, cut_page, decode_cursor
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
    ended_at: datetime | None = Field(
        description="Null while it goes on: while more than five cases come in 30 minutes, 12 hours at most."
    )

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
    """A page of incidents, the newest first."""

    incidents: list[IncidentOut]
    next: str | None = Field(default=None, description="Give it as `after` to get the next page.")


@router.get("", summary="Incidents")
async def list_incidents(
    caller: ReadsIncidents,
    context: OwnContext,
    going_on: Annotated[bool, Query(description="Only those that are not over.")] = False,
    after: Annotated[str, Query(description="“next” of the page before.", max_length=MAX_CURSOR_LENGTH)] = "",
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 50,
) -> IncidentList:
    """Those of segments that the caller may see, the newest first; none is of one employee."""
    async with context.database.reading() as uow:
        found = await visible_incidents(
            uow,
            caller.tenant,
            caller.staff.segments if caller.staff is not None else (),
            POLICY.within,
            going_on=going_on,
            before=decode_cursor(after),
            limit=limit + 1,
        )
    page, more = cut_page(found, limit, lambda one: (one.incident.opened_at, one.incident.id))
    return IncidentList(incidents=[IncidentOut.of(one) for one in page], next=more)
