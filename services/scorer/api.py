"""The JSON routes: ``GET /v1/scores`` and ``GET /v1/segments``."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.scorer.access import SegmentAccess, segment_value
from services.scorer.amendments.reading import (
    ChoiceParameters,
    choice_parameters,
    read_choice,
    read_chosen_window,
)
from services.scorer.amendments.repository import chosen_counts
from services.scorer.asked_days import FromParameter, GivenDays, ToParameter, WindowParameter
from services.scorer.context import OwnContext
from services.scorer.domain import (
    CONFIDENCE,
    MIN_ANSWERS_SHOWN,
    Groups,
    groups_of,
    more_answers_for_margin,
    score_interval,
)
from services.scorer.parameters import (
    MAX_SELECTED_SEGMENTS,
    lowest_of,
    read_segment,
)
from services.scorer.repository.pairs import selection_of
from services.scorer.repository.segments import list_segment_counts
from services.scorer.schemas import Confidence, MarginBody, ScoreBody, SegmentBody, SegmentsBody, WindowBody
from services.scorer.windows import today_in
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
MAX_WANTED_MARGIN = 100


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
    choices: Annotated[ChoiceParameters, Depends(choice_parameters)],
    segment: Annotated[
        list[str] | None,
        Query(
            max_length=MAX_SELECTED_SEGMENTS,
            description="dimension:value, such as organisation:north/sales; none: the company. Repeat it for "
            f"the answers that lie in all of up to {MAX_SELECTED_SEGMENTS} segments.",
        ),
    ] = None,
    measurement: MeasurementParameter = "transactional",
    window: WindowParameter = "",
    until: Annotated[
        str,
        Query(description="The last day of `window`; today in the company's zone, or the day of `as_of`."),
    ] = "",
    first: FromParameter = "",
    last: ToParameter = "",
    level: Annotated[Confidence, Query(description="How sure the margin is.")] = "0.95",
    wanted: Annotated[
        int | None,
        Query(
            ge=1,
            le=MAX_WANTED_MARGIN,
            description="A margin in points, to be told how many answers it takes.",
        ),
    ] = None,
) -> ScoreBody:
    """The eleven counts, the score and its margin (adjusted Wald).

    Below ten answers there is neither score nor margin, and `reason` says so. A segment that stands for a
    single employee is not there, until an administrator allows that person and their leaders to see it.
    """
    segments = lowest_of(map(read_segment, segment or ()))
    async with context.database.reading() as uow:
        tenant = await find_tenant(uow, caller.tenant)
        if tenant is None or not SegmentAccess.of(tenant, caller.staff).allows_selection(segments):
            raise Problem(404)
        choice = read_choice(choices, tenant.time_zone, uow.now)
        today = today_in(tenant.time_zone, uow.now)
        days = read_chosen_window(window, until, first, last, choice, today)
        selection = await selection_of(uow, tenant.id, segments)
        counts = await chosen_counts(uow, selection, measurement, days, choice)
    groups = groups_of(counts)
    reason = no_score_reason(groups.n)
    return ScoreBody(
        segment=segments[0] if len(segments) == 1 else None,
        segments=list(segments),
        measurement=measurement,
        window=WindowBody(days=days.days, from_=days.first, until=days.last, time_zone=tenant.time_zone),
        amended=choice.amended,
        per=choice.per,
        as_of=choice.moment.at if choice.moment else None,
        n=groups.n,
        counts=list(counts),
        detractors=groups.detractors,
        passives=groups.passives,
        promoters=groups.promoters,
        nps=groups.points if reason is None else None,
        margin=_margin(groups, float(level)) if reason is None else None,
        wanted=wanted,
        more_needed=more_answers_for_margin(groups, wanted, float(level))
        if wanted is not None and reason is None
        else None,
        reason=reason,
    )


def _margin(groups: Groups, level: float) -> MarginBody | None:
    bounds = score_interval(groups, level)
    return MarginBody(level=level, low=bounds[0], high=bounds[1]) if bounds else None


@router.get("/v1/segments", summary="The segments that answers were counted for")
async def list_segments(
    context: OwnContext,
    caller: ScoresCaller,
    days: GivenDays,
    dimension: Annotated[
        str | None, Query(max_length=200, description="Only values of this dimension.")
    ] = None,
    measurement: MeasurementParameter = "transactional",
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
            days.read(today_in(tenant.time_zone, uow.now)),
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
