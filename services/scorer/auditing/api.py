"""``GET /v1/recounts``: whether what is counted is what the answers say."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.scorer.auditing.reading import read_state
from services.scorer.auditing.repository import list_results
from services.scorer.auditing.schemas import AuditsOut
from services.scorer.context import OwnContext
from shared.http.auth import Caller, staff_or_key
from shared.http.routes import CheckedRoute

router = APIRouter(prefix="/v1/recounts", tags=["scores"], route_class=CheckedRoute)
ReadsAudits = Annotated[Caller, Depends(staff_or_key("scores:read"))]
MAX_AUDITS = 400


@router.get("", summary="Whether the counts are what the answers say")
async def list_audits(
    context: OwnContext,
    caller: ReadsAudits,
    limit: Annotated[int, Query(ge=1, le=MAX_AUDITS, description="How many at most.")] = 30,
) -> AuditsOut:
    """Every night all answers are recounted, and compared with the counts that are kept and with the totals
    of the service that takes the answers. The numbers are of the whole company, of no segment.
    """
    async with context.database.reading() as uow:
        results = await list_results(uow, caller.tenant, limit)
        return AuditsOut.of(await read_state(uow, caller.tenant), results)
