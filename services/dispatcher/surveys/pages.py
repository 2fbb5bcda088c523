"""Pages for surveys: the list, and the form by which one is made and changed."""

from hashlib import sha256
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.dispatcher.adaptive_sampling.views import shares_part
from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.dry_runs.views import DryRunPart
from services.dispatcher.frame import StaffEditor, StaffReader, frame_of
from services.dispatcher.senders.repository import address_used
from services.dispatcher.surveys.domain import KeyReused, StoredSurvey, SurveyDraft, SurveyNotFound
from services.dispatcher.surveys.draft_fields import DEFAULTS
from services.dispatcher.surveys.field_labels import language_name
from services.dispatcher.surveys.forms import NEW_ID, DraftForm, form_of, read_form
from services.dispatcher.surveys.labels import (
    CHOICES,
    FIELD_LABELS,
    STANDARD_SCOPE,
    TEXT_LABELS,
    notice,
)
from services.dispatcher.surveys.matches import RECENT_DAYS, count_matches, fields_seen
from services.dispatcher.surveys.overview import show_overview
from services.dispatcher.surveys.question_forms import KIND_LABELS, OUTCOME_LABELS, SLOT_LABELS
from services.dispatcher.surveys.refusals import DraftRefused, refuse_texts, refuse_unkept_promise
from services.dispatcher.surveys.survey_commands import (
    create_survey,
    find_survey,
    lock_survey,
)
from services.dispatcher.surveys.texts import STANDARD_LANGUAGES
from services.dispatcher.surveys.views import SAMPLE_SCORES, ConditionsPart, SurveyFormPage
from services.dispatcher.tenants import tenant_or_placeholder
from shared.conditions.labels import OPERATOR_LABELS, condition_sentence
from shared.conditions.rows import ROWS_LABEL
from shared.db import UnitOfWork
from shared.events.placeholders import PLACEHOLDERS
from shared.events.surveys import MEASUREMENTS
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import uuid_of
from shared.http.middleware import CSP
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff
from shared.ids import uuid7
from shared.pages.filters import value_name
from shared.pages.language import spoken
from shared.permissions import EDITING_ROLES
from shared.privacy.audit import AuditActor

router = APIRouter(include_in_schema=False, prefix="/surveys", route_class=CheckedRoute)
NEW = "new"
"""In the place of an id: of a survey that is not stored yet."""
WITH_FRAMES = f"{CSP}; frame-src 'self'"
"""Of pages that show a mail in a frame."""
Did = Annotated[str, Query(max_length=40)]


@router.get("")
async def list_surveys(request: Request, staff: StaffReader, context: OwnContext, did: Did = "") -> Response:
    """All surveys in their order, and how the company sends."""
    return await show_overview(request, staff, context, did=did)


@router.get("/new")
async def new_survey(request: Request, staff: StaffEditor, context: OwnContext) -> Response:
    """An empty form."""
    return await form_page(request, staff, context, None, DraftForm(dict(DEFAULTS)))


@router.post("/new")
async def make_survey(request: Request, staff: StaffEditor, _: CsrfChecked, context: OwnContext) -> Response:
    """Make a survey, or show what is wrong with it. It asks nobody until somebody starts it."""
    form = await read_form(request)
    try:
        draft = form.draft()
        refuse_unkept_promise(draft)
        refuse_texts(draft, may_text=context.sms.sends)
    except ValidationError as error:
        return await form_page(request, staff, context, None, form.with_faults(error), status_code=422)
    except DraftRefused as refused:
        return await form_page(request, staff, context, None, form.refused(refused), status_code=422)
    made_from, who = sha256(msgspec.json.encode(draft)).hexdigest(), AuditActor.of_staff(staff)
    try:
        async with context.database.transaction() as uow:
            made = await create_survey(uow, staff.tenant, id_in_form(form[NEW_ID]), draft, made_from, who=who)
    except KeyReused:
        return await form_page(request, staff, context, None, form.made_already(), status_code=409)
    return RedirectResponse(f"/surveys/{made.id}?did=made", 303)


@router.get("/{survey_id}")
async def show_survey(
    survey_id: str, request: Request, staff: StaffReader, context: OwnContext, did: Did = ""
) -> Response:
    """One survey: for its readers, and for editors to be changed."""
    async with context.database.reading() as uow:
        survey = await found_survey(uow, staff, survey_id)
    return await form_page(request, staff, context, survey, form_of(survey), did=did)


