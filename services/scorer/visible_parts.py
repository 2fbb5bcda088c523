"""By which dimensions a reader may see a segment divided, into which parts, and touchpoints of answers."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from services.scorer.access import SegmentAccess
from services.scorer.repository.answers import AnswerRow
from services.scorer.repository.cases import OpenCaseRow
from services.scorer.repository.counts import SegmentPart, segment_parts
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


def parts_beside_each_other(
    parts: Sequence[SegmentPart], allowed: Sequence[SegmentPart], selection: Selection
) -> list[SegmentPart]:
    """The values of a dimension that the reader may see, of the organisation those of one level: no answer is
    in two of them, and what is left of the whole is no single employee's.

    :param parts: of one dimension.
    :param allowed: those of the parts that are the reader's to see.
    """
    seen = _on_levels_seen(parts, allowed)
    if seen and dimension_of(seen[0].segment) != ORGANISATION:
        return [part for part in seen if part.segment not in selection.segments]
    chosen = names_directly_below(seen, selection)
    return [part for part in seen if part.segment in chosen]


def without_hidden_levels(parts: Sequence[SegmentPart], access: SegmentAccess) -> list[SegmentPart]:
    """The parts without those levels on which one is not the reader's to see: it would be what is left of
    the whole when the others are subtracted.
    """
    return _on_levels_seen(parts, [part for part in parts if access.allows_as_part(part.segment)])


def _on_levels_seen(parts: Sequence[SegmentPart], allowed: Sequence[SegmentPart]) -> list[SegmentPart]:
    if len(allowed) == len(parts):
        return list(parts)
    names = {part.segment for part in allowed}
    hidden = {_level(part) for part in parts if part.segment not in names}
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
