"""``/v1/unbegged``: what could have been asked, was asked and was answered, by place."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from services.scorer.asked_days import GivenDays
from services.scorer.context import OwnContext
from services.scorer.csv_files import CSV_CONTENT
from services.scorer.unbegged.files import unbegged_file
from services.scorer.unbegged.reading import UnbeggedAsked, read_unbegged
from services.scorer.unbegged.schemas import UnbeggedOut
from shared.events.segments import ORGANISATION
from shared.http.auth import Caller, staff_or_key
from shared.http.routes import CheckedRoute

router = APIRouter(prefix="/v1/unbegged", tags=["scores"], route_class=CheckedRoute)
ReadsUnbegged = Annotated[Caller, Depends(staff_or_key("scores:read"))]
MAX_PARAMETER_CHARS = 200


def asked_unbegged(
    days: GivenDays,
    by: Annotated[
        str, Query(max_length=MAX_PARAMETER_CHARS, description="The dimension whose values are the places.")
    ] = ORGANISATION,
) -> UnbeggedAsked:
    """What is asked for in the query."""
    return UnbeggedAsked(days=days, by=by)


AskedUnbegged = Annotated[UnbeggedAsked, Depends(asked_unbegged)]


@router.get(
    "", summary="What could have been asked, was asked and was answered", response_model_by_alias=True
)
async def unbegged(context: OwnContext, caller: ReadsUnbegged, asked: AskedUnbegged) -> UnbeggedOut:
    """Of each value of a dimension, over at most 366 days: the events whose customers could have been asked,
    how many were, and how many answered; signs that its customers are chosen or pressed; and whether the
    answers that it lacks could explain its score. Each sign is a question, not an accusation. No share is
    told of fewer than ten, nothing is compared below 30. 503 while the service that decides whom to ask does
    not answer.
    """
    return UnbeggedOut.of(
        await read_unbegged(context.database, context.services, caller.tenant, caller.staff, asked)
    )


@router.get(
    "/export",
    summary="What could have been asked, was asked and was answered, as a file",
    response_class=Response,
    responses={200: {"content": CSV_CONTENT, "description": "A row for each place."}},
)
async def export_unbegged(context: OwnContext, caller: ReadsUnbegged, asked: AskedUnbegged) -> Response:
    """The same figures. A cell that begins like a formula stands behind an apostrophe."""
    return unbegged_file(
        await read_unbegged(context.database, context.services, caller.tenant, caller.staff, asked)
    )
