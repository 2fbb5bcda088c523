"""Marks on the trend, and the days before and after them. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.scorer.domain import Groups, ScoreChange, compare_groups, is_comparable
from services.scorer.improvements.domain import compared_windows
from services.scorer.windows import Window

MAX_MARK_CHARS = 120
MAX_MARKS_PER_COMPANY = 1_000
MAX_DAYS_AHEAD = 366
"""Of a mark that is planned."""
COMPARED_DAYS = 30

MarkReason = Literal["running", "too_few", "not_shown"]
"""Why there is no comparison: the days after the mark are not over; one of the windows has fewer than 30
answers; the reader may not see the segment."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What happened on a day. It names nobody."""

    id: UUID
    day: date
    text: str
    segment: str
    """Empty: the whole company."""
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class MarkComparison:
    """The 30 days before a mark's day and the 30 after it; the day itself is in neither."""

    before: Window
    after: Window
    groups_before: Groups
    groups_after: Groups
    change: ScoreChange | None
    reason: MarkReason | None
    """None where there is a change."""

    @property
    def running(self) -> bool:
        """Whether the days after it are not over, so that they have no score yet."""
        return self.reason == "running"


def mark_windows(day: date) -> tuple[Window, Window]:
    """The days before and after a mark's day."""
    return compared_windows(day, day, COMPARED_DAYS)


def compare_mark(day: date, before: Groups, after: Groups, today: date) -> MarkComparison:
    """Compare the answers of the two windows by the two-sample test of the pages."""
    first, last = mark_windows(day)
    change: ScoreChange | None = None
    reason: MarkReason | None = None
    if today <= last.last:
        reason = "running"
    elif not is_comparable(before, after):
        reason = "too_few"
    else:
        change = compare_groups(before, after)
    return MarkComparison(first, last, before, after, change, reason)
