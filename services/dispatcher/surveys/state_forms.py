"""The forms whose one button puts a survey into another state."""

from uuid import UUID

from fastapi import Request
from msgspec.structs import replace

from services.dispatcher.context import DispatcherContext
from services.dispatcher.surveys.pages import found_survey
from services.dispatcher.surveys.state_rights import check_rehearsal
from services.dispatcher.surveys.survey_commands import change_survey
from shared.events.surveys import SurveyState
from shared.http.numbers import whole_number
from shared.http.staff_auth import Staff
from shared.privacy.audit import AuditActor


async def change_state(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    survey_id: str,
    state: SurveyState,
    *,
    unless: SurveyState | None = None,
) -> UUID | None:
    """Put the survey into a state, as the form was rendered from it; None: it has changed since, or is in the
    state that forbids it, and nothing was done.

    :raises Problem: 403 when it is not theirs to do.
    """
    version = (await request.form()).get("version")
    seen = whole_number(version) if isinstance(version, str) else None
    async with context.database.transaction() as uow:
        current = await found_survey(uow, staff, survey_id, lock=True)
        if seen != current.version or current.draft.state == unless:
            return None
        check_rehearsal(staff, current.draft.state, state)
        draft = replace(current.draft, state=state)
        await change_survey(uow, staff.tenant, current.id, draft, who=AuditActor.of_staff(staff))
    return current.id
