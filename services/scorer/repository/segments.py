"""Reads which dimensions and segments a company has, and the list of its segments with their counts."""

from dataclasses import dataclass

from services.scorer.access import SegmentAccess
from services.scorer.pair_names import NO_PAIR, NO_PAIR_DIMENSION
from services.scorer.repository.count_columns import SUMS
from services.scorer.repository.counts import Counts
from services.scorer.repository.selection import Selection
from services.scorer.windows import Window
from shared.db.database import UnitOfWork
from shared.events.segments import ORGANISATION


@dataclass(frozen=True, slots=True)
class Dimension:
    """What the answers are divided by, such as the touchpoint."""

    name: str
    size: int
    """How many values it has."""
    left_out: int
    """Answers that do not count in it, since it was full."""


LIST_DIMENSIONS = f"""
    SELECT dimension, size, left_out
    FROM dimension
    WHERE tenant = :tenant AND size > 0 AND dimension {NO_PAIR_DIMENSION}
    ORDER BY dimension <> :organisation, dimension
"""


async def list_dimensions(uow: UnitOfWork, tenant: str) -> list[Dimension]:
    """The company's dimensions, but pairs: the organisation first, then by name."""
    rows = await uow.execute(LIST_DIMENSIONS, {"tenant": tenant, "organisation": ORGANISATION})
    return [Dimension(row.dimension, row.size, row.left_out) for row in rows]


LIST_VALUES = """
    SELECT segment
    FROM segment
    WHERE tenant = :tenant AND dimension = :dimension
      AND (CAST(:levels AS integer) IS NULL
           OR length(segment) - length(replace(segment, '/', '')) < :levels)
    ORDER BY segment
    LIMIT :limit
"""


async def list_values(
    uow: UnitOfWork, tenant: str, dimension: str, limit: int, *, levels: int | None = None
) -> list[str]:
    """The first segments of a dimension by name; of the organisation only the topmost levels."""
    rows = await uow.execute(
        LIST_VALUES, {"tenant": tenant, "dimension": dimension, "limit": limit, "levels": levels}
    )
    return [str(row.segment) for row in rows]


LIST_SEGMENTS_WITHIN = f"""
    SELECT DISTINCT s.segment COLLATE "C" AS segment
    FROM answer, unnest(segments) AS s(segment)
    WHERE tenant = :tenant AND measurement = :measurement AND segments @> CAST(:selection AS text[])
      AND day BETWEEN :first AND :last AND score IS NOT NULL AND {{of_pair}} AND s.segment {NO_PAIR}
    ORDER BY 1
"""


async def list_segments_within(
    uow: UnitOfWork, selection: Selection, measurement: str, window: Window
) -> list[str]:
    """All segments, by name, of the answers of a selection in a window."""
    rows = await uow.execute(
        LIST_SEGMENTS_WITHIN.format(of_pair=selection.row_condition()),
        selection.values()
        | selection.row_values(measurement, window)
        | {"measurement": measurement, "first": window.first, "last": window.last},
    )
    return [str(row.segment) for row in rows]


LIST_SEGMENT_COUNTS = f"""
    SELECT s.segment, c.*
    FROM (
        SELECT segment
        FROM segment
        WHERE tenant = :tenant AND segment > :after AND dimension {NO_PAIR_DIMENSION}
          AND (CAST(:dimension AS text) IS NULL OR dimension = :dimension)
          AND (CAST(:words AS text) = '' OR strpos(lower(segment), lower(:words)) > 0)
          AND (cardinality(CAST(:limited_to AS text[])) = 0 OR EXISTS (
                SELECT FROM unnest(CAST(:limited_to AS text[])) AS l(top)
                WHERE segment = l.top OR starts_with(segment, l.top || '/')))
          AND (segment = ANY(CAST(:shown AS text[])) OR NOT (
                dimension = ANY(CAST(:hidden_dimensions AS text[]))
                OR (dimension = :organisation AND :hidden_level > 0
                    AND length(segment) - length(replace(segment, '/', '')) >= :hidden_level - 1)))
        ORDER BY segment
        LIMIT :limit
    ) AS s, LATERAL (
        SELECT {SUMS}
        FROM day_count
        WHERE tenant = :tenant AND measurement = :measurement AND segment = s.segment
          AND day BETWEEN :first AND :last
    ) AS c
    ORDER BY s.segment
"""


async def list_segment_counts(
    uow: UnitOfWork,
    tenant: str,
    measurement: str,
    window: Window,
    *,
    limit: int,
    access: SegmentAccess,
    after: str = "",
    dimension: str | None = None,
    words: str = "",
) -> list[tuple[str, Counts]]:
    """Those segments that the reader may see, by name, with their counts over a window."""
    dimensions = [each.name for each in await list_dimensions(uow, tenant)]
    rows = await uow.execute(
        LIST_SEGMENT_COUNTS,
        {
            "tenant": tenant,
            "measurement": measurement,
            "after": after,
            "dimension": dimension,
            "words": words,
            "limited_to": list(access.limited_to),
            "shown": list(filter(access.allows, access.limited_to)),
            "hidden_dimensions": access.hidden_dimensions(dimensions),
            "organisation": ORGANISATION,
            "hidden_level": access.hidden_level,
            "first": window.first,
            "last": window.last,
            "limit": limit,
        },
    )
    return [(row[0], tuple(row[1:])) for row in rows]
