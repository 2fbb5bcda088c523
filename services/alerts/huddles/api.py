"""``/v1/huddles``: the weekly page of a team, and what it promises."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from services.alerts.context import OwnContext
from services.alerts.errors import SetupFaulty
from services.alerts.huddles.promise_commands import PromiseDraft, remove_promise, save_promise
from services.alerts.huddles.reading import find_team, read_huddle, week_named
from services.alerts.huddles.schemas import HuddleOut, PromiseBody, PromiseOut
from shared.http.auth import Caller, staff_or_key
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.permissions import ASSIGNING_ROLES, CASE_ROLES
from shared.privacy.audit import AuditActor
from shared.tenancy.tenants import find_zone

router = APIRouter(prefix="/v1/huddles", tags=["cases"], route_class=CheckedRoute)
ReadsHuddles = Annotated[Caller, Depends(staff_or_key("cases:read", *CASE_ROLES))]
WritesPromises = Annotated[Caller, Depends(staff_or_key("cases:write", *ASSIGNING_ROLES))]
TeamId = Annotated[UUID, Path(description="The team's id.")]
PromiseId = Annotated[UUID, Path(description="The promise's id: a UUID of your own.")]


@router.get("/{team}", summary="What a team speaks of in a week")
async def read_week(
    context: OwnContext,
    caller: ReadsHuddles,
    team: TeamId,
    week: Annotated[str, Query(description="2026-W48; left out: this week.", max_length=8)] = "",
) -> HuddleOut:
    """For administrators and keys, and for whoever leads the team or is in it (others: 403). The week is one
    of ISO 8601 by the clock of the company; what is overdue is so now. Who is limited to segments gets of
    comments and cases those that they may see. A key gets comments with the scope `answers:read`, too.
    """
    async with context.database.reading() as uow:
        huddle = await read_huddle(uow, context.setups, caller.tenant, caller.staff, team, week)
    reads_answers = caller.key is None or "answers:read" in caller.key.scopes
    return HuddleOut.of(huddle, with_comments=reads_answers)


@router.put("/{team}/promises/{promise}", summary="Write down or change what a team promises")
async def write_promise(
    context: OwnContext, caller: WritesPromises, team: TeamId, promise: PromiseId, body: PromiseBody
) -> PromiseOut:
    """For administrators, keys and leaders who are in the team. At most six of one team and week."""
    async with context.database.reading() as uow:
        setup = await find_team(uow, context.setups, caller.tenant, caller.staff, team, write=True)
    try:
        async with context.database.transaction() as uow:
            zone = await find_zone(uow, caller.tenant)
            draft = PromiseDraft(
                id=promise,
                team_id=team,
                week=week_named(body.week, uow.now.astimezone(zone).date()),
                text=" ".join(body.text.split()),
                person_id=body.person,
                due=body.until,
                kept=body.kept,
            )
            saved = await save_promise(uow, caller.tenant, AuditActor.of(caller), setup, draft)
    except SetupFaulty as error:
        raise Problem(422, errors=error.faults) from None
    if saved is None:
        raise Problem(404)
    return PromiseOut.of(saved)


@router.delete("/{team}/promises/{promise}", status_code=204, summary="Delete what a team promised")
async def delete_promise(
    context: OwnContext, caller: WritesPromises, team: TeamId, promise: PromiseId
) -> None:
    async with context.database.reading() as uow:
        await find_team(uow, context.setups, caller.tenant, caller.staff, team, write=True)
    async with context.database.transaction() as uow:
        if not await remove_promise(uow, caller.tenant, AuditActor.of(caller), team, promise):
            raise Problem(404)
