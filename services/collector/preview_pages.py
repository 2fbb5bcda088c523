"""The customer's pages of a survey as staff look at them: nothing is stored, and nobody can answer."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from services.collector.context import OwnContext
from services.collector.domain import InvitationReplica, LinkTarget, SubmittedAnswer, answer_after
from services.collector.forms import SurveyForm
from services.collector.repository.previews import find_survey
from services.collector.responses import gone, respond
from services.collector.survey_texts import available_languages, customer_language
from services.collector.views import OneMomentPage, answered_page, survey_page, thanks_page
from shared.events import Survey, Tenant
from shared.events.nps import SCALE, group_of
from shared.http.client_networks import network_of
from shared.http.rate_limit import attempt
from shared.http.routes import CheckedRoute
from shared.pages.page import Page
from shared.privacy.persons import NOBODY
from shared.privacy.service_tokens import ServiceTokens

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
FRAMED = {
    # Scripts and forms are off, so nothing of it can be sent; our own styles need the page's origin.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox allow-same-origin",
    "X-Frame-Options": "SAMEORIGIN",
}


@router.get("/s/preview/{token}")
async def show_preview(
    request: Request,
    token: str,
    context: OwnContext,
    language: Annotated[str, Query(max_length=35)] = "en",
    score: Annotated[int | None, Query(ge=SCALE[0], le=SCALE[-1])] = None,
    thanks: bool = False,
) -> Response:
    """The question, with a score chosen where one is given; or the thanks for that score."""
    attempt((context.per_network, network_of(request)))
    now = context.database.clock()
    claimed = ServiceTokens(context.secret, clock=context.database.clock).verify("preview", token)
    if claimed is None:
        return gone(request, context)
    survey_id, version = UUID(claimed.claims["survey_id"]), int(claimed.claims["survey_version"])
    async with context.database.reading() as uow:
        found = await find_survey(uow, claimed.tenant, survey_id, version)
    if found is None:
        response = respond(request, context, OneMomentPage(), status_code=503)
    else:
        target = _target(*found, language, now)
        spoken = customer_language(target, available_languages(target, context.pages))
        page: Page
        if score is None or not thanks:
            page = survey_page(context, target, SurveyForm(spoken, score=score), request.url.path, now)
        elif target.anonymous:
            page = answered_page(context, target, spoken)
        else:
            answered = _answered(target, score, spoken, now)
            assert answered.answer is not None  # noqa: S101  (for the type checker)
            page = thanks_page(context, answered, answered.answer, spoken, request.url.path, now)
        response = respond(request, context, page, target, spoken)
    response.headers.update(FRAMED)
    return response


def _target(tenant: Tenant, survey: Survey, language: str, now: datetime) -> LinkTarget:
    """What a link of this survey would lead to that nobody has got."""
    nobody = UUID(int=0)
    invitation = InvitationReplica(
        id=nobody,
        state="withheld",
        survey_id=survey.id,
        survey_version=survey.survey_version,
        measurement=survey.measurement,
        language=language,
        test=False,
        customer_id=NOBODY,
        event_id=nobody,
        touchpoint=survey.touchpoint,
        segments={},
        organisation=(),
        invited_at=now,
        expires_at=now + timedelta(days=survey.link_days),
        event_type=survey.trigger,
        occurred_at=now - timedelta(days=1),
    )
    return LinkTarget(tenant, invitation, survey, answer=None, anonymous=survey.anonymous)


def _answered(target: LinkTarget, score: int, language: str, now: datetime) -> LinkTarget:
    """The same with an answer; a detractor has asked to be contacted, which the thanks take up."""
    may_contact = group_of(score) == "detractor"
    given = SubmittedAnswer(score=score, language=language, sent=True, may_contact=may_contact)
    return replace(target, answer=answer_after(target, given, now))
