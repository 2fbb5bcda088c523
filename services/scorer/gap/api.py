"""``/v1/gap``: what customers say after a contact against what they say at any time, for programs."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.scorer.api import ScoresCaller
from services.scorer.comparisons.reading import comparison_reader
from services.scorer.context import OwnContext, ScorerContext
from services.scorer.csv_files import CSV_CONTENT
from services.scorer.gap.files import gap_file
from services.scorer.gap.gap_query import GapParameters, gap_parameters, read_gap_query
from services.scorer.gap.reading import ReadGap, read_gap
from services.scorer.gap.schemas import GapsOut
from shared.http.auth import Caller
from shared.http.routes import CheckedRoute

router = APIRouter(prefix="/v1/gap", tags=["scores"], route_class=CheckedRoute)
AskedGap = Annotated[GapParameters, Depends(gap_parameters)]


@router.get("", summary="The score after a contact against the score at any time")
async def gap(context: OwnContext, caller: ScoresCaller, given: AskedGap) -> GapsOut:
    """The transactional and the relational score of a segment and of each value of a dimension, with their
    difference: two questions to different customers, which are never pooled. With fewer than 30 answers to
    either question there is no difference, and `reason` says so. Of each touchpoint: what it adds to the
    transactional score.
    """
    return GapsOut.of(await _read(context, caller, given))


@router.get(
    "/export",
    summary="The same as a file",
    response_class=Response,
    responses={
        200: {"content": CSV_CONTENT, "description": "A row for the whole, each part, each touchpoint."}
    },
)
async def export_gap(context: OwnContext, caller: ScoresCaller, given: AskedGap) -> Response:
    """The figures of `GET /v1/gap`. A cell that begins like a formula stands behind an apostrophe."""
    return gap_file(await _read(context, caller, given))


async def _read(context: ScorerContext, caller: Caller, given: GapParameters) -> ReadGap:
    async with context.database.reading() as uow:
        reader = await comparison_reader(uow, caller.tenant, caller.staff)
        return await read_gap(uow, reader, read_gap_query(given, reader.today))
