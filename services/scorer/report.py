"""Gathers what a page of scores says: where the selection stands, whether and where it moved, who waits."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

from services.scorer.access import allows
from services.scorer.api import window_of
from services.scorer.domain import (
    COMPARABLE,
    SHOWN,
    answers_for,
    answers_to_see,
    compare,
    is_comparable,
)
from services.scorer.repository import figures, said
from services.scorer.repository.said import Selection
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
    trend_points,
)
from services.scorer.window import USUAL, Window, today_in
from shared.db.database import Database, UnitOfWork
from shared.events import COMPANY, Tenant
from shared.events.segments import ORGANISATION
from shared.events.surveys import Measurement
from shared.http.cursors import cursor_of, place_of
from shared.http.staff import Staff
from shared.pages.plots import Point

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


async def report(
    uow: UnitOfWork, database: Database, staff: Staff, tenant: Tenant, asked: Asked, after: str
) -> dict[str, Any]:
    """Everything that the page says of the selection."""
    await figures.plan_each_time(uow)
    told = await _stand(uow, database, tenant, asked)
    measurement, now, past = told["measurement"], told["figure"].window, told["past"].window
    told |= await _parts(uow, tenant, asked, measurement, now, past)
    told |= await _people(uow, staff, tenant, asked, measurement, now)
    told |= await _options(uow, staff, tenant, asked)
    if asked.segment is not None:
        told |= await _answers(uow, tenant, asked, measurement, now, after)
    return told


async def _stand(uow: UnitOfWork, database: Database, tenant: Tenant, asked: Asked) -> dict[str, Any]:
    """Where the selection stands, and whether it moved."""
    now = window_of(tenant, database, asked.window, None)
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
    uow: UnitOfWork, tenant: Tenant, asked: Asked, measurement: str, now: Window, past: Window
) -> dict[str, Any]:
    """How the parts of the selection stand."""
    taken = {segment.partition(":")[0] for segment in asked.selection} - {ORGANISATION}
    known = [
        dimension
        for dimension in await figures.dimensions(uow, tenant.id, asked.selection)
        if dimension.name not in taken
    ]
    names = [dimension.name for dimension in known]
    usual = TOUCHPOINT if TOUCHPOINT in names else names[0] if names else ""
    by = asked.by if asked.by in names else usual
    parts = await figures.parts(uow, tenant.id, measurement, asked.selection, by, now, past) if by else []
    rows = rows_of(directly_below(parts, asked.selection))
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
    uow: UnitOfWork, staff: Staff, tenant: Tenant, asked: Asked, measurement: str, window: Window
) -> dict[str, Any]:
    """What the customers say, and what is being done."""
    selection = Selection(tenant.id, asked.selection)
    cases = await said.open_cases(uow, selection, CASES)
    return {
        "voices": await said.latest_comments(uow, selection, measurement, window, VOICES),
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
    touchpoints = await figures.values_of(uow, tenant.id, TOUCHPOINT, OPTIONS, within=staff.segments)
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
    uow: UnitOfWork, tenant: Tenant, asked: Asked, measurement: str, window: Window, after: str
) -> dict[str, Any]:
    """The answers that the counts of one segment are made of, a page at a time."""
    rows = await said.answers_page(
        uow, Selection(tenant.id, asked.selection), measurement, window, LIST + 1, place_of(after)
    )
    page = rows[:LIST]
    more = None
    if len(rows) > LIST:
        last = page[-1]
        place = cursor_of(last.answered_at, last.id)
        query = {"segment": asked.segment, "window": asked.window, "against": asked.against, "after": place}
        more = f"/segments?{urlencode(query)}#answers"
    return {"answers": page, "more": more, "first_page": not after}
