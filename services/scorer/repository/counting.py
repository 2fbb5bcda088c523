"""Counting: the answers by version, the counts by what really changed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from services.scorer.domain import SCORES
from shared.db.database import UnitOfWork

BETWEEN = "%|"
"""Stands between segments on their way into a statement. In a name a percent sign is always followed by
two digits, so it is never part of one."""


class Cell(NamedTuple):
    """What is counted by."""

    tenant: str
    measurement: str
    segment: str
    day: date


@dataclass(frozen=True, slots=True)
class Counted:
    """An answer as it is to be counted: ``score`` is None for what never counts."""

    tenant: str
    id: UUID
    version: int
    score: int | None
    measurement: str
    day: date | None
    segments: tuple[str, ...]
    touchpoint: str | None
    customer_id: str | None
    comment: str | None
    language: str | None
    origin: str
    answered_at: datetime | None
    changed_at: datetime


class Before(NamedTuple):
    """What an answer counted as until now; all None when it is new."""

    tenant: str
    id: UUID
    score: int | None
    measurement: str | None
    day: date | None
    segments: Sequence[str] | None


_KEEP_ANSWERS = """
    INSERT INTO answer AS t (tenant, id, version, score, measurement, day, segments, touchpoint, customer_id,
                             comment, language, origin, answered_at, changed_at, heard_at)
    SELECT tenant, id, version, score, measurement, day, string_to_array(segments, :between), touchpoint,
           customer_id, comment, language, origin, answered_at, changed_at, CAST(:heard_at AS timestamptz)
    FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:versions AS bigint[]),
                CAST(:scores AS smallint[]), CAST(:measurements AS text[]), CAST(:days AS date[]),
                CAST(:segments AS text[]), CAST(:touchpoints AS text[]), CAST(:customers AS text[]),
                CAST(:comments AS text[]), CAST(:languages AS text[]), CAST(:origins AS text[]),
                CAST(:answered AS timestamptz[]), CAST(:changed AS timestamptz[]))
         AS n(tenant, id, version, score, measurement, day, segments, touchpoint, customer_id, comment,
              language, origin, answered_at, changed_at)
    ORDER BY tenant, id
    ON CONFLICT (tenant, id) DO UPDATE SET
        version = EXCLUDED.version, score = EXCLUDED.score,
        was = CASE WHEN t.score IS DISTINCT FROM EXCLUDED.score THEN t.score ELSE t.was END,
        measurement = EXCLUDED.measurement, day = EXCLUDED.day, segments = EXCLUDED.segments,
        touchpoint = EXCLUDED.touchpoint, customer_id = EXCLUDED.customer_id, comment = EXCLUDED.comment,
        language = EXCLUDED.language, origin = EXCLUDED.origin, answered_at = EXCLUDED.answered_at,
        changed_at = EXCLUDED.changed_at, heard_at = EXCLUDED.heard_at
    WHERE t.version < EXCLUDED.version
    RETURNING new.tenant, new.id, old.score, old.measurement, old.day, old.segments
"""


async def keep_answers(uow: UnitOfWork, answers: Sequence[Counted]) -> list[Before]:
    """Keep those that are newer than what we have, and return what each of them counted as before."""
    rows = await uow.execute(
        _KEEP_ANSWERS,
        {
            "between": BETWEEN,
            "heard_at": uow.now,
            "tenants": [a.tenant for a in answers],
            "ids": [a.id for a in answers],
            "versions": [a.version for a in answers],
            "scores": [a.score for a in answers],
            "measurements": [a.measurement for a in answers],
            "days": [a.day for a in answers],
            "segments": [BETWEEN.join(a.segments) for a in answers],
            "touchpoints": [a.touchpoint for a in answers],
            "customers": [a.customer_id for a in answers],
            "comments": [a.comment for a in answers],
            "languages": [a.language for a in answers],
            "origins": [a.origin for a in answers],
            "answered": [a.answered_at for a in answers],
            "changed": [a.changed_at for a in answers],
        },
    )
    return [Before(row.tenant, row.id, row.score, row.measurement, row.day, row.segments) for row in rows]


_NEW = ", ".join(f"n{score}" for score in range(SCORES))
_COLUMNS = ", ".join(f"c{score}" for score in range(SCORES))
_ADDED = ", ".join(f"c{score} = t.c{score} + EXCLUDED.c{score}" for score in range(SCORES))
_ARRAYS = ", ".join(f"CAST(:n{score} AS bigint[])" for score in range(SCORES))
# One round trip for the hot rows. The company's row is everybody's: its lock lasts until the commit.
_ADD_COUNTS = f"""
    WITH n AS (
        SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:measurements AS text[]),
                             CAST(:segments AS text[]), CAST(:days AS date[]), {_ARRAYS})
            AS n(tenant, measurement, segment, day, {_NEW})
    ), marked AS (
        INSERT INTO changed AS t (tenant, measurement, segment, at)
        SELECT DISTINCT tenant, measurement, segment, CAST(:now AS timestamptz) FROM n ORDER BY 1, 2, 3
        ON CONFLICT (tenant, measurement, segment) DO UPDATE SET at = EXCLUDED.at
    )
    INSERT INTO day_count AS t (tenant, measurement, segment, day, {_COLUMNS})
    SELECT tenant, measurement, segment, day, {_NEW} FROM n ORDER BY 1, 2, 3, 4
    ON CONFLICT (tenant, measurement, segment, day) DO UPDATE SET {_ADDED}
