"""The page ``/gap``, which tells the score after a contact and at any time, and its file."""

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from services.scorer.access import SegmentAccess
from services.scorer.comparisons.reading import ComparisonReader, comparison_reader, segments_offered
from services.scorer.comparisons.views import segment_options
from services.scorer.context import OwnContext
from services.scorer.frame import company_of, staff_frame
from services.scorer.gap import views
from services.scorer.gap.api import AskedGap
from services.scorer.gap.files import gap_file
from services.scorer.gap.gap_query import GapParameters, GapQuery, read_gap_query
from services.scorer.gap.reading import read_gap
from services.scorer.pages import HiddenPage, ScoreReader
from services.scorer.repository.sending_state import read_sending_state
from services.scorer.score_page import LabelledPage
from services.scorer.score_query import ScoreQuery
from shared.db.database import UnitOfWork
from shared.http.routes import CheckedRoute

router = APIRouter(prefix="/gap", include_in_schema=False, route_class=CheckedRoute)


@router.get("")
async def show_gap(request: Request, staff: ScoreReader, context: OwnContext, given: AskedGap) -> Response:
    """Both scores of what the address asks for."""
    page: LabelledPage
    async with context.database.reading() as uow:
        tenant = await company_of(uow, staff)
        frame = await staff_frame(uow, staff, tenant, await read_sending_state(uow, tenant.id), live=None)
        reader = await comparison_reader(uow, staff.tenant, staff)
        own = _own_parameters(given, reader.access)
        page = HiddenPage() if own is None else await _load_page(uow, reader, own)
    return context.pages.page(request, page, staff=staff, frame=frame)


@router.get("/download")
async def download_gap(staff: ScoreReader, context: OwnContext, given: AskedGap) -> Response:
    """The same as a file."""
    async with context.database.reading() as uow:
        reader = await comparison_reader(uow, staff.tenant, staff)
        return gap_file(await read_gap(uow, reader, read_gap_query(given, reader.today)))


def _own_parameters(given: GapParameters, access: SegmentAccess) -> GapParameters | None:
    """What is asked for; where no segment is, a reader who is limited sees the first of theirs.

    None: they may see none.
    """
    if given.segment or not access.limited_to:
        return given
    first = next(filter(access.allows, access.limited_to), None)
    return replace(given, segment=first) if first is not None else None


async def _load_page(uow: UnitOfWork, reader: ComparisonReader, given: GapParameters) -> views.GapPage:
    query = read_gap_query(given, reader.today)
    read = await read_gap(uow, reader, query)
    found = await segments_offered(uow, reader, "transactional")
    options = segment_options(found, query.segment, whole_company=not reader.access.limited_to)

    def href(part: str) -> str:
        """Of a part's page in the window."""
        selection = tuple(filter(None, (query.segment, part)))
        return _part_href(query, selection) if reader.access.allows_selection(selection) else ""

    return views.gap_page(read, options, href)


def _part_href(query: GapQuery, selection: tuple[str, ...]) -> str:
    page = ScoreQuery(segments=selection, window=f"{query.window.days}d", until=query.window.last.isoformat())
    return page.segments_page().href()
