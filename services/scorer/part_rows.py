"""Loads how the values of one dimension stand within a selection: all of them that the reader may see."""

from dataclasses import dataclass

from services.scorer.access import SegmentAccess
from services.scorer.amendments.repository import chosen_parts
from services.scorer.decomposition.domain import PartGroups, Split, split_change
from services.scorer.domain import MIN_ANSWERS_COMPARED
from services.scorer.repository.counts import SegmentPart
from services.scorer.repository.segments import Dimension, list_dimensions
from services.scorer.repository.selection import Selection
from services.scorer.score_page import Standing
from services.scorer.views import SegmentRow, parts_directly_below, segment_rows
from services.scorer.visible_parts import parts_beside_each_other
from shared.db.database import UnitOfWork
from shared.events.segments import ORGANISATION, TOUCHPOINT, dimension_of


@dataclass(frozen=True, kw_only=True)
class PartRows:
    """The parts of a selection by one dimension."""

    by: str
    """The dimension; empty: there is none."""
    dimensions: list[Dimension]
    """Those that can be chosen."""
    rows: list[SegmentRow]
    parts: list[SegmentPart]
    """Those of ``by`` that stand beside each other: no answer is in two of them."""
    people_hidden: bool
    """Scores of single employees are left out."""


async def load_part_rows(
    uow: UnitOfWork, access: SegmentAccess, by: str, selection: Selection, standing: Standing
) -> PartRows:
    """The parts by the dimension ``by``, or by the touchpoint or the first there is."""
    measurement, now, before = standing.measurement, standing.now.window, standing.before.window
    choice = standing.choice
    dimensions = await list_dimensions(uow, selection.tenant)
    within: list[SegmentPart] = []
    if selection.segments:
        # The answers are read once for all dimensions, unless all of them are counted within the selection.
        names = [dimension.name for dimension in dimensions]
        counted = choice.is_usual and all(map(selection.kept_parts, names))
        for name in names if counted else [""]:
            within += await chosen_parts(uow, selection, measurement, name, now, before, choice)
        there = [part.segment for part in within if part.now.n]
        used = {dimension_of(segment) for segment in there if access.allows_as_part(segment)}
        dimensions = [dimension for dimension in dimensions if dimension.name in used]
    hidden = set(access.hidden_dimensions(dimension.name for dimension in dimensions))
    selected = {dimension_of(segment) for segment in selection.segments} - {ORGANISATION}
    dimensions = [dimension for dimension in dimensions if dimension.name not in selected | hidden]
    names = [dimension.name for dimension in dimensions]
    usual = TOUCHPOINT if TOUCHPOINT in names else names[0] if names else ""
    by = by if by in names else usual
    parts = [part for part in within if dimension_of(part.segment) == by]
    if by and not selection.segments:
        parts = await chosen_parts(uow, selection, measurement, by, now, before, choice)
    allowed = [part for part in parts if access.allows_as_part(part.segment)]
    return PartRows(
        by=by,
        dimensions=dimensions,
        rows=segment_rows(
            parts_directly_below(allowed, selection.segments), are_compared=not standing.shared_days
        ),
        parts=parts_beside_each_other(parts, allowed, selection),
        people_hidden=bool(hidden) or len(allowed) < len(parts),
    )


def split_of(found: PartRows, selection: Selection, standing: Standing) -> Split | None:
    """As ``/v1/drivers`` tells it by this dimension, of the counts that the page has read already."""
    if len(selection.segments) > 1 or standing.shared_days or not standing.choice.is_usual:
        return None
    whole = PartGroups("", standing.before.groups, standing.now.groups)
    # Those that are too small to be told are among the others anyway: of ten thousand values most are.
    enough = [part for part in found.parts if max(part.before.n, part.now.n) >= MIN_ANSWERS_COMPARED]
    split = split_change(whole, [PartGroups(part.segment, part.before, part.now) for part in enough])
    return split if isinstance(split, Split) else None
