"""The API for files of events, customers, answers and suppressions."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import ValidationError

from services.dispatcher.callers import CompanyEditor, Limit
from services.dispatcher.context import DispatcherContext, OwnContext
from services.dispatcher.csv_tables import BadTable
from services.dispatcher.imports import import_commands, repository
from services.dispatcher.imports.domain import Import
from services.dispatcher.imports.faults_file import faults_response
from services.dispatcher.imports.fields import SCOPE_OF_KIND, Kind
from services.dispatcher.imports.import_commands import BadMapping, NotWaiting, TooManyOpen
from services.dispatcher.imports.items import FaultyRow
from services.dispatcher.imports.mapping import Mapping, mapping_faults
from services.dispatcher.imports.remedies import decode_remedy
from services.dispatcher.imports.schemas import (
    ImportedFile,
    ImportedFiles,
    ImportFaultAnswer,
    MappingBody,
    PreviewAnswer,
)
from shared.db import UnitOfWork
from shared.http.auth import Caller
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute, FileRoute, file_of
from shared.http.validation_errors import FieldFault, faults_of
from shared.pages.language import reader_locale, spoken
from shared.permissions import EVERY_SCOPE
from shared.privacy.audit import AuditActor
from shared.values.messages import message

PATH = "/v1/imports"
router = APIRouter(prefix=PATH, route_class=CheckedRoute)
upload_router = APIRouter(prefix=PATH, route_class=FileRoute)
MAX_FAULTS_ANSWERED = 100
MAX_MAPPING_LENGTH = 12_000
ImportId = Annotated[UUID, Path(description="The import's id.")]
FILE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {
                "schema": {"type": "string", "format": "binary"},
                "example": "id,score,answered_at,comment\na-1,9,2026-03-02T09:00:00Z,Fast\n",
            }
        },
    }
}
TOO_MANY_OPEN = message(
    "%(most)s files have not ended. Begin or stop one of them first.", most=import_commands.MAX_OPEN
)


@upload_router.post(
    "",
    status_code=201,
    summary="Upload a file",
    openapi_extra=FILE_BODY,
    responses={200: {"model": ImportedFile, "description": "The same file is on its way already."}},
)
async def post_import(
    request: Request,
    response: Response,
    caller: CompanyEditor,
    context: OwnContext,
    kind: Annotated[Kind, Query(description="What its rows are.")],
    name: Annotated[str, Query(max_length=200, description="Under which people know it.")] = "",
    mapping: Annotated[
        str | None,
        Query(max_length=MAX_MAPPING_LENGTH, description="As JSON, like the body of `start`: begin at once."),
    ] = None,
    start: Annotated[
        bool,
        Query(
            description="Begin at once by the mapping of the last file of this kind, if it fits; else by the "
            "names of the columns, unless it cannot be told whether day or month comes first."
        ),
    ] = False,
) -> ImportedFile:
    """A CSV file of up to 32 MiB (an operator may allow up to 512), as a spreadsheet or another system saved
    it: UTF-8, UTF-16 or Windows-1252; comma, semicolon or tab. Its first row names the columns. Without
    `mapping` or `start` it waits: the answer says what its first rows would become, and `start` begins it.

    A key needs `surveys:write`, and the scope by which the same is taken one by one. Rows without an id get
    that of their content; the same row again, in whatever file, changes nothing.
    """
    _refuse_kind(caller, kind)
    wanted = _mapping_of(mapping) if mapping is not None else None
    language = reader_locale().language
    who = AuditActor.of(caller)
    try:
        job, is_new = await import_commands.upload(
            context.database, caller.tenant, kind, file_of(request), who, name=name, language=language
        )
    except BadTable as bad:
        raise Problem(400, detail=bad.remedy) from None
    except TooManyOpen:
        raise Problem(409, detail=TOO_MANY_OPEN) from None
    response.status_code = 201 if is_new else 200
    if (wanted is not None or start) and job.state == "uploaded":
        job = await _begin(context, job, wanted or await _suggested(context, job), who)
    async with context.database.reading() as uow:
        return await _answer(uow, context, job)


@router.get("", summary="Files that were uploaded")
async def list_imports(
    caller: CompanyEditor,
    context: OwnContext,
    after: Annotated[UUID | None, Query(description="`next` of the page before.")] = None,
    limit: Limit = 100,
) -> ImportedFiles:
    """The newest first, for 90 days after their end, without their faults."""
    async with context.database.reading() as uow:
        found = await repository.list_imports(uow, caller.tenant, after, limit + 1)
    return ImportedFiles(
        imports=[ImportedFile.of(job, job.mapping) for job in found[:limit]],
        next=found[limit - 1].id if len(found) > limit else None,
    )


@router.get("/{import_id}", summary="How far a file is")
async def get_import(import_id: ImportId, caller: CompanyEditor, context: OwnContext) -> ImportedFile:
    """Counts and faults; of a file that waits for its mapping, what its first rows would become."""
    async with context.database.reading() as uow:
        return await _answer(uow, context, await _found(uow, caller.tenant, import_id))


@router.post("/{import_id}/start", summary="Begin a file")
async def start_import(
    import_id: ImportId, body: MappingBody, caller: CompanyEditor, context: OwnContext
) -> ImportedFile:
    """Take its rows by this mapping, which is remembered for the next file of the kind. The same again
    changes nothing; another mapping is refused once it has begun.
    """
    async with context.database.reading() as uow:
        job = await _found(uow, caller.tenant, import_id)
    _refuse_kind(caller, job.kind)
    job = await _begin(context, job, body.mapping, AuditActor.of(caller))
    async with context.database.reading() as uow:
        return await _answer(uow, context, job)


@router.post("/{import_id}/stop", summary="Stop a file")
async def stop_import(import_id: ImportId, caller: CompanyEditor, context: OwnContext) -> ImportedFile:
    """Take no more of its rows, and delete those that were not taken. Those before stay taken."""
    async with context.database.transaction() as uow:
        job = await import_commands.stop(uow, caller.tenant, import_id)
        if job is None:
            raise Problem(404)
        return await _answer(uow, context, job)


@router.get(
    "/{import_id}/faults.csv",
    summary="The faulty rows of a file",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"text/csv": {"schema": {"type": "string"}}},
            "description": "The rows that were refused, and those that were taken without a cell.",
        }
    },
)
async def get_faults(import_id: ImportId, caller: CompanyEditor, context: OwnContext) -> StreamingResponse:
    """Each with its row, column and remedy in three columns of ours, which are ignored when the file is
    mended and sent again. A cell that begins like a formula stands behind an apostrophe. They can be had for
    some days (`DISPATCHER_IMPORT_DAYS`), or until the next erasure of a customer of the company.
    """
    async with context.database.reading() as uow:
        job = await _found(uow, caller.tenant, import_id)
    return faults_response(context.database, job)


async def _suggested(context: DispatcherContext, job: Import) -> Mapping:
    try:
        async with context.database.reading() as uow:
            return await import_commands.suggest_to_begin(uow, job)
    except BadMapping as bad:
        raise _refused(bad) from None


def _refused(bad: BadMapping) -> Problem:
    return Problem(422, errors=[FieldFault(field=each.field, detail=each.detail) for each in bad.faults])


async def _begin(context: DispatcherContext, job: Import, mapping: Mapping, who: AuditActor) -> Import:
    try:
        async with context.database.transaction() as uow:
            begun = await import_commands.begin(uow, job, mapping, who, language=reader_locale().language)
    except BadMapping as bad:
        raise _refused(bad) from None
    except NotWaiting:
        raise Problem(409, detail=message("It has begun, or ended: upload the file once more.")) from None
    if begun is None:
        raise Problem(404)
    return begun


async def _answer(uow: UnitOfWork, context: DispatcherContext, job: Import) -> ImportedFile:
    if job.state == "uploaded":
        mapping, unclear_dates = await import_commands.suggest(uow, job)
        if unclear_dates or mapping_faults(job.kind, mapping, job.columns):
            return ImportedFile.of(job, mapping, unclear_dates=unclear_dates)
        shown = await import_commands.preview(uow, context.secret, job, mapping)
        preview = [PreviewAnswer.of(row, row.fault and _fault(row.fault)) for row in shown]
        return ImportedFile.of(job, mapping, preview=preview)
    rows = await repository.list_faults(uow, job.tenant, job.id, 0, MAX_FAULTS_ANSWERED)
    faults = [_fault(FaultyRow(row.row, row.column_name, decode_remedy(row.remedy))) for row in rows]
    return ImportedFile.of(job, job.mapping, faults=faults)


def _fault(fault: FaultyRow) -> ImportFaultAnswer:
    return ImportFaultAnswer(row=fault.number, column=fault.column or None, detail=spoken(fault.remedy))


async def _found(uow: UnitOfWork, tenant: str, import_id: UUID) -> Import:
    job = await repository.find(uow, tenant, import_id)
    if job is None:
        raise Problem(404)
    return job


def _mapping_of(written: str) -> Mapping:
    try:
        return MappingBody.model_validate(msgspec.json.decode(written)).mapping
    except ValidationError as error:
        described = [{**each, "loc": ("body", "mapping", *each["loc"])} for each in error.errors()]
        raise Problem(422, errors=faults_of(described)) from None
    except (msgspec.MsgspecError, RecursionError):
        detail = message("Not JSON: a bracket, a quote or a comma is missing.")
        raise Problem(422, errors=[FieldFault(field="/mapping", detail=detail)]) from None


def _refuse_kind(caller: Caller, kind: Kind) -> None:
    """Refuse a key that could not send the same one by one."""
    scope = SCOPE_OF_KIND[kind]
    if caller.key is not None and not {scope, EVERY_SCOPE}.intersection(caller.key.scopes):
        raise Problem(
            403,
            message("This key may not do this."),
            message("It lacks the scope %(scope)s.", scope=scope),
        )
