"""The route by which the dispatcher asks a service what it would remove under some rules."""

from collections.abc import Sequence
from typing import Annotated, Any, get_type_hints

from fastapi import APIRouter, Depends, Query
from pydantic import create_model

from shared.db.database import Database
from shared.events import RetentionRules
from shared.events.retention import RETENTION_KINDS
from shared.http.routes import CheckedRoute
from shared.privacy.retention import Counts, Cutoffs, RetentionRule, count_stale
from shared.privacy.service_caller import ServiceLane, service_caller
from shared.privacy.service_client import PERSONAL_DATA_PATH
from shared.privacy.service_tokens import ServiceClaims, ServiceTokens

_HINTS = get_type_hints(RetentionRules, include_extras=True)
DAYS_BY_KIND: dict[str, Any] = {
    kind: (_HINTS[kind], field_default)
    for kind, field_default in zip(RETENTION_KINDS, RetentionRules.__struct_defaults__, strict=True)
}
"""The fields of a body or a query with the days of each kind, with the bounds and defaults of the rules."""

RetentionQuery = create_model("RetentionQuery", **DAYS_BY_KIND)


def retention_router(
    service: str, rules: Sequence[RetentionRule], database: Database, secret: str
) -> APIRouter:
    """The router with the one route ``/v1/personal-data/<service>/retention``."""
    router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
    lane = ServiceLane()
    caller = service_caller(ServiceTokens(secret, clock=database.clock), "retention")

    @router.get(f"{PERSONAL_DATA_PATH}/{service}/retention")
    async def count(
        asked: Annotated[ServiceClaims, Depends(caller)],
        query: Annotated[RetentionQuery, Query()],
    ) -> Counts:
        """How many rows of each table are too old under these rules, by kind."""
        wanted = RetentionRules(**query.model_dump())
        async with lane.turn(), database.reading() as uow:
            return await count_stale(uow, rules, Cutoffs(asked.tenant, uow.now, wanted))

    return router
