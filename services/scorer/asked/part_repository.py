"""Reads how many were asked in each part of a company or a segment, and which parts there are."""

from services.scorer.asked.domain import AskedCounts, total_of
from services.scorer.asked.repository import (
    COUNTED,
    NOTED_NUMBERS,
    NUMBER_COLUMNS,
    NUMBER_SUMS,
    OF_DAYS,
    WAS_ASKED,
    count_by_day,
    count_values,
    counts_of,
    row_values,
)
from services.scorer.pair_names import is_pair
from services.scorer.repository.counts import range_of_dimension
from services.scorer.repository.selection import OF_PATTERN, KeptParts, Selection
from services.scorer.windows import Window
from shared.db.database import UnitOfWork

_COUNT_BY_SEGMENT = f"""
    SELECT segment, {NUMBER_SUMS}
    FROM (
        SELECT segment, {NUMBER_COLUMNS}
        FROM asked_count
        WHERE {OF_DAYS} AND {{names}}
        UNION ALL
        SELECT segment, {NOTED_NUMBERS}
        FROM asked_change, LATERAL (
            SELECT s.segment COLLATE "C" AS segment FROM unnest(segments) AS s(segment)
        ) AS s
        WHERE tenant = :tenant AND measurement = :measurement AND CAST(hour AS date) BETWEEN :first AND :last
          AND {{names}}
    ) AS c
    GROUP BY segment
    HAVING sum(asked) <> 0
"""
COUNT_BY_SEGMENT = _COUNT_BY_SEGMENT.format(names="segment >= :low AND segment < :high")
COUNT_BY_KEPT_PART = _COUNT_BY_SEGMENT.format(names=OF_PATTERN)
COUNT_ROWS_BY_SEGMENT = f"""
    SELECT s.segment, {COUNTED}
    FROM invitation AS i CROSS JOIN LATERAL unnest(i.segments) AS s(segment)
    WHERE {WAS_ASKED} AND s.segment COLLATE "C" >= :low AND s.segment COLLATE "C" < :high
    GROUP BY s.segment
"""


async def count_by_segment(
    uow: UnitOfWork, selection: Selection, measurement: str, window: Window, dimension: str
) -> dict[str, AskedCounts]:
    """The same by each value of a dimension; within a segment with which the dimension is not counted the
    invitations are read.
    """
    if (kept := selection.kept_parts(dimension)) is not None:
        return await _count_kept_parts(uow, selection, measurement, window, kept)
    bounds = range_of_dimension(dimension)
    if selection.segments:
        values = row_values(selection, measurement, window) | bounds
        rows = await uow.execute(COUNT_ROWS_BY_SEGMENT, values)
    else:
        values = count_values(selection, measurement, window) | bounds
        del values["segment"], values["selection"]
        rows = await uow.execute(COUNT_BY_SEGMENT, values)
    return {row.segment: counts_of(row) for row in rows}


async def _count_kept_parts(
    uow: UnitOfWork, selection: Selection, measurement: str, window: Window, kept: KeptParts
) -> dict[str, AskedCounts]:
    found: dict[str, AskedCounts] = {}
    values = count_values(selection, measurement, window)
    del values["segment"], values["selection"]
    if kept.pattern.high:
        rows = await uow.execute(COUNT_BY_KEPT_PART, values | kept.values())
        found = {kept.part(row.segment): counts_of(row) for row in rows}
    if kept.above:
        whole = total_of(each.counts for each in await count_by_day(uow, selection, measurement, window))
        found |= dict.fromkeys(kept.above, whole) if whole.asked else {}
    return found


# One look into the index of each dimension: the first segment of the next one that has a row in these days.
LIST_DIMENSIONS = f"""
    WITH RECURSIVE found AS (
        SELECT CAST('' AS text) COLLATE "C" AS dimension
        UNION ALL
        SELECT (
            SELECT split_part(segment, ':', 1) COLLATE "C"
            FROM asked_count
            WHERE {OF_DAYS} AND asked > 0
              AND segment > CASE WHEN dimension = '' THEN '' ELSE dimension || ';' END
            ORDER BY segment
            LIMIT 1
        )
        FROM found
        WHERE dimension IS NOT NULL
    )
    SELECT dimension FROM found WHERE dimension <> ''
    UNION
    SELECT split_part(s.segment, ':', 1)
    FROM asked_change, unnest(segments) AS s(segment)
    WHERE tenant = :tenant AND measurement = :measurement AND CAST(hour AS date) BETWEEN :first AND :last
      AND n > 0
"""
LIST_DIMENSIONS_OF_ROWS = f"""
    SELECT DISTINCT split_part(s.segment, ':', 1) AS dimension
    FROM invitation AS i CROSS JOIN LATERAL unnest(i.segments) AS s(segment)
    WHERE {WAS_ASKED}
"""


async def list_dimensions_asked(
    uow: UnitOfWork, selection: Selection, measurement: str, window: Window
) -> set[str]:
    """The dimensions of the invitations that were sent in a window, but pairs. Within a segment with which
    all that the company has are counted, no invitation is read.
    """
    if selection.segments:
        names = await list_dimensions_asked(uow, Selection(selection.tenant), measurement, window)
        if all(map(selection.kept_parts, names)):
            return {
                name for name in names if await count_by_segment(uow, selection, measurement, window, name)
            }
        rows = await uow.execute(LIST_DIMENSIONS_OF_ROWS, row_values(selection, measurement, window))
    else:
        values = count_values(selection, measurement, window)
        del values["segment"], values["selection"]
        rows = await uow.execute(LIST_DIMENSIONS, values)
    return {row.dimension for row in rows if not is_pair(row.dimension)}
