"""``/v1/team-figures``: how the work on cases goes, by team and by person."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from services.alerts.context import OwnContext
from services.alerts.team_figures.files import csv_answer
from services.alerts.team_figures.reading import FiguresAsked, read_figures
from services.alerts.team_figures.schemas import TeamFiguresOut
from shared.http.auth import Caller, staff_or_key
from shared.http.routes import CheckedRoute
from shared.permissions import CASE_ROLES

router = APIRouter(prefix="/v1/team-figures", tags=["cases"], route_class=CheckedRoute)
ReadsFigures = Annotated[Caller, Depends(staff_or_key("cases:read", *CASE_ROLES))]
CSV_CONTENT: dict[str, Any] = {"text/csv": {"schema": {"type": "string"}}}


def asked_figures(
    first: Annotated[
        date | None,
        Query(alias="from", description="Cases opened from this day on; left out: 90 days up to the last."),
    ] = None,
    last: Annotated[date | None, Query(alias="to", description="The last day; left out: today.")] = None,
    team: Annotated[UUID | None, Query(description="Only the cases of this team.")] = None,
    person: Annotated[UUID | None, Query(description="Only the cases of this person.")] = None,
) -> FiguresAsked:
    """What is asked for in the query."""
    return FiguresAsked(first=first, last=last, team=team, person=person)


AskedFigures = Annotated[FiguresAsked, Depends(asked_figures)]


@router.get("", summary="How the work on cases goes")
async def team_figures(context: OwnContext, caller: ReadsFigures, asked: AskedFigures) -> TeamFiguresOut:
    """Of the cases that were opened on these days, as they are now. Administrators and keys are told of all,
    leaders of the teams that they lead or are in (of all where the company has no teams) and of their own
    cases, everybody else of their own cases: asking for others is refused (403). Who is limited to segments
    is told of the cases that they may see. No share and no time is told of fewer than ten.
    """
    async with context.database.reading() as uow:
        read = await read_figures(uow, context.setups, caller.tenant, caller.staff, asked)
    return TeamFiguresOut.of(read)


@router.get(
    "/export",
    summary="How the work on cases goes, as a file",
    response_class=Response,
    responses={200: {"content": CSV_CONTENT, "description": "A row for all, each team and each person."}},
)
async def export_team_figures(context: OwnContext, caller: ReadsFigures, asked: AskedFigures) -> Response:
    """The same figures. A cell that begins like a formula stands behind an apostrophe."""
    async with context.database.reading() as uow:
        read = await read_figures(uow, context.setups, caller.tenant, caller.staff, asked)
    return csv_answer(read)
