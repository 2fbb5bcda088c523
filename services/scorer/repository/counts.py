"""Reads the counts: of windows, of days, of the parts of a selection."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.scorer.domain import Groups
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
from services.scorer.repository.selection import Selection
from services.scorer.windows import Window, weeks_and_days
from shared.db.database import UnitOfWork
from shared.events import WHOLE_COMPANY
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

    The counts of one segment are kept; the answers that lie in several at once are counted now.
    """
    values = {"measurement": measurement, "first": window.first, "last": window.last}
    if len(selection.segments) <= 1:
        (segment,) = selection.segments or (WHOLE_COMPANY,)
        rows = await uow.execute(
            LIST_DAYS_OF_SEGMENT, values | {"tenant": selection.tenant, "segment": segment}
        )
    else:
        rows = await uow.execute(COUNT_DAYS_OF_SELECTION, values | selection.values())
    return {row[0]: tuple(row[1:]) for row in rows}


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
COUNT_PARTS = f"""
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
        WHERE tenant = :tenant AND measurement = :measurement AND segment >= :low AND segment < :high
          AND week = ANY(CAST(:weeks AS date[]))
        UNION ALL
        SELECT segment, day,
               -- Small integers on purpose: larger ones are added up as numerics, in twice the time.
               CAST({DETRACTORS} AS integer), CAST({PASSIVES} AS integer), CAST({PROMOTERS} AS integer)
        FROM day_count
        WHERE tenant = :tenant AND measurement = :measurement AND segment >= :low AND segment < :high
          AND day = ANY(CAST(:days AS date[]))
    ) AS n
    GROUP BY segment
"""
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
      AND day BETWEEN :earliest AND :latest AND ({_NOW} OR {_BEFORE})
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

    Of a whole company they are summed from whole weeks and the single days of the other weeks; within
    segments the answers are counted.
    """
    values = {
        **range_of_dimension(dimension),
        "measurement": measurement,
        "first": now.first,
        "last": now.last,
        "first_before": before.first,
        "last_before": before.last,
    }
    if selection.segments:
        span = {"earliest": min(now.first, before.first), "latest": max(now.last, before.last)}
        rows = await uow.execute(COUNT_PARTS_OF_SELECTION, values | selection.values() | span)
    else:
        weeks, days = weeks_and_days(now, before)
        rows = await uow.execute(
            COUNT_PARTS, values | {"tenant": selection.tenant, "weeks": weeks, "days": days}
        )
    found: Sequence[Any] = rows.all()
    return [
        SegmentPart(row[0], Groups(row[1], row[2], row[3]), Groups(row[4], row[5], row[6])) for row in found
    ]
