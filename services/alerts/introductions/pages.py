"""The pages of introductions: the list with its figures, and one task with its acts."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import SetupFaulty
from services.alerts.frame import open_case_counts, staff_frame
from services.alerts.introductions import views
from services.alerts.introductions.domain import (
    INTRODUCTION_STATES,
    UNFINISHED_STATES,
    IntroductionActName,
    IntroductionRefused,
    IntroductionState,
)
from services.alerts.introductions.eligibility import INTRODUCTION_POLICY
from services.alerts.introductions.forms import IntroductionForm, IntroductionSearch
from services.alerts.introductions.introduction_commands import act_on_introduction
from services.alerts.introductions.introduction_users import IntroductionUser
from services.alerts.introductions.repository import figures, introductions, judging, setting
from services.alerts.replicas import repository as replicas
from services.alerts.team_figures.repository import names_of
from shared.http.csrf import CsrfChecked
from shared.http.cursors import cut_page, decode_cursor
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.pages.language import spoken
from shared.permissions import CASE_ROLES
from shared.tenancy.tenants import find_zone
from shared.values.messages import Message, message

router = APIRouter(prefix="/introductions", include_in_schema=False, route_class=CheckedRoute)
CaseWorker = Annotated[Staff, Depends(signed_in(*CASE_ROLES))]
PAGE_SIZE = 50
FIGURE_DAYS = timedelta(days=180)
INTRODUCTION_DONE: dict[IntroductionActName, Message] = {
    "ask": message("Written down: the customer was asked."),
    "not_ask": message("Written down: the customer is not asked."),
    "agree": message("Written down: the customer agreed."),
    "decline": message("Written down: the customer declined."),
    "introduce": message("Written down: you were introduced."),
    "meet": message("Written down: you have met."),
    "conclude": message("Written down: what came of it."),
    "note": message("The note is saved."),
    "hand_over": message("The task is handed over."),
}


@router.get("")
async def show_introductions(
    request: Request, staff: CaseWorker, context: OwnContext, search: Annotated[IntroductionSearch, Query()]
) -> Response:
    """The reader's tasks, those of their teams, or all of the company."""
    async with context.database.reading() as uow:
        user = IntroductionUser.of_staff(staff, await context.setups.one(uow, staff.tenant))
        choices = [one for one in views.WHOSE if _may_choose(one, user)]
        whose = search.whose if search.whose in choices else choices[-1]
        scope = user.scope
        if whose != "all":
            own = whose == "mine"
            scope = scope._replace(everybody=False, teams=() if own else scope.teams)
        found = await introductions.list_introductions(
            uow,
            scope,
            states=_states(search.state),
            before=decode_cursor(search.after),
            limit=PAGE_SIZE + 1,
        )
        tasks, more = cut_page(found, PAGE_SIZE, lambda task: (task.opened_at, task.id))
        ids = [(staff.tenant, task.answer_id) for task in tasks]
        answers = await replicas.newest_answers(uow, ids)
        events = await replicas.invitations_of(uow, ids)
        owners = await names_of(uow, staff.tenant, [task.owner_id for task in tasks])
        since = uow.now - FIGURE_DAYS
        within = INTRODUCTION_POLICY.results_within
        counted = await figures.count_introductions(uow, scope, since, within)
        reasons: Mapping[str, int] = {}
        if user.reads_reasons:
            reasons = await judging.count_reasons(uow, staff.tenant, scope.segments, since)
        enabled = await setting.enabled_since(uow, staff.tenant) is not None
        zone = await find_zone(uow, staff.tenant)
        counts = await open_case_counts(uow, staff)
        frame = await staff_frame(uow, staff, here="introductions", open_cases=counts.open)
        now = uow.now
    rows = [
        views.row_of(
            task,
            answers[key][0] if key in answers else None,
            events.get(key),
            owners,
            now,
            zone,
        )
        for task, key in zip(tasks, ids, strict=True)
    ]
    late = sum(row.late for row in rows)
    state = search.state if _is_state(search.state) else ""
    following = {"whose": whose, "state": state, "after": more or ""}
    page = views.IntroductionsPage(
        finding=views.finding_of(len(rows), late, more=more is not None, enabled=enabled),
        enabled=enabled,
        views=views.whose_links(whose, choices) if len(choices) > 1 else [],
        states=views.state_links(state, whose),
        rows=rows,
        next=f"/introductions?{urlencode(following)}" if more else "",
        figures=views.figure_lines(counted),
        results=views.result_lines(counted),
        reasons=views.reason_lines(reasons),
        may_read_reasons=user.reads_reasons,
    )
    return context.pages.page(request, page, staff=staff, frame=frame)


