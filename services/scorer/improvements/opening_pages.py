"""``/actions/new``: the form that opens an action of improvement."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.scorer.access import MAX_SEGMENT_LENGTH
from services.scorer.context import OwnContext, ScorerContext
from services.scorer.improvements.forms import ImprovementForm, faults_by_field
from services.scorer.improvements.improvement_commands import (
    ImprovementFaulty,
    ImprovementStale,
    save_improvement,
)
from services.scorer.improvements.page_context import owners_offered, reader_and_frame
from services.scorer.improvements.reading import reader_of
from services.scorer.improvements.schemas import ImprovementBody
from services.scorer.improvements.views import NewActionPage
from services.scorer.parameters import read_segment
from services.scorer.repository.counts import use_custom_plans
from services.scorer.repository.segments import list_segment_counts
from services.scorer.windows import DEFAULT_WINDOW_DAYS, Window
from shared.events import WHOLE_COMPANY
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import uuid_of
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.ids import uuid7
from shared.pages.cause_labels import cause_options
from shared.pages.filters import segment_name
from shared.pages.language import spoken, translated
from shared.permissions import ASSIGNING_ROLES
from shared.privacy.audit import AuditActor
from shared.values.causes import CAUSE_CODES
from shared.values.messages import message

router = APIRouter(prefix="/actions/new", include_in_schema=False, route_class=CheckedRoute)
ActionWriter = Annotated[Staff, Depends(signed_in(*ASSIGNING_ROLES))]
MAX_SEGMENTS_OFFERED = 300
USUAL_DUE = timedelta(days=28)
OPENED_ALREADY = message("Another action was opened by this form already. Open this one once more.")


@router.get("")
async def show_new_action(
    request: Request,
    staff: ActionWriter,
    context: OwnContext,
    cause: Annotated[str, Query(max_length=40)] = "",
    segment: Annotated[str, Query(max_length=MAX_SEGMENT_LENGTH)] = "",
) -> Response:
    """The form of a new action, about a cause and a segment if the address names them."""
    form = ImprovementForm(
        new_id=str(uuid7()),
        cause=cause if cause in CAUSE_CODES else "",
        segment=read_segment(segment),
        owner=staff.name,
    )
    return await _show_new(request, staff, context, form)


@router.post("")
async def open_action(
    request: Request,
    staff: ActionWriter,
    _: CsrfChecked,
    context: OwnContext,
    form: Annotated[ImprovementForm, Form()],
) -> Response:
    """Open an action; the form carries its id, so that it is opened once."""
    key = uuid_of(form.new_id)
    body, faults = form.body()
    opened = False
    if body is not None:
        try:
            opened = await _open(context, staff, key, body)
        except ImprovementFaulty as error:
            faults = faults_by_field(error.faults)
        except ImprovementStale:
            opened = False
    if faults:
        return await _show_new(request, staff, context, form, faults=faults, status_code=422)
    if not opened:
        again = form.model_copy(update={"new_id": str(uuid7())})
        faults = {"title": spoken(OPENED_ALREADY)}
        return await _show_new(request, staff, context, again, faults=faults, status_code=409)
    return RedirectResponse(f"/actions/{key}?did=opened", 303)


async def _open(context: ScorerContext, staff: Staff, key: UUID, body: ImprovementBody) -> bool:
    draft, who = body.draft(read_segment(body.segment)), AuditActor.of_staff(staff)
    async with context.database.transaction() as uow:
        reader = await reader_of(uow, staff.tenant, staff)
        saved = await save_improvement(uow, reader.tenant, reader.access, who, key, draft, version=0)
    return saved is not None


async def _show_new(
    request: Request,
    staff: Staff,
    context: ScorerContext,
    form: ImprovementForm,
    *,
    faults: dict[str, str] | None = None,
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        reader, frame = await reader_and_frame(uow, staff)
        await use_custom_plans(uow)
        found = await list_segment_counts(
            uow,
            reader.tenant.id,
            "transactional",
            Window.ending(reader.today, DEFAULT_WINDOW_DAYS),
            limit=MAX_SEGMENTS_OFFERED,
            access=reader.access,
        )
        owners = await owners_offered(uow, reader)
    segments = [name for name, _ in found]
    if form.segment and form.segment not in segments:
        segments.append(form.segment)
    whole = [] if reader.access.limited_to else [(WHOLE_COMPANY, translated("The whole company"))]
    due = form.due if faults else (reader.today + USUAL_DUE).isoformat()
    page = NewActionPage(
        form=form.model_copy(update={"due": due}),
        faults=faults or {},
        causes=cause_options(),
        segment_options=[*whole, *((name, segment_name(name)) for name in segments)],
        owners=owners,
        first_due=reader.today.isoformat(),
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)
