"""The page ``/compare``, which answers whether it really moved, and its files."""

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from services.scorer.access import SegmentAccess
from services.scorer.comparisons import views
from services.scorer.comparisons.api import AskedComparison, AskedTrend
from services.scorer.comparisons.compare_page import CompareForm, CompareOptions, ComparePage
from services.scorer.comparisons.comparison_query import (
    ComparisonParameters,
    ComparisonQuery,
    read_comparison_query,
    refusal_of,
)
from services.scorer.comparisons.domain import NotComparable
from services.scorer.comparisons.files import comparisons_file, trend_file
from services.scorer.comparisons.reading import (
    ComparisonReader,
    comparison_reader,
    read_comparisons,
    read_trend,
    segments_offered,
)
from services.scorer.comparisons.trend_query import read_trend_query
from services.scorer.context import OwnContext
from services.scorer.frame import company_of, staff_frame
from services.scorer.pages import HiddenPage, ScoreReader
from services.scorer.repository.segments import list_dimensions
from services.scorer.repository.sending_state import read_sending_state
from services.scorer.score_page import LabelledPage
from shared.db.database import UnitOfWork
from shared.events.segments import dimension_of
from shared.http.routes import CheckedRoute
from shared.pages.filters import dimension_name, value_name
from shared.pages.language import spoken, translated

router = APIRouter(prefix="/compare", include_in_schema=False, route_class=CheckedRoute)


@router.get("")
async def show_comparison(
    request: Request, staff: ScoreReader, context: OwnContext, given: AskedComparison
) -> Response:
    """What the address asks for; what cannot differ is answered with the reason (422)."""
    page: LabelledPage
    status_code = 200
    async with context.database.reading() as uow:
        tenant = await company_of(uow, staff)
        frame = await staff_frame(uow, staff, tenant, await read_sending_state(uow, tenant.id), live=None)
        reader = await comparison_reader(uow, staff.tenant, staff)
        own = _own_segment(given, reader.access)
        if own is None:
            page = HiddenPage()
        else:
            given = replace(given, segments=own)
            query = read_comparison_query(given, reader.today, from_form=True)
            try:
                page = await _load_page(uow, reader, given, query)
            except NotComparable as refused:
                form, options = CompareForm.of(given, query), await _options(uow, reader, query)
                page = views.refused_page(form, options, query, reader.today, spoken(refused.reason))
                status_code = 422
    return context.pages.page(request, page, staff=staff, frame=frame, status_code=status_code)


@router.get("/download")
async def download_comparison(staff: ScoreReader, context: OwnContext, given: AskedComparison) -> Response:
    """The same as a file."""
    async with context.database.reading() as uow:
        reader = await comparison_reader(uow, staff.tenant, staff)
        query = read_comparison_query(given, reader.today, from_form=True)
        try:
            return comparisons_file(await read_comparisons(uow, reader, query))
        except NotComparable as refused:
            raise refusal_of(refused) from None


@router.get("/trend/download")
async def download_trend(staff: ScoreReader, context: OwnContext, given: AskedTrend) -> Response:
    """The trend of the page as a file."""
    async with context.database.reading() as uow:
        reader = await comparison_reader(uow, staff.tenant, staff)
        return trend_file(await read_trend(uow, reader, read_trend_query(given, reader.today)))


def _own_segment(given: ComparisonParameters, access: SegmentAccess) -> tuple[str, ...] | None:
    """The segments that are asked for; where none is, a reader who is limited sees the first of theirs.

    None: they may see none.
    """
    named = tuple(filter(None, given.segments))
    if named or given.dimension or not access.limited_to:
        return given.segments
    first = next(filter(access.allows, access.limited_to), None)
    return (first,) if first is not None else None


async def _load_page(
    uow: UnitOfWork, reader: ComparisonReader, given: ComparisonParameters, query: ComparisonQuery
) -> ComparePage:
    read = await read_comparisons(uow, reader, query)
    asked = views.trend_query_of(query)
    trend = await read_trend(uow, reader, asked) if asked is not None else None
    form, options = CompareForm.of(given, query), await _options(uow, reader, query)
    return views.compare_page(form, options, read, trend)


async def _options(uow: UnitOfWork, reader: ComparisonReader, query: ComparisonQuery) -> CompareOptions:
    """What the reader may see, by name: the first segments, and the dimensions."""
    tenant, access = reader.tenant, reader.access
    found = await segments_offered(uow, reader, query.measurement)
    if access.limited_to:
        dimensions = list(dict.fromkeys(map(dimension_of, found)))
    else:
        known = [each.name for each in await list_dimensions(uow, tenant.id)]
        hidden = access.hidden_dimensions(known)
        dimensions = [name for name in known if name not in hidden]
    chosen = query.segments[0] if query.segments else ""
    return CompareOptions(
        segments=views.segment_options(found, chosen, whole_company=not access.limited_to),
        others=[
            ("", translated("itself, before")),
            *views.segment_options(found, query.other, whole_company=False),
        ],
        dimensions=[
            ("", translated("no, one segment")),
            *((name, value_name(dimension_name(name))) for name in dimensions),
        ],
    )
