"""What a reader may see of what the dashboard finds, and of the order of segments."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from services.scorer.access import SegmentAccess
from services.scorer.asked_days import AskedDays
from services.scorer.dashboard.domain import (
    LeastAnswered,
    Ranking,
    WeekStandingOut,
    least_answered,
    ranking_of,
    week_standing_out,
)
from services.scorer.dashboard.repository import list_chosen_causes
from services.scorer.domain import MIN_ANSWERS_SHOWN, Groups, groups_of, sum_of_groups
from services.scorer.improvements.domain import OPEN_STATUSES, KeptImprovement
from services.scorer.improvements.judging import CauseCount
from services.scorer.improvements.repository import ImprovementFilter, list_improvements
from services.scorer.repository.cases import CaseCounts, count_cases
from services.scorer.repository.counts import Counts, segment_parts
from services.scorer.repository.segments import list_dimensions
from services.scorer.repository.selection import Selection
from services.scorer.responses.domain import MAX_WINDOW_DAYS, AskedShare, ResponseCounts
from services.scorer.responses.reading import ResponsesAsked, read_responses
from services.scorer.views import parts_directly_below
from services.scorer.windows import DAYS_PER_WEEK, Window
from shared.db.database import UnitOfWork
from shared.events import Tenant
from shared.events.segments import TOUCHPOINT, dimension_of
from shared.events.surveys import NpsMeasurement

_TO_SUNDAY = timedelta(days=DAYS_PER_WEEK - 1)
_ONE_DAY = timedelta(days=1)
MAX_ACTIONS = 5
"""Actions of improvement that the dashboard lists."""
ACTIONS_AT_ONCE = 50


class CauseFigure(NamedTuple):
    """A cause of closed cases, and how many of those with a cause have it."""

    cause: str
    cases: CauseCount


@dataclass(frozen=True, kw_only=True)
class CaseFigures:
    """The work on the cases of a selection."""

    counts: CaseCounts
    causes: tuple[CauseFigure, ...]
    """Of the cases that were closed in the window with a cause, the most frequent first; none of fewer than
    five cases, and without those of anonymous answers."""
    with_cause: int
    """How many cases these are; 0 where nothing is told of them."""

    @property
    def share_in_time(self) -> AskedShare | None:
        """Of the cases that were closed, the share that was closed in time; None of fewer than ten."""
        closed = self.counts.closed
        return AskedShare.of(self.counts.in_time, closed) if closed >= MIN_ANSWERS_SHOWN else None


@dataclass(frozen=True, kw_only=True)
class AskedFigures:
    """Of those who were asked in a window, who answered; and who answers least."""

    by: str
    """The dimension whose parts are compared."""
    total: ResponseCounts
    parts: Mapping[str, ResponseCounts]
    least: LeastAnswered | None


@dataclass(frozen=True, kw_only=True)
class RankingRead:
    """The segments of a dimension that the reader may see, in order."""

    dimension: str
    """Empty: there is none."""
    dimensions: Sequence[str]
    """Those that can be chosen."""
    measurement: NpsMeasurement
    window: Window
    ranking: Ranking
    people_hidden: bool


def find_week(days: Mapping[date, Counts], now: Window, before: Window) -> WeekStandingOut | None:
    """The week that stands out among the calendar weeks of the two windows; those at the ends may be cut."""
    if before.shared_days(now):
        shown = [now]
    elif before.last + _ONE_DAY == now.first:
        shown = [Window(before.first, now.last)]
    else:
        shown = [before, now]
    by_week: defaultdict[tuple[Window, date], list[Groups]] = defaultdict(list)
    for day, counts in days.items():
        window = next((each for each in shown if day in each), None)
        if window is not None:
            by_week[window, day - timedelta(days=day.weekday())].append(groups_of(counts))
    weeks = [
        (Window(max(monday, window.first), min(monday + _TO_SUNDAY, window.last)), sum_of_groups(groups))
        for (window, monday), groups in by_week.items()
    ]
    return week_standing_out(sorted(weeks, key=lambda each: each[0].first))


async def read_asked(
    uow: UnitOfWork,
    tenant: Tenant,
    access: SegmentAccess,
    segment: str,
    measurement: NpsMeasurement,
    window: Window,
    by: str,
) -> AskedFigures | None:
    """Who of those that were asked answered, and the part of the dimension ``by`` that answers least."""
    if window.days > MAX_WINDOW_DAYS:
        return None
    asked = ResponsesAsked(
        segment=segment,
        measurement=measurement,
        days=AskedDays.of(window),
        by=by or TOUCHPOINT,
    )
    read = await read_responses(uow, tenant, access, asked, by_hour=False)
    parts = {name: counts for name, counts in read.by_segment.items() if name != segment}
    return AskedFigures(by=asked.by, total=read.total, parts=parts, least=least_answered(parts))


async def read_cases(
    uow: UnitOfWork, tenant: Tenant, selection: Selection, window: Window, *, tells_causes: bool
) -> CaseFigures:
    """The work on the cases of a selection in a window.

    :param tells_causes: whether the causes of the cases are told, too.
    """
    bounds = window.bounds(tenant.time_zone)
    found = await list_chosen_causes(uow, selection, *bounds) if tells_causes else []
    whole = sum(each.n for each in found)
    told = [CauseFigure(each.cause, CauseCount(each.n, whole)) for each in found]
    shown = bool(told) and told[0].cases.has_share
    return CaseFigures(
        counts=await count_cases(uow, selection, *bounds),
        causes=tuple(each for each in told if shown and CauseCount(0, each.cases.with_cause).is_shown),
        with_cause=whole if shown else 0,
    )


async def list_open_actions(
    uow: UnitOfWork, tenant: Tenant, access: SegmentAccess, selection: Selection, today: date
) -> list[KeptImprovement]:
    """The actions of improvement in a selection that are not done, those that are due first; at most one more
    than are listed. None where several segments are selected: an action has one.
    """
    if len(selection.segments) > 1:
        return []
    found: list[KeptImprovement] = []
    after = None
    # What the reader may not see is left out here, so those behind it are read, too.
    while len(found) <= MAX_ACTIONS:
        portion = await list_improvements(
            uow,
            tenant.id,
            ImprovementFilter(statuses=OPEN_STATUSES),
            limited_to=selection.segments or access.limited_to,
            today=today,
            after=after,
            limit=ACTIONS_AT_ONCE,
        )
        found += [each for each in portion if access.allows(each.improvement.segment)]
        if len(portion) < ACTIONS_AT_ONCE:
            break
        after = portion[-1].improvement.due, portion[-1].improvement.id
    return found[: MAX_ACTIONS + 1]


async def read_ranking(
    uow: UnitOfWork,
    tenant: Tenant,
    access: SegmentAccess,
    dimension: str,
    measurement: NpsMeasurement,
    window: Window,
) -> RankingRead:
    """The segments of a dimension; of the organisation the first level on which two have answers.

    :param dimension: one that the reader may not see divided, or that is none, is the usual one.
    """
    names = [each.name for each in await list_dimensions(uow, tenant.id)]
    hidden = set(access.hidden_dimensions(names))
    own = {dimension_of(segment) for segment in access.limited_to}
    offered = [name for name in names if name not in hidden and (not own or name in own)]
    usual = TOUCHPOINT if TOUCHPOINT in offered else offered[0] if offered else ""
    by = dimension if dimension in offered else usual
    # Nothing is compared with the days before, so no others are read.
    parts = await segment_parts(uow, Selection(tenant.id), measurement, by, window, window) if by else []
    allowed = [part for part in parts if access.allows(part.segment)]
    shown = parts_directly_below(allowed, ())
    return RankingRead(
        dimension=by,
        dimensions=offered,
        measurement=measurement,
        window=window,
        ranking=ranking_of({part.segment: part.now for part in shown}),
        people_hidden=bool(hidden) or any(not access.allows_as_part(part.segment) for part in parts),
    )
