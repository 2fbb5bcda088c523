"""``/v1/comparisons`` and ``/v1/trends``: what moved, and how it went, for programs."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.scorer.api import ScoresCaller
from services.scorer.comparisons.comparison_query import (
    ComparisonParameters,
    comparison_parameters,
    read_comparison_query,
    refusal_of,
)
from services.scorer.comparisons.domain import NotComparable
from services.scorer.comparisons.files import comparisons_file, trend_file
from services.scorer.comparisons.reading import (
    ReadComparisons,
    ReadTrend,
    comparison_reader,
    read_comparisons,
    read_trend,
)
from services.scorer.comparisons.schemas import ComparisonsOut, TrendOut
from services.scorer.comparisons.trend_query import TrendParameters, read_trend_query, trend_parameters
from services.scorer.context import OwnContext, ScorerContext
from services.scorer.csv_files import CSV_CONTENT
from shared.http.auth import Caller
from shared.http.routes import CheckedRoute

router = APIRouter(prefix="/v1", tags=["scores"], route_class=CheckedRoute)
AskedComparison = Annotated[ComparisonParameters, Depends(comparison_parameters)]
AskedTrend = Annotated[TrendParameters, Depends(trend_parameters)]


@router.get("/comparisons", summary="Whether a score really moved, or two segments really differ")
async def compare(context: OwnContext, caller: ScoresCaller, given: AskedComparison) -> ComparisonsOut:
    """One or more segments in two windows (`window`, or `from` and `to` with `before_from` and `before_to`),
    or two segments in one (`with`). Of several the number of tests is told, and Benjamini-Hochberg decides
    which are beyond chance. What cannot differ is refused (422): windows that share days, segments of which
    one contains the other, segments with answers in common. With fewer than 30 answers on a side there is no
    difference, and `reason` says so.
    """
    return ComparisonsOut.of(await _read_comparisons(context, caller, given))


@router.get(
    "/comparisons/export",
    summary="The same as a file",
    response_class=Response,
    responses={200: {"content": CSV_CONTENT, "description": "A row for each difference."}},
)
async def export_comparisons(context: OwnContext, caller: ScoresCaller, given: AskedComparison) -> Response:
    """The figures of `GET /v1/comparisons`. A cell that begins like a formula stands behind an apostrophe."""
    return comparisons_file(await _read_comparisons(context, caller, given))


@router.get("/trends", summary="How a score went, by day, week or month")
async def follow_score(context: OwnContext, caller: ScoresCaller, given: AskedTrend) -> TrendOut:
    """Each period holds the answers of its own days, so periods may be compared. With `rolling` there is the
    score of the last so many days at the end of each, too: these windows overlap, so they may not.
    """
    return TrendOut.of(await _read_trend(context, caller, given))


@router.get(
    "/trends/export",
    summary="The same as a file",
    response_class=Response,
    responses={200: {"content": CSV_CONTENT, "description": "A row for each period."}},
)
async def export_trend(context: OwnContext, caller: ScoresCaller, given: AskedTrend) -> Response:
    """The figures of `GET /v1/trends`. A cell that begins like a formula stands behind an apostrophe."""
    return trend_file(await _read_trend(context, caller, given))


async def _read_comparisons(
    context: ScorerContext, caller: Caller, given: ComparisonParameters
) -> ReadComparisons:
    async with context.database.reading() as uow:
        reader = await comparison_reader(uow, caller.tenant, caller.staff)
        try:
            return await read_comparisons(uow, reader, read_comparison_query(given, reader.today))
        except NotComparable as refused:
            raise refusal_of(refused) from None


async def _read_trend(context: ScorerContext, caller: Caller, given: TrendParameters) -> ReadTrend:
    async with context.database.reading() as uow:
        reader = await comparison_reader(uow, caller.tenant, caller.staff)
        return await read_trend(uow, reader, read_trend_query(given, reader.today))
