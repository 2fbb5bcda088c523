"""The staff pages of Kafka sources: all of them, and one with its records and dead letters."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.trigger.context import OwnContext, TriggerContext
from services.trigger.sources.domain import SourceRefused
from services.trigger.sources.forms import (
    NEVER_SHOWN,
    UnreadableMappingLine,
    body_of,
    connection_of,
    field_of,
    form_of,
    reading_of,
)
from services.trigger.sources.labels import DONE_LABELS, NO_SOURCE, PROBLEM_LABELS
from services.trigger.sources.previewing import previewed
from services.trigger.sources.problems import SourceProblem
from services.trigger.sources.repository import faults as fault_rows
from services.trigger.sources.repository import sources as source_rows
from services.trigger.sources.schemas import ReadingBody, SourceBody, SourceChange
from services.trigger.sources.source_commands import (
    SourceKeyReused,
    Wanted,
    change,
    declare,
    read_again,
    remove,
)
from services.trigger.sources.views import (
    MAX_SHOWN_FAULTS,
    FaultLine,
    PreviewLine,
    SourceLine,
    SourcePage,
    SourcesPage,
)
from shared.db.database import UnitOfWork
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import read_texts, uuid_of
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import CompanyAdmin, Staff
from shared.http.validation_errors import faults_of_body
from shared.ids import uuid7
from shared.pages.language import spoken
from shared.pages.page import Frame
from shared.privacy.audit import AuditActor
from shared.tenancy.tenants import find_tenant
from shared.values.messages import message

router = APIRouter(include_in_schema=False, prefix="/sources", route_class=CheckedRoute)
Did = Annotated[str, Query(max_length=40)]
MADE_ALREADY = message(
    "Another source was declared by this form already. Save it once more for one of its own."
)


@router.get("")
async def show_sources(request: Request, staff: CompanyAdmin, context: OwnContext, did: Did = "") -> Response:
    """All that the company has."""
    return await _list(request, staff, context, did=did)


@router.post("")
async def declare_source_by_form(
    request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Declare a source; the form carries its id, so that it is made once however often it is posted."""
    form = await read_texts(request)
    source_id = uuid_of(form.get("new_id", ""))
    try:
        wanted = SourceBody.model_validate(body_of(form)).wanted()
        async with context.database.transaction() as uow:
            who = AuditActor.of_staff(staff)
            await declare(uow, context.secret, staff.tenant, source_id, wanted, who=who)
    except (ValidationError, UnreadableMappingLine, SourceRefused) as error:
        return await _list(request, staff, context, form=form, faults=_faults(error), status_code=422)
    except SourceKeyReused:
        again = {**form, "new_id": ""}
        faults = {"name": spoken(MADE_ALREADY)}
        return await _list(request, staff, context, form=again, faults=faults, status_code=409)
    return RedirectResponse(f"/sources/{source_id}?did=made", 303)


@router.get("/{source_id}")
async def show_source(
    source_id: UUID, request: Request, staff: CompanyAdmin, context: OwnContext, did: Did = ""
) -> Response:
    """One source."""
    return await _show(request, staff, context, source_id, did=did)


