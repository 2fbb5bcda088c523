"""``/v1/responses``: who of those that were asked answered."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from services.scorer.access import MAX_SEGMENT_LENGTH, SegmentAccess
from services.scorer.asked_days import GivenDays
from services.scorer.context import OwnContext, ScorerContext
from services.scorer.csv_files import CSV_CONTENT
from services.scorer.parameters import read_segment
from services.scorer.responses.files import csv_answer
from services.scorer.responses.reading import ResponsesAsked, ResponsesRead, read_responses
from services.scorer.responses.schemas import ResponsesOut
from shared.events.segments import TOUCHPOINT
from shared.events.surveys import NpsMeasurement
from shared.http.auth import Caller, staff_or_key
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.tenancy import find_tenant

router = APIRouter(prefix="/v1/responses", tags=["scores"], route_class=CheckedRoute)
ReadsResponses = Annotated[Caller, Depends(staff_or_key("scores:read"))]
MAX_PARAMETER_CHARS = 200


def asked_responses(
    days: GivenDays,
    segment: Annotated[
        str, Query(max_length=MAX_SEGMENT_LENGTH, description="dimension:value; left out: the company.")
    ] = "",
    measurement: Annotated[
        NpsMeasurement, Query(description="Asked after a contact, or at any time.")
    ] = "transactional",
    by: Annotated[
        str, Query(max_length=MAX_PARAMETER_CHARS, description="The dimension of `segments`.")
    ] = TOUCHPOINT,
) -> ResponsesAsked:
    """What is asked for in the query."""
    return ResponsesAsked(segment=read_segment(segment), measurement=measurement, days=days, by=by)


AskedResponses = Annotated[ResponsesAsked, Depends(asked_responses)]


@router.get("", summary="Who of those that were asked answered", response_model_by_alias=True)
async def responses(context: OwnContext, caller: ReadsResponses, asked: AskedResponses) -> ResponsesOut:
    """Of the customers who were asked on these days (at most 366), how many the mail or text reached as far
    as is known, how many followed the link, and how many answered; by segment, channel, hour and day of the
    week. Both numbers of each share are of the same invitations, without those of anonymous surveys, tests,
    links that the company shows itself, and those beyond a draw. No share is told of fewer than ten.
    `silence` is the range of the score, if those who did not answer were like the unhappiest tenth; it
    corrects nothing.
    """
    return ResponsesOut.of(await _read(context, caller, asked))


@router.get(
    "/export",
    summary="Who of those that were asked answered, as a file",
    response_class=Response,
    responses={200: {"content": CSV_CONTENT, "description": "A row for all, and for each part."}},
)
async def export_responses(context: OwnContext, caller: ReadsResponses, asked: AskedResponses) -> Response:
    """The same figures. A cell that begins like a formula stands behind an apostrophe."""
    return csv_answer(await _read(context, caller, asked))


async def _read(context: ScorerContext, caller: Caller, asked: ResponsesAsked) -> ResponsesRead:
    async with context.database.reading() as uow:
        tenant = await find_tenant(uow, caller.tenant)
        if tenant is None:
            raise Problem(404)
        return await read_responses(uow, tenant, SegmentAccess.of(tenant, caller.staff), asked)
