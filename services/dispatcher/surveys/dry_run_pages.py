"""The form of a survey tried on the events of the last days, before it is saved."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.dispatcher.context import OwnContext
from services.dispatcher.dry_runs import simulation
from services.dispatcher.dry_runs.schemas import candidate_of
from services.dispatcher.dry_runs.views import DryRunPart
from services.dispatcher.frame import CompanyStaffEditor
from services.dispatcher.surveys.forms import read_form
from services.dispatcher.surveys.pages import NEW, form_page, found_survey
from services.dispatcher.surveys.survey_commands import list_surveys
from shared.http.csrf import CsrfChecked
from shared.http.routes import CheckedRoute

router = APIRouter(include_in_schema=False, prefix="/surveys", route_class=CheckedRoute)


@router.post("/{survey_id}/dry-run")
async def try_survey(
    survey_id: str, request: Request, staff: CompanyStaffEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Show the form as it was typed, with what its rules would have done; nothing of the survey is saved."""
    form = await read_form(request)
    async with context.database.reading() as uow:
        current = None if survey_id == NEW else await found_survey(uow, staff, survey_id)
        names = {survey.id: survey.draft.name for survey in await list_surveys(uow, staff.tenant)}
    if current is not None:
        form = form.completed(current)
    try:
        draft = form.draft()
    except ValidationError as error:
        return await form_page(request, staff, context, current, form.with_faults(error), status_code=422)
    survey = candidate_of(draft, current.id if current is not None else None)
    made = await simulation.run(
        context.database,
        context.secret,
        staff.tenant,
        survey=survey,
        company=None,
        period=timedelta(days=simulation.DEFAULT_DAYS),
    )
    tried = DryRunPart.of(made, {**names, survey.id: survey.name})
    return await form_page(request, staff, context, current, form, typed=draft, tried=tried)
