"""What a reader may see of who answered and who did not."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from services.scorer.access import SegmentAccess
from services.scorer.asked.domain import AskedCounts, total_of
from services.scorer.asked.part_repository import count_by_segment, list_dimensions_asked
from services.scorer.asked.repository import (
    DayCounts,
    count_by_day,
    count_by_hour,
    find_last_end,
)
from services.scorer.asked_days import USUAL_DAYS, AskedDays
from services.scorer.repository.pairs import selection_of
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
    without_containers,
)
from services.scorer.windows import Window, today_in
from shared.db.database import UnitOfWork
from shared.events import Tenant
from shared.events.segments import ORGANISATION, TOUCHPOINT, chain_of
from shared.events.surveys import NpsMeasurement
from shared.http.problems import Problem

_Key = TypeVar("_Key", str, int)


@dataclass(frozen=True, kw_only=True)
class ResponsesAsked:
    """What is asked for."""

    segment: str = ""
    measurement: NpsMeasurement = "transactional"
    days: AskedDays = USUAL_DAYS
    """On which they were asked."""
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
    """By the hour of the company's zone at which they were asked; empty where these were not counted."""
    by_weekday: Mapping[int, ResponseCounts]
    """1 is Monday."""
    is_over: bool
    """Whether nobody can answer any more: the last day is over, and every link has ended."""
    silence: Silence | SilenceReason
    silence_units: UnitKind
    """What the unhappiest tenth is taken of: parts where two of them have enough answers, else days."""
    now: datetime


async def read_responses(
    uow: UnitOfWork,
    tenant: Tenant,
    access: SegmentAccess,
    asked: ResponsesAsked,
    *,
    by_hour: bool = True,
) -> ResponsesRead:
    """The figures of a segment, or of the company.

    :param by_hour: whether the hours are counted, for which the invitations of a segment are read.
    :raises Problem: 404 for a segment that the reader may not see, 422 for a window that is none.
    """
    if not access.allows(asked.segment):
        raise Problem(404)
    today = today_in(tenant.time_zone, uow.now)
    window = asked.days.read(today, most=MAX_WINDOW_DAYS)
    selection = await _selection(uow, tenant, asked)
    of_window = uow, selection, asked.measurement, window
    days = await count_by_day(*of_window)
    hours = await count_by_hour(*of_window) if by_hour else {}
    values = await count_by_segment(*of_window, asked.by)
    parts = {name: ResponseCounts.of(counts) for name, counts in values.items()}
    # Of the levels above the segment only its own part is counted here: as parts they would be misread.
    above = chain_of(asked.segment)[:-1]
    parts = {name: counts for name, counts in parts.items() if name not in above}
    seen = {name: counts for name, counts in parts.items() if access.allows_as_part(name)}
    listed = sorted(seen.items(), key=_order)
    total = ResponseCounts.of(
        total_of(each.counts for each in days),
        open_until=await find_last_end(uow, selection, asked.measurement, days),
    )
    silence: Silence | SilenceReason = silence_of(
        total.groups, total.silent, {name: seen[name].groups for name in without_containers(seen)}
    )
    units: UnitKind = "segment"
    if silence == "few_parts":
        by_day = _summed((each.day.isoformat(), each) for each in days)
        groups = {day: counts.groups for day, counts in by_day.items()}
        silence, units = silence_of(total.groups, total.silent, groups), "day"
    return ResponsesRead(
        tenant=tenant,
        asked=asked,
        window=window,
        total=total,
        by_segment=dict(listed[:MAX_PARTS]),
        left_off=max(0, len(listed) - MAX_PARTS),
        people_hidden=len(seen) < len(parts),
        by_channel=_summed((each.channel, each) for each in days),
        by_hour={hour: ResponseCounts.of(counts) for hour, counts in hours.items()},
        by_weekday=_summed((each.day.isoweekday(), each) for each in days),
        is_over=window.last < today and (total.open_until is None or total.open_until <= uow.now),
        silence=silence,
        silence_units=units,
        now=uow.now,
    )


async def dimensions_of(uow: UnitOfWork, access: SegmentAccess, read: ResponsesRead) -> list[str]:
    """The dimensions that a page offers: those of who was asked in the segment, the organisation first; not
    those of single employees that are not shown.
    """
    selection = await _selection(uow, read.tenant, read.asked)
    names = await list_dimensions_asked(uow, selection, read.asked.measurement, read.window)
    return sorted(names - set(access.hidden_dimensions(names)), key=lambda name: (name != ORGANISATION, name))


async def _selection(uow: UnitOfWork, tenant: Tenant, asked: ResponsesAsked) -> Selection:
    return await selection_of(uow, tenant.id, (asked.segment,) if asked.segment else ())


def _order(part: tuple[str, ResponseCounts]) -> tuple[bool, float, str]:
    """By the share that answered, those of too few behind the others."""
    name, counts = part
    few = counts.asked < MIN_ASKED
    return few, 0.0 if few else counts.answered / counts.asked, name


def _summed(days: Iterable[tuple[_Key, DayCounts]]) -> dict[_Key, ResponseCounts]:
    """The sums by key, in its order."""
    found: defaultdict[_Key, list[AskedCounts]] = defaultdict(list)
    for key, day in days:
        found[key].append(day.counts)
    return {key: ResponseCounts.of(total_of(found[key])) for key in sorted(found)}
