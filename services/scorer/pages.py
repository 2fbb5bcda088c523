"""The HTML door: the scores of a company, of its segments, and the answers they are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from services.scorer import words
from services.scorer.access import allows, dimension_name, name_of
from services.scorer.api import sound_segment, window_of
from services.scorer.domain import (
    COMPARABLE,
    SHOWN,
    Groups,
    answers_for,
    answers_to_see,
    compare,
    is_comparable,
)
from services.scorer.repository import figures, said
from services.scorer.repository.said import Selection
from services.scorer.view import (
    Figure,
    drawn,
    instants,
    last_answer,
    range_of_trend,
    rows_of,
    shares,
    total,
    trend_points,
)
from services.scorer.window import USUAL, Window, today_in
from shared.db.database import Database, UnitOfWork
from shared.events import COMPANY, Tenant, may_see
from shared.events.segments import ORGANISATION
from shared.events.surveys import Measurement
from shared.http.live import Change, LiveFeed
from shared.http.problems import Problem
from shared.http.staff import Staff, signed_in
from shared.pages.environment import Pages
from shared.pages.plots import Point
from shared.tenancy import find_tenant

router = APIRouter(include_in_schema=False)
Reader = Annotated[Staff, Depends(signed_in())]
Against = Literal["before", "year"]

TOUCHPOINT = "touchpoint"
WINDOWS = (7, 30, 90, 365)
LIST = 50
OPTIONS = 60
LEVELS_OFFERED = 2
ROWS_SHOWN = 12
MOVERS_SHOWN = 2
VOICES = 6
CASES = 4
NEWS_FOR = timedelta(days=7)
CHANGED_LATELY = timedelta(seconds=10)
DEMO = "demo"
EXAMPLES = (10, 30, 100, 400, 1600)
ORIGINS = {"survey": "survey", "link": "open link", "import": "moved in"}


@dataclass(frozen=True)
class Desk:
    """What the pages need: kept on ``app.state`` by the composition."""

    database: Database
    pages: Pages
    feed: LiveFeed
    origin: str


def live_feed(database: Database, stopping: Any) -> LiveFeed:
    """Tells open pages of answers and cases that were heard a moment ago."""

    async def read() -> Sequence[Change]:
        async with database.reading() as uow:
            rows = await said.heard_since(uow, uow.now - CHANGED_LATELY)
        return [Change(row.tenant, row.id, row.version, {"segments": row.segments}) for row in rows]

    return LiveFeed(read, stopping)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the sentence above the page says."""

    path: str = COMPANY
    touchpoint: str = COMPANY
    segment: str | None = None
    window: str = f"{USUAL}d"
    against: Against = "before"
    by: str = ""

    @property
    def selection(self) -> tuple[str, ...]:
        """The segments in all of which the answers lie."""
        return tuple(dict.fromkeys(part for part in (self.segment, self.path, self.touchpoint) if part))

    @property
    def query(self) -> dict[str, str]:
        """What an address of the same page says."""
        own = {"path": self.path, "touchpoint": self.touchpoint}
        said_so = {key: value for key, value in own.items() if value}
        if self.segment is not None:
            said_so["segment"] = self.segment
        return {**said_so, "window": self.window, "against": self.against}


@router.get("/segments/live")
async def live(request: Request, staff: Reader) -> Response:
    """What changes, as it changes."""
    desk: Desk = request.app.state.desk
    return desk.feed.response(
        request, staff.tenant, lambda change: may_see(staff.segments, change.data["segments"])
    )


@router.get("/")
async def dashboard(
    request: Request,
    staff: Reader,
    path: str = COMPANY,
    touchpoint: str = COMPANY,
    window: str = f"{USUAL}d",
    against: Against = "before",
    by: str = "",
) -> Response:
    """How the company stands; for somebody limited to segments, how the first of theirs stands."""
    if staff.segments and not path:
        path = staff.segments[0]
    sound_segment(path, staff.segments)
    sound_segment(touchpoint, ())
    return await _scores(request, staff, Asked(path, touchpoint, None, window, against, by))


@router.get("/segments")
async def segments(
    request: Request,
    staff: Reader,
    segment: str | None = None,
    window: str = f"{USUAL}d",
    against: Against = "before",
    by: str = "",
    q: Annotated[str, Query(max_length=200)] = "",
    dimension: Annotated[str, Query(max_length=200)] = "",
    after: Annotated[str, Query(max_length=2_000)] = "",
) -> Response:
    """All segments; or one of them with the answers it is made of (an empty one is the company)."""
    if segment is None:
        return await _list(request, staff, window, q, dimension, after)
    wanted = sound_segment(segment, staff.segments)
    return await _scores(request, staff, Asked(segment=wanted, window=window, against=against, by=by), after)


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
        "name_of": name_of,
        "dimension_name": dimension_name,
        "now": uow.now,
    }


