"""The route by which another service asks for the address of who asks for a mail to themselves."""

from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Response

from services.alerts.staff.repository.people import find_person
from shared.db.database import Database
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.privacy.own_address import OWN_ADDRESS_PATH, OwnAddress
from shared.privacy.present_access import STAFF_CLAIM
from shared.privacy.service_caller import ServiceLane, service_caller
from shared.privacy.service_client import PERSONAL_DATA_PATH
from shared.privacy.service_tokens import ServiceClaims, ServiceTokens


def own_address_router(database: Database, secret: str) -> APIRouter:
    """The router with the one route ``/v1/personal-data/alerts/own-address``; the token says of whom."""
    router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
    lane = ServiceLane()
    caller = service_caller(ServiceTokens(secret, clock=database.clock), "own-address")

    @router.get(f"{PERSONAL_DATA_PATH}/alerts/{OWN_ADDRESS_PATH}")
    async def read_own_address(asked: Annotated[ServiceClaims, Depends(caller)]) -> Response:
        """The address that the person signs in with; null where nobody may."""
        try:
            person = UUID(str(asked.claims.get(STAFF_CLAIM)))
        except ValueError:
            raise Problem(422) from None
        async with lane.turn(), database.reading() as uow:
            row = await find_person(uow, asked.tenant, person)
        own = OwnAddress(row.address if row is not None and row.active else None)
        return Response(msgspec.json.encode(own), media_type="application/json")

    return router
