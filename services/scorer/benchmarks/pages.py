"""``/benchmarks``: the published benchmarks, which leaders and administrators add, change and remove."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.scorer.access import SegmentAccess
from services.scorer.benchmarks import views
from services.scorer.benchmarks.api import AskedBeside
from services.scorer.benchmarks.benchmark_commands import (
    BenchmarkFaulty,
    BenchmarkForeign,
    BenchmarkKeyReused,
    add_benchmark,
    remove_benchmark,
    replace_benchmark,
)
from services.scorer.benchmarks.files import benchmarks_file, beside_file
from services.scorer.benchmarks.forms import EACH_PREFIX, EMPTY_FORM, body_of, faults_by_field, form_of
from services.scorer.benchmarks.reading import find_readable, list_readable, read_beside
from services.scorer.context import OwnContext, ScorerContext
from services.scorer.frame import company_of
from services.scorer.marks.page_context import frame_of, segments_offered
from services.scorer.marks.reading import MarkReader, reader_of
from services.scorer.repository.segments import list_dimensions
from shared.db.database import UnitOfWork
from shared.events import WHOLE_COMPANY
from shared.http.csrf import CsrfChecked
from shared.http.form_texts import read_texts, uuid_of
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.http.validation_errors import faults_of_body
from shared.ids import uuid7
from shared.pages.filters import dimension_name
from shared.pages.language import counted, spoken, translated
from shared.permissions import ASSIGNING_ROLES
from shared.privacy.audit import AuditActor
from shared.values.messages import message

router = APIRouter(prefix="/benchmarks", include_in_schema=False, route_class=CheckedRoute)
BenchmarkPageReader = Annotated[Staff, Depends(signed_in())]
BenchmarkPageWriter = Annotated[Staff, Depends(signed_in(*ASSIGNING_ROLES))]
CONFIRMATIONS = {
    "added": message("The benchmark stands beside the score that it is about."),
    "saved": message("Saved."),
    "removed": message("The benchmark is removed."),
}
ADDED_ALREADY = message("Another benchmark was added by this form already. Add this one once more.")


@router.get("")
async def show_benchmarks(
    request: Request,
    staff: BenchmarkPageReader,
    context: OwnContext,
    did: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Those that the reader may see, by name."""
    return await _list_page(request, staff, context, did=did)


@router.get("/download")
async def download_benchmarks(staff: BenchmarkPageReader, context: OwnContext) -> Response:
    """The same as a file."""
    async with context.database.reading() as uow:
        found = await list_readable(uow, await reader_of(uow, staff.tenant, staff))
    return benchmarks_file(found)


@router.get("/comparison/download")
async def download_comparison(
    staff: BenchmarkPageReader, context: OwnContext, asked: AskedBeside
) -> Response:
    """What stands beside a score, as a file."""
    async with context.database.reading() as uow:
        tenant = await company_of(uow, staff)
        read = await read_beside(uow, tenant, SegmentAccess.of(tenant, staff), asked)
    return beside_file(read)


@router.post("")
async def add_to_benchmarks(
    request: Request, staff: BenchmarkPageWriter, _: CsrfChecked, context: OwnContext
) -> Response:
    """Add a benchmark; the form carries its id, so that it is added once."""
    form = await read_texts(request)
    key = uuid_of(form.get("new_id", ""))
    try:
        draft = body_of(form).draft()
        async with context.database.transaction() as uow:
            reader, who = await reader_of(uow, staff.tenant, staff), AuditActor.of_staff(staff)
            await add_benchmark(uow, reader.tenant, reader.access, who, key, draft)
    except ValidationError as error:
        faults = faults_by_field(faults_of_body(error))
        return await _list_page(request, staff, context, form=form, faults=faults, status_code=422)
    except BenchmarkFaulty as faulty:
        faults = faults_by_field(faulty.faults)
        return await _list_page(request, staff, context, form=form, faults=faults, status_code=422)
    except BenchmarkForeign:
        raise Problem(403) from None
    except BenchmarkKeyReused:
        again, faults = {**form, "new_id": ""}, {"name": spoken(ADDED_ALREADY)}
        return await _list_page(request, staff, context, form=again, faults=faults, status_code=409)
    return RedirectResponse("/benchmarks?did=added", 303)


