"""The form of a survey tried on the events of the last days, before it is saved."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.dispatcher.context import OwnContext
from services.dispatcher.dry_runs import simulation
from services.dispatcher.dry_runs.domain import DryRun, Outcome
from services.dispatcher.dry_runs.schemas import candidate_of
from services.dispatcher.frame import CompanyStaffEditor, CsrfChecked
from services.dispatcher.story.labels import REASON_WORDS
from services.dispatcher.surveys.forms import read_form
from services.dispatcher.surveys.pages import form_page, found_survey
from services.dispatcher.surveys.schemas import SurveyBody
from services.dispatcher.surveys.survey_commands import list_surveys
from services.dispatcher.surveys.views import DryRunPart, TriedChange
from shared.http.routes import CheckedRoute
from shared.pages.language import spoken, translated

router = APIRouter(include_in_schema=False, prefix="/surveys", route_class=CheckedRoute)
NEW = "new"
"""In the place of an id: of a survey that is not stored yet."""


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
        draft = SurveyBody.model_validate(form.values()).draft()
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
    tried = part_of(made, {**names, survey.id: survey.name})
    return await form_page(request, staff, context, current, form, typed=draft, tried=tried)


def part_of(made: DryRun, names: Mapping[UUID, str]) -> DryRunPart:
    """A dry run as the page shows it.

    :param names: of the surveys that are there, and of the one that was tried.
    """
    reasons = {*made.was, *made.would_be}
    outcomes = [
        (_reason(reason), made.was.get(reason, 0), made.would_be.get(reason, 0)) for reason in reasons
    ]
    return DryRunPart(
        days=simulation.DEFAULT_DAYS,
        events=made.events,
        all_counted=made.all_counted,
        asked=made.was.get("invited", 0),
        would_ask=made.would_be.get("invited", 0),
        outcomes=sorted(outcomes, key=lambda line: (-max(line[1:]), line[0])),
        changes=[
            TriedChange(
                was=_outcome(one.was, names),
                would_be=_outcome(one.would_be, names),
                events=one.events,
                examples=one.examples,
            )
            for one in made.changes
        ],
    )


def _reason(reason: str) -> str:
    words = REASON_WORDS.get(reason)
    return spoken(words.short) if words is not None and words.short is not None else reason


def _outcome(outcome: Outcome, names: Mapping[UUID, str]) -> str:
    if outcome.survey_id is None or outcome.survey_id not in names:
        return _reason(outcome.reason)
    return translated("Asked by %(survey)s") % {"survey": names[outcome.survey_id]}
