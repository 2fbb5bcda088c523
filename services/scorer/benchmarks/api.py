"""``/v1/benchmarks``: published benchmarks, and what stands beside a score."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Query, Response

from services.scorer.access import MAX_SEGMENT_LENGTH, SegmentAccess
from services.scorer.asked_days import GivenDays
from services.scorer.benchmarks.benchmark_commands import (
    BenchmarkFaulty,
    BenchmarkForeign,
    BenchmarkKeyReused,
    add_benchmark,
    remove_benchmark,
    replace_benchmark,
)
from services.scorer.benchmarks.files import benchmarks_file, beside_file
from services.scorer.benchmarks.reading import (
    BesideAsked,
    BesideRead,
    find_readable,
    list_readable,
    read_beside,
)
from services.scorer.benchmarks.schemas import BenchmarkBody, BenchmarkList, BenchmarkOut, BesideOut
from services.scorer.context import OwnContext, ScorerContext
from services.scorer.csv_files import CSV_CONTENT
from services.scorer.marks.reading import reader_of
from services.scorer.parameters import read_segment
from shared.events.surveys import NpsMeasurement
from shared.http.auth import Caller, staff_or_key
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.ids import derived, uuid7
from shared.permissions import ASSIGNING_ROLES
from shared.privacy.audit import AuditActor
from shared.tenancy import find_tenant
from shared.values.messages import message

router = APIRouter(prefix="/v1/benchmarks", tags=["scores"], route_class=CheckedRoute)
ReadsBenchmarks = Annotated[Caller, Depends(staff_or_key("scores:read"))]
WritesBenchmarks = Annotated[Caller, Depends(staff_or_key("cases:write", *ASSIGNING_ROLES))]
BenchmarkId = Annotated[UUID, Path(description="The benchmark's id.")]
KEY_REUSED = message("This Idempotency-Key was used for another benchmark.")


def asked_beside(
    days: GivenDays,
    segment: Annotated[
        str, Query(max_length=MAX_SEGMENT_LENGTH, description="dimension:value; left out: the company.")
    ] = "",
    measurement: Annotated[
        NpsMeasurement, Query(description="Asked after a contact, or at any time.")
    ] = "transactional",
) -> BesideAsked:
    """What is asked for in the query."""
    return BesideAsked(segment=read_segment(segment), measurement=measurement, days=days)


AskedBeside = Annotated[BesideAsked, Depends(asked_beside)]


@router.get("", summary="Published benchmarks")
async def list_benchmarks(context: OwnContext, caller: ReadsBenchmarks) -> BenchmarkList:
    """All of the company, each value of a dimension, or of segments that the caller may see, by name."""
    async with context.database.reading() as uow:
        found = await list_readable(uow, await reader_of(uow, caller.tenant, caller.staff))
    return BenchmarkList(benchmarks=[BenchmarkOut.of(each) for each in found])


@router.get(
    "/export",
    summary="Published benchmarks, as a file",
    response_class=Response,
    responses={200: {"content": CSV_CONTENT, "description": "A row for each."}},
)
async def export_benchmarks(context: OwnContext, caller: ReadsBenchmarks) -> Response:
    """The same. A cell that begins like a formula stands behind an apostrophe."""
    async with context.database.reading() as uow:
        found = await list_readable(uow, await reader_of(uow, caller.tenant, caller.staff))
    return benchmarks_file(found)


@router.get("/comparison", summary="A score beside its benchmarks", response_model_by_alias=True)
async def compare_benchmarks(context: OwnContext, caller: ReadsBenchmarks, asked: AskedBeside) -> BesideOut:
    """Beside the score of a segment or the company over a window: the same days last year, the other values
    of its dimension together (to who may see all of them), and the published benchmarks about it. A
    difference is told with 30 answers on each side. None of these scores is a goal.
    """
    return BesideOut.of(await _beside(context, caller, asked))


@router.get(
    "/comparison/export",
    summary="A score beside its benchmarks, as a file",
    response_class=Response,
    responses={200: {"content": CSV_CONTENT, "description": "A row for the score, and for each beside it."}},
)
async def export_comparison(context: OwnContext, caller: ReadsBenchmarks, asked: AskedBeside) -> Response:
    """The same figures. A cell that begins like a formula stands behind an apostrophe."""
    return beside_file(await _beside(context, caller, asked))


async def _beside(context: ScorerContext, caller: Caller, asked: BesideAsked) -> BesideRead:
    async with context.database.reading() as uow:
        tenant = await find_tenant(uow, caller.tenant)
        if tenant is None:
            raise Problem(404)
        return await read_beside(uow, tenant, SegmentAccess.of(tenant, caller.staff), asked)


@router.post("", status_code=201, summary="Add a published benchmark")
async def post_benchmark(
    context: OwnContext,
    caller: WritesBenchmarks,
    body: BenchmarkBody,
    idempotency_key: Annotated[
        str | None, Header(max_length=200, description="The same key again adds nothing again.")
    ] = None,
) -> BenchmarkOut:
    """It stands beside the score of what it is about, with its range where the number of answers is known."""
    key = derived("benchmark", caller.tenant, idempotency_key) if idempotency_key else uuid7()
    draft = body.draft()
    async with context.database.transaction() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff)
        try:
            added = await add_benchmark(uow, reader.tenant, reader.access, AuditActor.of(caller), key, draft)
        except BenchmarkFaulty as faulty:
            raise Problem(422, errors=faulty.faults) from None
        except BenchmarkForeign:
            raise Problem(403) from None
        except BenchmarkKeyReused:
            raise Problem(409, KEY_REUSED) from None
    return BenchmarkOut.of(added)


@router.get("/{benchmark}", summary="A published benchmark")
async def read_benchmark(
    context: OwnContext, caller: ReadsBenchmarks, benchmark: BenchmarkId
) -> BenchmarkOut:
    """With the range that its score and number of answers allow."""
    async with context.database.reading() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff)
        return BenchmarkOut.of(await find_readable(uow, reader, benchmark))


@router.put("/{benchmark}", summary="Replace a published benchmark")
async def put_benchmark(
    context: OwnContext, caller: WritesBenchmarks, benchmark: BenchmarkId, body: BenchmarkBody
) -> BenchmarkOut:
    """All of it is written anew. Who is limited to segments may not change one about more than these
    (403).
    """
    draft = body.draft()
    async with context.database.transaction() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff)
        try:
            changed = await replace_benchmark(
                uow, reader.tenant, reader.access, AuditActor.of(caller), benchmark, draft
            )
        except BenchmarkFaulty as faulty:
            raise Problem(422, errors=faulty.faults) from None
        except BenchmarkForeign:
            raise Problem(403) from None
    if changed is None:
        raise Problem(404)
    return BenchmarkOut.of(changed)


@router.delete(
    "/{benchmark}", status_code=204, summary="Remove a published benchmark", response_class=Response
)
async def delete_benchmark(context: OwnContext, caller: WritesBenchmarks, benchmark: BenchmarkId) -> Response:
    """For ever. Who is limited to segments may not remove one about more than these (403)."""
    async with context.database.transaction() as uow:
        reader = await reader_of(uow, caller.tenant, caller.staff)
        try:
            removed = await remove_benchmark(
                uow, reader.tenant, reader.access, AuditActor.of(caller), benchmark
            )
        except BenchmarkForeign:
            raise Problem(403) from None
    if not removed:
        raise Problem(404)
    return Response(status_code=204)
