"""The page by which administrators see who looked at or changed what."""

from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from services.dispatcher.audit import repository
from services.dispatcher.audit.repository import AuditFilter
from services.dispatcher.audit.schemas import AuditLineOut
from services.dispatcher.audit.views import AuditEntry, AuditPage, AuditSearch, act_options
from services.dispatcher.context import OwnContext
from services.dispatcher.frame import frame_of
from services.dispatcher.sending.labels import stored_name
from shared.http.cursors import MAX_CURSOR_LENGTH, cut_page, decode_cursor
from shared.http.instants import begin_of_day, end_of_day
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import CompanyAdmin
from shared.values.zones import zone_of

router = APIRouter(include_in_schema=False, prefix="/audit", route_class=CheckedRoute)
LINES_PER_PAGE = 50
MAX_LINES_IN_FILE = 10_000
Typed = Annotated[str, Query(max_length=300)]


@router.get("")
async def show_audit(
    request: Request,
    staff: CompanyAdmin,
    context: OwnContext,
    who: Typed = "",
    act: Typed = "",
    about: Typed = "",
    since: Typed = "",
    until: Typed = "",
    before: Annotated[str, Query(max_length=MAX_CURSOR_LENGTH)] = "",
) -> Response:
    """The lines that a search wants, newest first."""
    search = AuditSearch(who.strip(), act.strip(), about.strip(), since.strip(), until.strip())
    place = decode_cursor(before, "before")
    async with context.database.reading() as uow:
        frame = await frame_of(uow, staff, "")
        wanted = audit_filter(search, zone_of(frame.time_zone))
        rows = await repository.list_lines(uow, staff.tenant, wanted, place, LINES_PER_PAGE + 1)
    shown, more = cut_page(rows, LINES_PER_PAGE, lambda row: (row.at, row.id))
    page = AuditPage(
        entries=[AuditEntry.of(row) for row in shown],
        search=search,
        query=urlencode({name: value for name, value in vars(search).items() if value}),
        before=before,
        act_options=act_options(),
        more=more,
    )
    return context.pages.page(request, page, staff=staff, frame=frame)


@router.get("/export")
async def export_audit(
    staff: CompanyAdmin,
    context: OwnContext,
    who: Typed = "",
    act: Typed = "",
    about: Typed = "",
    since: Typed = "",
    until: Typed = "",
) -> Response:
    """The same lines as a file: at most ten thousand; ``complete`` says whether these are all."""
    search = AuditSearch(who.strip(), act.strip(), about.strip(), since.strip(), until.strip())
    async with context.database.reading() as uow:
        frame = await frame_of(uow, staff, "")
        wanted = audit_filter(search, zone_of(frame.time_zone))
        rows = await repository.list_lines(uow, staff.tenant, wanted, None, MAX_LINES_IN_FILE + 1)
    lines = [AuditLineOut.of(row).model_dump(mode="json") for row in rows[:MAX_LINES_IN_FILE]]
    content = {"complete": len(rows) <= MAX_LINES_IN_FILE, "lines": lines}
    return JSONResponse(content, headers={"Content-Disposition": 'attachment; filename="audit.json"'})


def audit_filter(search: AuditSearch, zone: ZoneInfo) -> AuditFilter:
    """What the search wants; its days are days in the company's time zone, the last one included.

    :raises Problem: 422 when a day is none.
    """
    return AuditFilter(
        stored_name(search.who) or None,
        search.act or None,
        search.about or None,
        begin_of_day(search.since, "since", zone),
        end_of_day(search.until, "until", zone),
    )
