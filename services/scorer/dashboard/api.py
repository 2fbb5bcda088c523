"""``/v1/findings``: what the dashboard finds; ``/v1/ranking``: which segment is lowest."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from services.scorer.access import MAX_SEGMENT_LENGTH, SegmentAccess
from services.scorer.context import OwnContext, ScorerContext
from services.scorer.dashboard.files import csv_of_findings, csv_of_ranking, file_answer
from services.scorer.dashboard.reading import read_findings, read_ranking
from services.scorer.dashboard.schemas import FindingsOut, RankingOut
from services.scorer.parameters import read_asked_window, read_segment
from services.scorer.windows import today_in
from shared.events.surveys import NpsMeasurement
from shared.http.auth import Caller, staff_or_key
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.tenancy import find_tenant

router = APIRouter(prefix="/v1", tags=["scores"], route_class=CheckedRoute)
ReadsFindings = Annotated[Caller, Depends(staff_or_key("scores:read"))]
CSV_CONTENT: dict[str, Any] = {"text/csv": {"schema": {"type": "string"}}}
MAX_PARAMETER_CHARS = 200
Segment = Annotated[
    str, Query(max_length=MAX_SEGMENT_LENGTH, description="dimension:value; left out: the company.")
]
Measurement = Annotated[NpsMeasurement, Query(description="Asked after a contact, or at any time.")]
Days = Annotated[str, Query(description="A number of days, 1d to 3650d; 30d.")]
Until = Annotated[str, Query(description="The last day of `window`; today.")]
From = Annotated[str, Query(alias="from", description="Instead of `window`: the first day.")]
To = Annotated[str, Query(alias="to", description="The last day, included.")]
By = Annotated[str, Query(max_length=MAX_PARAMETER_CHARS, description="A dimension; the touchpoint.")]


@router.get("/findings", summary="What stands out, who answers least, and the work on cases",
            response_model_by_alias=True)  # fmt: skip
async def findings(
    context: OwnContext,
    caller: ReadsFindings,
    segment: Segment = "",
    measurement: Measurement = "transactional",
    window: Days = "",
    until: Until = "",
    first: From = "",
    last: To = "",
    by: By = "",
) -> FindingsOut:
    """Of a segment: the week that is lower than the other weeks of the window and of as many days before it;
    who of those that were asked answered, and the part that answers least beyond chance; open cases, how many
    of those that were closed in the window were closed in time, and the causes that staff chose.
    """
    return await _findings(context, caller, segment, measurement, (window, until, first, last), by)


@router.get(
    "/findings/export",
    summary="What stands out, who answers least, and the work on cases, as a file",
    response_class=Response,
    responses={200: {"content": CSV_CONTENT, "description": "A row for each figure."}},
)
async def export_findings(
    context: OwnContext,
    caller: ReadsFindings,
    segment: Segment = "",
    measurement: Measurement = "transactional",
    window: Days = "",
    until: Until = "",
    first: From = "",
    last: To = "",
    by: By = "",
) -> Response:
    """The same figures. A cell that begins like a formula stands behind an apostrophe."""
    told = await _findings(context, caller, segment, measurement, (window, until, first, last), by)
    return file_answer(csv_of_findings(told), f"findings-{told.window.from_}-{told.window.until}")


@router.get("/ranking", summary="Which segment is lowest, and really?", response_model_by_alias=True)
async def ranking(
    context: OwnContext,
    caller: ReadsFindings,
    dimension: By = "",
    measurement: Measurement = "transactional",
    window: Days = "",
    until: Until = "",
    first: From = "",
    last: To = "",
) -> RankingOut:
    """The values of a dimension by score, of the organisation those of the first level on which two have
    answers. Each with 30 answers or more is compared with all others together; `lowest` is the lowest of
    those that are lower by more than chance, among all that were compared (Benjamini-Hochberg).
    """
    return await _ranking(context, caller, dimension, measurement, (window, until, first, last))


@router.get(
    "/ranking/export",
    summary="Which segment is lowest, as a file",
    response_class=Response,
    responses={200: {"content": CSV_CONTENT, "description": "A row for each segment."}},
)
async def export_ranking(
    context: OwnContext,
    caller: ReadsFindings,
    dimension: By = "",
    measurement: Measurement = "transactional",
    window: Days = "",
    until: Until = "",
    first: From = "",
    last: To = "",
) -> Response:
    """The same figures. A cell that begins like a formula stands behind an apostrophe."""
    told = await _ranking(context, caller, dimension, measurement, (window, until, first, last))
    return file_answer(csv_of_ranking(told), f"ranking-{told.window.from_}-{told.window.until}")


async def _findings(
    context: ScorerContext,
    caller: Caller,
    written: str,
    measurement: NpsMeasurement,
    days: tuple[str, str, str, str],
    by: str,
) -> FindingsOut:
    segment = read_segment(written)
    async with context.database.reading() as uow:
        tenant = await find_tenant(uow, caller.tenant)
        if tenant is None:
            raise Problem(404)
        access = SegmentAccess.of(tenant, caller.staff)
        if not access.allows(segment):
            raise Problem(404)
        window = read_asked_window(*days, today_in(tenant.time_zone, uow.now))
        found = await read_findings(uow, tenant, access, segment, measurement, window, by)
    return FindingsOut.of(found, tenant, segment, measurement, window)


async def _ranking(
    context: ScorerContext,
    caller: Caller,
    dimension: str,
    measurement: NpsMeasurement,
    days: tuple[str, str, str, str],
) -> RankingOut:
    async with context.database.reading() as uow:
        tenant = await find_tenant(uow, caller.tenant)
        if tenant is None:
            raise Problem(404)
        window = read_asked_window(*days, today_in(tenant.time_zone, uow.now))
        access = SegmentAccess.of(tenant, caller.staff)
        read = await read_ranking(uow, tenant, access, dimension, measurement, window)
    return RankingOut.of(read, tenant)