@router.post("/{survey_id}/language")
async def add_language(
    survey_id: str, request: Request, staff: StaffEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """The form as it was typed, with fields for the words of one more language; nothing is saved."""
    form = await read_form(request)
    current = None
    if survey_id != NEW:
        async with context.database.reading() as uow:
            current = await found_survey(uow, staff, survey_id)
        form = form.completed(current)
    form = form.with_language()
    status_code = 422 if form.faults else 200
    return await form_page(request, staff, context, current, form, status_code=status_code)


def languages_of(own: set[str]) -> dict[str, str]:
    """The name of each language by its tag: the standard ones, then the survey's own."""
    tags = [*STANDARD_LANGUAGES, *sorted(own - set(STANDARD_LANGUAGES))]
    names = {tag: language_name(tag) for tag in tags}
    return {tag: value_name(name) if name != tag else tag for tag, name in names.items()}


def id_in_form(typed: str) -> UUID:
    """The id that a form carries of what it makes, so that it makes one, however often it is posted.

    A page that was open before there was this field posts none.
    """
    try:
        return UUID(typed)
    except ValueError:
        return uuid7()


async def found_survey(
    uow: UnitOfWork, staff: Staff, survey_id: str, *, lock: bool = False, with_order: bool = False
) -> StoredSurvey:
    """The survey of this id, locked with the order of all where it is to be the last one.

    :raises Problem: 404 when there is none.
    """
    key = uuid_of(survey_id)
    try:
        if lock:
            return await lock_survey(uow, staff.tenant, key, with_order=with_order)
        return await find_survey(uow, staff.tenant, key)
    except SurveyNotFound:
        raise Problem(404) from None


def _choices(*, is_new: bool) -> dict[str, list[tuple[str, str]]]:
    """The options of each field in which one is chosen, by the field's name."""
    found = {
        name: [(value, spoken(label)) for value, label in labels.items()] for name, labels in CHOICES.items()
    }
    if is_new:
        found["quarantine_scope"].insert(0, ("", spoken(STANDARD_SCOPE)))
    found["typed_outcome"] = [(outcome, spoken(OUTCOME_LABELS[outcome])) for outcome in SAMPLE_SCORES]
    return found


async def form_page(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    survey: StoredSurvey | None,
    form: DraftForm,
    *,
    did: str = "",
    typed: SurveyDraft | None = None,
    tried: DryRunPart | None = None,
    status_code: int = 200,
) -> Response:
    """The form of a survey, or of a new one, as it is stored or as it was typed.

    :param typed: what the form says, where it is without faults and not saved.
    :param tried: what its rules would have done.
    """
    counted = typed or (survey.draft if survey is not None else None)
    async with context.database.reading() as uow:
        tenant = await tenant_or_placeholder(uow, staff.tenant)
        frame = await frame_of(uow, staff, "surveys", tenant=tenant)
        shares = await shares_part(uow, tenant, survey, staff.segments)
        address = await address_used(
            uow, staff.tenant, context.mail_renderer.mail_from, allowed=context.own.company_senders
        )
    found = None
    if counted is not None and counted.has_trigger:
        found = await count_matches(
            context.database, staff.tenant, staff.segments, counted.trigger, counted.conditions
        )
    measurement = next((each for each in MEASUREMENTS if each == form["measurement"]), MEASUREMENTS[0])
    languages = languages_of({*form.languages, *form.added_languages})
    page = SurveyFormPage(
        survey=survey,
        form=form,
        new_id=str(id_in_form(form[NEW_ID])),
        languages=languages,
        standard={
            tag: context.mail_renderer.standard_texts(tag, tenant, measurement, form["trigger"])
            for tag in languages
        },
        placeholders=PLACEHOLDERS,
        labels=FIELD_LABELS,
        text_labels=TEXT_LABELS,
        conditions_part=ConditionsPart(
            sentence=condition_sentence(form.stored) if form.stored is not None else "",
            match_label=spoken(ROWS_LABEL),
            operators=[(op, spoken(label)) for op, label in OPERATOR_LABELS.items()],
            fields_seen=found.fields_seen
            if found is not None
            else await fields_seen(context.database, staff.tenant, staff.segments),
            recent_days=RECENT_DAYS,
        ),
        matches=found,
        slots=SLOT_LABELS,
        kinds=[(kind, spoken(label)) for kind, label in KIND_LABELS.items()],
        outcomes=OUTCOME_LABELS,
        choices=_choices(is_new=survey is None),
        sender=tenant.name,
        mail_from=address,
        first_day_until=survey.first_day_until(context.database.clock()) if survey is not None else None,
        shares=shares,
        done=notice(did),
        tried=tried,
        may_edit=staff.role in EDITING_ROLES,
        may_try=staff.role in EDITING_ROLES and not staff.segments,
    )
    response = context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)
    response.headers["Content-Security-Policy"] = WITH_FRAMES
    return response
