"""Reads the counts of several segments in two windows."""

from collections.abc import Sequence

from services.scorer.repository.count_columns import SUMS
from services.scorer.repository.counts import NO_COUNTS, Counts
from services.scorer.windows import Window
from shared.db.database import UnitOfWork

COUNT_SEGMENTS = f"""
    SELECT segment, day BETWEEN :first AND :last AS asked, {SUMS}
    FROM day_count
    WHERE tenant = :tenant AND measurement = :measurement AND segment = ANY(CAST(:segments AS text[]))
      AND (day BETWEEN :first AND :last OR day BETWEEN :first_before AND :last_before)
    GROUP BY segment, asked
"""


async def segment_counts(
    uow: UnitOfWork, tenant: str, measurement: str, segments: Sequence[str], asked: Window, against: Window
) -> dict[str, tuple[Counts, Counts]]:
    """The counts of each segment in both windows; all 0 where it has none.

    :param against: a window that shares no day with the other one.
    """
    rows = await uow.execute(
        COUNT_SEGMENTS,
        {
            "tenant": tenant,
            "measurement": measurement,
            "segments": list(segments),
            "first": asked.first,
            "last": asked.last,
            "first_before": against.first,
            "last_before": against.last,
        },
    )
    found: dict[tuple[str, bool], Counts] = {(row.segment, row.asked): tuple(row)[2:] for row in rows}
    return {
        segment: (found.get((segment, True), NO_COUNTS), found.get((segment, False), NO_COUNTS))
        for segment in segments
    }
