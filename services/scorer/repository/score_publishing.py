"""Which segments changed since their score was last published, and their counts."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from services.scorer.pair_names import NO_PAIR_DIMENSION
from services.scorer.repository.count_columns import SUMS
from shared.db.database import UnitOfWork

ChangedSegment = tuple[str, str, str]
"""Tenant, measurement and segment."""

CLAIM_TURN = """
    INSERT INTO pace AS t (name, at)
    VALUES ('scores', :now)
    ON CONFLICT (name) DO UPDATE SET at = EXCLUDED.at WHERE t.at <= :latest
    RETURNING 1
"""


async def claim_turn(uow: UnitOfWork, interval: timedelta) -> bool:
    """Whether the interval is over since the last turn; true for only one of several workers."""
    row = await uow.execute(CLAIM_TURN, {"now": uow.now, "latest": uow.now - interval})
    return row.one_or_none() is not None


READ_TENANT_VERSIONS = """
    SELECT count(*) AS n, coalesce(sum(version), 0)::bigint AS versions
    FROM tenant
"""


async def tenant_versions(uow: UnitOfWork) -> tuple[int, int]:
    """Differs from before whenever a company is new or has changed."""
    row = (await uow.execute(READ_TENANT_VERSIONS)).one()
    return int(row.n), int(row.versions)


BEGIN_DAYS = """
    INSERT INTO published_day AS t (tenant, day, marking, marked)
    SELECT tenant, day, day, NULL
    FROM unnest(CAST(:tenants AS text[]), CAST(:days AS date[])) AS n(tenant, day)
    ORDER BY 1
    ON CONFLICT (tenant) DO UPDATE SET marking = EXCLUDED.marking, marked = NULL
    WHERE t.day < EXCLUDED.day AND t.marking IS DISTINCT FROM EXCLUDED.marking
"""
# A portion: the segments after the last that is marked. The company, whose name is empty, is the first.
MARK_PORTIONS = f"""
    WITH portion AS (
        SELECT b.tenant, s.segment, s.place
        FROM published_day AS b, LATERAL (
            SELECT segment, row_number() OVER (ORDER BY segment) AS place
            FROM (
                SELECT CAST('' AS text) COLLATE "C" AS segment WHERE b.marked IS NULL
                UNION ALL
                (SELECT segment
                 FROM segment
                 WHERE tenant = b.tenant AND segment > coalesce(b.marked, '')
                   AND dimension {NO_PAIR_DIMENSION}
                 ORDER BY segment
                 LIMIT :most)
            ) AS own
            ORDER BY segment
            LIMIT :most
        ) AS s
        WHERE b.marking IS NOT NULL AND b.tenant = ANY(CAST(:tenants AS text[]))
    ), inserted AS (
        INSERT INTO changed AS t (tenant, measurement, segment, at)
        SELECT p.tenant, m, p.segment, CAST(:now AS timestamptz)
        FROM portion AS p, unnest(ARRAY['relational', 'transactional']) AS m
        WHERE EXISTS (
            SELECT FROM day_count AS d
            WHERE d.tenant = p.tenant AND d.measurement = m AND d.segment = p.segment
        )
        ORDER BY 1, 2, 3
        ON CONFLICT (tenant, measurement, segment) DO UPDATE SET at = EXCLUDED.at
    ), progress AS (
        SELECT tenant, max(segment) AS marked, count(*) < :most AS is_last
        FROM portion
        GROUP BY tenant
    ), moved AS (
        UPDATE published_day AS t
        SET day = CASE WHEN coalesce(p.is_last, true) THEN t.marking ELSE t.day END,
            marking = CASE WHEN coalesce(p.is_last, true) THEN NULL ELSE t.marking END,
            marked = p.marked
        FROM published_day AS o LEFT JOIN progress AS p ON p.tenant = o.tenant
        WHERE t.tenant = o.tenant AND t.marking IS NOT NULL AND t.tenant = ANY(CAST(:tenants AS text[]))
        RETURNING t.marking
    )
    SELECT coalesce(bool_and(marking IS NULL), true) FROM moved
"""


async def mark_new_days(uow: UnitOfWork, days: Mapping[str, date], limit: int) -> bool:
    """Mark the segments of the companies whose day has changed, at most ``limit`` of each company at a time;
    True when all of them are marked.
    """
    tenants = list(days)
    await uow.execute(BEGIN_DAYS, {"tenants": tenants, "days": list(days.values())})
    row = await uow.execute(MARK_PORTIONS, {"tenants": tenants, "now": uow.now, "most": limit})
    return bool(row.scalar_one())


# Materialized, so that it is evaluated once: a subquery may be evaluated for each row, past its limit.
CLAIM_CHANGED_SEGMENTS = """
    WITH s AS MATERIALIZED (
        SELECT tenant, measurement, segment
        FROM changed
        ORDER BY at
        LIMIT :limit
        FOR UPDATE SKIP LOCKED
    )
    DELETE FROM changed AS t
    USING s
    WHERE (t.tenant, t.measurement, t.segment) = (s.tenant, s.measurement, s.segment)
    RETURNING t.tenant, t.measurement, t.segment
"""


async def claim_changed_segments(uow: UnitOfWork, limit: int) -> list[ChangedSegment]:
    """Take marked segments off the list; those that another transaction is counting stay on it."""
    rows = await uow.execute(CLAIM_CHANGED_SEGMENTS, {"limit": limit})
    return [(row.tenant, row.measurement, row.segment) for row in rows]


COUNT_WINDOWS = f"""
    SELECT n.tenant, n.measurement, n.segment, n.until, c.*
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:measurements AS text[]),
        CAST(:segments AS text[]), CAST(:untils AS date[])
    ) AS n(tenant, measurement, segment, until),
    LATERAL (
        SELECT {SUMS}
        FROM day_count AS d
        WHERE d.tenant = n.tenant AND d.measurement = n.measurement AND d.segment = n.segment
          AND d.day BETWEEN n.until - CAST(:back AS integer) AND n.until
    ) AS c
"""


async def window_counts_of(
    uow: UnitOfWork, segments: Sequence[ChangedSegment], until: Mapping[str, date], window_days: int
) -> Sequence[Any]:
    """Each of these segments with the last day of its window and its counts.

    A statement of its own, after ``claim_changed_segments``: so it sees every count whose mark is claimed.
    """
    rows = await uow.execute(
        COUNT_WINDOWS,
        {
            "tenants": [tenant for tenant, _, _ in segments],
            "measurements": [measurement for _, measurement, _ in segments],
            "segments": [segment for _, _, segment in segments],
            "untils": [until[tenant] for tenant, _, _ in segments],
            "back": window_days - 1,
        },
    )
    return rows.all()


def score_version(now: datetime) -> int:
    """A later score has a higher version."""
    return int(now.timestamp() * 1_000_000)