"""


async def add_counts(uow: UnitOfWork, differences: Mapping[Cell, Sequence[int]]) -> None:
    """Add the differences to the counts, and mark their segments as changed."""
    cells = list(differences)
    values: dict[str, object] = {
        "now": uow.now,
        "tenants": [cell.tenant for cell in cells],
        "measurements": [cell.measurement for cell in cells],
        "segments": [cell.segment for cell in cells],
        "days": [cell.day for cell in cells],
    }
    by_score = zip(*(differences[cell] for cell in cells), strict=True)
    values |= {f"n{score}": list(column) for score, column in enumerate(by_score)}
    await uow.execute(_ADD_COUNTS, values)


async def unknown_segments(uow: UnitOfWork, segments: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those (tenant, segment) of which no answer was counted yet, sorted."""
    rows = await uow.execute(
        "SELECT tenant, segment FROM unnest(CAST(:tenants AS text[]), CAST(:segments AS text[])) "
        "AS n(tenant, segment) EXCEPT SELECT tenant, segment FROM segment "
        "WHERE tenant = ANY(CAST(:tenants AS text[])) AND segment = ANY(CAST(:segments AS text[]))",
        {"tenants": [tenant for tenant, _ in segments], "segments": [segment for _, segment in segments]},
    )
    return sorted((row.tenant, row.segment) for row in rows)


async def lock_dimension(uow: UnitOfWork, tenant: str, dimension: str) -> int:
    """How many values it has; nobody else adds one until we commit."""
    row = await uow.execute(
        "INSERT INTO dimension AS t (tenant, dimension, size) VALUES (:tenant, :dimension, 0) "
        "ON CONFLICT (tenant, dimension) DO UPDATE SET size = t.size RETURNING size",
        {"tenant": tenant, "dimension": dimension},
    )
    return int(row.scalar_one())


async def add_segments(uow: UnitOfWork, tenant: str, dimension: str, segments: Sequence[str]) -> None:
    """Know these values of a dimension that is locked."""
    await uow.execute(
        "WITH added AS (INSERT INTO segment (tenant, segment, dimension) "
        "SELECT :tenant, segment, :dimension FROM unnest(CAST(:segments AS text[])) AS n(segment) "
        "ORDER BY segment ON CONFLICT (tenant, segment) DO NOTHING RETURNING segment) "
        "UPDATE dimension SET size = size + (SELECT count(*) FROM added) "
        "WHERE tenant = :tenant AND dimension = :dimension",
        {"tenant": tenant, "dimension": dimension, "segments": segments},
    )


async def warn_of_full(uow: UnitOfWork, tenant: str, dimension: str, left_out: int) -> None:
    """Keep it in mind that a dimension is full and values of it do not count by themselves."""
    await uow.execute(
        "UPDATE dimension SET left_out = left_out + :left_out, left_out_at = :now "
        "WHERE tenant = :tenant AND dimension = :dimension",
        {"tenant": tenant, "dimension": dimension, "left_out": left_out, "now": uow.now},
    )


async def recount(uow: UnitOfWork, tenant: str) -> list[Cell]:
    """Count the answers anew and return where the kept counts differ: nowhere, at any time."""
    scores = ", ".join(f"count(*) FILTER (WHERE score = {s}) AS c{s}" for s in range(SCORES))
    same = " AND ".join(f"coalesce(k.c{s}, 0) = coalesce(r.c{s}, 0)" for s in range(SCORES))
    rows = await uow.execute(
        f"""
        WITH r AS (
            SELECT measurement, s.segment COLLATE "C" AS segment, day, {scores}
            FROM answer CROSS JOIN LATERAL (SELECT '' UNION ALL SELECT unnest(segments)) AS s(segment)
            WHERE tenant = :tenant AND score IS NOT NULL GROUP BY 1, 2, 3
        ), k AS (SELECT * FROM day_count WHERE tenant = :tenant)
        SELECT measurement, segment, day FROM k FULL JOIN r USING (measurement, segment, day)
        WHERE NOT ({same}) ORDER BY 1, 2, 3
        """,
        {"tenant": tenant},
    )
    return [Cell(tenant, row.measurement, row.segment, row.day) for row in rows]
