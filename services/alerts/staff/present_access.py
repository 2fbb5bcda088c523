"""The route by which the other services ask what a person may see at this moment."""

from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Response

from services.alerts.staff.repository.people import find_person
from shared.db.database import Database
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.privacy.present_access import PRESENT_ACCESS_PATH, STAFF_CLAIM, PresentAccess
from shared.privacy.service_caller import ServiceLane, service_caller
from shared.privacy.service_client import PERSONAL_DATA_PATH
from shared.privacy.service_tokens import ServiceClaims, ServiceTokens

MAX_RUNNING = 4
"""Requests at once: each is one row by its key."""


def present_access_router(database: Database, secret: str) -> APIRouter:
    """The router with the one route ``/v1/personal-data/alerts/present-access``; the token says of whom."""
    router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
    lane = ServiceLane(max_running=MAX_RUNNING)
    caller = service_caller(ServiceTokens(secret, clock=database.clock), "access")

    @router.get(f"{PERSONAL_DATA_PATH}/alerts/{PRESENT_ACCESS_PATH}")
    async def read_access(asked: Annotated[ServiceClaims, Depends(caller)]) -> Response:
        """Role and segments, without a name or an address."""
        try:
            person = UUID(str(asked.claims.get(STAFF_CLAIM)))
        except ValueError:
            raise Problem(422) from None
        async with lane.turn(), database.reading() as uow:
            row = await find_person(uow, asked.tenant, person)
        access = PresentAccess(role=None)
        if row is not None and row.active:
            access = PresentAccess(role=row.role, segments=tuple(row.segments))
        return Response(msgspec.json.encode(access), media_type="application/json")

    return router
