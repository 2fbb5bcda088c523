"""``/v1/introductions``: tasks to ask for an introduction, their figures, and whether a company has any."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import SetupFaulty
from services.alerts.introductions.domain import (
    INTRODUCTION_STATES,
    Introduction,
    IntroductionRefused,
    IntroductionState,
)
from services.alerts.introductions.eligibility import INTRODUCTION_POLICY
from services.alerts.introductions.introduction_commands import act_on_introduction, switch_introductions
from services.alerts.introductions.introduction_users import IntroductionUser
from services.alerts.introductions.repository import figures, introductions, judging, setting
from services.alerts.introductions.schemas import (
    IntroductionActBody,
    IntroductionDetail,
    IntroductionFiguresOut,
    IntroductionList,
    IntroductionOut,
    IntroductionSettingBody,
    IntroductionSettingOut,
)
from services.alerts.rules.callers import SetupAdmin, SetupReader
from services.alerts.team_figures.repository import names_of
from shared.db.database import UnitOfWork
from shared.http.auth import Caller, staff_or_key
from shared.http.cursors import MAX_CURSOR_LENGTH, cut_page, decode_cursor
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.permissions import CASE_ROLES
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(prefix="/v1/introductions", tags=["cases"], route_class=CheckedRoute)
ReadsIntroductions = Annotated[Caller, Depends(staff_or_key("cases:read", *CASE_ROLES))]
WritesIntroductions = Annotated[Caller, Depends(staff_or_key("cases:write", *CASE_ROLES))]
TaskId = Annotated[UUID, Path(description="The task's id.")]
USUAL_DAYS, MOST_DAYS = 180, 1100


@router.get("", summary="List tasks to ask for an introduction")
async def list_tasks(
    context: OwnContext,
    caller: ReadsIntroductions,
    state: Annotated[IntroductionState | None, Query(description="Only tasks in this state.")] = None,
    owner: Annotated[UUID | None, Query(description="Only tasks of this person.")] = None,
    after: Annotated[str, Query(description="“next” of the page before.", max_length=MAX_CURSOR_LENGTH)] = "",
    limit: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 50,
) -> IntroductionList:
    """The newest first: one's own, as the leader of teams theirs, too, for administrators and keys all.
    Who is limited to segments gets of these the tasks whose answers they may see.
    """
    async with context.database.reading() as uow:
        user = IntroductionUser.of(caller, await context.setups.one(uow, caller.tenant))
        found = await introductions.list_introductions(
            uow,
            user.scope,
            states=INTRODUCTION_STATES if state is None else (state,),
            owner=owner,
            before=decode_cursor(after),
            limit=limit + 1,
        )
        tasks, more = cut_page(found, limit, lambda task: (task.opened_at, task.id))
        names = await names_of(uow, caller.tenant, [task.owner_id for task in tasks])
        outs = [IntroductionOut.of(task, names, uow.now, context.staff_url) for task in tasks]
    return IntroductionList(introductions=outs, next=more)


@router.get("/figures", summary="Count who was asked for an introduction, and what came of it")
async def read_figures(
    context: OwnContext,
    caller: ReadsIntroductions,
    days: Annotated[
        int, Query(ge=1, le=MOST_DAYS, description="Of tasks opened in so many days until now.")
    ] = USUAL_DAYS,
) -> IntroductionFiguresOut:
    """Of the tasks that the list shows. Why answers opened no task is told to administrators and keys."""
    async with context.database.reading() as uow:
        user = IntroductionUser.of(caller, await context.setups.one(uow, caller.tenant))
        since = uow.now - timedelta(days=days)
        counted = await figures.count_introductions(
            uow, user.scope, since, INTRODUCTION_POLICY.results_within
        )
        reasons = {}
        if user.reads_reasons:
            reasons = await judging.count_reasons(uow, caller.tenant, user.scope.segments, since)
    return IntroductionFiguresOut.of(days, counted, reasons)


@router.get("/settings", summary="See whether promoters' answers open tasks")
async def read_setting(context: OwnContext, caller: SetupReader) -> IntroductionSettingOut:
    """Off at first."""
    async with context.database.reading() as uow:
        return IntroductionSettingOut.of(await setting.enabled_since(uow, caller.tenant))


@router.put("/settings", summary="Let promoters' answers open tasks, or no longer")
async def write_setting(
    context: OwnContext, caller: SetupAdmin, body: IntroductionSettingBody
) -> IntroductionSettingOut:
    """Tasks that there are stay when it is switched off."""
    async with context.database.transaction() as uow:
        await switch_introductions(uow, caller.tenant, AuditActor.of(caller), enabled=body.enabled)
        return IntroductionSettingOut.of(await setting.enabled_since(uow, caller.tenant))


@router.get("/{introduction}", summary="Read one task, with what happened to it")
async def read_task(
    context: OwnContext, caller: ReadsIntroductions, introduction: TaskId
) -> IntroductionDetail:
    async with context.database.reading() as uow:
        user = IntroductionUser.of(caller, await context.setups.one(uow, caller.tenant))
        task = await introductions.find_introduction(uow, user.scope, introduction)
        return await _detail(context, uow, task)


@router.post("/{introduction}/actions", summary="Do something to a task")
async def act_on_task(
    context: OwnContext, caller: WritesIntroductions, introduction: TaskId, body: IntroductionActBody
) -> IntroductionDetail:
    """For its owner, the leader of its team, administrators and keys. The same request sent again changes
    nothing. When somebody has done something to it since `version`, nothing is done (409).
    """
    async with context.database.reading() as uow:
        setup = await context.setups.one(uow, caller.tenant)
    user = IntroductionUser.of(caller, setup)
    try:
        async with context.database.transaction() as uow:
            task = await act_on_introduction(uow, setup, user, introduction, body.version, body.wanted())
            return await _detail(context, uow, task)
    except IntroductionRefused as refused:
        raise Problem(409, refused.reason, message("Read the task again and decide anew.")) from None
    except SetupFaulty as error:
        raise Problem(422, errors=error.faults) from None


async def _detail(context: AlertsContext, uow: UnitOfWork, task: Introduction | None) -> IntroductionDetail:
    if task is None:
        raise Problem(404, detail=message("There is no such task, or it is for others."))
    steps = await introductions.steps_of(uow, task.tenant, task.id)
    names = await names_of(uow, task.tenant, [task.owner_id])
    return IntroductionDetail.with_steps(task, steps, names, uow.now, context.staff_url)
