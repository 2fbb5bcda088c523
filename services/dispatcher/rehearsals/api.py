"""The API for rehearsals; the state of a survey says whether it rehearses."""

from fastapi import APIRouter

from services.dispatcher.callers import CompanyEditor
from services.dispatcher.context import OwnContext
from services.dispatcher.rehearsals.finding import find_rehearsal
from services.dispatcher.rehearsals.schemas import RehearsalAnswer
from services.dispatcher.surveys.api import SurveyId
from services.dispatcher.surveys.domain import SurveyNotFound
from services.dispatcher.surveys.survey_commands import find_survey
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute

router = APIRouter(prefix="/v1/surveys", route_class=CheckedRoute)


@router.get("/{survey_id}/rehearsal", summary="What a survey's last rehearsal has found")
async def read_rehearsal(survey_id: SurveyId, caller: CompanyEditor, context: OwnContext) -> RehearsalAnswer:
    """`PATCH` the survey to `state: rehearsal` to begin one. It begins from nothing each time.

    Each event of the survey's type is judged as if the survey were live at its place in the order; the
    decision about the event stays that of the others. It starts no quarantine: a customer who would have
    been asked counts again with their next event.
    """
    async with context.database.reading() as uow:
        try:
            survey = await find_survey(uow, caller.tenant, survey_id)
        except SurveyNotFound:
            raise Problem(404) from None
        found = await find_rehearsal(uow, caller.tenant, survey)
    return RehearsalAnswer.of(found, context.staff_url)
