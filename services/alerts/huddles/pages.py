"""The weekly page of a team: read, printed, and written on."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import SetupFaulty
from services.alerts.frame import open_case_counts, staff_frame
from services.alerts.huddles import views
from services.alerts.huddles.forms import MAX_FIELD_CHARS, HuddleForm, faults_by_field
from services.alerts.huddles.promise_commands import remove_promise, save_promise, set_kept
from services.alerts.huddles.reading import find_team, read_huddle, readable_teams, week_named
from services.alerts.team_figures.repository import names_of
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import uuid_of
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.ids import uuid7
from shared.pages.language import spoken
from shared.permissions import ASSIGNING_ROLES, CASE_ROLES
from shared.privacy.audit import AuditActor
from shared.tenancy.tenants import find_zone
from shared.values.messages import message

router = APIRouter(prefix="/huddle", include_in_schema=False, route_class=CheckedRoute)
CaseWorker = Annotated[Staff, Depends(signed_in(*CASE_ROLES))]
PromiseWriter = Annotated[Staff, Depends(signed_in(*ASSIGNING_ROLES))]
Asked = Annotated[str, Query(max_length=MAX_FIELD_CHARS)]
PROMISE_DONE = {
    "promise": message("It is written down."),
    "kept": message("Marked as kept."),
    "open": message("It is not kept yet."),
    "delete": message("The promise is deleted."),
}


@router.get("")
async def show_huddle(
    request: Request,
    staff: CaseWorker,
    context: OwnContext,
    team: Asked = "",
    week: Asked = "",
    did: Asked = "",
) -> Response:
    """The page of a team and week: at first of a team of the reader's own, and this week."""
    return await _show(request, staff, context, HuddleForm(team=team, week=week), did=did)


@router.post("")
async def change_promises(
    request: Request,
    staff: PromiseWriter,
    _: CsrfChecked,
    context: OwnContext,
    form: Annotated[HuddleForm, Form()],
) -> Response:
    """Write a promise down, mark it as kept, or delete it; what was typed stays where that is refused."""
    team, promise, who = uuid_of(form.team), uuid_of(form.promise), AuditActor.of_staff(staff)
    async with context.database.reading() as uow:
        setup = await find_team(uow, context.setups, staff.tenant, staff, team, write=True)
        zone = await find_zone(uow, staff.tenant)
        week = week_named(form.week, uow.now.astimezone(zone).date())
    found, faults = True, dict[str, str]()
    async with context.database.transaction() as uow:
        match form.act:
            case "promise":
                draft, faults = form.draft(team, week, promise)
                try:
                    if draft is not None:
                        found = await save_promise(uow, staff.tenant, who, setup, draft) is not None
                except SetupFaulty as error:
                    faults = faults_by_field(error.faults)
            case "kept" | "open":
                kept = form.act == "kept"
                found = await set_kept(uow, staff.tenant, who, team, promise, kept=kept)
            case "delete":
                found = await remove_promise(uow, staff.tenant, who, team, promise)
            case _:
                raise Problem(422)
    if faults:
        return await _show(request, staff, context, form, faults=faults, status_code=422)
    if not found:
        raise Problem(404)
    return RedirectResponse(f"/huddle?{urlencode({'team': team, 'week': week.name, 'did': form.act})}", 303)


async def _show(
    request: Request,
    staff: Staff,
    context: AlertsContext,
    form: HuddleForm,
    *,
    faults: dict[str, str] | None = None,
    did: str = "",
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        teams = await readable_teams(uow, context.setups, staff.tenant, staff)
        counts = await open_case_counts(uow, staff)
        frame = await staff_frame(uow, staff, here="cases", open_cases=counts.open)
        asked: UUID | None = uuid_of(form.team) if form.team else next(iter(teams), None)
        if asked is None:
            return context.pages.page(request, views.no_huddle(), staff=staff, frame=frame)
        huddle = await read_huddle(uow, context.setups, staff.tenant, staff, asked, form.week)
        promised = [*huddle.promised_before, *huddle.promised]
        names = await names_of(uow, staff.tenant, [one.person_id for one in promised])
        now = uow.now
    typed = form if faults else HuddleForm(promise=str(uuid7()), until=views.next_week_end(huddle.week))
    done = spoken(PROMISE_DONE[did]) if did in PROMISE_DONE else ""
    page = views.page_of(huddle, teams, names, now, form=typed, faults=faults or {}, done=done)
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)
