"""Reads the counts: of windows, of days, of the parts of a selection."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.scorer.domain import Groups
from services.scorer.pair_names import is_pair
from services.scorer.repository.count_columns import (
    ANSWERS_PER_SCORE,
    COLUMNS,
    DETRACTORS,
    IS_DETRACTOR,
    IS_PASSIVE,
    IS_PROMOTER,
    PASSIVES,
    PROMOTERS,
    SUMS,
)
from services.scorer.repository.selection import OF_PATTERN, KeptParts, Selection
from services.scorer.windows import Window, weeks_and_days
from shared.db.database import UnitOfWork
from shared.events.nps import SCALE

Counts = tuple[int, ...]
"""Answers with each score from 0 to 10."""
LAST_CHARACTER = chr(0x10FFFF)
NO_COUNTS: Counts = (0,) * len(SCALE)

COUNT_WINDOW = f"""
    SELECT {SUMS}
    FROM day_count
    WHERE tenant = :tenant AND measurement = :measurement AND segment = :segment
      AND day BETWEEN :first AND :last
"""


async def window_counts(
    uow: UnitOfWork, tenant: str, measurement: str, segment: str, window: Window
) -> Counts:
    """The counts of a segment over a window."""
    row = await uow.execute(
        COUNT_WINDOW,
        {
            "tenant": tenant,
            "measurement": measurement,
            "segment": segment,
            "first": window.first,
            "last": window.last,
        },
    )
    return tuple(row.one())


LIST_MONTHS = f"""
    SELECT to_char(day, 'YYYY-MM') AS month, {SUMS}
    FROM day_count
    WHERE tenant = :tenant AND segment = :segment
    GROUP BY month
    ORDER BY month
"""


async def month_counts(uow: UnitOfWork, tenant: str, segment: str) -> dict[str, Counts]:
    """The counts of a segment by month, of all measurements."""
    rows = await uow.execute(LIST_MONTHS, {"tenant": tenant, "segment": segment})
    return {row.month: tuple(row[1:]) for row in rows}


LIST_DAYS_OF_SEGMENT = f"""
    SELECT day, {COLUMNS}
    FROM day_count
    WHERE tenant = :tenant AND measurement = :measurement AND segment = :segment
      AND day BETWEEN :first AND :last
    ORDER BY day
"""
COUNT_DAYS_OF_SELECTION = f"""
    SELECT day, {ANSWERS_PER_SCORE}
    FROM answer
    WHERE tenant = :tenant AND measurement = :measurement AND segments @> CAST(:selection AS text[])
      AND day BETWEEN :first AND :last AND score IS NOT NULL
    GROUP BY day
    ORDER BY day
"""


async def daily_counts(
    uow: UnitOfWork, selection: Selection, measurement: str, window: Window
) -> dict[date, Counts]:
    """The counts of each day of the window that has answers.

    The counts of one segment are kept, and those of a declared pair; the answers that lie in other segments
    at once are counted now.
    """
    values = {"measurement": measurement, "first": window.first, "last": window.last}
    if (kept := selection.kept) is not None:
        rows = await uow.execute(LIST_DAYS_OF_SEGMENT, values | {"tenant": selection.tenant, "segment": kept})
    else:
        rows = await uow.execute(COUNT_DAYS_OF_SELECTION, values | selection.values())
    counted: dict[date, Counts] = {row[0]: tuple(row[1:]) for row in rows}
    return {day: counts for day, counts in counted.items() if any(counts)}


@dataclass(frozen=True, slots=True)
class SegmentPart:
    """A segment in two windows."""

    segment: str
    now: Groups
    before: Groups


async def use_custom_plans(uow: UnitOfWork) -> None:
    """Plan each statement for its parameters until the transaction ends.

    Otherwise a connection keeps one plan for all windows from the sixth time on, and reads a month like a
    year: the parts took up to 12 s.
    """
    await uow.execute("SET LOCAL plan_cache_mode = force_custom_plan")


_NOW = "day BETWEEN :first AND :last"
_BEFORE = "day BETWEEN :first_before AND :last_before"
_COUNT_PARTS = f"""
    SELECT segment,
           coalesce(sum(detractors) FILTER (WHERE {_NOW}), 0),
           coalesce(sum(passives) FILTER (WHERE {_NOW}), 0),
           coalesce(sum(promoters) FILTER (WHERE {_NOW}), 0),
           coalesce(sum(detractors) FILTER (WHERE {_BEFORE}), 0),
           coalesce(sum(passives) FILTER (WHERE {_BEFORE}), 0),
           coalesce(sum(promoters) FILTER (WHERE {_BEFORE}), 0)
    FROM (
        SELECT segment, week AS day, detractors, passives, promoters
        FROM week_count
        WHERE tenant = :tenant AND measurement = :measurement AND {{names}}
          AND week = ANY(CAST(:weeks AS date[]))
        UNION ALL
        SELECT segment, day,
               -- Small integers on purpose: larger ones are added up as numerics, in twice the time.
               CAST({DETRACTORS} AS integer), CAST({PASSIVES} AS integer), CAST({PROMOTERS} AS integer)
        FROM day_count
        WHERE tenant = :tenant AND measurement = :measurement AND {{names}}
          AND day = ANY(CAST(:days AS date[]))
    ) AS n
    GROUP BY segment
