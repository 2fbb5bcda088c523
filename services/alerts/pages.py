"""The list of cases: who waits, and what was closed."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from services.alerts import views, words
from services.alerts.context import own_context
from services.alerts.domain import OUTCOMES
from services.alerts.forms import LAST_PAGE, PAGE, Filter
from services.alerts.repository import reading
from services.alerts.visible import visible_case
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.permissions import CASE_ROLES
from shared.values.zones import zone_of

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
worker = signed_in(*CASE_ROLES)
Worker = Annotated[Staff, Depends(worker)]


@router.get("/inbox")
async def inbox(request: Request, staff: Worker, chosen: Annotated[Filter, Query()]) -> Response:
    """Who waits, the most urgent first; or another list of cases, page by page."""
    async with own_context(request).database.reading() as uow:
        frame = await views.frame(uow, staff)
        counts = await views.open_cases(uow, staff)
        wanted = chosen.wanted(staff)
        total = await reading.totals(uow, staff.tenant, wanted)
        rows = await reading.list_cases(
            uow, staff.tenant, wanted, sort=chosen.sort, most=PAGE + 1, skip=PAGE * (chosen.page - 1)
        )
        found = [visible_case(row) for row in rows[:PAGE]]
        now, zone = uow.now, zone_of(frame["time_zone"])
        shown = await views.rows_of(uow, staff, found, zone)
        touchpoints = await reading.touchpoints(uow, staff.tenant, staff.segments)
    grouped = chosen.state in {"open", "late"} and chosen.sort == "due"
    newest = max((one.case for one in found), key=lambda case: case.opened_at, default=None)
    return own_context(request).pages.response(
        request,
        "inbox.html",
        staff=staff,
        **frame,
        here="cases",
        open_cases=counts.open,
        live="/inbox/live",
        chosen=chosen,
        counts=counts,
        finding=words.found(
            chosen.state, total.found, total.late, _about(chosen), chosen.owner, most=reading.MOST_COUNTED
        ),
        more=len(rows) > PAGE and chosen.page < LAST_PAGE,
        groups=views.grouped(shown, now, zone) if grouped else [("", [row for row, _ in shown])],
        empty=not found,
        touchpoints=touchpoints,
        causes=words.causes(),
        outcomes=[(code, words.OUTCOME_WORDS[code]) for code in OUTCOMES],
        newest=newest,
        newest_at=words.moment(newest.opened_at, now, zone) if newest is not None else "",
    )


def _about(chosen: Filter) -> str:
    """What a list was asked for beside state and owner, as its sentence says it."""
    said = f" about {chosen.touchpoint}" if chosen.touchpoint else ""
    if chosen.state == "closed" and chosen.cause:
        said += f" with the cause “{words.cause(chosen.cause)}”"
    if chosen.state == "closed" and chosen.outcome:
        said += f" that ended as “{words.OUTCOME_WORDS[chosen.outcome]}”"
    return said + (f" of the customer {chosen.customer}" if chosen.customer else "")


@router.get("/inbox/live")
async def live(request: Request, staff: Worker) -> Response:
    """A message for each case that changes, of those that this reader may see."""
    return own_context(request).feed.response(request, staff)
