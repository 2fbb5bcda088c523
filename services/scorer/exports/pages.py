"""The files of pages whose figures are a document of the API: the very file of that document."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.scorer.access import MAX_SEGMENT_LENGTH, SegmentAccess
from services.scorer.asked_days import GivenDays
from services.scorer.context import OwnContext, ScorerContext
from services.scorer.exports import reading
from services.scorer.exports.api import (
    export_action,
    export_causes,
    export_mark,
    export_marks,
    export_overview,
    export_segments,
    export_themes,
    read_causes,
)
from services.scorer.exports.ranking_api import export_ranking, ranking
from services.scorer.frame import company_of
from services.scorer.improvements.api import read_action
from services.scorer.marks.api import read_mark
from services.scorer.pages import AskedDashboard, AskedSegments, ScoreReader, with_own_segment
from services.scorer.score_query import ScoreQuery
from services.scorer.segments_page import SegmentListAsked
from services.scorer.themes.api import read_theme_figures
from services.scorer.themes.pages import DEFAULT_WINDOW as THEMES_WINDOW
from shared.events.surveys import NpsMeasurement
from shared.http.auth import Caller
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)


@router.get("/download")
async def download_dashboard(staff: ScoreReader, context: OwnContext, query: AskedDashboard) -> Response:
    """The figures of the dashboard."""
    return await _overview_file(staff, context, query)


@router.get("/segments/download")
async def download_segments(staff: ScoreReader, context: OwnContext, asked: AskedSegments) -> Response:
    """The figures of the order of segments, of the list by name, or of the page of a selection."""
    if not isinstance(asked, SegmentListAsked):
        return await _overview_file(staff, context, asked)
    caller = _caller(staff)
    if asked.is_by_name:
        return await export_segments(context, caller, asked.days, asked.dimension, asked.measurement, asked.q)
    return await export_ranking(
        await ranking(context, caller, asked.days, asked.dimension, asked.measurement)
    )


@router.get("/themes/download")
async def download_themes(
    staff: ScoreReader,
    context: OwnContext,
    days: GivenDays,
    segment: Annotated[str, Query(max_length=MAX_SEGMENT_LENGTH)] = "",
    measurement: NpsMeasurement = "transactional",
) -> Response:
    """The figures of the themes."""
    days = days.of_form
    if not days.are_own:
        days = replace(days, window=days.window or THEMES_WINDOW)
    if not segment and staff.segments:
        async with context.database.reading() as uow:
            access = SegmentAccess.of(await company_of(uow, staff), staff)
        segment = next(filter(access.allows, staff.segments), "")
    return await export_themes(await read_theme_figures(context, _caller(staff), days, segment, measurement))


@router.get("/marks/download")
async def download_marks(
    staff: ScoreReader, context: OwnContext, measurement: NpsMeasurement = "transactional"
) -> Response:
    """The figures of the marks."""
    return await export_marks(context, _caller(staff), measurement)


@router.get("/marks/{mark}/download")
async def download_mark(staff: ScoreReader, context: OwnContext, mark: UUID) -> Response:
    """The figures of a mark."""
    return await export_mark(await read_mark(context, _caller(staff), mark))


@router.get("/actions/download")
async def download_causes(staff: ScoreReader, context: OwnContext) -> Response:
    """The causes of cases beside the list of actions."""
    return await export_causes(await read_causes(context, _caller(staff)))


@router.get("/actions/{action}/download")
async def download_action(staff: ScoreReader, context: OwnContext, action: UUID) -> Response:
    """The figures of an action of improvement."""
    return await export_action(await read_action(context, _caller(staff), action))


async def _overview_file(staff: Staff, context: ScorerContext, query: ScoreQuery) -> Response:
    async with context.database.reading() as uow:
        access = SegmentAccess.of(await company_of(uow, staff), staff)
        query = with_own_segment(query, staff, access)
        overview = await reading.read_overview(uow, _caller(staff), query)
    return await export_overview(overview)


def _caller(staff: Staff) -> Caller:
    return Caller(staff.tenant, staff, None)
