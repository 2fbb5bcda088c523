"""The JSON routes: ``GET /v1/scores`` and ``GET /v1/segments``."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.scorer.access import SegmentAccess, segment_value
from services.scorer.context import OwnContext
from services.scorer.domain import CONFIDENCE, MIN_ANSWERS_SHOWN, groups_of, score_interval
from services.scorer.parameters import read_segment, read_window
from services.scorer.repository.counts import window_counts
from services.scorer.repository.segments import list_segment_counts
from services.scorer.schemas import Confidence, MarginBody, ScoreBody, SegmentBody, SegmentsBody, WindowBody
from services.scorer.windows import DEFAULT_WINDOW_DAYS, today_in
from shared.events.segments import dimension_of
from shared.events.surveys import NpsMeasurement
from shared.http.auth import Caller, staff_or_key
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.pages.language import translated
from shared.tenancy import find_tenant

router = APIRouter(tags=["scores"], route_class=CheckedRoute)
ScoresCaller = Annotated[Caller, Depends(staff_or_key("scores:read"))]
MeasurementParameter = Annotated[
    NpsMeasurement, Query(description="Asked after a contact (transactional), or at any time (relational).")
]
MAX_PAGE_SIZE = 200
DEFAULT_WINDOW = f"{DEFAULT_WINDOW_DAYS}d"


def no_score_reason(n: int) -> str | None:
    """Why so few answers have no score; None for enough of them."""
    if n >= MIN_ANSWERS_SHOWN:
        return None
    if not n:
        return translated("Nobody answered in this window.")
    return translated("A score takes %(least)s answers; there are %(n)s.") % {
        "least": MIN_ANSWERS_SHOWN,
        "n": n,
    }


@router.get("/v1/scores", summary="How a segment stands over a window", response_model_by_alias=True)
async def read_score(
    context: OwnContext,
    caller: ScoresCaller,
    segment: Annotated[
        str | None, Query(description="dimension:value, such as organisation:north/sales; none: the company.")
    ] = None,
    measurement: MeasurementParameter = "transactional",
    window: Annotated[str, Query(description="A number of days, 1d to 3650d.")] = DEFAULT_WINDOW,
    until: Annotated[
        str | None, Query(description="The last day included; today in the company's zone.")
    ] = None,
    level: Annotated[Confidence, Query(description="How sure the margin is.")] = "0.95",
) -> ScoreBody:
    """The eleven counts, the score and its margin (adjusted Wald).

    Below ten answers there is neither score nor margin, and `reason` says so. A segment that stands for a
    single employee is not there, until an administrator allows that person and their leaders to see it.
    """
    wanted = read_segment(segment)
    async with context.database.reading() as uow:
        tenant = await find_tenant(uow, caller.tenant)
        if tenant is None or not SegmentAccess.of(tenant, caller.staff).allows(wanted):
            raise Problem(404)
        days = read_window(window, until, today_in(tenant.time_zone, uow.now))
        counts = await window_counts(uow, tenant.id, measurement, wanted, days)
    groups = groups_of(counts)
    reason = no_score_reason(groups.n)
    bounds = score_interval(groups, float(level)) if reason is None else None
    return ScoreBody(
        segment=wanted or None,
        measurement=measurement,
        window=WindowBody(days=days.days, from_=days.first, until=days.last, time_zone=tenant.time_zone),
        n=groups.n,
        counts=list(counts),
        detractors=groups.detractors,
        passives=groups.passives,
        promoters=groups.promoters,
        nps=groups.points if reason is None else None,
        margin=MarginBody(level=float(level), low=bounds[0], high=bounds[1]) if bounds else None,
        reason=reason,
    )


@router.get("/v1/segments", summary="The segments that answers were counted for")
async def list_segments(
    context: OwnContext,
    caller: ScoresCaller,
    dimension: Annotated[
        str | None, Query(max_length=200, description="Only values of this dimension.")
    ] = None,
    measurement: MeasurementParameter = "transactional",
    window: Annotated[str, Query(description="A number of days, 1d to 3650d.")] = DEFAULT_WINDOW,
    until: Annotated[str | None, Query(description="The last day included.")] = None,
    q: Annotated[str, Query(max_length=200, description="A text that the names contain.")] = "",
    after: Annotated[str, Query(max_length=2_000, description="The last page's `next`.")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE, description="How many at most.")] = 50,
) -> SegmentsBody:
    """Segments by name, a page at a time, each with its answers in the window."""
    async with context.database.reading() as uow:
        tenant = await find_tenant(uow, caller.tenant)
        if tenant is None:
            raise Problem(404)
        rows = await list_segment_counts(
            uow,
            tenant.id,
            measurement,
            read_window(window, until, today_in(tenant.time_zone, uow.now)),
            limit=limit + 1,
            after=after,
            dimension=dimension,
            words=q,
            access=SegmentAccess.of(tenant, caller.staff),
        )
    page = rows[:limit]
    return SegmentsBody(
        segments=[segment_body(segment, counts) for segment, counts in page],
        next=page[-1][0] if len(rows) > limit else None,
    )


def segment_body(segment: str, counts: Sequence[int]) -> SegmentBody:
    """A segment with its answers."""
    groups = groups_of(counts)
    reason = no_score_reason(groups.n)
    bounds = score_interval(groups) if reason is None else None
    return SegmentBody(
        segment=segment,
        dimension=dimension_of(segment),
        value=segment_value(segment),
        n=groups.n,
        counts=list(counts),
        detractors=groups.detractors,
        passives=groups.passives,
        promoters=groups.promoters,
        nps=groups.points if reason is None else None,
        margin=MarginBody(level=CONFIDENCE, low=bounds[0], high=bounds[1]) if bounds else None,
        reason=reason,
    )
