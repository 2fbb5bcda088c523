"""``/responses``: of those who were asked, who did not answer."""

from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response

from services.scorer.access import SegmentAccess
from services.scorer.context import OwnContext
from services.scorer.day_choice import DayChoice
from services.scorer.frame import company_of, staff_frame
from services.scorer.repository.segments import list_values
from services.scorer.repository.sending_state import read_sending_state
from services.scorer.responses import labels, views
from services.scorer.responses.api import AskedResponses
from services.scorer.responses.files import csv_answer
from services.scorer.responses.reading import ResponsesAsked, ResponsesRead, dimensions_of, read_responses
from shared.db.database import UnitOfWork
from shared.events import Tenant
from shared.events.segments import ORGANISATION
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.pages.filters import dimension_name, segment_name, thousands, value_name
from shared.pages.language import counted, translated

router = APIRouter(prefix="/responses", include_in_schema=False, route_class=CheckedRoute)
ResponsesReader = Annotated[Staff, Depends(signed_in())]
WINDOW_OPTIONS_DAYS = (7, 30, 90, 365)
MAX_OPTIONS = 60
MAX_OPTION_LEVELS = 2


@router.get("")
async def show_responses(
    request: Request, staff: ResponsesReader, context: OwnContext, asked: AskedResponses
) -> Response:
    """The figures of a segment or the company; for a reader limited to segments, of the first of theirs."""
    async with context.database.reading() as uow:
        tenant = await company_of(uow, staff)
        frame = await staff_frame(uow, staff, tenant, await read_sending_state(uow, tenant.id), live=None)
        access = SegmentAccess.of(tenant, staff)
        read = await read_responses(uow, tenant, access, _own(asked, access))
        dimensions = await dimensions_of(uow, access, read)
        options = await _segments_offered(uow, tenant, access, read)
    asked = read.asked
    by_options = [(name, dimension_name(name)) for name in dimensions]
    if asked.by not in dimensions:
        by_options.append((asked.by, dimension_name(asked.by)))
    page = views.ResponsesPage(
        finding=labels.finding(read.total),
        days=views.days_words(read),
        maturity=labels.maturity(read),
        place=segment_name(asked.segment) if asked.segment else "",
        segment=asked.segment,
        measurement=asked.measurement,
        day_choice=DayChoice.of(asked.days, read.window, WINDOW_OPTIONS_DAYS),
        by=asked.by,
        by_options=by_options,
        segment_options=options,
        headings=views.headings(),
        total=views.line_of(translated("All of them"), read.total),
        tables=views.tables_of(
            read,
            value_name(dimension_name(asked.by)),
            lambda name: _href(asked, segment=name) if access.allows(name) else "",
        ),
        left_off=_left_off(read),
        people_hidden=read.people_hidden,
        silence=labels.silence_finding(read.silence),
        silence_explained=views.silence_explained(read),
        file_href=_href(asked, path="/responses/download"),
        document_href=_href(asked, path="/v1/responses"),
    )
    return context.pages.page(request, page, staff=staff, frame=frame)


@router.get("/download")
async def download_responses(staff: ResponsesReader, context: OwnContext, asked: AskedResponses) -> Response:
    """The same figures as a file."""
    async with context.database.reading() as uow:
        tenant = await company_of(uow, staff)
        access = SegmentAccess.of(tenant, staff)
        read = await read_responses(uow, tenant, access, _own(asked, access))
    return csv_answer(read)


def _own(asked: ResponsesAsked, access: SegmentAccess) -> ResponsesAsked:
    """Without a segment, a reader who is limited reads the first of their own. A window that is chosen goes
    before the days that a form sends with it.
    """
    asked = replace(asked, days=asked.days.of_form)
    if asked.segment or not access.limited_to:
        return asked
    return replace(asked, segment=next(filter(access.allows, access.limited_to), ""))


def _href(asked: ResponsesAsked, *, path: str = "/responses", **changes: Any) -> str:
    query = replace(asked, **changes)
    values = {"segment": query.segment, "measurement": query.measurement, "by": query.by}
    values |= query.days.parameters
    return f"{path}?{urlencode({name: value for name, value in values.items() if value})}"


async def _segments_offered(
    uow: UnitOfWork, tenant: Tenant, access: SegmentAccess, read: ResponsesRead
) -> list[tuple[str, str]]:
    """The topmost levels of the organisation, or the reader's own segments; what is shown is among them."""
    names = list(access.limited_to) or await list_values(
        uow, tenant.id, ORGANISATION, MAX_OPTIONS, levels=MAX_OPTION_LEVELS
    )
    if read.asked.segment and read.asked.segment not in names:
        names.append(read.asked.segment)
    whole = [] if access.limited_to else [("", translated("The whole company"))]
    return [*whole, *((name, segment_name(name)) for name in names if access.allows(name))]


def _left_off(read: ResponsesRead) -> str:
    if not read.left_off:
        return ""
    words = counted(
        "%(n)s further segment is not listed.", "%(n)s further segments are not listed.", read.left_off
    )
    return words % {"n": thousands(read.left_off)}