@router.post("/{source_id}")
async def change_source_by_form(
    source_id: UUID, request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Save what was typed, or look at what would become of the newest records by it."""
    form = await read_texts(request)
    who = AuditActor.of_staff(staff)
    try:
        if form.get("act") == "try":
            reading = ReadingBody.model_validate(reading_of(form)).reading()
            return await _try(request, staff, context, source_id, form, reading)
        body = {
            "name": form.get("name", ""),
            "topic": form.get("topic", "").strip(),
            "connection": connection_of(form),
            "reading": reading_of(form),
        }
        wanted = SourceChange.model_validate(body).wanted()
        async with context.database.transaction() as uow:
            if await change(uow, context.secret, staff.tenant, source_id, wanted, who=who) is None:
                raise Problem(404, detail=NO_SOURCE)
    except (ValidationError, UnreadableMappingLine, SourceRefused) as error:
        return await _show(
            request, staff, context, source_id, form=form, faults=_faults(error), status_code=422
        )
    return RedirectResponse(f"/sources/{source_id}?did=saved", 303)


@router.post("/{source_id}/state")
async def change_state_by_form(
    source_id: UUID, request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Start, pause or delete a source."""
    act, who = (await read_texts(request)).get("act", ""), AuditActor.of_staff(staff)
    async with context.database.transaction() as uow:
        match act:
            case "delete":
                found = await remove(uow, staff.tenant, source_id, who=who)
            case "start" | "pause":
                wanted = Wanted(state="running" if act == "start" else "paused")
                found = (
                    await change(uow, context.secret, staff.tenant, source_id, wanted, who=who) is not None
                )
            case _:
                raise Problem(422)
    if not found:
        raise Problem(404, detail=NO_SOURCE)
    return RedirectResponse(
        "/sources?did=deleted" if act == "delete" else f"/sources/{source_id}?did={act}", 303
    )


@router.post("/{source_id}/preview")
async def preview_source_by_form(
    source_id: UUID, request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Look at the newest records."""
    return await _try(request, staff, context, source_id, None, None)


@router.post("/{source_id}/read-again")
async def read_again_by_form(
    source_id: UUID, request: Request, staff: CompanyAdmin, _: CsrfChecked, context: OwnContext
) -> Response:
    """Read the topic again."""
    form = await read_texts(request)
    read_from = form.get("read_from", "")
    if read_from not in {"oldest", "newest"}:
        raise Problem(422)
    async with context.database.transaction() as uow:
        source = await read_again(
            uow,
            staff.tenant,
            source_id,
            read_from,
            another_topic=form.get("another_topic") == "on",
            who=AuditActor.of_staff(staff),
        )
    if source is None:
        raise Problem(404, detail=NO_SOURCE)
    return RedirectResponse(f"/sources/{source_id}?did=again", 303)


async def _try(
    request: Request,
    staff: Staff,
    context: TriggerContext,
    source_id: UUID,
    form: Mapping[str, str] | None,
    reading: Any,
) -> Response:
    """Show the newest records; why they cannot be read stands on the page."""
    try:
        records = await previewed(context, staff.tenant, source_id, reading, who=AuditActor.of_staff(staff))
    except SourceProblem as problem:
        why = spoken(PROBLEM_LABELS[problem.code])
        return await _show(request, staff, context, source_id, form=form, preview_fault=why, status_code=409)
    preview = [PreviewLine.of(each) for each in records]
    return await _show(request, staff, context, source_id, form=form, preview=preview)


async def _list(
    request: Request,
    staff: Staff,
    context: TriggerContext,
    *,
    did: str = "",
    form: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        found = await source_rows.list_of(uow, staff.tenant)
        frame = await _frame(uow, staff)
    page = SourcesPage(
        sources=[SourceLine.of(*each) for each in found],
        new_id=(form or {}).get("new_id") or str(uuid7()),
        form=_without_secrets(form or {}),
        faults=faults or {},
        done=_done(did),
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)


async def _show(
    request: Request,
    staff: Staff,
    context: TriggerContext,
    source_id: UUID,
    *,
    did: str = "",
    form: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
    preview: list[PreviewLine] | None = None,
    preview_fault: str = "",
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        found = await source_rows.list_of(uow, staff.tenant, source_id)
        if not found:
            raise Problem(404, detail=NO_SOURCE)
        dead = await fault_rows.faults_of(uow, staff.tenant, source_id, limit=MAX_SHOWN_FAULTS)
        frame = await _frame(uow, staff)
    page = SourcePage(
        line=SourceLine.of(*found[0]),
        dead_letters=[FaultLine.of(each) for each in dead],
        form=_without_secrets(form) if form is not None else form_of(found[0][0]),
        faults=faults or {},
        preview=preview,
        preview_fault=preview_fault,
        done=_done(did),
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)


async def _frame(uow: UnitOfWork, staff: Staff) -> Frame:
    tenant = await find_tenant(uow, staff.tenant)
    return Frame(
        company=tenant.name if tenant else staff.tenant,
        here="events",
        time_zone=tenant.time_zone if tenant else None,
    )


def _without_secrets(form: Mapping[str, str]) -> dict[str, str]:
    """What was typed, but for what a page never shows."""
    return {name: typed for name, typed in form.items() if name not in NEVER_SHOWN}


def _faults(error: ValidationError | UnreadableMappingLine | SourceRefused) -> dict[str, str]:
    """The faults by the fields of the form."""
    if isinstance(error, UnreadableMappingLine):
        return {"mapping": spoken(error.remedy)}
    if isinstance(error, SourceRefused):
        return {field_of(error.field): spoken(error.remedy)}
    return {field_of(each["field"]): spoken(each["detail"]) for each in reversed(faults_of_body(error))}


def _done(did: str) -> str:
    return spoken(DONE_LABELS[did]) if did in DONE_LABELS else ""
