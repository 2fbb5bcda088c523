"""The pages of files: upload, map the columns, see what the rows become, and how far it is."""

from collections.abc import Sequence
from io import BytesIO
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.csv_tables import BadTable
from services.dispatcher.frame import CompanyStaffEditor, frame_of
from services.dispatcher.imports import import_commands, repository
from services.dispatcher.imports.api import TOO_MANY_OPEN
from services.dispatcher.imports.domain import Import
from services.dispatcher.imports.faults_file import faults_response
from services.dispatcher.imports.fields import IMPORT_KINDS, KIND_LABELS, PREFIXES
from services.dispatcher.imports.forms import BadMappingForm, mapping_of_form
from services.dispatcher.imports.import_commands import BadMapping, NotWaiting, TooManyOpen
from services.dispatcher.imports.labels import (
    DECIMAL_LABELS,
    DONE_LABELS,
    NEEDS_ORDER,
    NO_FILE,
    column_options,
    date_options,
)
from services.dispatcher.imports.mapping import Mapping, MappingFault, mapping_faults
from services.dispatcher.imports.views import (
    MAX_FAULTS_SHOWN,
    ColumnLine,
    ImportLine,
    ImportPage,
    ImportsPage,
    PreviewedRow,
    fault_lines,
)
from services.dispatcher.tenants import tenant_or_placeholder
from shared.db import UnitOfWork
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import read_texts, uuid_of
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff
from shared.pages.language import reader_locale, spoken
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(include_in_schema=False, prefix="/imports", route_class=CheckedRoute)
MAX_LISTED = 50


