"""The customer's pages of a survey as staff look at them: nothing is stored, and nobody can answer."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from services.collector.context import CollectorContext, OwnContext
from services.collector.domain import InvitationReplica, LinkTarget, SubmittedAnswer, answer_after
from services.collector.forms import SurveyForm
from services.collector.repository.previews import find_survey
from services.collector.responses import gone, respond
from services.collector.survey_texts import available_languages, customer_language
from services.collector.views import OneMomentPage, answered_page, survey_page, thanks_page
from shared.db.database import Database
from shared.events import Survey, Tenant
from shared.events.nps import SCALE, group_of
from shared.http.client_networks import network_of
from shared.http.frames import FRAMED_PAGE
from shared.http.problems import Problem
from shared.http.rate_limit import attempt
from shared.http.routes import CheckedRoute
from shared.pages.page import Page
from shared.privacy.persons import NOBODY
from shared.privacy.service_caller import ServiceLane, service_caller
from shared.privacy.service_client import PERSONAL_DATA_PATH
from shared.privacy.service_tokens import TOKEN_SCHEME, ServiceClaims, ServiceTokens
from shared.tenancy.tenants import find_tenant

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
LanguageTag = Annotated[str, Query(max_length=35)]
Score = Annotated[int | None, Query(ge=SCALE[0], le=SCALE[-1])]
NOWHERE = "#"
"""In the place of the address of a page that has none: its links stay on it."""
_survey = msgspec.json.Decoder(Survey)


@dataclass(frozen=True)
class Shown:
    """Which page of a survey is shown."""

    language: str
    score: int | None
    """That is chosen; None: none is."""
    thanks: bool
    """The thanks for that score, in place of the question."""


@router.get("/s/preview/{token}")
async def show_preview(
    request: Request,
    token: str,
    context: OwnContext,
    language: LanguageTag = "en",
    score: Score = None,
    thanks: bool = False,
) -> Response:
    """The question, with a score chosen where one is given; or the thanks for that score."""
    attempt((context.per_network, network_of(request)))
    claimed = ServiceTokens(context.secret, clock=context.database.clock).verify("preview", token)
    if claimed is None or "survey_id" not in claimed.claims:
        return gone(request, context)
    survey_id, version = UUID(claimed.claims["survey_id"]), int(claimed.claims["survey_version"])
    async with context.database.reading() as uow:
        found = await find_survey(uow, claimed.tenant, survey_id, version)
    if found is None:
        response = respond(request, context, OneMomentPage(), status_code=503)
        response.headers.update(FRAMED_PAGE)
        return response
    return _page(request, context, *found, Shown(language, score, thanks), request.url.path)


def typed_preview_router(database: Database, secret: str) -> APIRouter:
    """The router with the one route ``/v1/personal-data/collector/preview``, which the dispatcher asks."""
    typed = APIRouter(include_in_schema=False, route_class=CheckedRoute)
    lane = ServiceLane()
    caller = service_caller(ServiceTokens(secret, clock=database.clock), "preview")

    @typed.post(f"{PERSONAL_DATA_PATH}/collector/preview")
    async def show_typed(
        request: Request,
        asked: Annotated[ServiceClaims, Depends(caller)],
        context: OwnContext,
        language: LanguageTag = "en",
        score: Score = None,
        thanks: bool = False,
    ) -> Response:
        """The same page of a survey that the body has, as ``surveys`` would have it: it is kept nowhere."""
        body = await request.body()
        if not asked.covers(body):
            raise Problem(401, headers={"WWW-Authenticate": TOKEN_SCHEME})
        try:
            survey = _survey.decode(body)
        except msgspec.MsgspecError:
            raise Problem(422) from None
        async with lane.turn(), context.database.reading() as uow:
            tenant = await find_tenant(uow, asked.tenant)
        if tenant is None:  # not consumed yet
            raise Problem(503, headers={"Retry-After": "10"})
        return _page(request, context, tenant, survey, Shown(language, score, thanks), NOWHERE)

    return typed


def _page(
    request: Request,
    context: CollectorContext,
    tenant: Tenant,
    survey: Survey,
    shown: Shown,
    url: str,
) -> Response:
    now, score = context.database.clock(), shown.score
    target = _target(tenant, survey, shown.language, now)
    spoken = customer_language(target, available_languages(target, context.pages))
    page: Page
    if score is None or not shown.thanks:
        page = survey_page(context, target, SurveyForm(spoken, score=score), url, now)
    elif target.anonymous:
        page = answered_page(context, target, spoken)
    else:
        answered = _answered(target, score, spoken, now)
        assert answered.answer is not None  # noqa: S101  (for the type checker)
        page = thanks_page(context, answered, answered.answer, spoken, url, now)
    response = respond(request, context, page, target, spoken)
    response.headers.update(FRAMED_PAGE)
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