async def _tenant(uow: UnitOfWork, staff: Staff) -> Tenant:
    tenant = await find_tenant(uow, staff.tenant)
    if tenant is None:
        raise Problem(503, detail="The company's data has not arrived yet.", headers={"Retry-After": "2"})
    return tenant


async def _list(request: Request, staff: Staff, window: str, q: str, dimension: str, after: str) -> Response:
    desk: Desk = request.app.state.desk
    async with desk.database.reading() as uow:
        tenant = await _tenant(uow, staff)
        state = await said.sending_state(uow, tenant.id)
        days = window_of(tenant, desk.database, window, None)
        rows = await figures.list_segments(
            uow,
            tenant.id,
            "transactional",
            days,
            limit=LIST + 1,
            after=after,
            dimension=dimension or None,
            words=q,
            within=staff.segments,
        )
        context = await _frame(uow, staff, tenant, state)
        known = await figures.dimensions(uow, tenant.id) if not staff.segments else []
    page = [(segment, Figure(days, counts)) for segment, counts in rows[:LIST]]
    more = (
        {"window": window, "q": q, "dimension": dimension, "after": page[-1][0]} if len(rows) > LIST else None
    )
    return desk.pages.response(
        request,
        "segments.html",
        staff=staff,
        rows=page,
        dimensions=known,
        q=q,
        dimension=dimension,
        window=days,
        more="/segments?" + urlencode(more) if more else None,
        windows=WINDOWS,
        first=not after,
        **context,
    )


