"""The change that somebody asks for, taken apart by each dimension that they may see."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from services.scorer.comparisons.domain import ComparedSide, Comparison, compare_sides
from services.scorer.comparisons.reading import ComparisonReader
from services.scorer.comparisons.repository import segment_counts
from services.scorer.decomposition.domain import NoSplit, PartGroups, Split, split_change
from services.scorer.decomposition.rounding import tenths_of
from services.scorer.domain import groups_of
from services.scorer.drivers.driver_query import DriverQuery
from services.scorer.repository.counts import segment_parts, use_custom_plans
from services.scorer.repository.pairs import selection_of
from services.scorer.repository.selection import Selection
from services.scorer.visible_parts import parts_beside_each_other, visible_dimensions
from services.scorer.windows import Window
from shared.db.database import UnitOfWork
from shared.events import Tenant
from shared.events.segments import TOUCHPOINT
from shared.http.problems import Problem


@dataclass(frozen=True, kw_only=True)
class DimensionSplit:
    """The change taken apart by one dimension."""

    dimension: str
    split: Split | NoSplit


@dataclass(frozen=True, kw_only=True)
class ShownChange:
    """The difference of the two scores, each with one decimal."""

    exact: Fraction
    tenths: int


@dataclass(frozen=True, kw_only=True)
class ReadDrivers:
    """A change, and what it is made of."""

    query: DriverQuery
    tenant: Tenant
    today: date
    comparison: Comparison
    """Of the two windows, as comparisons tell it."""
    dimension: str
    """By which the change is taken apart; empty: there is none."""
    split: Split | NoSplit
    dimensions: list[DimensionSplit]
    """All that the reader may see: first those where the most of the change is mix, last those that cannot
    be told."""
    people_hidden: bool
    """Whether single employees are left out."""

    @property
    def change(self) -> ShownChange | None:
        """None with too few answers."""
        before, now = self.comparison.against.groups.nps, self.comparison.asked.groups.nps
        if self.comparison.change is None or before is None or now is None:
            return None
        return ShownChange(exact=now - before, tenths=tenths_of(now) - tenths_of(before))


async def read_drivers(uow: UnitOfWork, reader: ComparisonReader, query: DriverQuery) -> ReadDrivers:
    """The change of the segment that is asked for.

    :raises Problem: 404 where it is not the reader's to see.
    """
    if not reader.access.allows(query.segment):
        raise Problem(404)
    await use_custom_plans(uow)
    counts = await segment_counts(
        uow, reader.tenant.id, query.measurement, [query.segment], query.now, query.before
    )
    now, before = counts[query.segment]
    comparison = compare_sides(
        ComparedSide(segment=query.segment, window=query.now, groups=groups_of(now), counts=now),
        ComparedSide(segment=query.segment, window=query.before, groups=groups_of(before), counts=before),
    )
    whole = PartGroups(query.segment, comparison.against.groups, comparison.asked.groups)
    selection = await selection_of(uow, reader.tenant.id, (query.segment,) if query.segment else ())
    names, people_hidden = await visible_dimensions(
        uow,
        reader.access,
        selection,
        [query.measurement],
        Window(query.before.first, query.now.last),
    )
    found: list[DimensionSplit] = []
    for name in names:
        parts, hidden = await _parts(uow, reader, selection, query, name)
        people_hidden = people_hidden or hidden
        found.append(DimensionSplit(dimension=name, split=split_change(whole, parts)))
    usual = TOUCHPOINT if TOUCHPOINT in names else names[0] if names else ""
    by = query.dimension or usual
    # Of a dimension that the reader may not see, as of one that is not there, nothing is told.
    none: NoSplit = "few_answers" if comparison.change is None else "no_values"
    return ReadDrivers(
        query=query,
        tenant=reader.tenant,
        today=reader.today,
        comparison=comparison,
        dimension=by,
        split=next((each.split for each in found if each.dimension == by), none),
        dimensions=sorted(found, key=_order),
        people_hidden=people_hidden,
    )


async def _parts(
    uow: UnitOfWork, reader: ComparisonReader, selection: Selection, query: DriverQuery, dimension: str
) -> tuple[list[PartGroups], bool]:
    """The values of a dimension, or one level of the organisation; and whether some are not shown."""
    parts = await segment_parts(uow, selection, query.measurement, dimension, query.now, query.before)
    allowed = [part for part in parts if reader.access.allows_as_part(part.segment)]
    told = parts_beside_each_other(parts, allowed, selection)
    return [PartGroups(part.segment, part.before, part.now) for part in told], len(allowed) < len(parts)


def _order(each: DimensionSplit) -> tuple[bool, float, str]:
    if not isinstance(each.split, Split):
        return True, 0.0, each.dimension
    return False, -abs(float(each.split.mix.exact)), each.dimension
