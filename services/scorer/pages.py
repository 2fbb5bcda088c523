"""The HTML door: the scores of a company, of its segments, and the answers they are made of."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from services.scorer import words
from services.scorer.access import Sight
from services.scorer.api import sound_segment, window_of
from services.scorer.asked import Against, Asked, Kind
from services.scorer.context import OwnContext, ScorerContext
from services.scorer.domain import COMPARABLE, SHOWN, Groups
from services.scorer.report import LIST, WINDOWS, report
from services.scorer.repository import figures, said
from services.scorer.view import Figure, drawn
from services.scorer.window import USUAL
from shared.db.database import Database, UnitOfWork
from shared.events import WHOLE_COMPANY, Tenant
from shared.events.segments import dimension_of
from shared.events.surveys import Measurement
from shared.http.live import MAX_CHANGES, LiveChange, LiveFeed
from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.http.staff_auth import Staff, signed_in
from shared.pages.filters import segment_name
from shared.tenancy import find_tenant

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
Reader = Annotated[Staff, Depends(signed_in())]
Dimension = Annotated[str, Query(max_length=200)]
Words = Annotated[str, Query(max_length=200)]

MOST_AT_ONCE = 8
"""Segments in all of which the answers of one page lie."""
CHANGED_LATELY = timedelta(seconds=10)
DEMO = "demo"
EXAMPLES = (10, 30, 100, 400, 1600)
ORIGINS = {"survey": "", "link": "by an open link", "import": "moved in"}


@dataclass(frozen=True)
class Listed:
    """A segment in the list of them."""

    segment: str
    figure: Figure

    @property
    def kind(self) -> str:
        return dimension_of(self.segment)


def live_feed(database: Database, stopping: Any) -> LiveFeed:
    """Tells open pages of answers and cases that were heard a moment ago."""

    async def read(tenants: Collection[str]) -> Sequence[LiveChange]:
        async with database.reading() as uow:
            rows = await said.heard_since(uow, tenants, uow.now - CHANGED_LATELY, MAX_CHANGES)
        return [LiveChange(row.tenant, row.id, row.version, row.segments) for row in rows]

    return LiveFeed(read, stopping)


@router.get("/segments/live")
async def live(request: Request, staff: Reader, context: OwnContext) -> Response:
    """What changes, as it changes."""
    return context.feed.response(request, staff)


@router.get("/")
async def dashboard(
    request: Request,
    staff: Reader,
    context: OwnContext,
    path: str = WHOLE_COMPANY,
    touchpoint: str = WHOLE_COMPANY,
    window: str = f"{USUAL}d",
    against: Against = "before",
    by: Dimension = "",
) -> Response:
    """How the company stands; for somebody limited to segments, how the first of theirs stands."""
    asked = Asked(
        path=sound_segment(path), touchpoint=sound_segment(touchpoint), window=window, against=against, by=by
    )
    return await _scores(context, request, staff, asked)


@router.get("/segments")
async def segments(
    request: Request,
    staff: Reader,
    context: OwnContext,
    segment: Annotated[list[str] | None, Query(max_length=MOST_AT_ONCE)] = None,
    measurement: Measurement | None = None,
    window: str = f"{USUAL}d",
    until: str | None = None,
    against: Against = "before",
    by: Dimension = "",
    kind: Kind = "",
    words: Words = "",
    q: Words = "",
    dimension: Dimension = "",
    after: Annotated[str, Query(max_length=2_000)] = "",
) -> Response:
    """All segments; or what lies in all of those named, with its answers (an empty one is the company)."""
    if segment is None:
        return await _list(context, request, staff, window, q, dimension, after)
    named = tuple(filter(None, map(sound_segment, segment)))
    asked = Asked(
        segments=named,
        measurement=measurement,
        window=window,
        until=until,
        against=against,
        by=by,
        kind=kind,
        words=words.strip(),
    )
    return await _scores(context, request, staff, asked, after)


async def _frame(uow: UnitOfWork, staff: Staff, tenant: Tenant, state: Any) -> dict[str, Any]:
    """What the frame around each page shows."""
    return {
        "company": tenant.name,
        "here": "scores",
        "open_cases": await said.count_open_cases(uow, tenant.id, staff.segments),
        "test_mode": state.test,
        "sending_stopped": state.stopped,
        "live": "/segments/live",
        "time_zone": tenant.time_zone,
        "demo": tenant.id == DEMO,
        "words": words,
        "few": COMPARABLE,
        "least": SHOWN,
        "now": uow.now,
    }


async def _tenant(uow: UnitOfWork, staff: Staff) -> Tenant:
    tenant = await find_tenant(uow, staff.tenant)
    if tenant is None:
        raise Problem(503, detail="The company's data has not arrived yet.", headers={"Retry-After": "2"})
    return tenant


async def _list(
    context: ScorerContext, request: Request, staff: Staff, window: str, q: str, dimension: str, after: str
) -> Response:
    async with context.database.reading() as uow:
        tenant = await _tenant(uow, staff)
        state = await said.sending_state(uow, tenant.id)
        sight = Sight.of(tenant, staff)
        days = window_of(tenant, context.database, window, None)
        rows = await figures.list_segments(
            uow,
            tenant.id,
            "transactional",
            days,
            limit=LIST + 1,
            after=after,
            dimension=dimension or None,
            words=q,
            sight=sight,
        )
        values = await _frame(uow, staff, tenant, state)
        known = [each.name for each in await figures.dimensions(uow, tenant.id)] if not staff.segments else []
        known = [name for name in known if name not in sight.hidden_dimensions(known)]
    page = [Listed(segment, Figure(days, counts)) for segment, counts in rows[:LIST]]
    whole = bool(dimension) and not q and not after and len(rows) <= LIST
    compared = [row for row in page if row.figure.n >= COMPARABLE]
    lowest = min(compared, key=lambda row: row.figure.groups.points) if whole and len(compared) > 1 else None
    more = (
        {"window": window, "q": q, "dimension": dimension, "after": page[-1].segment}
        if len(rows) > LIST
        else None
    )
    return context.pages.response(
        request,
        "segments.html",
        staff=staff,
        rows=page,
        lowest=lowest,
        comparable=len(compared),
        people_hidden=bool(sight.hidden_level),
        dimensions=known,
        q=q,
        dimension=dimension,
        window=days,
        more="/segments?" + urlencode(more) if more else None,
        windows=WINDOWS,
        first=not after,
        **values,
    )


async def _scores(
    context: ScorerContext, request: Request, staff: Staff, asked: Asked, after: str = ""
) -> Response:
    async with context.database.reading() as uow:
        tenant = await _tenant(uow, staff)
        state = await said.sending_state(uow, tenant.id)
        values = await _frame(uow, staff, tenant, state)
        if not state.counted:
            return context.pages.response(
                request,
                "empty.html",
                staff=staff,
                state=state,
                origin=context.staff_url,
                examples=[(n, drawn(Groups(n // 5, n - n // 5 - n // 2, n // 2))) for n in EXAMPLES],
                **values,
            )
        sight = Sight.of(tenant, staff)
        if staff.segments and not asked.path and not asked.lists:
            own = list(filter(sight.shows, staff.segments))
            if not own:
                return context.pages.response(request, "hidden.html", staff=staff, **values)
            asked = replace(asked, path=own[0])
        if not sight.shows_all(asked.selection):
            raise Problem(404)
        values |= await report(uow, context.database, staff, tenant, asked, after)
    return context.pages.response(
        request,
        "scores.html",
        staff=staff,
        state=state,
        asked=asked,
        called=", ".join(map(segment_name, asked.selection)) or tenant.name,
        no_score=None,
        origins=ORIGINS,
        **values,
    )
