"""The routes by which alerts asks who gets which saved view, and what stands in one mail."""

from dataclasses import replace
from typing import Annotated
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from services.scorer.access import SegmentAccess
from services.scorer.context import OwnContext
from services.scorer.saved_views import mail_repository, repository
from services.scorer.saved_views.addresses import pinned_address
from services.scorer.saved_views.mail_tokens import StopLink, stop_token
from services.scorer.saved_views.mail_words import view_mail
from services.scorer.saved_views.wall_reading import read_view_figures
from shared.db.database import Database
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.pages.language import first_available, rendering_for
from shared.pages.renderer import Renderer
from shared.privacy.service_caller import ServiceLane, service_caller
from shared.privacy.service_client import PERSONAL_DATA_PATH
from shared.privacy.service_tokens import ServiceClaims, ServiceTokens
from shared.privacy.view_mails import (
    CONTENT_PATH,
    WANTED_PATH,
    ViewMailAnswer,
    ViewMailContent,
    ViewMailQuestion,
)
from shared.tenancy import find_tenant
from shared.values.display_names import showing_names

STOP_PATH = "/views/stop"


def view_mail_router(database: Database, secret: str) -> APIRouter:
    """The router with both routes; the token of the second one is good for its body alone."""
    router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
    lane = ServiceLane()
    caller = service_caller(ServiceTokens(secret, clock=database.clock), "view-mails")
    texts = Renderer("services.scorer", clock=database.clock)

    @router.get(f"{PERSONAL_DATA_PATH}/scorer/{WANTED_PATH}")
    async def list_wanted(asked: Annotated[ServiceClaims, Depends(caller)]) -> Response:
        """Who of the company gets which view."""
        async with lane.turn(), database.reading() as uow:
            found = await mail_repository.list_wanted(uow, asked.tenant)
        return Response(msgspec.json.encode(found), media_type="application/json")

    @router.post(f"{PERSONAL_DATA_PATH}/scorer/{CONTENT_PATH}")
    async def write_mail(
        request: Request, asked: Annotated[ServiceClaims, Depends(caller)], context: OwnContext
    ) -> Response:
        """One mail, of what its reader may see; it changes nothing."""
        body = await request.body()
        if not asked.covers(body):
            raise Problem(401)
        try:
            question = msgspec.json.decode(body, type=ViewMailQuestion)
        except msgspec.MsgspecError:
            raise Problem(422) from None
        async with lane.turn():
            content = await _content(context, texts, asked.tenant, question)
        return Response(msgspec.json.encode(ViewMailAnswer(content=content)), media_type="application/json")

    return router


async def _content(
    context: OwnContext, texts: Renderer, tenant_id: str, question: ViewMailQuestion
) -> ViewMailContent | None:
    async with context.database.reading() as uow:
        tenant = await find_tenant(uow, tenant_id)
        view = await repository.find_view(uow, tenant_id, question.view)
        if tenant is None or view is None or not (view.shared or view.staff_id == question.staff):
            return None
        if not await mail_repository.is_wanted(uow, tenant_id, view.id, question.staff):
            return None
        access = SegmentAccess(tenant.people, question.role, question.segments)
        # Of the company's dashboard a reader who is limited to segments gets what they see there themselves.
        own = replace(view, address=pinned_address(view.address, access))
        try:
            figures = await read_view_figures(uow, tenant, own, access)
        except Problem:
            return None  # its page does not open either: an earlier version saved what none can read
    if figures is None:
        return None
    link = StopLink(tenant_id, view.id, question.staff)
    stop_path = f"{STOP_PATH}/{quote(stop_token(context.secret, link), safe='.%=')}"
    language = first_available(question.languages, texts.languages)
    reader = texts.reader(language, tenant.time_zone)
    with rendering_for(reader), showing_names(tenant.display_names):
        return view_mail(figures, context.staff_url, stop_path)
