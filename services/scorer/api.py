"""The JSON door: ``GET /v1/scores`` and ``GET /v1/segments``."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.scorer.access import BadSegment, Sight, name_of, segment_of
from services.scorer.context import OwnContext
from services.scorer.domain import SHOWN, groups, interval
from services.scorer.repository import figures
from services.scorer.schemas import Level, MarginBody, ScoreBody, SegmentBody, SegmentsBody, WindowBody
from services.scorer.window import BadWindow, Window, day_of, days_of, today_in
from shared.db.database import Database
from shared.events import Tenant
from shared.events.surveys import Measurement
from shared.http.auth import Caller, staff_or_key
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.tenancy import find_tenant

router = APIRouter(tags=["scores"], route_class=CheckedRoute)
Reader = Annotated[Caller, Depends(staff_or_key("scores:read"))]
Wanted = Annotated[
    Measurement, Query(description="Asked after a contact (transactional), or at any time (relational).")
]
MOST = 200


def window_of(tenant: Tenant, database: Database, window: str, until: str | None) -> Window:
    """The window that an address names, in the company's zone.

    :raises Problem: 422, naming the parameter and its remedy.
    """
    today = today_in(tenant.time_zone, database.clock())
    field = "window"
    try:
        days = days_of(window)
        field = "until"
        return Window.ending(day_of(until, today) if until else today, days)
    except BadWindow as fault:
        raise Problem(422, errors=[{"field": field, "detail": str(fault)}]) from None


def sound_segment(written: str | None) -> str:
    """The segment that an address names.

    :raises Problem: 422 when it cannot be one.
    """
    try:
        return segment_of(written)
    except BadSegment as fault:
        raise Problem(422, errors=[{"field": "segment", "detail": str(fault)}]) from None


def no_score(n: int) -> str | None:
    """Why so many answers are given no score; None when they are."""
    if n >= SHOWN:
        return None
    return f"A score takes {SHOWN} answers; there are {n}." if n else "Nobody answered in this window."


@router.get("/v1/scores", summary="How a segment stands over a window", response_model_by_alias=True)
async def read_score(
    context: OwnContext,
    caller: Reader,
    segment: Annotated[
        str | None, Query(description="dimension:value, such as organisation:north/sales; none: the company.")
    ] = None,
    measurement: Wanted = "transactional",
    window: Annotated[str, Query(description="A number of days, 1d to 3650d.")] = "30d",
    until: Annotated[
        str | None, Query(description="The last day included; today in the company's zone.")
    ] = None,
    level: Annotated[Level, Query(description="How sure the margin is.")] = "0.95",
) -> ScoreBody:
    """The eleven counts, the score and its margin (adjusted Wald).

    Below ten answers there is neither score nor margin, and `reason` says so. A segment that stands for a
    single employee is not there, until an administrator allows that person and their leaders to see it.
    """
    database = context.database
    wanted = sound_segment(segment)
    async with database.reading() as uow:
        tenant = await find_tenant(uow, caller.tenant)
        if tenant is None or not Sight.of(tenant, caller.staff).shows(wanted):
            raise Problem(404)
        days = window_of(tenant, database, window, until)
        counts = await figures.window_counts(uow, tenant.id, measurement, wanted, days)
    found = groups(counts)
    reason = no_score(found.n)
    bounds = interval(found, float(level)) if reason is None else None
    return ScoreBody(
        segment=wanted or None,
        measurement=measurement,
        window=WindowBody(days=days.days, from_=days.first, until=days.last, time_zone=tenant.time_zone),
        n=found.n,
        counts=list(counts),
        detractors=found.detractors,
        passives=found.passives,
        promoters=found.promoters,
        nps=found.points if reason is None else None,
        margin=MarginBody(level=float(level), low=bounds[0], high=bounds[1]) if bounds else None,
        reason=reason,
    )


@router.get("/v1/segments", summary="The segments that answers were counted for")
async def list_segments(
    context: OwnContext,
    caller: Reader,
    dimension: Annotated[
        str | None, Query(max_length=200, description="Only values of this dimension.")
    ] = None,
    measurement: Wanted = "transactional",
    window: Annotated[str, Query(description="A number of days, 1d to 3650d.")] = "30d",
    until: Annotated[str | None, Query(description="The last day included.")] = None,
    after: Annotated[str, Query(max_length=2_000, description="The last page's `next`.")] = "",
    limit: Annotated[int, Query(ge=1, le=MOST, description="How many at most.")] = 50,
) -> SegmentsBody:
    """Segments by name, a page at a time, each with its answers in the window."""
    database = context.database
    async with database.reading() as uow:
        tenant = await find_tenant(uow, caller.tenant)
        if tenant is None:
            raise Problem(404)
        rows = await figures.list_segments(
            uow,
            tenant.id,
            measurement,
            window_of(tenant, database, window, until),
            limit=limit + 1,
            after=after,
            dimension=dimension,
            sight=Sight.of(tenant, caller.staff),
        )
    page = rows[:limit]
    return SegmentsBody(
        segments=[_segment_body(segment, counts) for segment, counts in page],
        next=page[-1][0] if len(rows) > limit else None,
    )


def _segment_body(segment: str, counts: Sequence[int]) -> SegmentBody:
    found = groups(counts)
    return SegmentBody(
        segment=segment,
        dimension=segment.partition(":")[0],
        value=name_of(segment),
        n=found.n,
        nps=found.points if found.n >= SHOWN else None,
        reason=no_score(found.n),
    )
