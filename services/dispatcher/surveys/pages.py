"""Pages for surveys: listed, made, changed, started and paused, and the mail that a customer would read."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from msgspec.structs import replace
from pydantic import ValidationError

from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.decisions.domain import matches
from services.dispatcher.decisions.explanation import decode_type
from services.dispatcher.decisions.repository import decisions as decision_rows
from services.dispatcher.frame import CsrfChecked, StaffEditor, StaffReader, frame_of
from services.dispatcher.invitations import repository as invitation_rows
from services.dispatcher.invitations.repository import MAX_WAITING_COUNTED
from services.dispatcher.invitations.survey_mail import RenderedMail
from services.dispatcher.surveys.domain import StoredSurvey, SurveyNotFound
from services.dispatcher.surveys.forms import (
    DEFAULTS,
    UNITS,
    DraftForm,
    form_of,
    language_name,
    read_form,
)
from services.dispatcher.surveys.labels import FIELD_LABELS, NOTICES, TEXT_LABELS
from services.dispatcher.surveys.overview import show_overview
from services.dispatcher.surveys.preview import sample_invitation
from services.dispatcher.surveys.schemas import SurveyBody
from services.dispatcher.surveys.survey_commands import (
    change_survey,
    create_survey,
    find_survey,
    lock_survey,
)
from services.dispatcher.surveys.texts import STANDARD_LANGUAGES
from services.dispatcher.surveys.views import PreviewPage, SurveyFormPage, SurveyStatePage
from services.dispatcher.tenants import tenant_or_placeholder
from shared.db import UnitOfWork
from shared.events import SurveyTexts, Tenant
from shared.events.placeholders import PLACEHOLDERS
from shared.events.surveys import Measurement, SurveyState
from shared.http.middleware import CSP
from shared.http.numbers import whole_number
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff
from shared.ids import uuid7
from shared.permissions import EDITING_ROLES
from shared.values.text import normalized_text

router = APIRouter(include_in_schema=False, prefix="/surveys", route_class=CheckedRoute)
Did = Annotated[str, Query(max_length=40)]
LanguageTag = Annotated[str, Query(max_length=20)]
RECENT_DAYS = 7
MAX_EVENTS_COUNTED = 2_000
"""The newest of the recent events, by which the page says how many a survey would ask about."""
# A mail brings its own styles and nothing else: no script, no picture, no form.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'self'; sandbox"
)


@router.get("")
async def list_surveys(request: Request, staff: StaffReader, context: OwnContext, did: Did = "") -> Response:
    """All surveys in their order, and how the company sends."""
    return await show_overview(request, staff, context, did=did)


@router.get("/new")
async def new_survey(request: Request, staff: StaffEditor, context: OwnContext) -> Response:
    """An empty form."""
    return await _form_page(request, staff, context, None, DraftForm(dict(DEFAULTS)))


@router.post("/new")
async def make_survey(request: Request, staff: StaffEditor, _: CsrfChecked, context: OwnContext) -> Response:
    """Make a survey, or show what is wrong with it. It asks nobody until somebody starts it."""
    form = await read_form(request)
    try:
        draft = SurveyBody.model_validate(form.values()).draft()
    except ValidationError as error:
        return await _form_page(request, staff, context, None, form.with_faults(error), status_code=422)
    async with context.database.transaction() as uow:
        made = await create_survey(uow, staff.tenant, uuid7(), draft)
    return RedirectResponse(f"/surveys/{made.id}?did=made", 303)


@router.get("/{survey_id}")
async def show_survey(
    survey_id: str, request: Request, staff: StaffReader, context: OwnContext, did: Did = ""
) -> Response:
    """One survey: for its readers, and for editors to be changed."""
    async with context.database.reading() as uow:
        survey = await _found(uow, staff, survey_id)
    return await _form_page(request, staff, context, survey, form_of(survey), did=did)


@router.post("/{survey_id}")
async def save_survey(
    survey_id: str, request: Request, staff: StaffEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Save a survey, or show what is wrong, or what somebody else changed meanwhile; what was typed stays."""
    form = await read_form(request)
    async with context.database.transaction() as uow:
        current = await _found(uow, staff, survey_id, lock=True)
        form = form.completed(current)
        if form.seen != current.version:
            conflict = form.with_conflicts(current)
            return await _form_page(request, staff, context, current, conflict, status_code=409)
        try:
            draft = SurveyBody.model_validate({**form.values(), "state": current.draft.state}).draft()
        except ValidationError as error:
            faulty = form.with_faults(error)
            return await _form_page(request, staff, context, current, faulty, status_code=422)
        await change_survey(uow, staff.tenant, current.id, draft)
    return RedirectResponse(f"/surveys/{current.id}?did=saved", 303)


@router.get("/{survey_id}/start")
async def ask_to_start(survey_id: str, request: Request, staff: StaffEditor, context: OwnContext) -> Response:
    """What the survey will do, and the button."""
    return await _state_page(request, staff, context, survey_id, "live")