"""
COUNT_PARTS = _COUNT_PARTS.format(names="segment >= :low AND segment < :high")
COUNT_KEPT_PARTS = _COUNT_PARTS.format(names=OF_PATTERN)
COUNT_PARTS_OF_SELECTION = f"""
    SELECT s.segment,
           count(*) FILTER (WHERE {_NOW} AND {IS_DETRACTOR}),
           count(*) FILTER (WHERE {_NOW} AND {IS_PASSIVE}),
           count(*) FILTER (WHERE {_NOW} AND {IS_PROMOTER}),
           count(*) FILTER (WHERE {_BEFORE} AND {IS_DETRACTOR}),
           count(*) FILTER (WHERE {_BEFORE} AND {IS_PASSIVE}),
           count(*) FILTER (WHERE {_BEFORE} AND {IS_PROMOTER})
    FROM answer, unnest(segments) AS s(segment)
    WHERE tenant = :tenant AND measurement = :measurement AND segments @> CAST(:selection AS text[])
      -- An index finds one span of days; within it, the two windows.
      AND day BETWEEN :earliest AND :latest AND ({_NOW} OR {_BEFORE}) AND {{of_pair}}
      AND score IS NOT NULL AND s.segment COLLATE "C" >= :low AND s.segment COLLATE "C" < :high
    GROUP BY s.segment
"""


def range_of_dimension(dimension: str) -> dict[str, object]:
    """``:low`` and ``:high`` of a statement, between which the names of a dimension's segments lie; of all
    dimensions where it is empty.
    """
    if not dimension:
        return {"low": "", "high": LAST_CHARACTER}
    return {"low": f"{dimension}:", "high": f"{dimension};"}  # the character after the colon


async def segment_parts(
    uow: UnitOfWork, selection: Selection, measurement: str, dimension: str, now: Window, before: Window
) -> list[SegmentPart]:
    """The groups of each value of a dimension (empty: of each dimension) within a selection, in two windows.

    Of a whole company, and of a segment by a dimension with which it is counted, they are summed from whole
    weeks and the single days of the other weeks; within other segments the answers are counted.
    """
    values: dict[str, object] = {
        "measurement": measurement,
        "first": now.first,
        "last": now.last,
        "first_before": before.first,
        "last_before": before.last,
    }
    if (kept := selection.kept_parts(dimension)) is not None:
        return await _kept_parts(uow, selection, kept, values, (now, before))
    values |= range_of_dimension(dimension)
    if selection.segments:
        span = Window(min(now.first, before.first), max(now.last, before.last))
        rows = await uow.execute(
            COUNT_PARTS_OF_SELECTION.format(of_pair=selection.row_condition()),
            values
            | selection.values()
            | selection.row_values(measurement, span)
            | {"earliest": span.first, "latest": span.last},
        )
    else:
        weeks, days = weeks_and_days(now, before)
        rows = await uow.execute(
            COUNT_PARTS, values | {"tenant": selection.tenant, "weeks": weeks, "days": days}
        )
    found: Sequence[Any] = rows.all()
    return [_part(row[0], row) for row in found if not is_pair(row[0])]


async def _kept_parts(
    uow: UnitOfWork,
    selection: Selection,
    kept: KeptParts,
    values: dict[str, object],
    windows: tuple[Window, Window],
) -> list[SegmentPart]:
    weeks, days = weeks_and_days(*windows)
    values = values | {"tenant": selection.tenant, "weeks": weeks, "days": days}
    found: list[SegmentPart] = []
    if kept.pattern.high:
        rows = await uow.execute(COUNT_KEPT_PARTS, values | kept.values())
        found += [_part(kept.part(row[0]), row) for row in rows]
    if kept.above:
        own = {"low": kept.above[-1], "high": f"{kept.above[-1]}\x01"}
        whole: Sequence[Any] = (await uow.execute(COUNT_PARTS, values | own)).all()
        found += [_part(above, row) for row in whole for above in kept.above]
    # As within other segments: a part without answers is none.
    return [part for part in found if part.now.n or part.before.n]


def _part(segment: str, row: Sequence[Any]) -> SegmentPart:
    return SegmentPart(segment, Groups(row[1], row[2], row[3]), Groups(row[4], row[5], row[6]))
