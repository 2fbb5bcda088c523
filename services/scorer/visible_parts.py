"""By which dimensions a reader may see a segment divided, and into which parts."""

from collections.abc import Sequence

from services.scorer.access import SegmentAccess
from services.scorer.repository.counts import SegmentPart, segment_parts
from services.scorer.repository.segments import list_dimensions, list_segments_within
from services.scorer.repository.selection import Selection
from services.scorer.views import parts_directly_below
from services.scorer.windows import Window
from shared.db.database import UnitOfWork
from shared.events.segments import ORGANISATION, dimension_of
from shared.events.surveys import NpsMeasurement


async def visible_dimensions(
    uow: UnitOfWork,
    access: SegmentAccess,
    selection: Selection,
    measurements: Sequence[NpsMeasurement],
    days: Window,
) -> tuple[list[str], bool]:
    """The dimensions of the selection's answers, but its own, the organisation first; and whether some are of
    single employees that are not shown.
    """
    names = [each.name for each in await list_dimensions(uow, selection.tenant)]
    if selection.segments:
        used: set[str] = set()
        # The answers are read, unless all of these dimensions are counted within the selection.
        counted = all(map(selection.kept_parts, names))
        for measurement in measurements:
            if counted:
                for name in names:
                    parts = await segment_parts(uow, selection, measurement, name, days, days)
                    used |= {dimension_of(part.segment) for part in parts}
            else:
                used |= set(map(dimension_of, await list_segments_within(uow, selection, measurement, days)))
        own = set(map(dimension_of, selection.segments)) - {ORGANISATION}
        names = [name for name in names if name in used - own]
    hidden = set(access.hidden_dimensions(names))
    return [name for name in names if name not in hidden], bool(hidden)


def without_hidden_levels(parts: Sequence[SegmentPart], access: SegmentAccess) -> list[SegmentPart]:
    """The parts without those levels on which one is not the reader's to see: it would be what is left of
    the whole when the others are subtracted.
    """
    hidden = {_level(part) for part in parts if not access.allows_as_part(part.segment)}
    return [part for part in parts if _level(part) not in hidden]


def names_directly_below(parts: Sequence[SegmentPart], selection: Selection) -> set[str]:
    """The values of a dimension; of the organisation one level below the selection, chosen by the answers of
    both sides of the parts. None of them has answers in common with another one.
    """
    either = [part if part.now.n else SegmentPart(part.segment, part.before, part.before) for part in parts]
    return {part.segment for part in parts_directly_below(either, selection.segments)} - set(
        selection.segments
    )


def _level(part: SegmentPart) -> int:
    """Of a path its level; of any other value 0."""
    return part.segment.count("/") if dimension_of(part.segment) == ORGANISATION else 0
