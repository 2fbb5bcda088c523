"""The page of a survey's rehearsal, which begins and ends it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.frame import CompanyStaffEditor, frame_of
from services.dispatcher.rehearsals.finding import find_rehearsal
from services.dispatcher.rehearsals.views import RehearsalPage
from services.dispatcher.surveys.labels import notice
from services.dispatcher.surveys.pages import found_survey
from services.dispatcher.surveys.state_forms import change_state
from shared.http.csrf import CsrfChecked
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff

router = APIRouter(include_in_schema=False, prefix="/surveys", route_class=CheckedRoute)


@router.get("/{survey_id}/rehearsal")
async def show_rehearsal(
    survey_id: str,
    request: Request,
    staff: CompanyStaffEditor,
    context: OwnContext,
    did: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """What the survey would have done with the events that came, and what would come of it on a day."""
    return await _page(request, staff, context, survey_id, done=notice(did))


@router.post("/{survey_id}/rehearsal")
async def begin_rehearsal(
    survey_id: str, request: Request, staff: CompanyStaffEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Judge the events from the next one on, and send nothing. A survey that asks is paused first."""
    return await _set_state(request, staff, context, survey_id, "rehearsal")


@router.post("/{survey_id}/rehearsal/end")
async def end_rehearsal(
    survey_id: str, request: Request, staff: CompanyStaffEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Let the survey be a draft again. What was found stays until the next rehearsal."""
    return await _set_state(request, staff, context, survey_id, "draft")


async def _set_state(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    survey_id: str,
    state: Literal["draft", "rehearsal"],
) -> Response:
    """Begin or end it, unless the survey asks customers."""
    changed = await change_state(request, staff, context, survey_id, state, unless="live")
    if changed is None:
        return await _page(request, staff, context, survey_id, stale=True)
    did = "rehearses" if state == "rehearsal" else "rehearsed"
    return RedirectResponse(f"/surveys/{changed}/rehearsal?did={did}", 303)


async def _page(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    survey_id: str,
    *,
    done: str = "",
    stale: bool = False,
) -> Response:
    async with context.database.reading() as uow:
        survey = await found_survey(uow, staff, survey_id)
        found = await find_rehearsal(uow, staff.tenant, survey)
        frame = await frame_of(uow, staff, "surveys")
    page = RehearsalPage.of(survey, found, done=done, stale=stale)
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=409 if stale else 200)
