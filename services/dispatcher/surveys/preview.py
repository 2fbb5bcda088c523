"""Pages that preview the mail of a survey, as a customer would get it."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.frame import StaffEditor, StaffReader, frame_of
from services.dispatcher.invitations.survey_mail import ReminderMail, RenderedMail
from services.dispatcher.senders.repository import address_used
from services.dispatcher.sending.sending_commands import find_sending
from services.dispatcher.sms.reply_words import names_scale
from services.dispatcher.surveys.domain import StoredSurvey, SurveyDraft
from services.dispatcher.surveys.finnish_words import uninflected_words
from services.dispatcher.surveys.labels import NOT_KNOWN_NOW, NOT_LISTED, OWN_LABEL, notice
from services.dispatcher.surveys.neutral_words import is_unchecked, promoting_words
from services.dispatcher.surveys.pages import WITH_FRAMES, found_survey, id_in_form, languages_of
from services.dispatcher.surveys.question_forms import OUTCOME_LABELS
from services.dispatcher.surveys.sample_invitations import sample_invitation
from services.dispatcher.surveys.test_mails import NotATestAddress, send_test
from services.dispatcher.surveys.views import (
    SAMPLE_SCORES,
    PreviewChoice,
    PreviewPage,
    PreviewWidth,
    TextPart,
)
from services.dispatcher.tenants import tenant_or_placeholder
from shared.events import SurveyTexts, Tenant
from shared.events.nps import Group
from shared.events.surveys import MAX_REMINDERS
from shared.http.csrf import CsrfChecked
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff
from shared.ids import uuid7
from shared.pages.language import spoken
from shared.permissions import EDITING_ROLES
from shared.privacy.audit import AuditActor
from shared.privacy.own_address import own_address
from shared.privacy.service_client import ServiceUnavailable
from shared.privacy.service_tokens import ServiceTokens
from shared.values.languages import language_tag

router = APIRouter(include_in_schema=False, prefix="/surveys", route_class=CheckedRoute)
LanguageTag = Annotated[str, Query(max_length=20)]
OWN_ADDRESS = "own"
"""In place of an address: the reader's own."""
ReminderNumber = Annotated[int, Query(ge=0, le=MAX_REMINDERS)]
"""Which reminder is shown; 0 is the first mail, which stands for one that the survey does not have."""
# A mail brings its own styles and nothing else: no script, no picture, no form.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'self'; sandbox"
)
IN_A_FRAME = {"Content-Security-Policy": MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"}


@router.get("/{survey_id}/preview")
async def show_preview(
    survey_id: str,
    request: Request,
    staff: StaffReader,
    context: OwnContext,
    language: LanguageTag = "en",
    reminder: ReminderNumber = 0,
    outcome: Group = "promoter",
    width: PreviewWidth = "wide",
    did: Annotated[str, Query(max_length=40)] = "",
    event: Annotated[UUID | None, Query()] = None,
) -> Response:
    """The mail, the page and the thanks, in each language, outcome and width; and a form to get the mail."""
    choice = PreviewChoice(language=language, reminder=reminder, outcome=outcome, width=width)
    return await _preview_page(request, staff, context, survey_id, choice, done=notice(did), event=event)


@router.post("/{survey_id}/test-mail")
async def send_test_mail(
    survey_id: str, request: Request, staff: StaffEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Send it to one of the test addresses, or to one's own."""
    form = await request.form()
    address, listed_by = str(form.get("address", "")), None
    language = language_tag(str(form.get("language", ""))) or "en"
    choice = PreviewChoice(language=language, reminder=0, outcome="promoter", width="wide")
    try:
        if address == OWN_ADDRESS:
            address = await own_address(context.services, staff.tenant, staff.id) or ""
            listed_by = AuditActor.of_staff(staff) if address else None
        async with context.database.transaction() as uow:
            survey = await found_survey(uow, staff, survey_id)
            event = await send_test(
                uow,
                context.secret,
                staff.tenant,
                survey.id,
                address,
                language,
                id_in_form(str(form.get("test_id", ""))),
                listed_by=listed_by,
            )
    except ServiceUnavailable:
        fault = spoken(NOT_KNOWN_NOW)
        return await _preview_page(request, staff, context, survey_id, choice, fault=fault, status_code=503)
    except NotATestAddress:
        return await _preview_page(
            request, staff, context, survey_id, choice, fault=spoken(NOT_LISTED), status_code=422
        )
    query = urlencode({"language": language, "did": "test-sent", "event": event})
    return RedirectResponse(f"/surveys/{survey.id}/preview?{query}", 303)


async def _preview_page(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    survey_id: str,
    choice: PreviewChoice,
    *,
    done: str = "",
    event: UUID | None = None,
    fault: str = "",
    status_code: int = 200,
) -> Response:
    may_edit = staff.role in EDITING_ROLES
    async with context.database.reading() as uow:
        survey = await found_survey(uow, staff, survey_id)
        tenant = await tenant_or_placeholder(uow, staff.tenant)
        sending = await find_sending(uow, staff.tenant)
        frame = await frame_of(uow, staff, "surveys", tenant=tenant, sending=sending)
        address = await address_used(
            uow, staff.tenant, context.mail_renderer.mail_from, allowed=context.own.company_senders
        )
    page = PreviewPage(
        survey=survey,
        language=choice.language,
        languages=languages_of(set(survey.draft.texts)),
        reminder=choice.reminder,
        choice=choice,
        outcomes=[(group, spoken(OUTCOME_LABELS[group])) for group in SAMPLE_SCORES],
        collector_url=_collector_url(context, staff.tenant, survey, choice),
        mail=sample_mail(context, survey.id, survey.draft, tenant, choice.language, choice.reminder),
        sms=sample_text(context, survey.id, survey.draft, tenant, choice.language, choice.reminder)
        if "sms" in survey.draft.channels
        else None,
        sender=f"{survey.draft.sender_name or tenant.name} <{address}>",
        promoting=promoting_words(survey.draft, choice.language),
        unchecked=is_unchecked(survey.draft, choice.language),
        uninflected=uninflected_words(survey.draft, choice.language),
        test_options=[
            (OWN_ADDRESS, spoken(OWN_LABEL)),
            *((each, each) for each in sorted(sending.test_addresses)),
        ]
        if may_edit
        else [],
        done=done,
        test_event=str(event) if event is not None else "",
        fault=fault,
        test_id=str(uuid7()),
    )
    response = context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)
    response.headers["Content-Security-Policy"] = WITH_FRAMES
    return response


def _collector_url(
    context: DispatcherContext, tenant: str, survey: StoredSurvey, choice: PreviewChoice
) -> str:
    """The collector's preview of the words that are saved."""
    tokens = ServiceTokens(context.secret, clock=context.database.clock)
    claims = {"survey_id": str(survey.id), "survey_version": survey.survey_version}
    token = tokens.sign("preview", tenant, claims)
    return f"/s/preview/{token}?{urlencode({'language': choice.language, 'score': choice.score})}"


@router.get("/{survey_id}/mail")
async def show_mail(
    survey_id: str,
    staff: StaffReader,
    context: OwnContext,
    language: LanguageTag = "en",
    reminder: ReminderNumber = 0,
) -> Response:
    """The mail as a customer would get it, with links that lead nowhere; only our own pages may frame it."""
    async with context.database.reading() as uow:
        survey = await found_survey(uow, staff, survey_id)
        tenant = await tenant_or_placeholder(uow, staff.tenant)
    mail = sample_mail(context, survey.id, survey.draft, tenant, language, reminder)
    return HTMLResponse(mail.html, headers=IN_A_FRAME)


def sample_text(
    context: DispatcherContext,
    survey_id: UUID,
    draft: SurveyDraft,
    tenant: Tenant,
    language: str,
    number: int = 0,
) -> TextPart:
    """A survey's text message that nobody gets, with its length; ``number``: as of :func:`sample_mail`."""
    now = context.database.clock()
    reminders = draft.reminders
    reminder = None
    if 0 < number <= len(reminders):
        reminder = ReminderMail(number=number, of=len(reminders), asked_at=now)
    texts = draft.texts.get(language, SurveyTexts())
    text = context.text_renderer.text(
        sample_invitation(survey_id, draft, language, now),
        tenant,
        texts,
        reminder,
        by_reply=context.sms.name is None,
    )
    takes_numbers = not draft.anonymous and names_scale(texts.sms or "")
    return TextPart.of(text, takes_numbers=takes_numbers)


def sample_mail(
    context: DispatcherContext,
    survey_id: UUID,
    draft: SurveyDraft,
    tenant: Tenant,
    language: str,
    number: int,
) -> RenderedMail:
    """A survey's mail that nobody gets; ``number``: of the reminder, 0: the first mail."""
    texts = draft.texts.get(language, SurveyTexts())
    now = context.database.clock()
    reminders = draft.reminders
    reminder = None
    if 0 < number <= len(reminders):
        now -= timedelta(days=reminders[number - 1].after_days)
        reminder = ReminderMail(number=number, of=len(reminders), asked_at=now)
    invitation = sample_invitation(survey_id, draft, language, now)
    shown = tenant.in_survey(neutral=draft.neutral)
    return context.mail_renderer.render(invitation, shown, texts, reminder, draft.layout)
