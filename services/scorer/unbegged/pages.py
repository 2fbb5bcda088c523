"""``/unbegged``: what could have been asked, was asked and was answered, by place."""

from dataclasses import replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response

from services.scorer.access import SegmentAccess
from services.scorer.context import OwnContext
from services.scorer.day_choice import DayChoice
from services.scorer.frame import company_of, staff_frame
from services.scorer.repository.segments import list_dimensions
from services.scorer.repository.sending_state import read_sending_state
from services.scorer.unbegged import labels, views
from services.scorer.unbegged.api import AskedUnbegged
from services.scorer.unbegged.files import unbegged_file
from services.scorer.unbegged.reading import UnbeggedAsked, read_unbegged
from shared.events.segments import dimension_of
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.pages.filters import dimension_name, thousands, value_name
from shared.pages.language import counted

router = APIRouter(prefix="/unbegged", include_in_schema=False, route_class=CheckedRoute)
UnbeggedReader = Annotated[Staff, Depends(signed_in())]
WINDOW_OPTIONS_DAYS = (7, 30, 90, 365)


@router.get("")
async def show_unbegged(
    request: Request, staff: UnbeggedReader, context: OwnContext, asked: AskedUnbegged
) -> Response:
    """The places of a dimension that the reader may see. A window that is chosen goes before the days that a
    form sends with it.
    """
    asked = replace(asked, days=asked.days.of_form)
    read = await read_unbegged(context.database, context.services, staff.tenant, staff, asked)
    async with context.database.reading() as uow:
        tenant = await company_of(uow, staff)
        frame = await staff_frame(uow, staff, tenant, await read_sending_state(uow, tenant.id), live=None)
        names = [each.name for each in await list_dimensions(uow, tenant.id)]
    access = SegmentAccess.of(tenant, staff)
    own, hidden = {dimension_of(segment) for segment in access.limited_to}, access.hidden_dimensions(names)
    offered = [name for name in names if name not in hidden and (not own or name in own)]
    if asked.by not in offered:
        offered.append(asked.by)
    page = views.UnbeggedPage(
        finding=labels.finding(read.places),
        days=views.days_words(read),
        day_choice=DayChoice.of(asked.days, read.window, WINDOW_OPTIONS_DAYS),
        by=asked.by,
        by_name=value_name(dimension_name(asked.by)),
        by_options=[(name, dimension_name(name)) for name in offered],
        lines=[views.line_of(place) for place in read.places],
        shows_networks=any(place.counts.of_known_network for place in read.places),
        shows_devices=any(place.counts.of_known_device for place in read.places),
        left_off=_left_off(read.left_off),
        people_hidden=read.people_hidden,
        file_href=f"/unbegged/download?{urlencode(_query(asked))}",
        document_href=f"/v1/unbegged?{urlencode(_query(asked))}",
    )
    return context.pages.page(request, page, staff=staff, frame=frame)


@router.get("/download")
async def download_unbegged(staff: UnbeggedReader, context: OwnContext, asked: AskedUnbegged) -> Response:
    """The same figures as a file."""
    asked = replace(asked, days=asked.days.of_form)
    return unbegged_file(await read_unbegged(context.database, context.services, staff.tenant, staff, asked))


def _query(asked: UnbeggedAsked) -> dict[str, str]:
    return {**asked.days.parameters, "by": asked.by}


def _left_off(n: int) -> str:
    words = counted("%(n)s further segment is not listed.", "%(n)s further segments are not listed.", n)
    return words % {"n": thousands(n)} if n else ""
