"""The pages of teams: all of them, and one to be changed or deleted."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.alerts.cases.repository import overview
from services.alerts.context import AlertsContext, OwnContext
from services.alerts.errors import SetupFaulty, StaleForm
from services.alerts.staff.settings_frame import settings_frame
from services.alerts.teams.domain import CaseTeam
from services.alerts.teams.forms import TeamForm, body_faults, faults_by_field
from services.alerts.teams.schemas import TeamBody
from services.alerts.teams.team_commands import remove_team, save_team, team_fingerprint
from services.alerts.teams.views import TeamChoices, TeamLine, TeamPage, TeamsPage
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import uuid_of
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import CompanyAdmin, Staff
from shared.ids import uuid7
from shared.pages.language import spoken
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(prefix="/settings/teams", include_in_schema=False, route_class=CheckedRoute)
Did = Annotated[str, Query(max_length=40)]
Typed = Annotated[TeamForm, Form()]
CONFIRMATIONS = {
    "made": message("The team is made. New cases of its segments are for it."),
    "saved": message("Saved. It holds for cases that are opened from now on."),
    "deleted": message("The team is deleted. Its cases stay with whom they are."),
}
MADE_ALREADY = message("Another team was made by this form already. Save it once more for one of its own.")
CHANGED = message("Not saved: somebody changed this team meanwhile. This is how it stands now.")


@router.get("")
async def show_teams(request: Request, staff: CompanyAdmin, context: OwnContext, did: Did = "") -> Response:
    """All that the company has."""
    return await _list(request, staff, context, did=did)


@router.post("")
async def make_team(
    request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext, form: Typed
) -> Response:
    """Make a team; the form carries its id, so that it is made once."""
    key = uuid_of(form.new_id)
    team, faults = await _checked(context, staff, form)
    if team is None:
        return await _list(request, staff, context, form=form, faults=faults, status_code=422)
    try:
        async with context.database.transaction() as uow:
            await save_team(uow, staff.tenant, AuditActor.of_staff(staff), key, team, seen="")
    except StaleForm:
        again = form.model_copy(update={"new_id": ""})
        faults = {"name": spoken(MADE_ALREADY)}
        return await _list(request, staff, context, form=again, faults=faults, status_code=409)
    except SetupFaulty as error:
        faults = faults_by_field(error.faults, form)
        return await _list(request, staff, context, form=form, faults=faults, status_code=422)
    return RedirectResponse(f"/settings/teams/{key}?did=made", 303)


@router.get("/{team}")
async def show_team(
    team: UUID, request: Request, staff: CompanyAdmin, context: OwnContext, did: Did = ""
) -> Response:
    """One team."""
    return await _show(request, staff, context, team, did=did)


@router.post("/{team}")
async def change_team(
    team: UUID, request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext, form: Typed
) -> Response:
    """Save what was typed, or delete the team."""
    who = AuditActor.of_staff(staff)
    if form.act == "delete":
        async with context.database.transaction() as uow:
            if not await remove_team(uow, staff.tenant, who, team):
                raise Problem(404)
        return RedirectResponse("/settings/teams?did=deleted", 303)
    wanted, faults = await _checked(context, staff, form, team)
    if wanted is None:
        return await _show(request, staff, context, team, form=form, faults=faults, status_code=422)
    try:
        async with context.database.transaction() as uow:
            await save_team(uow, staff.tenant, who, team, wanted, seen=form.drawn or None)
    except StaleForm:
        return await _show(request, staff, context, team, refusal=spoken(CHANGED), status_code=409)
    except SetupFaulty as error:
        faults = faults_by_field(error.faults, form)
        return await _show(request, staff, context, team, form=form, faults=faults, status_code=422)
    return RedirectResponse(f"/settings/teams/{team}?did=saved", 303)


async def _checked(
    context: AlertsContext, staff: Staff, form: TeamForm, key: UUID | None = None
) -> tuple[CaseTeam | None, dict[str, str]]:
    """The team of a form, or what is wrong with its form by field.

    :raises Problem: 404 when the company has no team ``key``.
    """
    async with context.database.reading() as uow:
        setup = await context.setups.one(uow, staff.tenant)
    if key is not None and key not in setup.teams:
        raise Problem(404)
    try:
        return TeamBody.model_validate(form.body()).team(), {}
    except ValidationError as error:
        return None, faults_by_field(body_faults(error), form)


async def _list(
    request: Request,
    staff: Staff,
    context: AlertsContext,
    *,
    did: str = "",
    form: TeamForm | None = None,
    faults: dict[str, str] | None = None,
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        setup = await context.setups.one(uow, staff.tenant)
        segments = await overview.segments_of_cases(uow, staff.tenant)
        frame = await settings_frame(uow, staff)
    shown = form or TeamForm()
    teams = sorted(setup.teams.items(), key=lambda one: (one[1].name.casefold(), one[0]))
    page = TeamsPage(
        teams=[TeamLine.of(key, team, setup) for key, team in teams],
        new_id=shown.new_id or str(uuid7()),
        form=shown,
        choices=TeamChoices.of(setup, segments, shown),
        faults=faults or {},
        done=spoken(CONFIRMATIONS.get(did, "")),
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)


async def _show(
    request: Request,
    staff: Staff,
    context: AlertsContext,
    key: UUID,
    *,
    did: str = "",
    form: TeamForm | None = None,
    faults: dict[str, str] | None = None,
    refusal: str = "",
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        setup = await context.setups.one(uow, staff.tenant)
        segments = await overview.segments_of_cases(uow, staff.tenant)
        frame = await settings_frame(uow, staff)
    team = setup.teams.get(key)
    if team is None:
        raise Problem(404)
    shown = form or TeamForm.of(team, team_fingerprint(team))
    page = TeamPage(
        id=key,
        name=team.name,
        form=shown,
        choices=TeamChoices.of(setup, segments, shown),
        faults=faults or {},
        refusal=refusal,
        done=spoken(CONFIRMATIONS.get(did, "")),
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)