@router.post("/{survey_id}/start")
async def start_survey(
    survey_id: str, request: Request, staff: StaffEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Ask from the next event on."""
    return await _set_state(request, staff, context, survey_id, "live")


@router.get("/{survey_id}/pause")
async def ask_to_pause(survey_id: str, request: Request, staff: StaffEditor, context: OwnContext) -> Response:
    """What becomes of the mails that wait, and the button."""
    return await _state_page(request, staff, context, survey_id, "paused")


@router.post("/{survey_id}/pause")
async def pause_survey(
    survey_id: str, request: Request, staff: StaffEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Ask nobody from now on."""
    return await _set_state(request, staff, context, survey_id, "paused")


@router.get("/{survey_id}/preview")
async def show_preview(
    survey_id: str,
    request: Request,
    staff: StaffReader,
    context: OwnContext,
    language: LanguageTag = "en",
) -> Response:
    """The mail with its subject, its text part, and links to the other languages."""
    async with context.database.reading() as uow:
        survey = await _found(uow, staff, survey_id)
        tenant = await tenant_or_placeholder(uow, staff.tenant)
        frame = await frame_of(uow, staff, "surveys", tenant=tenant)
    page = PreviewPage(
        survey=survey,
        language=language,
        languages=_languages(set(survey.draft.texts)),
        mail=_sample_mail(context, survey, tenant, language),
    )
    response = context.pages.page(request, page, staff=staff, frame=frame)
    response.headers["Content-Security-Policy"] = f"{CSP}; frame-src 'self'"
    return response


@router.get("/{survey_id}/mail")
async def show_mail(
    survey_id: str, staff: StaffReader, context: OwnContext, language: LanguageTag = "en"
) -> Response:
    """The mail as a customer would get it, with links that lead nowhere; only our own pages may frame it."""
    async with context.database.reading() as uow:
        survey = await _found(uow, staff, survey_id)
        tenant = await tenant_or_placeholder(uow, staff.tenant)
    headers = {"Content-Security-Policy": MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return HTMLResponse(_sample_mail(context, survey, tenant, language).html, headers=headers)


def _sample_mail(
    context: DispatcherContext, survey: StoredSurvey, tenant: Tenant, language: str
) -> RenderedMail:
    texts = survey.draft.texts.get(language, SurveyTexts())
    invitation = sample_invitation(survey, language, context.database.clock())
    return context.mail_renderer.render(invitation, tenant, texts)


def _languages(own: set[str]) -> dict[str, str]:
    """The name of each language by its tag: the standard ones, then the survey's own."""
    tags = [*STANDARD_LANGUAGES, *sorted(own - set(STANDARD_LANGUAGES))]
    return {tag: language_name(tag) for tag in tags}


async def _found(uow: UnitOfWork, staff: Staff, survey_id: str, *, lock: bool = False) -> StoredSurvey:
    """The survey of this id.

    :raises Problem: 404 when there is none.
    """
    find = lock_survey if lock else find_survey
    try:
        return await find(uow, staff.tenant, UUID(survey_id))
    except (ValueError, SurveyNotFound):
        raise Problem(404) from None


async def _set_state(
    request: Request, staff: Staff, context: DispatcherContext, survey_id: str, state: SurveyState
) -> Response:
    """Start or pause the survey that the form was rendered from; show the page again if it has changed."""
    version = (await request.form()).get("version")
    seen = whole_number(version) if isinstance(version, str) else None
    async with context.database.transaction() as uow:
        current = await _found(uow, staff, survey_id, lock=True)
        if seen == current.version:
            await change_survey(uow, staff.tenant, current.id, replace(current.draft, state=state))
    if seen != current.version:
        return await _state_page(request, staff, context, survey_id, state, stale=True)
    did = "started" if state == "live" else "paused"
    return RedirectResponse(f"/surveys/{current.id}?did={did}", 303)


async def _state_page(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    survey_id: str,
    state: SurveyState,
    *,
    stale: bool = False,
) -> Response:
    """The page that says what starting or pausing does, or the survey where it is so already."""
    async with context.database.reading() as uow:
        survey = await _found(uow, staff, survey_id)
        if survey.draft.state == state:
            return RedirectResponse(f"/surveys/{survey.id}?did=already", 303)
        frame = await frame_of(uow, staff, "surveys")
        waiting = await invitation_rows.count_waiting(uow, staff.tenant, staff.segments, survey.id)
        newest = await decision_rows.newest_facts(
            uow,
            staff.tenant,
            staff.segments,
            since=uow.now - timedelta(days=RECENT_DAYS),
            limit=MAX_EVENTS_COUNTED,
        )
    trigger = normalized_text(survey.draft.trigger)
    page = SurveyStatePage(
        survey=survey,
        state=state,
        stale=stale,
        waiting=waiting,
        most=MAX_WAITING_COUNTED,
        events=len(newest),
        all_counted=len(newest) < MAX_EVENTS_COUNTED,
        matching=sum(matches(trigger, decode_type(facts)) for facts in newest),
        recent_days=RECENT_DAYS,
    )
    return context.pages.page(
        request,
        page,
        staff=staff,
        frame=frame,
        status_code=409 if stale else 200,
    )


async def _form_page(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    survey: StoredSurvey | None,
    form: DraftForm,
    *,
    did: str = "",
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        tenant = await tenant_or_placeholder(uow, staff.tenant)
        frame = await frame_of(uow, staff, "surveys", tenant=tenant)
    measurement: Measurement = "relational" if form["measurement"] == "relational" else "transactional"
    languages = _languages(form.languages)
    page = SurveyFormPage(
        survey=survey,
        form=form,
        languages=languages,
        standard={
            tag: context.mail_renderer.standard_texts(tag, tenant, measurement, form["trigger"])
            for tag in languages
        },
        placeholders=PLACEHOLDERS,
        labels=FIELD_LABELS,
        text_labels=TEXT_LABELS,
        units=[(unit, unit.capitalize()) for unit in UNITS],
        done=NOTICES.get(did, ""),
        may_edit=staff.role in EDITING_ROLES,
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)
