"""The scores before and after the days of marks, from the counts."""

from collections.abc import Sequence
from datetime import date

from services.scorer.domain import groups_of
from services.scorer.marks.domain import Mark, MarkComparison, compare_mark, mark_windows
from services.scorer.repository.counts import daily_counts, use_custom_plans
from services.scorer.repository.selection import Selection
from services.scorer.views import window_total
from services.scorer.windows import Window
from shared.db.database import UnitOfWork
from shared.events.surveys import NpsMeasurement


async def compare_marks(
    uow: UnitOfWork, selection: Selection, measurement: NpsMeasurement, today: date, marks: Sequence[Mark]
) -> list[MarkComparison]:
    """Of each mark, how a selection stood before and after its day: the counts are read once."""
    if not marks:
        return []
    windows = [mark_windows(mark.day) for mark in marks]
    span = Window(min(before.first for before, _ in windows), max(after.last for _, after in windows))
    await use_custom_plans(uow)
    days = await daily_counts(uow, selection, measurement, span)
    return [
        compare_mark(
            mark.day, groups_of(window_total(days, before)), groups_of(window_total(days, after)), today
        )
        for mark, (before, after) in zip(marks, windows, strict=True)
    ]
