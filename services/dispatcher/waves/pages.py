"""The pages of waves: the list, a new one that is shown before it begins, and one wave."""

from datetime import datetime
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.customers.repository import count_profiles
from services.dispatcher.frame import CompanyStaffEditor, frame_of
from services.dispatcher.programmes.views import programme_lines
from services.dispatcher.surveys.survey_commands import list_surveys
from services.dispatcher.tenants import tenant_or_placeholder
from services.dispatcher.typed_times import HOUR_UNIT_LABELS
from services.dispatcher.waves import repository
from services.dispatcher.waves.drawing import WavePlan
from services.dispatcher.waves.forms import NEW_FORM, BadForm, WaveForm, read_form
from services.dispatcher.waves.labels import FIELD_LABELS, notice
from services.dispatcher.waves.views import NewWavePage, OutcomeLine, WaveLine, WavePage, WavesPage
from services.dispatcher.waves.wave_commands import (
    PlannedWave,
    WaveKeyReused,
    WaveRefused,
    WaveRequest,
    expect_last_mail,
    plan,
    start_wave,
    stop_wave,
)
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import uuid_of
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff
from shared.ids import uuid7
from shared.pages.language import spoken
from shared.privacy.audit import AuditActor
from shared.values.zones import zone_of

router = APIRouter(include_in_schema=False, prefix="/waves", route_class=CheckedRoute)
MAX_LISTED = 100


@router.get("")
async def show_waves(request: Request, staff: CompanyStaffEditor, context: OwnContext) -> Response:
    """The newest waves, and the standing programmes."""
    async with context.database.reading() as uow:
        surveys = await list_surveys(uow, staff.tenant)
        waves = await repository.list_newest(uow, staff.tenant, MAX_LISTED)
        known = await count_profiles(uow, staff.tenant)
        programmes = await programme_lines(uow, staff.tenant, surveys)
        frame = await frame_of(uow, staff, "surveys")
    names = {str(each.id): each.draft.name for each in surveys}
    page = WavesPage(waves=[WaveLine.of(wave, names) for wave in waves], known=known, programmes=programmes)
    return context.pages.page(request, page, staff=staff, frame=frame)


@router.get("/new")
async def show_form(
    request: Request,
    staff: CompanyStaffEditor,
    context: OwnContext,
    survey: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """The form, with a survey that is chosen already."""
    return await _form_page(request, staff, context, WaveForm({**NEW_FORM.fields, "survey_id": survey}))


@router.post("/new")
async def make_wave(
    request: Request, staff: CompanyStaffEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Show what the wave would do; begin it where exactly this was shown before."""
    form = await read_form(request)
    async with context.database.reading() as uow:
        zone = zone_of((await tenant_or_placeholder(uow, staff.tenant)).time_zone)
    try:
        wanted = form.request(zone)
        if form["act"] != "start" or form["seen"] != _shown(wanted):
            async with context.database.reading() as uow:
                planned = await plan(uow, staff.tenant, wanted)
            return await _form_page(request, staff, context, form, planned, wanted)
        wave_id = uuid_of(form["wave_id"])
        async with context.database.transaction() as uow:
            made = await start_wave(
                uow, staff.tenant, wave_id, wanted, _shown(wanted), who=AuditActor.of_staff(staff)
            )
    except BadForm as bad:
        return await _form_page(request, staff, context, form.refused(bad.faults), status_code=422)
    except WaveRefused as refused:
        return await _form_page(
            request, staff, context, form.refused({refused.field: refused.remedy}), status_code=422
        )
    except WaveKeyReused:
        raise Problem(409) from None
    return RedirectResponse(f"/waves/{made.id}?did=started", 303)


@router.get("/{wave_id}")
async def show_wave(
    wave_id: str,
    request: Request,
    staff: CompanyStaffEditor,
    context: OwnContext,
    did: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """How far a wave has come, and what was decided about its customers."""
    async with context.database.reading() as uow:
        wave = await repository.find(uow, staff.tenant, uuid_of(wave_id))
        if wave is None:
            raise Problem(404)
        decided = await repository.count_outcomes(uow, staff.tenant, wave.id)
        expected = await expect_last_mail(uow, wave)
        surveys = {each.id: each for each in await list_surveys(uow, staff.tenant)}
        frame = await frame_of(uow, staff, "surveys")
    survey = surveys.get(wave.survey_id)
    page = WavePage(
        line=WaveLine.of(wave, {str(each.id): each.draft.name for each in surveys.values()}),
        outcomes=OutcomeLine.all_of(decided),
        decided=sum(decided.values()),
        last_mail_at=expected,
        first_day_until=survey.first_day_until(wave.started_at or wave.start_at) if survey else None,
        awaits_first_day=survey is not None and survey.awaits_first_day,
        per_hour=survey.draft.first_day_per_hour if survey else 0,
        done=notice(did),
    )
    return context.pages.page(request, page, staff=staff, frame=frame)


@router.post("/{wave_id}/stop")
async def stop(wave_id: str, staff: CompanyStaffEditor, _: CsrfChecked, context: OwnContext) -> Response:
    """Ask nobody any more by this wave; who has been asked stays so."""
    async with context.database.transaction() as uow:
        if await repository.find(uow, staff.tenant, uuid_of(wave_id)) is None:
            raise Problem(404)
        who = AuditActor.of_staff(staff)
        stopped = await stop_wave(uow, staff.tenant, uuid_of(wave_id), who=who)
    return RedirectResponse(f"/waves/{uuid_of(wave_id)}?did={'stopped' if stopped else 'ended'}", 303)


async def _form_page(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    form: WaveForm,
    planned: PlannedWave | None = None,
    wanted: WaveRequest | None = None,
    *,
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        tenant = await tenant_or_placeholder(uow, staff.tenant)
        surveys = await list_surveys(uow, staff.tenant)
        frame = await frame_of(uow, staff, "surveys", tenant=tenant)
    survey_plan: WavePlan | None = planned.plan if planned is not None else None
    fields = {"wave_id": str(uuid7()), **form.fields}
    if wanted is not None:
        fields["seen"] = _shown(wanted)
    page = NewWavePage(
        form=WaveForm(fields, form.faults),
        labels=FIELD_LABELS,
        units=[(unit, spoken(label)) for unit, label in HOUR_UNIT_LABELS.items()],
        surveys=[
            (str(each.id), each.draft.name)
            for each in surveys
            if each.draft.measurement == "relational" and each.draft.state == "live"
        ],
        plan=survey_plan,
        survey=planned.survey.draft.name if planned is not None else "",
        spread_hours=wanted.spread_hours if wanted is not None else 0,
        first_day_until=planned.first_day_until if planned is not None else None,
        awaits_first_day=planned is not None and planned.survey.awaits_first_day,
        delay_minutes=planned.survey.draft.least_wait_minutes if planned is not None else 0,
        per_hour=planned.survey.draft.first_day_per_hour if planned is not None else 0,
        last_mail_at=planned.last_mail_at if planned is not None else None,
        zone=tenant.time_zone,
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)


def _shown(wanted: WaveRequest) -> str:
    """What a form that was shown with a plan carries: changed fields are shown once more."""
    start: datetime | None = wanted.start_at
    parts = (wanted.survey_id, wanted.size, wanted.margin, sorted(wanted.segments.items()))
    shown = repr((*map(str, parts), start.isoformat() if start else "", wanted.spread_hours))
    return sha256(shown.encode()).hexdigest()
