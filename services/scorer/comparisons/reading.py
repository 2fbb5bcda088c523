"""The comparison or the trend that somebody asks for, of segments that they may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.scorer.access import SegmentAccess
from services.scorer.comparisons.comparison_query import ComparisonQuery
from services.scorer.comparisons.domain import (
    MAX_ROWS_COMPARED,
    ComparedSide,
    Comparison,
    check_shared_answers,
    compare_pairs,
    compare_sides,
)
from services.scorer.comparisons.periods import CountedPeriod, counted_periods, days_needed, periods_of
from services.scorer.comparisons.repository import segment_counts
from services.scorer.comparisons.trend_query import TrendQuery
from services.scorer.domain import groups_of
from services.scorer.repository.counts import daily_counts, segment_parts, use_custom_plans, window_counts
from services.scorer.repository.pairs import selection_of
from services.scorer.repository.segments import list_segment_counts
from services.scorer.repository.selection import Selection
from services.scorer.windows import DEFAULT_WINDOW_DAYS, Window, today_in
from shared.db.database import UnitOfWork
from shared.events import Tenant
from shared.events.surveys import NpsMeasurement
from shared.http.problems import Problem
from shared.http.staff_auth import Staff
from shared.tenancy import find_tenant

MAX_SEGMENTS_OFFERED = 300


@dataclass(frozen=True, kw_only=True)
class ComparisonReader:
    """Who asks, of which company, on which of its days."""

    tenant: Tenant
    access: SegmentAccess
    today: date


@dataclass(frozen=True, kw_only=True)
class ReadComparisons:
    """What is compared, and each difference."""

    query: ComparisonQuery
    tenant: Tenant
    today: date
    comparisons: list[Comparison]
    tests: int
    """How many differences were tested, those that are left out included."""
    marked: int
    """How many of these are beyond chance, and large enough to matter."""
    left_out: int
    """Values of the dimension that are not among the comparisons, since there are too many."""


@dataclass(frozen=True, kw_only=True)
class ReadTrend:
    """What is followed over time, and each period."""

    query: TrendQuery
    tenant: Tenant
    periods: list[CountedPeriod]


async def comparison_reader(uow: UnitOfWork, tenant_id: str, staff: Staff | None) -> ComparisonReader:
    """The reader.

    :param staff: None: a key.
    :raises Problem: 404 where the company is not known yet.
    """
    tenant = await find_tenant(uow, tenant_id)
    if tenant is None:
        raise Problem(404)
    return ComparisonReader(
        tenant=tenant, access=SegmentAccess.of(tenant, staff), today=today_in(tenant.time_zone, uow.now)
    )


async def read_comparisons(
    uow: UnitOfWork, reader: ComparisonReader, query: ComparisonQuery
) -> ReadComparisons:
    """The differences that are asked for.

    :raises Problem: 404 where a segment is not the reader's to see.
    :raises NotComparable: where the difference would mean nothing.
    """
    _check_access(reader.access, query)
    query.check()
    await use_custom_plans(uow)
    if query.other:
        found = [await _two_segments(uow, reader.tenant, query)]
    elif query.has_several:
        found = compare_pairs(await _pairs(uow, reader, query))
    else:
        found = [compare_sides(*pair) for pair in await _named_segments(uow, reader.tenant, query)]
    return ReadComparisons(
        query=query,
        tenant=reader.tenant,
        today=reader.today,
        comparisons=found[:MAX_ROWS_COMPARED],
        tests=sum(each.change is not None for each in found),
        marked=sum(each.is_marked for each in found),
        left_out=max(0, len(found) - MAX_ROWS_COMPARED),
    )


def _check_access(access: SegmentAccess, query: ComparisonQuery) -> None:
    named = (*query.segments, query.other) if query.other else query.segments
    if not all(map(access.allows, named)):
        raise Problem(404)


async def _two_segments(uow: UnitOfWork, tenant: Tenant, query: ComparisonQuery) -> Comparison:
    (asked,) = query.segments
    both = await selection_of(uow, tenant.id, (asked, query.other))
    shared = await daily_counts(uow, both, query.measurement, query.asked)
    check_shared_answers(sum(map(sum, shared.values())))
    sides = []
    for segment in (asked, query.other):
        counts = await window_counts(uow, tenant.id, query.measurement, segment, query.asked)
        sides.append(
            ComparedSide(segment=segment, window=query.asked, groups=groups_of(counts), counts=counts)
        )
    return compare_sides(*sides)


async def _pairs(
    uow: UnitOfWork, reader: ComparisonReader, query: ComparisonQuery
) -> Sequence[tuple[ComparedSide, ComparedSide]]:
    if query.dimension:
        return await _values_of_dimension(uow, reader, query)
    return await _named_segments(uow, reader.tenant, query)


async def _named_segments(
    uow: UnitOfWork, tenant: Tenant, query: ComparisonQuery
) -> list[tuple[ComparedSide, ComparedSide]]:
    found = await segment_counts(
        uow, tenant.id, query.measurement, query.segments, query.asked, query.against
    )
    return [
        (
            ComparedSide(segment=segment, window=query.asked, groups=groups_of(asked), counts=asked),
            ComparedSide(segment=segment, window=query.against, groups=groups_of(against), counts=against),
        )
        for segment, (asked, against) in found.items()
    ]


async def _values_of_dimension(
    uow: UnitOfWork, reader: ComparisonReader, query: ComparisonQuery
) -> list[tuple[ComparedSide, ComparedSide]]:
    """Those with answers in one of the windows that the reader may see, summed from whole weeks."""
    parts = await segment_parts(
        uow, Selection(reader.tenant.id), query.measurement, query.dimension, query.asked, query.against
    )
    return [
        (
            ComparedSide(segment=part.segment, window=query.asked, groups=part.now, counts=None),
            ComparedSide(segment=part.segment, window=query.against, groups=part.before, counts=None),
        )
        for part in parts
        if (part.now.n or part.before.n) and reader.access.allows(part.segment)
    ]


async def segments_offered(
    uow: UnitOfWork, reader: ComparisonReader, measurement: NpsMeasurement
) -> list[str]:
    """The first segments by name that a form offers to the reader."""
    recent = Window.ending(reader.today, DEFAULT_WINDOW_DAYS)
    found = await list_segment_counts(
        uow, reader.tenant.id, measurement, recent, limit=MAX_SEGMENTS_OFFERED, access=reader.access
    )
    return [segment for segment, _ in found]


async def read_trend(uow: UnitOfWork, reader: ComparisonReader, query: TrendQuery) -> ReadTrend:
    """The periods that are asked for.

    :raises Problem: 404 where the segment is not the reader's to see.
    """
    if not reader.access.allows(query.segment):
        raise Problem(404)
    await use_custom_plans(uow)
    selection = Selection(reader.tenant.id, (query.segment,) if query.segment else ())
    needed = days_needed(query.asked, query.rolling_days)
    days = await daily_counts(uow, selection, query.measurement, needed)
    periods = periods_of(query.asked, query.by, reader.today)
    return ReadTrend(
        query=query, tenant=reader.tenant, periods=counted_periods(periods, days, query.rolling_days)
    )
