"""The page of the figures, and its file."""

from datetime import date
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.alerts.context import OwnContext
from services.alerts.frame import open_case_counts, staff_frame
from services.alerts.team_figures import views
from services.alerts.team_figures.files import csv_answer
from services.alerts.team_figures.reading import FiguresAsked, FiguresRead, read_figures
from shared.http.form_texts import day_of, uuid_of
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.http.validation_errors import FieldFault
from shared.pages.language import translated
from shared.permissions import CASE_ROLES
from shared.values.messages import message

router = APIRouter(prefix="/team", include_in_schema=False, route_class=CheckedRoute)
CaseWorker = Annotated[Staff, Depends(signed_in(*CASE_ROLES))]
MAX_FIELD_CHARS = 40


class FigureSearch(BaseModel):
    """What the form of the page sends: each field may be empty."""

    model_config = ConfigDict(extra="ignore")

    first: Annotated[str, Field(max_length=MAX_FIELD_CHARS, alias="from")] = ""
    last: Annotated[str, Field(max_length=MAX_FIELD_CHARS, alias="to")] = ""
    team: Annotated[str, Field(max_length=MAX_FIELD_CHARS)] = ""
    person: Annotated[str, Field(max_length=MAX_FIELD_CHARS)] = ""

    def asked(self) -> FiguresAsked:
        """The same for the command.

        :raises Problem: 422 for what is no day or id.
        """
        return FiguresAsked(
            first=_day(self.first, "from"),
            last=_day(self.last, "to"),
            team=_id(self.team),
            person=_id(self.person),
        )

    def query(self) -> str:
        """The same as a part of an address."""
        values = {"from": self.first, "to": self.last, "team": self.team, "person": self.person}
        return urlencode({name: value for name, value in values.items() if value})


Search = Annotated[FigureSearch, Query()]


@router.get("")
async def show_figures(request: Request, staff: CaseWorker, context: OwnContext, search: Search) -> Response:
    """How the work goes, of whom the reader may know it."""
    async with context.database.reading() as uow:
        read = await read_figures(uow, context.setups, staff.tenant, staff, search.asked())
        counts = await open_case_counts(uow, staff)
        frame = await staff_frame(uow, staff, here="cases", open_cases=counts.open)
    total, teams, people = views.lines_of(read)
    page = views.TeamFiguresPage(
        finding=views.finding_of(read.figures.total),
        days=views.days_of(read),
        first=read.days.first.isoformat(),
        last=read.days.last.isoformat(),
        team=search.team,
        person=search.person,
        team_options=_options(translated("all teams"), read.choosable_teams),
        person_options=_people(read, search.person),
        headings=views.headings(),
        total=total,
        teams=teams,
        people=people,
        outcomes=views.outcome_lines(read.figures.total),
        causes=views.cause_lines(read),
        query=search.query(),
    )
    return context.pages.page(request, page, staff=staff, frame=frame)


@router.get("/download")
async def download_figures(staff: CaseWorker, context: OwnContext, search: Search) -> Response:
    """The same as a file."""
    async with context.database.reading() as uow:
        read = await read_figures(uow, context.setups, staff.tenant, staff, search.asked())
    return csv_answer(read)


def _day(text: str, field: str) -> date | None:
    day = day_of(text)
    if day is None and text.strip():
        fault = FieldFault(field=f"query/{field}", detail=message("Write a day like 2026-11-28."))
        raise Problem(422, errors=[fault])
    return day


def _id(text: str) -> UUID | None:
    return uuid_of(text) if text.strip() else None


def _options(everything: str, names: dict[UUID, str]) -> list[tuple[str, str]]:
    return [("", everything), *((str(key), name) for key, name in names.items())]


def _people(read: FiguresRead, chosen: str) -> list[tuple[str, str]]:
    """Whoever has one of the cases; empty where there is nobody to choose between."""
    names = dict(sorted(read.people_names.items(), key=lambda one: (one[1].casefold(), one[0])))
    return _options(translated("everybody"), names) if len(names) > 1 or chosen else []
