"""Gathers what a page of scores says: where the selection stands, whether and where it moved, who waits."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from services.scorer.access import Sight
from services.scorer.api import window_of
from services.scorer.asked import Asked
from services.scorer.domain import (
    answers_for,
    answers_to_see,
    compare,
    is_comparable,
)
from services.scorer.repository import figures, said
from services.scorer.repository.said import Only, Selection
from services.scorer.view import (
    Figure,
    directly_below,
    drawn,
    instants,
    last_answer,
    range_of_trend,
    rows_of,
    shares,
    total,
    trend_of,
)
from services.scorer.window import USUAL, Window, today_in
from shared.db.database import Database, UnitOfWork
from shared.events import Tenant
from shared.events.segments import ORGANISATION, dimension_of
from shared.events.surveys import Measurement
from shared.http.cursors import cursor_of, place_of
from shared.http.staff_auth import Staff
from shared.pages.svg.trends import Point

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


async def report(
    uow: UnitOfWork, database: Database, staff: Staff, tenant: Tenant, asked: Asked, after: str
) -> dict[str, Any]:
    """Everything that the page says of the selection."""
    await figures.plan_each_time(uow)
    sight = Sight.of(tenant, staff)
    told = await _stand(uow, database, tenant, asked)
    measurement, now, past = told["measurement"], told["figure"].window, told["past"].window
    told |= await _parts(uow, sight, tenant, asked, measurement, now, past)
    told |= await _people(uow, staff, tenant, asked, measurement, now)
    told |= await _options(uow, sight, tenant, asked, measurement, now)
    if asked.lists:
        told |= await _answers(uow, tenant, asked, measurement, now, after)
    return told


async def _stand(uow: UnitOfWork, database: Database, tenant: Tenant, asked: Asked) -> dict[str, Any]:
    """Where the selection stands, and whether it moved."""
    today = today_in(tenant.time_zone, uow.now)
    now = window_of(tenant, database, asked.window, asked.until)
    before = now.before() if asked.against == "before" else now.last_year()
    shown = range_of_trend(now, before)
    wanted = asked.selection
    days = {
        kind: await figures.days(uow, tenant.id, kind, wanted, shown)
        for kind in ("transactional", "relational")
    }
    # A company that only asks at any time has its one score first.
    measurement: Measurement = asked.measurement or (
        "relational" if days["relational"] and not days["transactional"] else "transactional"
    )
    own = days[measurement]
    figure, past = Figure(now, total(own, now)), Figure(before, total(own, before))
    change = compare(past.groups, figure.groups) if is_comparable(past.groups, figure.groups) else None
    month = Window.ending(today, USUAL)
    selection = Selection(tenant.id, wanted)
    latest = None
    if now.last >= today:
        latest = await said.last_answer(uow, selection, measurement, uow.now - NEWS_FOR)
    variance = float(figure.groups.variance or 0)
    return {
        "measurement": measurement,
        "figure": figure,
        "past": past,
        "relational": Figure(now, total(days["relational"], now)) if measurement == "transactional" else None,
        "today": today,
        "change": change,
        "shared_days": now.shared_days(before),
        "boxes": [
            Point(window.window.first, window.window.last, window.drawn)
            for window in (past, figure)
            if change is not None and not now.shared_days(before)
        ],
        "trend": trend_of(own, shown, now, before),
        "last": last_answer(latest, Figure(month, total(own, month))) if latest else None,
        "invited": await said.asked(uow, selection, measurement, *instants(now, tenant.time_zone)),
        "more_for": lambda margin: max(0, answers_for(margin, variance) - figure.n),
        "needed_for": lambda points: answers_to_see(points, variance),
        "shares": shares,
        "drawn": drawn,
    }


async def _parts(
    uow: UnitOfWork, sight: Sight, tenant: Tenant, asked: Asked, measurement: str, now: Window, past: Window
) -> dict[str, Any]:
    """How the parts of the selection stand: those that the reader may see."""
    taken = {segment.partition(":")[0] for segment in asked.selection} - {ORGANISATION}
    known = await figures.dimensions(uow, tenant.id)
    if asked.selection:
        there = await figures.segments_among(uow, tenant.id, measurement, asked.selection, now)
        used = {dimension_of(segment) for segment in there if sight.shows_within(segment)}
        known = [dimension for dimension in known if dimension.name in used]
    hidden = set(sight.hidden_dimensions(dimension.name for dimension in known))
    known = [dimension for dimension in known if dimension.name not in taken | hidden]
    names = [dimension.name for dimension in known]
    usual = TOUCHPOINT if TOUCHPOINT in names else names[0] if names else ""
    by = asked.by if asked.by in names else usual
    parts = await figures.parts(uow, tenant.id, measurement, asked.selection, by, now, past) if by else []
    parts_shown = [part for part in parts if sight.shows_within(part.segment)]
    rows = rows_of(directly_below(parts_shown, asked.selection))
    movers = [row for row in rows if row.moved][:MOVERS_SHOWN]
    trends = {}
    for row in movers:
        within = (*asked.selection, row.segment)
        shown = range_of_trend(now, past)
        days = await figures.days(uow, tenant.id, measurement, within, shown)
        trends[row.segment] = trend_of(days, shown, now, past).points
    return {
        "by": by,
        "dimensions": known,
        "left_out": [] if sight.own else [dimension for dimension in known if dimension.left_out],
        "rows": rows[:ROWS_SHOWN],
        "all_rows": len(rows),
        "moved": sum(row.moved for row in rows),
        "people_hidden": bool(hidden) or len(parts_shown) < len(parts),
        "compared": sum(row.change is not None for row in rows),
        "movers": movers,
        "trends": trends,
    }


async def _people(
    uow: UnitOfWork, staff: Staff, tenant: Tenant, asked: Asked, measurement: str, window: Window
) -> dict[str, Any]:
    """What the customers say, and what is being done."""
    selection = Selection(tenant.id, asked.selection)
    cases = await said.open_cases(uow, selection, CASES)
    return {
        "voices": await said.latest_comments(uow, selection, measurement, window, VOICES),
        "cases": [_case(row, uow.now, with_owner=staff.sees_names) for row in cases],
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


async def _options(
    uow: UnitOfWork, sight: Sight, tenant: Tenant, asked: Asked, measurement: str, now: Window
) -> dict[str, Any]:
    """What the sentence offers: what has answers beside the other choice; to who is limited, theirs."""
    paths = list(sight.own) or await _values(uow, tenant, ORGANISATION, asked.touchpoint, measurement, now)
    touchpoints = await _values(uow, tenant, TOUCHPOINT, asked.path, measurement, now)
    # What is shown now is always among them.
    paths += [asked.path] if asked.path and asked.path not in paths else []
    touchpoints += [asked.touchpoint] if asked.touchpoint and asked.touchpoint not in touchpoints else []
    touchpoints = list(filter(sight.shows_within, touchpoints))
    days = {*WINDOWS, int(asked.window[:-1])}
    return {
        "paths": list(filter(sight.shows_within, paths)),
        "whole_company": not sight.own,
        "touchpoints": touchpoints if len(touchpoints) > 1 or asked.touchpoint else [],
        "windows": sorted(days),
        "may_see": lambda segment: sight.shows_all((*asked.selection, segment)),
        "limited": bool(sight.own),
    }


async def _values(
    uow: UnitOfWork, tenant: Tenant, dimension: str, beside: str, measurement: str, window: Window
) -> list[str]:
    """Values of a dimension, of a path the topmost levels; ``beside`` something else that is chosen, only
    those that have answers there.
    """
    levels = LEVELS_OFFERED if dimension == ORGANISATION else None
    if not beside:
        return await figures.values_of(uow, tenant.id, dimension, OPTIONS, levels=levels)
    found = await figures.segments_among(uow, tenant.id, measurement, (beside,), window)
    own = [segment for segment in found if dimension_of(segment) == dimension]
    return [segment for segment in own if levels is None or segment.count("/") < levels][:OPTIONS]


async def _answers(
    uow: UnitOfWork, tenant: Tenant, asked: Asked, measurement: str, window: Window, after: str
) -> dict[str, Any]:
    """The answers that the counts of a selection are made of, a page at a time."""
    only = Only(asked.kind, asked.words)
    selection = Selection(tenant.id, asked.selection)
    rows = await said.answers_page(uow, selection, measurement, window, LIST + 1, place_of(after), only)
    page = rows[:LIST]
    more = None
    if len(rows) > LIST:
        last = page[-1]
        place = urlencode({"after": cursor_of(last.answered_at, last.id)})
        more = f"{asked.href()}&{place}#answers"
    found = await said.count_answers(uow, selection, measurement, window, only) if only.limits else None
    return {"answers": page, "more": more, "first_page": not after, "found": found}
