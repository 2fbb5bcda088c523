"""``/wall/{token}``: the page of a screen, for whoever has its link. It shows what its maker may see now.

A GET writes nothing: when a screen was last open is noted in memory. Neither the page nor its stream tells a
wrong link from one that has ended, was taken back, or whose maker has left.
"""

from typing import NamedTuple

from fastapi import APIRouter, Request, Response

from services.scorer.access import SegmentAccess
from services.scorer.context import OwnContext, ScorerContext
from services.scorer.saved_views.wall_reading import OpenScreen, find_open_screen, read_wall, wall_access
from services.scorer.saved_views.wall_views import WallWaitingPage, wall_page
from shared.events import CLOSED_STATES
from shared.http.client_networks import network_of
from shared.http.company_tokens import Token
from shared.http.problems import Problem, wants_page
from shared.http.rate_limit import attempt
from shared.http.routes import CheckedRoute
from shared.pages.page import Frame
from shared.privacy.service_client import ServiceUnavailable
from shared.values.display_names import showing_names

router = APIRouter(prefix="/wall", include_in_schema=False, route_class=CheckedRoute)
STREAM_LIFETIME_S = 300.0
"""As long as an access pass: then the browser asks anew, and so is its maker's access."""


class AllowedScreen(NamedTuple):
    """A screen that may show figures now."""

    found: OpenScreen
    access: SegmentAccess


@router.get("/{token}")
async def show_wall(token: str, request: Request, context: OwnContext) -> Response:
    """The figures of its view, which follow the answers as they come in."""
    try:
        allowed = await _allowed(token, request, context)
    except ServiceUnavailable:
        if not wants_page(request):
            raise _unavailable() from None
        return context.pages.page(request, WallWaitingPage(), status_code=503)
    async with context.database.reading() as uow:
        figures = await read_wall(uow, *allowed)
    if figures is None:
        raise Problem(404)
    if "head" not in request.scope:
        context.note_screen(figures.tenant.id, allowed.found.screen.id)
    frame = Frame(live=f"{request.url.path}/live", time_zone=figures.tenant.time_zone)
    # Nobody is signed in, so the route knows no company whose names it could show.
    with showing_names(context.keys.display_names(figures.tenant.id)):
        return context.pages.page(request, wall_page(figures), frame=frame)


@router.get("/{token}/live")
async def follow_wall(token: str, request: Request, context: OwnContext) -> Response:
    """The stream of changes of what the screen shows."""
    try:
        found, access = await _allowed(token, request, context)
    except ServiceUnavailable:
        raise _unavailable() from None
    return context.feed.stream(
        found.tenant.id, access.limited_to, STREAM_LIFETIME_S, f"screen {found.screen.id}"
    )


async def _allowed(written: str, request: Request, context: ScorerContext) -> AllowedScreen:
    """The screen of a link, with what it may show.

    :raises Problem: 404 for every link that shows nothing, 429 for who tries many.
    :raises ServiceUnavailable: when alerts cannot be asked who its maker is now.
    """
    attempt((context.wall_per_network, network_of(request)))
    token = Token.read(written)
    if token is None or context.keys.company_state(token.tenant) in CLOSED_STATES:
        raise Problem(404)
    async with context.database.reading() as uow:
        found = await find_open_screen(uow, token)
    if found is None:
        raise Problem(404)
    attempt((context.wall_per_screen, str(found.screen.id)))
    access = wall_access(found.tenant, await context.people.of(found.tenant.id, found.screen.staff_id))
    if access is None:
        raise Problem(404)
    return AllowedScreen(found, access)


def _unavailable() -> Problem:
    return Problem(503, headers={"Retry-After": "5"})
