"""``/v1/ranking``: which segment is lowest, and whether that is more than chance."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from services.scorer.access import SegmentAccess
from services.scorer.asked_days import GivenDays
from services.scorer.context import OwnContext
from services.scorer.csv_files import CSV_CONTENT
from services.scorer.dashboard.reading import read_ranking
from services.scorer.dashboard.schemas import RankingOut
from services.scorer.exports.files import file_of
from services.scorer.windows import today_in
from shared.events.surveys import NpsMeasurement
from shared.http.auth import Caller, staff_or_key
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.tenancy import find_tenant

router = APIRouter(prefix="/v1/ranking", tags=["scores"], route_class=CheckedRoute)
ReadsRanking = Annotated[Caller, Depends(staff_or_key("scores:read"))]
MAX_PARAMETER_CHARS = 200
RANKING_SECTIONS = ("ranked", "few")


async def ranking(
    context: OwnContext,
    caller: ReadsRanking,
    days: GivenDays,
    dimension: Annotated[
        str,
        Query(max_length=MAX_PARAMETER_CHARS, description="By whose values; the touchpoint."),
    ] = "",
    measurement: Annotated[
        NpsMeasurement, Query(description="Asked after a contact, or at any time.")
    ] = "transactional",
) -> RankingOut:
    """The values of a dimension by score, of the organisation those of the first level on which two have
    answers. Each with 30 answers or more is compared with all others together; `lowest` is the lowest of
    those that are lower by more than chance, among all that were compared (Benjamini-Hochberg).
    """
    async with context.database.reading() as uow:
        tenant = await find_tenant(uow, caller.tenant)
        if tenant is None:
            raise Problem(404)
        window = days.read(today_in(tenant.time_zone, uow.now))
        access = SegmentAccess.of(tenant, caller.staff)
        read = await read_ranking(uow, tenant, access, dimension, measurement, window)
    return RankingOut.of(read, tenant)


router.add_api_route(
    "",
    ranking,
    methods=["GET"],
    summary="Which segment is lowest, and really?",
    response_model=RankingOut,
    response_model_by_alias=True,
)


@router.get(
    "/export",
    summary="Which segment is lowest, as a file",
    response_class=Response,
    responses={200: {"content": CSV_CONTENT, "description": "A row for each segment."}},
)
async def export_ranking(told: Annotated[RankingOut, Depends(ranking)]) -> Response:
    """The figures of `GET /v1/ranking`; the first column tells what a row is of."""
    return file_of(told, f"ranking-{told.window.from_}-{told.window.until}", RANKING_SECTIONS)
