"""``/v1/drivers``: what the change of a score is made of, for programs."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.scorer.api import ScoresCaller
from services.scorer.comparisons.comparison_query import refusal_of
from services.scorer.comparisons.domain import NotComparable
from services.scorer.comparisons.reading import comparison_reader
from services.scorer.context import OwnContext, ScorerContext
from services.scorer.csv_files import CSV_CONTENT
from services.scorer.drivers.driver_query import DriverParameters, driver_parameters, read_driver_query
from services.scorer.drivers.files import drivers_file
from services.scorer.drivers.reading import ReadDrivers, read_drivers
from services.scorer.drivers.schemas import DriversOut
from shared.http.auth import Caller
from shared.http.routes import CheckedRoute

router = APIRouter(prefix="/v1/drivers", tags=["scores"], route_class=CheckedRoute)
AskedDrivers = Annotated[DriverParameters, Depends(driver_parameters)]


@router.get("", summary="What moved a score: other customers, or other answers")
async def drivers(context: OwnContext, caller: ScoresCaller, given: AskedDrivers) -> DriversOut:
    """The change of a score between two windows that share no day, taken apart by a dimension (Kitagawa's
    decomposition, symmetric in both windows). Of each part: what the change of its share adds (`mix`: other
    customers), and what the change of its score adds (`rate`: other answers). The `points` of all parts add
    up to those of `change`. A part is told with 30 answers or more in each window in which it has any; all
    others are one part, which has as many. With fewer than 30 answers in a window there is no change, and
    `reason` says so. Windows that share days are refused (422).
    """
    return DriversOut.of(await _read(context, caller, given))


@router.get(
    "/export",
    summary="The same as a file",
    response_class=Response,
    responses={200: {"content": CSV_CONTENT, "description": "A row for the whole, each part, each kind."}},
)
async def export_drivers(context: OwnContext, caller: ScoresCaller, given: AskedDrivers) -> Response:
    """The figures of `GET /v1/drivers`. A cell that begins like a formula stands behind an apostrophe."""
    return drivers_file(await _read(context, caller, given))


async def _read(context: ScorerContext, caller: Caller, given: DriverParameters) -> ReadDrivers:
    async with context.database.reading() as uow:
        reader = await comparison_reader(uow, caller.tenant, caller.staff)
        try:
            query = read_driver_query(given, reader.today)
        except NotComparable as refused:
            raise refusal_of(refused) from None
        return await read_drivers(uow, reader, query)
