"""The route by which the scorer asks what became of the mails of a saved view, for the view's page."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Response

from services.alerts.view_mails.history_repository import read_history
from shared.db.database import Database
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.privacy.service_caller import ServiceLane, service_caller
from shared.privacy.service_client import PERSONAL_DATA_PATH
from shared.privacy.service_tokens import ServiceClaims, ServiceTokens
from shared.privacy.view_mails import HISTORY_PATH, STAFF_CLAIM, VIEW_CLAIM

MAX_RUNNING = 4
"""Requests at once: each is a few rows by their keys."""


def view_mail_history_router(database: Database, secret: str) -> APIRouter:
    """The router with the one route; the token says of which view, and whose mails."""
    router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
    lane = ServiceLane(max_running=MAX_RUNNING)
    caller = service_caller(ServiceTokens(secret, clock=database.clock), "view-mails")

    @router.get(f"{PERSONAL_DATA_PATH}/alerts/{HISTORY_PATH}")
    async def read_view_mails(asked: Annotated[ServiceClaims, Depends(caller)]) -> Response:
        """To how many it left, without a name or an address, and what became of the asker's own."""
        view, staff = _id(asked.claims.get(VIEW_CLAIM)), asked.claims.get(STAFF_CLAIM)
        person = None if staff is None else _id(staff)
        async with lane.turn(), database.reading() as uow:
            history = await read_history(uow, asked.tenant, view, person)
        return Response(msgspec.json.encode(history), media_type="application/json")

    return router


def _id(written: Any) -> UUID:
    try:
        return UUID(str(written))
    except ValueError:
        raise Problem(422) from None
