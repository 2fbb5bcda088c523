"""What a customer would get by the words in a survey's form, for the frame beside it; nothing is saved."""

from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import ValidationError

from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.frame import StaffEditor
from services.dispatcher.surveys.domain import SurveyDraft
from services.dispatcher.surveys.forms import DraftForm, read_form
from services.dispatcher.surveys.pages import NEW, found_survey
from services.dispatcher.surveys.preview import IN_A_FRAME, sample_mail, sample_text
from services.dispatcher.surveys.survey_commands import typed_event
from services.dispatcher.surveys.views import (
    SAMPLE_SCORES,
    TypedAwayPage,
    TypedFaultsPage,
    TypedSmsPage,
    TypedTextPage,
)
from services.dispatcher.tenants import tenant_or_placeholder
from shared.http.csrf import CsrfChecked
from shared.http.frames import FRAMED_PAGE
from shared.http.routes import CheckedRoute
from shared.pages.page import Page
from shared.privacy.service_client import ServiceUnavailable

router = APIRouter(include_in_schema=False, prefix="/surveys", route_class=CheckedRoute)
NOBODY = UUID(int=0)
"""In the place of the id of a survey that is not stored yet."""
RETRY_AFTER_S = 10


@router.post("/{survey_id}/mail")
async def show_typed(
    survey_id: str,
    request: Request,
    staff: StaffEditor,
    _: CsrfChecked,
    context: OwnContext,
    language: Annotated[str, Query(max_length=20)] = "en",
) -> Response:
    """The mail by the words in the form, or the customer's page, or what is wrong.

    The form's ``typed_part`` says which: ``text`` is the text part of the mail, ``sms`` the text message;
    ``question`` and ``thanks`` are the collector's pages, for a score of its ``typed_outcome``; anything else
    is the mail.
    """
    form = await read_form(request)
    async with context.database.reading() as uow:
        tenant = await tenant_or_placeholder(uow, staff.tenant)
        current = None if survey_id == NEW else await found_survey(uow, staff, survey_id)
    if current is not None:
        form = form.completed(current)
    try:
        draft = form.draft()
    except ValidationError as error:
        return _framed(request, context, TypedFaultsPage(faults=form.with_faults(error).summary), 422)
    own_id = current.id if current is not None else NOBODY
    part = form["typed_part"]
    if part in {"question", "thanks"}:
        return await _customer_page(request, context, staff.tenant, own_id, draft, form, language)
    if part == "sms":
        sms = sample_text(context, own_id, draft, tenant, language)
        return _framed(request, context, TypedSmsPage(language=language, sms=sms))
    mail = sample_mail(context, own_id, draft, tenant, language, 0)
    if part == "text":
        return _framed(request, context, TypedTextPage(language=language, text=mail.text))
    return HTMLResponse(mail.html, headers=IN_A_FRAME)


async def _customer_page(
    request: Request,
    context: DispatcherContext,
    tenant: str,
    survey_id: UUID,
    draft: SurveyDraft,
    form: DraftForm,
    language: str,
) -> Response:
    """The page that the collector renders of the draft, which it keeps as little as we do."""
    typed = typed_event(draft, survey_id, context.database.clock())
    scores = {str(outcome): score for outcome, score in SAMPLE_SCORES.items()}
    asked = {
        "language": language,
        "score": scores.get(form["typed_outcome"], SAMPLE_SCORES["promoter"]),
        "thanks": form["typed_part"] == "thanks",
    }
    try:
        html = await context.services.post(
            "collector",
            "preview",
            msgspec.json.encode(typed),
            purpose="preview",
            tenant=tenant,
            query=asked,
        )
    except ServiceUnavailable as error:
        response = _framed(request, context, TypedAwayPage(service=error.service), 503)
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
        return response
    return HTMLResponse(html, headers=FRAMED_PAGE)


def _framed(request: Request, context: DispatcherContext, page: Page, status_code: int = 200) -> Response:
    """A page of our own in the frame."""
    response = context.pages.page(request, page, status_code=status_code)
    response.headers.update(FRAMED_PAGE)
    return response
