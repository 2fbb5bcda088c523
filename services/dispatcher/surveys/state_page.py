"""The page that asks before a survey is started, paused, or changed while it asks."""

from dataclasses import dataclass

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from msgspec.structs import replace

from services.dispatcher.context import DispatcherContext
from services.dispatcher.dry_runs.views import DryRunPart
from services.dispatcher.frame import frame_of
from services.dispatcher.invitations import repository as invitation_rows
from services.dispatcher.invitations.repository import MAX_WAITING_COUNTED
from services.dispatcher.surveys.domain import SurveyDraft
from services.dispatcher.surveys.forms import DraftForm
from services.dispatcher.surveys.matches import RECENT_DAYS, count_matches
from services.dispatcher.surveys.pages import found_survey
from services.dispatcher.surveys.publishing import find_publishing
from services.dispatcher.surveys.state_rights import check_rehearsal
from services.dispatcher.surveys.survey_commands import has_new_words
from services.dispatcher.surveys.views import SurveyStatePage
from services.dispatcher.tenants import tenant_or_placeholder
from shared.conditions.labels import condition_sentence
from shared.events.surveys import SurveyState
from shared.http.staff_auth import Staff


@dataclass(frozen=True)
class TypedChange:
    """What was typed in the form of a survey that asks, before it is saved."""

    form: DraftForm
    draft: SurveyDraft


async def state_page(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    survey_id: str,
    state: SurveyState,
    *,
    stale: bool = False,
    tried: DryRunPart | None = None,
    typed: TypedChange | None = None,
) -> Response:
    """The page that says what starting, pausing or a change does; the survey where it is so already.

    :param typed: what was typed, of a survey that asks.
    """
    async with context.database.reading() as uow:
        survey = await found_survey(uow, staff, survey_id)
        if survey.draft.state == state and typed is None:
            return RedirectResponse(f"/surveys/{survey.id}?did=already", 303)
        check_rehearsal(staff, survey.draft.state, state)
        tenant = await tenant_or_placeholder(uow, staff.tenant)
        frame = await frame_of(uow, staff, "surveys", tenant=tenant)
        publishing = (
            await find_publishing(
                uow, tenant, survey, sees_all=not staff.segments, typed=typed.draft if typed else None
            )
            if state == "live"
            else None
        )
        waiting = await invitation_rows.count_waiting(uow, staff.tenant, staff.segments, survey.id)
    new_version = None
    if typed is not None:
        if has_new_words(survey, typed.draft):
            new_version = survey.survey_version + 1
        survey = replace(survey, draft=typed.draft)
    conditions = survey.draft.conditions
    found = await count_matches(
        context.database, staff.tenant, staff.segments, survey.draft.trigger, conditions
    )
    page = SurveyStatePage(
        survey=survey,
        state=state,
        stale=stale,
        waiting=waiting,
        most=MAX_WAITING_COUNTED,
        events=found.events,
        all_counted=found.all_counted,
        matching=found.of_type,
        matches=found,
        conditions=condition_sentence(conditions) if conditions is not None else "",
        first_day_until=survey.first_day_until(context.database.clock()),
        recent_days=RECENT_DAYS,
        publishing=publishing,
        tried=tried,
        may_try=not staff.segments,
        typed=typed.form if typed is not None else None,
        new_version=new_version,
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=409 if stale else 200)
