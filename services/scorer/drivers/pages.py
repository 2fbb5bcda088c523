"""The page ``/drivers``, which tells what moved a score, and its file."""

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from services.scorer.access import SegmentAccess
from services.scorer.comparisons.compare_page import CompareForm
from services.scorer.comparisons.comparison_query import read_comparison_query, refusal_of
from services.scorer.comparisons.domain import NotComparable
from services.scorer.comparisons.reading import ComparisonReader, comparison_reader, segments_offered
from services.scorer.comparisons.views import measurement_options, segment_options
from services.scorer.context import OwnContext
from services.scorer.drivers import views
from services.scorer.drivers.api import AskedDrivers
from services.scorer.drivers.driver_query import DriverParameters, DriverQuery, read_driver_query
from services.scorer.drivers.drivers_page import DriversPage
from services.scorer.drivers.files import drivers_file
from services.scorer.drivers.reading import read_drivers
from services.scorer.frame import company_of, staff_frame
from services.scorer.pages import HiddenPage, ScoreReader
from services.scorer.repository.sending_state import read_sending_state
from services.scorer.score_page import LabelledPage
from services.scorer.score_query import ScoreQuery
from shared.db.database import UnitOfWork
from shared.http.routes import CheckedRoute
from shared.pages.language import spoken

router = APIRouter(prefix="/drivers", include_in_schema=False, route_class=CheckedRoute)


@router.get("")
async def show_drivers(
    request: Request, staff: ScoreReader, context: OwnContext, given: AskedDrivers
) -> Response:
    """What the address asks for; windows that share days are answered with the reason (422)."""
    page: LabelledPage
    status_code = 200
    async with context.database.reading() as uow:
        tenant = await company_of(uow, staff)
        frame = await staff_frame(uow, staff, tenant, await read_sending_state(uow, tenant.id), live=None)
        reader = await comparison_reader(uow, staff.tenant, staff)
        own = own_parameters(given, reader.access)
        if own is None:
            page = HiddenPage()
        else:
            try:
                page = await _load_page(uow, reader, own)
            except NotComparable as refused:
                page = await _refused(uow, reader, own, spoken(refused.reason))
                status_code = 422
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)


@router.get("/download")
async def download_drivers(staff: ScoreReader, context: OwnContext, given: AskedDrivers) -> Response:
    """The same as a file."""
    async with context.database.reading() as uow:
        reader = await comparison_reader(uow, staff.tenant, staff)
        try:
            return drivers_file(await read_drivers(uow, reader, read_driver_query(given, reader.today)))
        except NotComparable as refused:
            raise refusal_of(refused) from None


def own_parameters(given: DriverParameters, access: SegmentAccess) -> DriverParameters | None:
    """What is asked for; where no segment is, a reader who is limited sees the first of theirs.

    None: they may see none.
    """
    if given.segment or not access.limited_to:
        return given
    first = next(filter(access.allows, access.limited_to), None)
    if first is None:
        return None
    return replace(given, segment=first, days=replace(given.days, segments=(first,)))


async def _load_page(uow: UnitOfWork, reader: ComparisonReader, given: DriverParameters) -> DriversPage:
    query = read_driver_query(given, reader.today)
    read = await read_drivers(uow, reader, query)
    form = replace(CompareForm.of(given.days, query.comparison), dimension=read.dimension)

    def href(part: str) -> str:
        """Of a part's page in the window now."""
        return _part_href(query, part) if _allows(reader.access, query, part) else ""

    return views.drivers_page(
        read,
        form,
        await _segment_options(uow, reader, query),
        measurement_options(),
        href,
    )


def _allows(access: SegmentAccess, query: DriverQuery, part: str) -> bool:
    return access.allows_selection([part, *filter(None, [query.segment])])


def _part_href(query: DriverQuery, part: str) -> str:
    page = ScoreQuery(
        segments=tuple(filter(None, (query.segment, part))),
        measurement=query.measurement,
        window=f"{query.now.days}d",
        until=query.now.last.isoformat(),
    )
    return page.segments_page().href()


async def _refused(
    uow: UnitOfWork, reader: ComparisonReader, given: DriverParameters, why: str
) -> DriversPage:
    comparison = read_comparison_query(given.days, reader.today)
    query = DriverQuery(comparison=comparison, dimension=given.dimension)
    form = replace(CompareForm.of(given.days, comparison), dimension=given.dimension)
    segments = await _segment_options(uow, reader, query)
    return views.refused_page(query, form, segments, measurement_options(), why)


async def _segment_options(
    uow: UnitOfWork, reader: ComparisonReader, query: DriverQuery
) -> list[tuple[str, str]]:
    found = await segments_offered(uow, reader, query.measurement)
    return segment_options(found, query.segment, whole_company=not reader.access.limited_to)
