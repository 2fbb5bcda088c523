"""Pages that preview the mail of a survey, as a customer would get it."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.frame import StaffReader, frame_of
from services.dispatcher.invitations.survey_mail import ReminderMail, RenderedMail
from services.dispatcher.surveys.domain import StoredSurvey
from services.dispatcher.surveys.pages import found_survey, languages_of
from services.dispatcher.surveys.views import PreviewPage
from services.dispatcher.tenants import tenant_or_placeholder
from shared.events import Customer, Invitation, SurveyTexts, Tenant
from shared.events.surveys import MAX_REMINDERS
from shared.http.middleware import CSP
from shared.http.routes import CheckedRoute

router = APIRouter(include_in_schema=False, prefix="/surveys", route_class=CheckedRoute)
LanguageTag = Annotated[str, Query(max_length=20)]
ReminderNumber = Annotated[int, Query(ge=0, le=MAX_REMINDERS)]
"""Which reminder is shown; 0 is the first mail, which stands for one that the survey does not have."""
# A mail brings its own styles and nothing else: no script, no picture, no form.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'self'; sandbox"
)


@router.get("/{survey_id}/preview")
async def show_preview(
    survey_id: str,
    request: Request,
    staff: StaffReader,
    context: OwnContext,
    language: LanguageTag = "en",
    reminder: ReminderNumber = 0,
) -> Response:
    """The mail with its subject, its text part, and links to the other languages."""
    async with context.database.reading() as uow:
        survey = await found_survey(uow, staff, survey_id)
        tenant = await tenant_or_placeholder(uow, staff.tenant)
        frame = await frame_of(uow, staff, "surveys", tenant=tenant)
    page = PreviewPage(
        survey=survey,
        language=language,
        languages=languages_of(set(survey.draft.texts)),
        reminder=reminder,
        mail=_sample_mail(context, survey, tenant, language, reminder),
    )
    response = context.pages.page(request, page, staff=staff, frame=frame)
    response.headers["Content-Security-Policy"] = f"{CSP}; frame-src 'self'"
    return response


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
    headers = {"Content-Security-Policy": MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return HTMLResponse(_sample_mail(context, survey, tenant, language, reminder).html, headers=headers)


def _sample_mail(
    context: DispatcherContext, survey: StoredSurvey, tenant: Tenant, language: str, number: int
) -> RenderedMail:
    texts = survey.draft.texts.get(language, SurveyTexts())
    now = context.database.clock()
    reminders = survey.draft.reminders
    reminder = None
    if 0 < number <= len(reminders):
        now -= timedelta(days=reminders[number - 1].after_days)
        reminder = ReminderMail(number=number, of=len(reminders), asked_at=now)
    invitation = sample_invitation(survey, language, now)
    return context.mail_renderer.render(invitation, tenant, texts, reminder)


def sample_invitation(survey: StoredSurvey, language: str, now: datetime) -> Invitation:
    """An invitation that nobody gets and that is not stored; no answer can come of its links."""
    return Invitation(
        id=UUID(int=0),
        version=1,
        state="withheld",
        survey_id=survey.id,
        survey_version=survey.survey_version,
        survey_name=survey.draft.name,
        measurement=survey.draft.measurement,
        language=language,
        test=True,
        anonymous=survey.draft.anonymous,
        customer=Customer(id="nobody"),
        event_id=UUID(int=0),
        event_type=survey.draft.trigger,
        occurred_at=now - timedelta(days=1),
        decided_at=now,
        due_at=now,
        expires_at=now,
    )
