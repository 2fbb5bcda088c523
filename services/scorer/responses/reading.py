"""What a reader may see of who answered and who did not."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from services.scorer.access import SegmentAccess
from services.scorer.domain import Groups
from services.scorer.parameters import read_window
from services.scorer.repository.selection import Selection
from services.scorer.responses.domain import (
    MAX_PARTS,
    MAX_WINDOW_DAYS,
    MIN_ASKED,
    ResponseCounts,
    Silence,
    SilenceReason,
    UnitKind,
    silence_of,
    sum_of,
    without_containers,
)
from services.scorer.responses.repository import (
    TimeCounts,
    count_by_segment,
    count_by_time,
    list_dimensions_asked,
)
from services.scorer.windows import DEFAULT_WINDOW_DAYS, Window, today_in
from shared.db.database import UnitOfWork
from shared.events import Tenant
from shared.events.segments import ORGANISATION, TOUCHPOINT, chain_of
from shared.events.surveys import NpsMeasurement
from shared.http.problems import Problem
from shared.values.messages import message
from shared.values.zones import zone_of

_Key = TypeVar("_Key", str, int)
DEFAULT_WINDOW = f"{DEFAULT_WINDOW_DAYS}d"


@dataclass(frozen=True, kw_only=True)
class ResponsesAsked:
    """What is asked for."""

    segment: str = ""
    measurement: NpsMeasurement = "transactional"
    window: str = DEFAULT_WINDOW
    until: str | None = None
    by: str = TOUCHPOINT
    """A dimension."""


@dataclass(frozen=True, kw_only=True)
class ResponsesRead:
    """Who of those that were asked in a window answered."""

    tenant: Tenant
    asked: ResponsesAsked
    window: Window
    total: ResponseCounts
    by_segment: Mapping[str, ResponseCounts]
    """Of the dimension: those that the reader may see, the lowest share first."""
    left_off: int
    """Further values of the dimension."""
    people_hidden: bool
    """Single employees are left out."""
    by_channel: Mapping[str, ResponseCounts]
    by_hour: Mapping[int, ResponseCounts]
    """By the hour of the company's zone at which they were asked."""
    by_weekday: Mapping[int, ResponseCounts]
    """1 is Monday."""
    is_over: bool
    """Whether nobody can answer any more: the last day is over, and every link has ended."""
    silence: Silence | SilenceReason
    silence_units: UnitKind
    """What the unhappiest tenth is taken of: parts where two of them have enough answers, else days."""
    now: datetime


async def read_responses(
    uow: UnitOfWork, tenant: Tenant, access: SegmentAccess, asked: ResponsesAsked
) -> ResponsesRead:
    """The figures of a segment, or of the company.

    :raises Problem: 404 for a segment that the reader may not see, 422 for a window that is none.
    """
    if not access.allows(asked.segment):
        raise Problem(404)
    today = today_in(tenant.time_zone, uow.now)
    window = read_window(asked.window, asked.until, today)
    if window.days > MAX_WINDOW_DAYS:
        detail = message("Choose at most %(most)s days.", most=MAX_WINDOW_DAYS)
        raise Problem(422, errors=[{"field": "window", "detail": detail}])
    selection = _selection(tenant, asked)
    bounds = window.bounds(tenant.time_zone)
    times = await count_by_time(uow, selection, asked.measurement, *bounds)
    parts = await count_by_segment(uow, selection, asked.measurement, *bounds, asked.by)
    # Of the levels above the segment only its own part is counted here: as parts they would be misread.
    above = chain_of(asked.segment)[:-1]
    parts = {name: counts for name, counts in parts.items() if name not in above}
    seen = {name: counts for name, counts in parts.items() if access.allows_as_part(name)}
    listed = sorted(seen.items(), key=_order)
    total = sum_of(each.counts for each in times)
    by_day, by_hour, by_weekday = _by_time(times, tenant.time_zone)
    silence: Silence | SilenceReason = silence_of(
        total.groups, total.silent, {name: seen[name].groups for name in without_containers(seen)}
    )
    units: UnitKind = "segment"
    if silence == "few_parts":
        silence, units = silence_of(total.groups, total.silent, by_day), "day"
    return ResponsesRead(
        tenant=tenant,
        asked=asked,
        window=window,
        total=total,
        by_segment=dict(listed[:MAX_PARTS]),
        left_off=max(0, len(listed) - MAX_PARTS),
        people_hidden=len(seen) < len(parts),
        by_channel=_summed((each.channel, each.counts) for each in times),
        by_hour=by_hour,
        by_weekday=by_weekday,
        is_over=window.last < today and (total.open_until is None or total.open_until <= uow.now),
        silence=silence,
        silence_units=units,
        now=uow.now,
    )


async def dimensions_of(uow: UnitOfWork, access: SegmentAccess, read: ResponsesRead) -> list[str]:
    """The dimensions that a page offers: those of who was asked in the segment, the organisation first; not
    those of single employees that are not shown.
    """
    selection = _selection(read.tenant, read.asked)
    bounds = read.window.bounds(read.tenant.time_zone)
    names = await list_dimensions_asked(uow, selection, read.asked.measurement, *bounds)
    return sorted(names - set(access.hidden_dimensions(names)), key=lambda name: (name != ORGANISATION, name))


def _selection(tenant: Tenant, asked: ResponsesAsked) -> Selection:
    return Selection(tenant.id, (asked.segment,) if asked.segment else ())


def _order(part: tuple[str, ResponseCounts]) -> tuple[bool, float, str]:
    """By the share that answered, those of too few behind the others."""
    name, counts = part
    few = counts.asked < MIN_ASKED
    return few, 0.0 if few else counts.answered / counts.asked, name


def _summed(counted: Iterable[tuple[_Key, ResponseCounts]]) -> dict[_Key, ResponseCounts]:
    """The sums by key, in its order."""
    found: defaultdict[_Key, list[ResponseCounts]] = defaultdict(list)
    for key, counts in counted:
        found[key].append(counts)
    return {key: sum_of(found[key]) for key in sorted(found)}


def _by_time(
    times: Iterable[TimeCounts], zone: str
) -> tuple[dict[str, Groups], dict[int, ResponseCounts], dict[int, ResponseCounts]]:
    """The answers by the day on which they were asked for; the counts by hour and by day of the week."""
    local = [(each.at.astimezone(zone_of(zone)), each.counts) for each in times]
    by_day = _summed((at.date().isoformat(), counts) for at, counts in local)
    return (
        {day: counts.groups for day, counts in by_day.items()},
        _summed((at.hour, counts) for at, counts in local),
        _summed((at.isoweekday(), counts) for at, counts in local),
    )
