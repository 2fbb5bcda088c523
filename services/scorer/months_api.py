"""``/v1/personal-data/scorer/months``: what a segment counts by month, to be compared with another system."""

from typing import Annotated

from fastapi import APIRouter, Depends

from services.scorer.repository.counts import month_counts
from shared.db.database import Database
from shared.http.routes import CheckedRoute
from shared.privacy.service_caller import ServiceLane, service_caller
from shared.privacy.service_client import PERSONAL_DATA_PATH
from shared.privacy.service_tokens import ServiceClaims, ServiceTokens


def months_router(database: Database, secret: str) -> APIRouter:
    """The router with the one route; the token says of which segment."""
    router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
    lane = ServiceLane()
    caller = service_caller(ServiceTokens(secret, clock=database.clock), "months")

    @router.get(f"{PERSONAL_DATA_PATH}/scorer/months")
    async def list_months(asked: Annotated[ServiceClaims, Depends(caller)]) -> dict[str, list[int]]:
        """How many answers there are with each score from 0 to 10, by month."""
        async with lane.turn(), database.reading() as uow:
            found = await month_counts(uow, asked.tenant, str(asked.claims.get("segment", "")))
        return {month: list(counts) for month, counts in found.items()}

    return router