@router.get("/{benchmark}")
async def show_benchmark(
    benchmark: UUID,
    request: Request,
    staff: BenchmarkPageReader,
    context: OwnContext,
    did: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """One benchmark."""
    return await _benchmark_page(request, staff, context, benchmark, did=did)


@router.post("/{benchmark}")
async def change_benchmark(
    benchmark: UUID, request: Request, staff: BenchmarkPageWriter, _: CsrfChecked, context: OwnContext
) -> Response:
    """Change a benchmark, or remove it."""
    form = await read_texts(request)
    act = form.get("act", "")
    try:
        if act == "save":
            await _save(context, staff, benchmark, form)
        elif act == "remove":
            await _remove(context, staff, benchmark)
            return RedirectResponse("/benchmarks?did=removed", 303)
        else:
            raise Problem(422)
    except ValidationError as error:
        faults = faults_by_field(faults_of_body(error))
        return await _benchmark_page(
            request, staff, context, benchmark, form=form, faults=faults, status_code=422
        )
    except BenchmarkFaulty as faulty:
        faults = faults_by_field(faulty.faults)
        return await _benchmark_page(
            request, staff, context, benchmark, form=form, faults=faults, status_code=422
        )
    except BenchmarkForeign:
        raise Problem(403) from None
    return RedirectResponse(f"/benchmarks/{benchmark}?did=saved", 303)


async def _save(context: ScorerContext, staff: Staff, key: UUID, form: dict[str, str]) -> None:
    draft = body_of(form).draft()
    async with context.database.transaction() as uow:
        reader = await reader_of(uow, staff.tenant, staff)
        who = AuditActor.of_staff(staff)
        if await replace_benchmark(uow, reader.tenant, reader.access, who, key, draft) is None:
            raise Problem(404)


async def _remove(context: ScorerContext, staff: Staff, key: UUID) -> None:
    async with context.database.transaction() as uow:
        reader = await reader_of(uow, staff.tenant, staff)
        if not await remove_benchmark(uow, reader.tenant, reader.access, AuditActor.of_staff(staff), key):
            raise Problem(404)


async def _list_page(
    request: Request,
    staff: Staff,
    context: ScorerContext,
    *,
    did: str = "",
    form: dict[str, str] | None = None,
    faults: dict[str, str] | None = None,
    status_code: int = 200,
) -> Response:
    form, may_write = form or {}, staff.role in ASSIGNING_ROLES
    async with context.database.reading() as uow:
        frame = await frame_of(uow, staff)
        reader = await reader_of(uow, staff.tenant, staff)
        found = await list_readable(uow, reader)
        offered = await _about_offered(uow, reader, form.get("about", "")) if may_write else []
    page = views.BenchmarksPage(
        lines=[views.line_of(each) for each in found],
        heading=_heading(len(found)),
        may_write=may_write,
        new_id=form.get("new_id") or str(uuid7()),
        form={**EMPTY_FORM, **form},
        faults=faults or {},
        about_options=offered,
        confirmation=spoken(CONFIRMATIONS.get(did, "")),
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)


async def _benchmark_page(
    request: Request,
    staff: Staff,
    context: ScorerContext,
    key: UUID,
    *,
    did: str = "",
    form: dict[str, str] | None = None,
    faults: dict[str, str] | None = None,
    status_code: int = 200,
) -> Response:
    async with context.database.reading() as uow:
        frame = await frame_of(uow, staff)
        reader = await reader_of(uow, staff.tenant, staff)
        found = await find_readable(uow, reader, key)
        own = not reader.access.limited_to or bool(found.segment)
        may_write = staff.role in ASSIGNING_ROLES and own
        as_it_is = form_of(found)
        offered = await _about_offered(uow, reader, as_it_is["about"]) if may_write else []
    page = views.BenchmarkPage(
        line=views.line_of(found),
        may_write=may_write,
        form=as_it_is if form is None else {**EMPTY_FORM, **form},
        faults=faults or {},
        about_options=offered,
        confirmation=spoken(CONFIRMATIONS.get(did, "")),
    )
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)


async def _about_offered(uow: UnitOfWork, reader: MarkReader, chosen: str) -> list[tuple[str, str]]:
    """What a benchmark may be about; what is chosen is among it."""
    segments = await segments_offered(uow, reader, "" if chosen.startswith(EACH_PREFIX) else chosen)
    if reader.access.limited_to:
        return segments
    names = [each.name for each in await list_dimensions(uow, reader.tenant.id)]
    hidden = reader.access.hidden_dimensions(names)
    each_value = [
        (f"{EACH_PREFIX}{name}", translated("Each: %(dimension)s") % {"dimension": dimension_name(name)})
        for name in names
        if name not in hidden
    ]
    whole = [option for option in segments if option[0] == WHOLE_COMPANY]
    return [*whole, *each_value, *(option for option in segments if option[0] != WHOLE_COMPANY)]


def _heading(n: int) -> str:
    if not n:
        return translated("Nobody has entered a published benchmark yet.")
    return counted("%(n)s published benchmark.", "%(n)s published benchmarks.", n) % {"n": n}