@router.get("")
async def show_imports(
    request: Request,
    staff: CompanyStaffEditor,
    context: OwnContext,
    kind: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """The files of the company, and the form of another one."""
    return await _list_page(request, staff, context, kind=kind)


@router.post("")
async def take_pasted(
    request: Request, staff: CompanyStaffEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Store a table that was pasted; a file is sent by the page's script to ``POST /v1/imports``."""
    form = await read_texts(request)
    kind, text = form.get("kind", ""), form.get("table", "")
    found = next((each for each in IMPORT_KINDS if each == kind), None)
    if found is None or not text.strip():
        return await _list_page(request, staff, context, kind=kind, text=text, refused=spoken(NO_FILE))
    try:
        job, _new = await import_commands.upload(
            context.database,
            staff.tenant,
            found,
            BytesIO(text.encode()),
            AuditActor.of_staff(staff),
            name="",
            language=reader_locale().language,
        )
    except BadTable as bad:
        return await _list_page(request, staff, context, kind=kind, text=text, refused=spoken(bad.remedy))
    except TooManyOpen:
        return await _list_page(request, staff, context, kind=kind, text=text, refused=spoken(TOO_MANY_OPEN))
    return RedirectResponse(f"/imports/{job.id}", 303)


@router.get("/{import_id}")
async def show_import(
    import_id: str,
    request: Request,
    staff: CompanyStaffEditor,
    context: OwnContext,
    did: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """One file, as far as it is."""
    done = spoken(DONE_LABELS[did]) if did in DONE_LABELS else ""
    return await _page(request, staff, context, uuid_of(import_id), done=done)


@router.post("/{import_id}")
async def map_columns(
    import_id: str, request: Request, staff: CompanyStaffEditor, _: CsrfChecked, context: OwnContext
) -> Response:
    """Show what the first rows become by a mapping, or begin by it."""
    form, id_ = await read_texts(request), uuid_of(import_id)
    unclear_dates = form.get("dates") == ""
    if unclear_dates:
        form = {**form, "dates": "ymd"}
    async with context.database.reading() as uow:
        job = await _found(uow, staff.tenant, id_)
    try:
        mapping = mapping_of_form(job, form)
    except BadMappingForm as bad:
        return await _page(request, staff, context, id_, faults=bad.faults)
    if unclear_dates:
        faults = [MappingFault("dates", NEEDS_ORDER), *mapping_faults(job.kind, mapping, job.columns)]
        return await _page(request, staff, context, id_, mapping, faults, unclear_dates=True)
    if form.get("act") != "begin" or mapping_faults(job.kind, mapping, job.columns):
        return await _page(
            request, staff, context, id_, mapping, mapping_faults(job.kind, mapping, job.columns)
        )
    try:
        async with context.database.transaction() as uow:
            who, language = AuditActor.of_staff(staff), reader_locale().language
            await import_commands.begin(uow, job, mapping, who, language=language)
    except BadMapping as bad:
        return await _page(request, staff, context, id_, mapping, bad.faults)
    except NotWaiting:
        raise Problem(409, detail=message("It has begun, or ended: upload the file once more.")) from None
    return RedirectResponse(f"/imports/{id_}?did=began", 303)


@router.post("/{import_id}/stop")
async def stop(import_id: str, staff: CompanyStaffEditor, _: CsrfChecked, context: OwnContext) -> Response:
    """Take no more of its rows."""
    async with context.database.transaction() as uow:
        if await import_commands.stop(uow, staff.tenant, uuid_of(import_id)) is None:
            raise Problem(404)
    return RedirectResponse(f"/imports/{uuid_of(import_id)}?did=stopped", 303)


@router.get("/{import_id}/faults.csv")
async def download_faults(import_id: str, staff: CompanyStaffEditor, context: OwnContext) -> Response:
    """The faulty rows, to be mended and sent again."""
    async with context.database.reading() as uow:
        job = await _found(uow, staff.tenant, uuid_of(import_id))
    return faults_response(context.database, job)


async def _list_page(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    *,
    kind: str,
    text: str = "",
    refused: str = "",
) -> Response:
    async with context.database.reading() as uow:
        jobs = await repository.list_imports(uow, staff.tenant, None, MAX_LISTED)
        frame = await frame_of(uow, staff, "events")
    page = ImportsPage(
        lines=[ImportLine.of(job) for job in jobs],
        kind=kind,
        kind_options=[(each, spoken(KIND_LABELS[each])) for each in IMPORT_KINDS],
        text=text,
        refused=refused,
    )
    status = 422 if refused else 200
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status)


async def _page(
    request: Request,
    staff: Staff,
    context: DispatcherContext,
    import_id: UUID,
    mapping: Mapping | None = None,
    faults: Sequence[MappingFault] = (),
    *,
    unclear_dates: bool = False,
    done: str = "",
) -> Response:
    async with context.database.reading() as uow:
        job = await _found(uow, staff.tenant, import_id)
        waits = job.state == "uploaded"
        rows = await import_commands.first_rows(uow, job, import_commands.PREVIEW_ROWS) if waits else []
        if waits and mapping is None:
            mapping, unclear_dates = await import_commands.suggest(uow, job)
        shown = mapping if mapping is not None and waits else job.mapping
        holds = (
            waits and not faults and not unclear_dates and not mapping_faults(job.kind, shown, job.columns)
        )
        preview = await import_commands.preview(uow, context.secret, job, shown) if holds else []
        stored = await repository.list_faults(uow, staff.tenant, import_id, 0, MAX_FAULTS_SHOWN)
        faulty = await repository.count_faults(uow, staff.tenant, import_id)
        tenant = await tenant_or_placeholder(uow, staff.tenant)
        frame = await frame_of(uow, staff, "events", tenant=tenant)
    page = ImportPage(
        line=ImportLine.of(job),
        columns=ColumnLine.all_of(job, shown, rows),
        options=column_options(job.kind),
        named=bool(PREFIXES[job.kind]),
        mapping=shown,
        date_options=date_options(unclear=unclear_dates),
        unclear_dates=unclear_dates,
        decimal_options=[(each, spoken(label)) for each, label in DECIMAL_LABELS.items()],
        company_zone=tenant.time_zone,
        preview=[PreviewedRow.of(row) for row in preview],
        faults=fault_lines(stored),
        faulty=faulty,
        wrong=[(_place_of(fault, job), spoken(fault.detail)) for fault in faults],
        kept_days=context.own.import_days,
        done=done,
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=422 if faults else 200)


def _place_of(fault: MappingFault, job: Import) -> str:
    """The control of the form that a fault is about."""
    place = fault.field.strip("/")
    return "as-0" if place in {"fields", "values"} and job.columns else place


async def _found(uow: UnitOfWork, tenant: str, import_id: UUID) -> Import:
    job = await repository.find(uow, tenant, import_id)
    if job is None:
        raise Problem(404)
    return job
