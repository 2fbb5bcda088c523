"""Saving a survey: at once, or where it asks now and would ask otherwise, after saying so."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from msgspec.structs import replace
from pydantic import ValidationError

from services.dispatcher.context import OwnContext
from services.dispatcher.frame import StaffEditor
from services.dispatcher.surveys.forms import read_form
from services.dispatcher.surveys.pages import form_page, found_survey
from services.dispatcher.surveys.refusals import DraftRefused, refuse_texts
from services.dispatcher.surveys.state_page import TypedChange, state_page
from services.dispatcher.surveys.survey_commands import change_survey, check_change, place_behind_all
from services.dispatcher.surveys.version_changes import changes_between, is_felt
from shared.http.csrf import CsrfChecked
from shared.http.routes import CheckedRoute
from shared.privacy.audit import AuditActor

router = APIRouter(include_in_schema=False, prefix="/surveys", route_class=CheckedRoute)


@router.post("/{survey_id}")
async def save_survey(
    survey_id: str, request: Request, staff: StaffEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Save a survey, or show what is wrong, or what somebody else changed meanwhile; what was typed stays.

    Of one that asks, what would change for customers is shown first. That page posts the same fields with the
    ``act``: ``save``, or ``back`` to the form.
    """
    form = await read_form(request)
    moves_last = form.moves_last
    async with context.database.transaction() as uow:
        current = await found_survey(uow, staff, survey_id, lock=True, with_order=moves_last)
        form = form.completed(current)
        if form.seen != current.version:
            conflict = form.with_conflicts(current)
            return await form_page(request, staff, context, current, conflict, status_code=409)
        if form["act"] == "back":
            return await form_page(request, staff, context, current, form)
        try:
            draft = form.draft(state=current.draft.state)
        except ValidationError as error:
            faulty = form.with_faults(error)
            return await form_page(request, staff, context, current, faulty, status_code=422)
        changes = changes_between(current.draft, draft, rules=True)
        is_told = current.draft.state != "live" or form["act"] == "save" or not is_felt(changes)
        if moves_last:
            draft = replace(draft, place=await place_behind_all(uow, staff.tenant, current))
        try:
            refuse_texts(draft, current.draft, may_text=context.sms.sends)
            if is_told:
                await change_survey(uow, staff.tenant, current.id, draft, who=AuditActor.of_staff(staff))
            else:
                await check_change(uow, staff.tenant, current, draft)
        except DraftRefused as refused:
            return await form_page(request, staff, context, current, form.refused(refused), status_code=422)
    if not is_told:
        typed = TypedChange(form, draft)
        return await state_page(request, staff, context, survey_id, current.draft.state, typed=typed)
    return RedirectResponse(f"/surveys/{current.id}?did=saved", 303)
