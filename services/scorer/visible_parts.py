"""By which dimensions a reader may see a segment divided, into which parts, and touchpoints of answers."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from services.scorer.access import SegmentAccess
from services.scorer.repository.answers import AnswerRow
from services.scorer.repository.cases import OpenCaseRow
from services.scorer.repository.counts import SegmentPart
from services.scorer.repository.segments import list_dimensions, list_segments_within
from services.scorer.repository.selection import Selection
from services.scorer.views import parts_directly_below
from services.scorer.windows import Window
from shared.db.database import UnitOfWork
from shared.events.segments import ORGANISATION, TOUCHPOINT, dimension_of, segment_of
from shared.events.surveys import NpsMeasurement

_Row = TypeVar("_Row", AnswerRow, OpenCaseRow)


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
        for measurement in measurements:
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


def shown_touchpoint(touchpoint: str | None, access: SegmentAccess) -> str | None:
    """The touchpoint of one answer or case; None, too, where it names a single employee whom the reader may
    not see.
    """
    if touchpoint and not access.allows_as_part(segment_of(TOUCHPOINT, touchpoint)):
        return None
    return touchpoint


def with_shown_touchpoints(rows: Iterable[_Row], access: SegmentAccess) -> list[_Row]:
    """The rows without the touchpoints that name such employees."""
    return [row._replace(touchpoint=shown_touchpoint(row.touchpoint, access)) for row in rows]


def _level(part: SegmentPart) -> int:
    """Of a path its level; of any other value 0."""
    return part.segment.count("/") if dimension_of(part.segment) == ORGANISATION else 0
