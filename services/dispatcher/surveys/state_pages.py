"""Acts on a survey beside its form: start and pause, each of which asks before, move and copy."""

from datetime import timedelta
from typing import cast, get_args

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.dry_runs import simulation
from services.dispatcher.dry_runs.schemas import candidate_of
from services.dispatcher.dry_runs.views import DryRunPart
from services.dispatcher.frame import CompanyStaffEditor, StaffEditor
from services.dispatcher.surveys.domain import KeyReused, SurveyChanged
from services.dispatcher.surveys.forms import NEW_ID
from services.dispatcher.surveys.order_commands import Direction, copy_survey, move_survey
from services.dispatcher.surveys.overview import show_overview
from services.dispatcher.surveys.pages import found_survey, id_in_form
from services.dispatcher.surveys.state_forms import change_state
from services.dispatcher.surveys.state_page import state_page
from services.dispatcher.surveys.survey_commands import list_surveys
from shared.events.surveys import SurveyState
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import read_texts
from shared.http.numbers import whole_number
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff
from shared.privacy.audit import AuditActor

router = APIRouter(include_in_schema=False, prefix="/surveys", route_class=CheckedRoute)


@router.get("/{survey_id}/start")
async def ask_to_start(survey_id: str, request: Request, staff: StaffEditor, context: OwnContext) -> Response:
    """What the survey will do, and the button."""
    return await state_page(request, staff, context, survey_id, "live")


@router.post("/{survey_id}/start")
async def start_survey(
    survey_id: str, request: Request, staff: StaffEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Ask from the next event on."""
    return await _set_state(request, staff, context, survey_id, "live")


@router.post("/{survey_id}/start/dry-run")
async def try_before_start(
    survey_id: str, request: Request, staff: CompanyStaffEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """The page again, with what the survey would have done with the events of the last days."""
    async with context.database.reading() as uow:
        survey = await found_survey(uow, staff, survey_id)
        names = {each.id: each.draft.name for each in await list_surveys(uow, staff.tenant)}
    made = await simulation.run(
        context.database,
        context.secret,
        staff.tenant,
        survey=candidate_of(survey.draft, survey.id),
        company=None,
        period=timedelta(days=simulation.DEFAULT_DAYS),
    )
    return await state_page(request, staff, context, survey_id, "live", tried=DryRunPart.of(made, names))


@router.get("/{survey_id}/pause")
async def ask_to_pause(survey_id: str, request: Request, staff: StaffEditor, context: OwnContext) -> Response:
    """What becomes of the mails that wait, and the button."""
    return await state_page(request, staff, context, survey_id, "paused")


@router.post("/{survey_id}/pause")
async def pause_survey(
    survey_id: str, request: Request, staff: StaffEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Ask nobody from now on."""
    return await _set_state(request, staff, context, survey_id, "paused")


@router.post("/{survey_id}/move")
async def move(
    survey_id: str, request: Request, staff: StaffEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Move it up or down in the order of the list from which the form was posted."""
    form = await request.form()
    direction, seen = form.get("direction"), whole_number(str(form.get("version", "")))
    if direction not in get_args(Direction):
        raise Problem(400)
    who = AuditActor.of_staff(staff)
    try:
        async with context.database.transaction() as uow:
            survey = await found_survey(uow, staff, survey_id)
            await move_survey(uow, staff.tenant, survey.id, cast("Direction", direction), seen=seen, who=who)
    except SurveyChanged:
        return await show_overview(request, staff, context, did="order-changed", status_code=409)
    return RedirectResponse("/surveys?did=moved", 303)


@router.post("/{survey_id}/copy")
async def make_copy(
    survey_id: str, request: Request, staff: StaffEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Make a draft with the same rules and words; one, however often the page posts it."""
    copy_id, who = id_in_form((await read_texts(request)).get(NEW_ID, "")), AuditActor.of_staff(staff)
    try:
        async with context.database.transaction() as uow:
            survey = await found_survey(uow, staff, survey_id)
            made_from = f"copy of {survey.id}"
            copy = await copy_survey(uow, staff.tenant, survey.id, copy_id, made_from, who=who)
    except KeyReused:
        raise Problem(409) from None
    return RedirectResponse(f"/surveys/{copy.id}?did=copied", 303)


async def _set_state(
    request: Request, staff: Staff, context: DispatcherContext, survey_id: str, state: SurveyState
) -> Response:
    """Start or pause the survey; show the page again if it has changed since."""
    changed = await change_state(request, staff, context, survey_id, state)
    if changed is None:
        return await state_page(request, staff, context, survey_id, state, stale=True)
    did = "started" if state == "live" else "paused"
    return RedirectResponse(f"/surveys/{changed}?did={did}", 303)
