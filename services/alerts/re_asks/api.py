"""``/v1/recovery``: what the customers of cases say when they are asked again."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.alerts.context import OwnContext
from services.alerts.re_asks.reading import read_recovery
from services.alerts.re_asks.schemas import RecoveryOut
from shared.http.auth import Caller, staff_or_key
from shared.http.routes import CheckedRoute
from shared.permissions import CASE_ROLES

router = APIRouter(prefix="/v1/recovery", tags=["cases"], route_class=CheckedRoute)


@router.get("", summary="What customers of cases say when they are asked again")
async def recovery_figures(
    context: OwnContext,
    caller: Annotated[Caller, Depends(staff_or_key("cases:read", *CASE_ROLES))],
    first: Annotated[
        date | None,
        Query(alias="from", description="Asked from this day on; left out: a year to the last."),
    ] = None,
    last: Annotated[date | None, Query(alias="to", description="The last day; left out: today.")] = None,
) -> RecoveryOut:
    """Of the customers whom a recovery survey asked again on these days, with what they answered until now.
    These answers count in no NPS. Administrators and keys are told of all, leaders of the teams that they
    lead or are in (of all where the company has no teams) and of their own cases, everybody else of their own
    cases. Who is limited to segments is told of the cases that they may see.
    """
    async with context.database.reading() as uow:
        read = await read_recovery(uow, context.setups, caller.tenant, caller.staff, first, last)
    return RecoveryOut.of(read)
