"""The API for standing programmes; a survey's own field says whether it has one."""

from fastapi import APIRouter

from services.dispatcher.callers import CompanyEditor
from services.dispatcher.context import OwnContext
from services.dispatcher.programmes import repository
from services.dispatcher.programmes.schemas import ProgrammeProgress
from services.dispatcher.surveys.api import SurveyId
from services.dispatcher.surveys.domain import SurveyNotFound
from services.dispatcher.surveys.survey_commands import find_survey
from services.dispatcher.waves.population_repository import count_eligible
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute

router = APIRouter(prefix="/v1/surveys", route_class=CheckedRoute)


@router.get("/{survey_id}/programme", summary="How far a survey's standing programme has come")
async def read_programme(
    survey_id: SurveyId, caller: CompanyEditor, context: OwnContext
) -> ProgrammeProgress:
    """A survey without one answers 404."""
    async with context.database.reading() as uow:
        try:
            draft = (await find_survey(uow, caller.tenant, survey_id)).draft
        except SurveyNotFound:
            raise Problem(404) from None
        if draft.programme is None:
            raise Problem(404)
        progress = await repository.find(uow, caller.tenant, survey_id)
        decided = await repository.count_outcomes(uow, progress) if progress is not None else {}
        customers = await count_eligible(uow, caller.tenant, {}, draft.channels)
    return ProgrammeProgress.of(draft.programme, draft.state, customers, progress, decided)