@router.get("/{introduction}")
async def show_introduction(
    introduction: UUID,
    request: Request,
    staff: CaseWorker,
    context: OwnContext,
    did: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """One task."""
    return await _show(request, staff, context, introduction, did=did)


@router.post("/{introduction}")
async def act_on_introduction_page(
    introduction: UUID,
    request: Request,
    staff: CaseWorker,
    _: CsrfChecked,
    context: OwnContext,
    form: Annotated[IntroductionForm, Form()],
) -> Response:
    """Do something to it; what was typed stays where that is refused."""
    act, faults = form.wanted()
    refused = ""
    if act is not None:
        async with context.database.reading() as uow:
            setup = await context.setups.one(uow, staff.tenant)
        user = IntroductionUser.of_staff(staff, setup)
        try:
            async with context.database.transaction() as uow:
                task = await act_on_introduction(uow, setup, user, introduction, form.version, act)
        except IntroductionRefused as error:
            refused = spoken(error.reason)
        except SetupFaulty as error:
            faults = {fault["field"].removeprefix("/"): spoken(fault["detail"]) for fault in error.faults}
        else:
            if task is None:
                raise Problem(404)
            return RedirectResponse(f"/introductions/{introduction}?did={form.act}", 303)
    typed = {"reason": form.reason, "result": form.result, "person": form.person}
    if form.act == "note":
        typed["note"] = form.note
    return await _show(
        *(request, staff, context, introduction),
        typed=typed,
        faults=faults,
        refused=refused,
        status_code=409 if refused else 422,
    )


async def _show(
    request: Request,
    staff: Staff,
    context: AlertsContext,
    introduction: UUID,
    *,
    typed: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
    refused: str = "",
    did: str = "",
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        setup = await context.setups.one(uow, staff.tenant)
        user = IntroductionUser.of_staff(staff, setup)
        task = await introductions.find_introduction(uow, user.scope, introduction)
        if task is None:
            raise Problem(404)
        key = (staff.tenant, task.answer_id)
        answers = await replicas.newest_answers(uow, [key])
        events = await replicas.invitations_of(uow, [key])
        steps = await introductions.steps_of(uow, staff.tenant, task.id)
        handed = [UUID(one.detail) for one in steps if one.act == "hand_over" and one.detail]
        owners = await names_of(uow, staff.tenant, [task.owner_id, *handed])
        zone = await find_zone(uow, staff.tenant)
        counts = await open_case_counts(uow, staff)
        frame = await staff_frame(uow, staff, here="introductions", open_cases=counts.open)
        now = uow.now
    colleagues = sorted(
        (
            (one.id, one.name)
            for one in setup.people.values()
            if one.may_work_on(list(task.belongs)) and one.id != task.owner_id
        ),
        key=lambda one: (one[1].casefold(), one[0]),
    )
    page = views.page_of(
        task,
        answers[key][0] if key in answers else None,
        events.get(key),
        steps,
        owners,
        colleagues,
        now,
        zone,
        typed=typed or {},
        faults=faults or {},
        refused=refused,
        done=next((spoken(words) for act, words in INTRODUCTION_DONE.items() if act == did), ""),
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)


def _may_choose(whose: str, user: IntroductionUser) -> bool:
    if whose == "team":
        return bool(user.scope.teams)
    return whose == "mine" or user.scope.everybody


def _is_state(text: str) -> bool:
    return text == "all" or text in INTRODUCTION_STATES


def _states(text: str) -> tuple[IntroductionState, ...]:
    """The states that are asked for; of what is none: those in which there is something to do."""
    if text == "all":
        return INTRODUCTION_STATES
    return tuple(state for state in INTRODUCTION_STATES if state == text) or UNFINISHED_STATES