async def _scores(request: Request, staff: Staff, asked: Asked, after: str = "") -> Response:
    desk: Desk = request.app.state.desk
    async with desk.database.reading() as uow:
        tenant = await _tenant(uow, staff)
        state = await said.sending_state(uow, tenant.id)
        context = await _frame(uow, staff, tenant, state)
        if not state.counted:
            return desk.pages.response(
                request,
                "empty.html",
                staff=staff,
                state=state,
                origin=desk.origin,
                examples=[(n, drawn(Groups(n // 5, n - n // 5 - n // 2, n // 2))) for n in EXAMPLES],
                **context,
            )
        context |= await _stand(uow, desk, tenant, asked)
        context |= await _parts(uow, tenant, asked, context["measurement"], context["figure"].window, context)
        context |= await _people(uow, staff, tenant, asked, context)
        context |= await _options(uow, staff, tenant, asked)
        if asked.segment is not None:
            context |= await _answers(uow, tenant, asked, context, after)
    return desk.pages.response(
        request,
        "scores.html",
        staff=staff,
        asked=asked,
        asked_query=asked.query,
        called=", ".join(map(name_of, asked.selection)) or tenant.name,
        no_score=None,
        origins=ORIGINS,
        **context,
    )


async def _stand(uow: UnitOfWork, desk: Desk, tenant: Tenant, asked: Asked) -> dict[str, Any]:
    """Where the selection stands, and whether it moved."""
    now = window_of(tenant, desk.database, asked.window, None)
    before = now.before() if asked.against == "before" else now.last_year()
    shown = range_of_trend(now, before)
    wanted = asked.selection
    days = {
        kind: await figures.days(uow, tenant.id, kind, wanted, shown)
        for kind in ("transactional", "relational")
    }
    # A company that only asks at any time has its one score first.
    measurement: Measurement = (
        "relational" if days["relational"] and not days["transactional"] else "transactional"
    )
    own = days[measurement]
    figure, past = Figure(now, total(own, now)), Figure(before, total(own, before))
    change = compare(past.groups, figure.groups) if is_comparable(past.groups, figure.groups) else None
    month = Window.ending(today_in(tenant.time_zone, uow.now), USUAL)
    selection = Selection(tenant.id, wanted)
    latest = await said.last_answer(uow, selection, measurement, uow.now - NEWS_FOR)
    variance = float(figure.groups.variance or 0)
    return {
        "measurement": measurement,
        "figure": figure,
        "past": past,
        "relational": Figure(now, total(days["relational"], now)) if measurement == "transactional" else None,
        "change": change,
        "shared_days": now.shared_days(before),
        "boxes": [
            Point(window.window.first, window.window.last, window.drawn)
            for window in (past, figure)
            if change is not None and not now.shared_days(before)
        ],
        "points": trend_points(own, shown),
        "last": last_answer(latest, Figure(month, total(own, month))) if latest else None,
        "invited": await said.asked(uow, selection, measurement, *instants(now, tenant.time_zone)),
        "more_for": lambda margin: max(0, answers_for(margin, variance) - figure.n),
        "needed_for": lambda points: answers_to_see(points, variance),
        "shares": shares,
        "drawn": drawn,
        "few": COMPARABLE,
        "least": SHOWN,
    }


async def _parts(
    uow: UnitOfWork, tenant: Tenant, asked: Asked, measurement: str, now: Window, context: dict[str, Any]
) -> dict[str, Any]:
    """How the parts of the selection stand."""
    past: Window = context["past"].window
    taken = {segment.partition(":")[0] for segment in asked.selection} - {ORGANISATION}
    known = [
        dimension for dimension in await figures.dimensions(uow, tenant.id) if dimension.name not in taken
    ]
    names = [dimension.name for dimension in known]
    usual = TOUCHPOINT if TOUCHPOINT in names else names[0] if names else ""
    by = asked.by if asked.by in names else usual
    rows = (
        rows_of(await figures.parts(uow, tenant.id, measurement, asked.selection, by, now, past))
        if by
        else []
    )
    # A path lies below itself; that is no news.
    rows = [row for row in rows if row.segment not in asked.selection]
    movers = [row for row in rows if row.moved][:MOVERS_SHOWN]
    trends = {}
    for row in movers:
        within = (*asked.selection, row.segment)
        shown = range_of_trend(now, past)
        days = await figures.days(uow, tenant.id, measurement, within, shown)
        trends[row.segment] = trend_points(days, shown)
    return {
        "by": by,
        "dimensions": known,
        "left_out": [dimension for dimension in known if dimension.left_out],
        "rows": rows[:ROWS_SHOWN],
        "all_rows": len(rows),
        "compared": sum(row.change is not None for row in rows),
        "movers": movers,
        "trends": trends,
    }


async def _people(
    uow: UnitOfWork, staff: Staff, tenant: Tenant, asked: Asked, context: dict[str, Any]
) -> dict[str, Any]:
    """What the customers say, and what is being done."""
    window: Window = context["figure"].window
    selection = Selection(tenant.id, asked.selection)
    cases = await said.open_cases(uow, selection, CASES)
    return {
        "voices": await said.latest_comments(uow, selection, context["measurement"], window, VOICES),
        "cases": [_case(row, uow.now, with_owner=staff.role != "analyst") for row in cases],
        "case_figures": await said.case_figures(uow, selection, *instants(window, tenant.time_zone), uow.now),
    }


def _case(row: Any, now: datetime, *, with_owner: bool) -> dict[str, Any]:
    """A case as the shared row draws it. The scorer knows no names of customers."""
    whole = (row.due_at - row.opened_at) / timedelta(seconds=1)
    return {
        "id": row.number,
        "href": f"/cases/{row.id}",
        "score": row.score,
        "text": row.comment,
        "lang": row.language,
        "about": row.touchpoint or "",
        "number": row.number,
        "due_at": row.due_at,
        "elapsed": 100 * ((now - row.opened_at) / timedelta(seconds=1)) / whole if whole > 0 else 100.0,
        "late": row.due_at < now,
        "owner": (row.owner if with_owner else "") or "",
        "taken": row.owner is not None,
        "new": False,
    }


async def _options(uow: UnitOfWork, staff: Staff, tenant: Tenant, asked: Asked) -> dict[str, Any]:
    """What the sentence offers: for somebody limited to segments, theirs."""
    if staff.segments:
        paths = list(staff.segments)
    else:
        paths = await figures.values_of(uow, tenant.id, ORGANISATION, OPTIONS, levels=LEVELS_OFFERED)
    touchpoints = await figures.values_of(uow, tenant.id, TOUCHPOINT, OPTIONS)
    # What is shown now is always among them.
    paths += [asked.path] if asked.path and asked.path not in paths else []
    touchpoints += [asked.touchpoint] if asked.touchpoint and asked.touchpoint not in touchpoints else []
    days = {*WINDOWS, int(asked.window[:-1])}
    return {
        "paths": paths,
        "whole_company": not staff.segments,
        "touchpoints": touchpoints if len(touchpoints) > 1 or asked.touchpoint else [],
        "windows": sorted(days),
        "may_see": lambda segment: allows(staff.segments, segment),
        "limited": bool(staff.segments),
    }


async def _answers(
    uow: UnitOfWork, tenant: Tenant, asked: Asked, context: dict[str, Any], after: str
) -> dict[str, Any]:
    """The answers that the counts of one segment are made of, a page at a time."""
    window: Window = context["figure"].window
    rows = await said.answers_page(
        uow, Selection(tenant.id, asked.selection), context["measurement"], window, LIST + 1, _cursor(after)
    )
    page = rows[:LIST]
    more = None
    if len(rows) > LIST:
        last = page[-1]
        place = f"{last.answered_at.isoformat()}_{last.id}"
        query = {"segment": asked.segment, "window": asked.window, "against": asked.against, "after": place}
        more = f"/segments?{urlencode(query)}#answers"
    return {"answers": page, "more": more, "first_page": not after}


def _cursor(after: str) -> tuple[datetime, UUID] | None:
    """The place where a page begins.

    :raises Problem: 422 when it is not one of ours.
    """
    if not after:
        return None
    try:
        at, _, answer_id = after.partition("_")
        place = datetime.fromisoformat(at), UUID(answer_id)
    except ValueError:
        place = None
    if place is None or place[0].tzinfo is None:
        raise Problem(422, errors=[{"field": "after", "detail": "Follow the page's own link."}])
    return place
