"""``/v1/personal-data/dispatcher/asked``: how many could have been asked, for the scorer alone."""

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends

from services.dispatcher.decisions.repository.asked_counts import count_asked
from shared.db.database import Database
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.privacy.service_caller import ServiceLane, service_caller
from shared.privacy.service_client import PERSONAL_DATA_PATH
from shared.privacy.service_tokens import ServiceClaims, ServiceTokens


class _AskedClaims(msgspec.Struct, forbid_unknown_fields=True):
    dimension: str
    first: datetime
    until: datetime


def asked_router(database: Database, secret: str) -> APIRouter:
    """The router with the one route; the token says of which dimension and days."""
    router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
    lane = ServiceLane()
    caller = service_caller(ServiceTokens(secret, clock=database.clock), "asked")

    @router.get(f"{PERSONAL_DATA_PATH}/dispatcher/asked")
    async def list_asked(asked: Annotated[ServiceClaims, Depends(caller)]) -> dict[str, list[int]]:
        """Of each value of the dimension: the fields of ``MatchedEvents``. No customer is among it."""
        try:
            wanted = msgspec.convert(asked.claims, _AskedClaims)
        except msgspec.ValidationError:
            raise Problem(401) from None
        async with lane.turn(), database.reading() as uow:
            found = await count_asked(uow, asked.tenant, wanted.dimension, wanted.first, wanted.until)
        return {segment: list(counts) for segment, counts in found.items()}

    return router
