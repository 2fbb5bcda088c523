"""What the pages show of the counts, computed once; the templates only write it down."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.scorer.domain import (
    MIN_ANSWERS_COMPARED,
    MIN_ANSWERS_SHOWN,
    Groups,
    ScoreChange,
    compare_groups,
    groups_of,
    inner_interval,
    is_comparable,
    score_interval,
)
from services.scorer.repository.answers import AnswerRow
from services.scorer.repository.counts import NO_COUNTS, Counts, SegmentPart
from services.scorer.verdicts import indices_of_moved
from services.scorer.windows import Window
from shared.events.segments import ORGANISATION, dimension_of
from shared.pages.filters import percent, segment_name
from shared.pages.svg.primitives import ChartScore


def drawing_of(groups: Groups) -> ChartScore | None:
    """What is drawn of a score; None without answers."""
    outer, inner = score_interval(groups), inner_interval(groups)
    if groups.nps is None or outer is None or inner is None:
        return None
    return ChartScore(groups.n, float(groups.nps), outer[0], outer[1], inner[0], inner[1])


@dataclass(frozen=True, slots=True)
class WindowScore:
    """The counts of a window, with all that is written and drawn of them."""

    window: Window
    counts: Counts

    @property
    def groups(self) -> Groups:
        return groups_of(self.counts)

    @property
    def n(self) -> int:
        return sum(self.counts)

    @property
    def drawing(self) -> ChartScore | None:
        return drawing_of(self.groups)

    @property
    def shares(self) -> list[tuple[str, str, str]]:
        """The rows of a table: score, answers, share."""
        n = self.n
        return [(str(score), str(count), percent(count, n)) for score, count in enumerate(self.counts)]


def window_total(days: Mapping[date, Counts], window: Window) -> Counts:
    """The counts of a window, summed from its days."""
    found = [counts for day, counts in days.items() if day in window]
    return tuple(map(sum, zip(*found, strict=True))) if found else NO_COUNTS


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A part of the selection in the table; ``change`` is None where a window holds too few answers."""

    part: SegmentPart
    change: ScoreChange | None
    moved: bool = False
    href: str | None = None
    """The page of this part; None where the reader may not open it."""

    @property
    def segment(self) -> str:
        return self.part.segment

    @property
    def name(self) -> str:
        return segment_name(self.part.segment)

    @property
    def now(self) -> ChartScore | None:
        return drawing_of(self.part.now)

    @property
    def before(self) -> ChartScore | None:
        return drawing_of(self.part.before)


def parts_directly_below(parts: Iterable[SegmentPart], selection: Sequence[str]) -> list[SegmentPart]:
    """Of the organisation the first level below the selection on which two parts have answers, or else the
    last level on which one has; of any other dimension all values.
    """
    parts = list(parts)
    own = [part for part in parts if dimension_of(part.segment) == ORGANISATION]
    if not own:
        return parts
    paths = [segment for segment in selection if dimension_of(segment) == ORGANISATION]
    above = max(paths, key=len) if paths else ""
    level, found = above.count("/") + 1 if above else 0, list[SegmentPart]()
    while len([part for part in found if part.now.n]) <= 1:
        below = [
            part
            for part in own
            if part.segment.count("/") == level and part.segment.startswith(f"{above}/" if above else "")
        ]
        if not any(part.now.n for part in below):
            return found or below
        found, level = below, level + 1
    return found


def segment_rows(parts: Iterable[SegmentPart], *, are_compared: bool = True) -> list[SegmentRow]:
    """The parts with answers: those that moved first, then by score, those with few answers last.

    :param are_compared: False: the two windows share days, so their difference means nothing.
    """
    answered = [part for part in parts if part.now.n]
    compared = [part for part in answered if are_compared and is_comparable(part.before, part.now)]
    changes = [change for part in compared if (change := compare_groups(part.before, part.now)) is not None]
    moved = indices_of_moved(changes)
    by_segment = {
        part.segment: SegmentRow(part, change, i in moved)
        for i, (part, change) in enumerate(zip(compared, changes, strict=True))
    }
    return sorted((by_segment.get(part.segment, SegmentRow(part, None)) for part in answered), key=_order)


def _order(row: SegmentRow) -> tuple[bool, bool, bool, float, str]:
    n = row.part.now.n
    by = row.change.p if row.moved and row.change else -row.part.now.points
    return (not row.moved, n < MIN_ANSWERS_SHOWN, n < MIN_ANSWERS_COMPARED, by, row.segment)


@dataclass(frozen=True, slots=True)
class LatestAnswer:
    """The latest answer, and the score of 30 days before and after it."""

    score: int
    was: int | None
    at: datetime
    before: Groups
    after: Groups


def latest_answer(row: AnswerRow, month: WindowScore) -> LatestAnswer:
    """The effect of the latest answer on the score, counted back from the present counts."""
    counts = list(month.counts)
    if row.day in month.window:
        counts[row.score] -= 1
        if row.was is not None:
            counts[row.was] += 1
    return LatestAnswer(row.score, row.was, row.answered_at, groups_of(counts), month.groups)
