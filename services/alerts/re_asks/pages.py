"""The page of what customers of cases say when they are asked again."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from services.alerts.context import OwnContext
from services.alerts.frame import open_case_counts, staff_frame
from services.alerts.re_asks import views
from services.alerts.re_asks.reading import read_recovery
from shared.http.form_texts import day_of
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.http.validation_errors import FieldFault
from shared.permissions import CASE_ROLES
from shared.values.messages import message

router = APIRouter(prefix="/recovery", include_in_schema=False, route_class=CheckedRoute)
CaseWorker = Annotated[Staff, Depends(signed_in(*CASE_ROLES))]


@router.get("")
async def show_recovery(
    request: Request,
    staff: CaseWorker,
    context: OwnContext,
    first: Annotated[str, Query(alias="from", max_length=40)] = "",
    last: Annotated[str, Query(alias="to", max_length=40)] = "",
) -> Response:
    """What they said, by whether somebody had reached them, of whom the reader may know it."""
    async with context.database.reading() as uow:
        read = await read_recovery(
            uow, context.setups, staff.tenant, staff, _day(first, "from"), _day(last, "to")
        )
        counts = await open_case_counts(uow, staff)
        frame = await staff_frame(uow, staff, here="cases", open_cases=counts.open)
    figures = read.figures
    page = views.RecoveryPage(
        finding=views.finding_of(figures),
        days=views.days_of(read),
        comparison=views.comparison_of(figures),
        first=read.days.first.isoformat(),
        last=read.days.last.isoformat(),
        headings=views.headings(),
        lines=views.lines_of(figures),
        asked=figures.reached.counts.asked + figures.not_reached.counts.asked > 0,
    )
    return context.pages.page(request, page, staff=staff, frame=frame)


def _day(text: str, field: str) -> date | None:
    day = day_of(text)
    if day is None and text.strip():
        fault = FieldFault(field=f"query/{field}", detail=message("Write a day like 2026-11-28."))
        raise Problem(422, errors=[fault])
    return day
