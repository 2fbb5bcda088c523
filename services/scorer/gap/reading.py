"""Both scores of a segment and its parts, as far as somebody may see them."""

from dataclasses import dataclass
from datetime import date

from services.scorer.comparisons.domain import (
    MAX_ROWS_COMPARED,
    ComparedSide,
    Comparison,
    compare_pairs,
    compare_sides,
)
from services.scorer.comparisons.reading import ComparisonReader
from services.scorer.domain import NO_GROUPS, Groups, groups_of
from services.scorer.gap.domain import MAX_TOUCHPOINTS_SHOWN, TouchpointImpact, impacts_of
from services.scorer.gap.gap_query import GapQuery
from services.scorer.repository.counts import SegmentPart, segment_parts, use_custom_plans, window_counts
from services.scorer.repository.pairs import selection_of
from services.scorer.repository.selection import Selection
from services.scorer.visible_parts import names_directly_below, visible_dimensions, without_hidden_levels
from shared.db.database import UnitOfWork
from shared.events import Tenant
from shared.events.segments import ORGANISATION, TOUCHPOINT
from shared.events.surveys import NpsMeasurement
from shared.http.problems import Problem

MEASUREMENTS: tuple[NpsMeasurement, NpsMeasurement] = ("transactional", "relational")


@dataclass(frozen=True, kw_only=True)
class ReadGap:
    """The two scores of a segment, of each of its parts, and what each touchpoint adds to the first.

    Of each comparison ``asked`` is the transactional side, ``against`` the relational one.
    """

    query: GapQuery
    tenant: Tenant
    today: date
    total: Comparison
    dimension: str
    """Whose values are told; empty: there is none."""
    dimensions: list[str]
    """Those that the reader may choose."""
    parts: list[Comparison]
    """Those that are marked first, then by p."""
    tests: int
    """How many differences of parts were tested, those that are left out included."""
    marked: int
    left_out: int
    touchpoints: list[TouchpointImpact]
    touchpoints_left_out: int
    people_hidden: bool


async def read_gap(uow: UnitOfWork, reader: ComparisonReader, query: GapQuery) -> ReadGap:
    """The figures of the segment that is asked for.

    :raises Problem: 404 where it is not the reader's to see.
    """
    if not reader.access.allows(query.segment):
        raise Problem(404)
    await use_custom_plans(uow)
    selection = await selection_of(uow, reader.tenant.id, (query.segment,) if query.segment else ())
    total = compare_sides(*[await _side(uow, selection, query, each) for each in MEASUREMENTS])
    names, people_hidden = await visible_dimensions(uow, reader.access, selection, MEASUREMENTS, query.window)
    usual = ORGANISATION if ORGANISATION in names else names[0] if names else ""
    by = query.dimension or usual
    parts: list[Comparison] = []
    if by in names:
        counted = await _parts_in_both(uow, selection, query, by)
        seen = without_hidden_levels(counted, reader.access)
        people_hidden = people_hidden or len(seen) < len(counted)
        chosen = names_directly_below(seen, selection)
        parts = compare_pairs(_pair(query, part) for part in seen if part.segment in chosen)
    touchpoints = await _touchpoints(uow, reader, selection, query)
    impacts = impacts_of(touchpoints, total.asked.groups)
    return ReadGap(
        query=query,
        tenant=reader.tenant,
        today=reader.today,
        total=total,
        dimension=by,
        dimensions=names,
        parts=parts[:MAX_ROWS_COMPARED],
        tests=sum(each.change is not None for each in parts),
        marked=sum(each.is_marked for each in parts),
        left_out=max(0, len(parts) - MAX_ROWS_COMPARED),
        touchpoints=impacts[:MAX_TOUCHPOINTS_SHOWN],
        touchpoints_left_out=max(0, len(impacts) - MAX_TOUCHPOINTS_SHOWN),
        people_hidden=people_hidden,
    )


async def _side(
    uow: UnitOfWork, selection: Selection, query: GapQuery, measurement: NpsMeasurement
) -> ComparedSide:
    counts = await window_counts(uow, selection.tenant, measurement, query.segment, query.window)
    return ComparedSide(segment=query.segment, window=query.window, groups=groups_of(counts), counts=counts)


async def _parts_in_both(
    uow: UnitOfWork, selection: Selection, query: GapQuery, dimension: str
) -> list[SegmentPart]:
    """The values of a dimension with answers to either question: ``now`` are those to the transactional one,
    ``before`` those to the relational one.
    """
    transactional, relational = [
        {
            part.segment: part.now
            for part in await segment_parts(
                uow, selection, measurement, dimension, query.window, query.window
            )
        }
        for measurement in MEASUREMENTS
    ]
    return [
        SegmentPart(segment, transactional.get(segment, NO_GROUPS), relational.get(segment, NO_GROUPS))
        for segment in sorted(transactional.keys() | relational.keys())
    ]


def _pair(query: GapQuery, part: SegmentPart) -> tuple[ComparedSide, ComparedSide]:
    transactional, relational = (
        ComparedSide(segment=part.segment, window=query.window, groups=groups, counts=None)
        for groups in (part.now, part.before)
    )
    return transactional, relational


async def _touchpoints(
    uow: UnitOfWork, reader: ComparisonReader, selection: Selection, query: GapQuery
) -> list[tuple[str, Groups]]:
    parts = await segment_parts(uow, selection, "transactional", TOUCHPOINT, query.window, query.window)
    return [(part.segment, part.now) for part in without_hidden_levels(parts, reader.access)]
