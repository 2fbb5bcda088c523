"""Counting: the answers by version, the counts by what really changed."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.scorer.domain import SCORES
from shared.db.database import UnitOfWork
from shared.events import WHOLE_COMPANY, Answer, Event

BETWEEN = "%|"
"""Stands between segments on their way into a statement. In a name a percent sign is always followed by
two digits, so it is never part of one."""


class Cell(NamedTuple):
    """What is counted by."""

    tenant: str
    measurement: str
    segment: str
    day: date


class Counted(NamedTuple):
    """An answer as it is to be counted: ``score`` is None for what never counts."""

    event: Event[Answer]
    score: int | None
    segments: tuple[str, ...]
    """Those it counts for, beside the company."""

    @property
    def identity(self) -> tuple[str, UUID]:
        """The answer's among all companies'."""
        return self.event.tenant, self.event.data.id


_COLUMNS = ", ".join(f"c{score}" for score in range(SCORES))
_ZEROS = ", ".join("0" for _ in range(SCORES))
_SUMS = ", ".join(f"coalesce(sum(n) FILTER (WHERE score = {s}), 0) AS c{s}" for s in range(SCORES))
_ADDED = ", ".join(f"c{score} = t.c{score} + EXCLUDED.c{score}" for score in range(SCORES))
_KEEP_ANSWERS = """
    INSERT INTO answer AS t (tenant, id, version, score, measurement, day, segments, touchpoint, customer_id,
                             comment, language, origin, answered_at, changed_at, heard_at)
    SELECT tenant, id, version, score, measurement, day, string_to_array(segments, :between), touchpoint,
           customer_id, comment, language, origin, answered_at, changed_at, CAST(:now AS timestamptz)
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
    RETURNING new.tenant, new.id, new.measurement, new.day, new.segments, new.score,
              old.measurement AS old_measurement, old.day AS old_day, old.segments AS old_segments,
              old.score AS old_score
"""
# What an answer counted as is taken back, what it says now is added; what cancels out is left out.
# The hot rows come last. The company's row is everybody's: its lock lasts until the commit.
_KEEP_AND_COUNT = f"""
    WITH kept AS ({_KEEP_ANSWERS}), said AS (
        SELECT tenant, measurement, day, segments, score, 1 AS n FROM kept
        UNION ALL
        SELECT tenant, old_measurement, old_day, old_segments, old_score, -1 FROM kept
    ), differences AS (
        SELECT tenant, measurement, segment COLLATE "C" AS segment, day, {_SUMS}
        FROM said, unnest(array_prepend(CAST(:company AS text), segments)) AS s(segment)
        WHERE score IS NOT NULL GROUP BY 1, 2, 3, 4
    ), counted AS (
        INSERT INTO day_count AS t (tenant, measurement, segment, day, {_COLUMNS})
        SELECT tenant, measurement, segment, day, {_COLUMNS} FROM differences
        WHERE ({_COLUMNS}) <> ({_ZEROS}) ORDER BY 1, 2, 3, 4
        ON CONFLICT (tenant, measurement, segment, day) DO UPDATE SET {_ADDED}
        RETURNING tenant, measurement, segment
    ), marked AS (
        INSERT INTO changed AS t (tenant, measurement, segment, at)
        SELECT DISTINCT tenant, measurement, segment, CAST(:now AS timestamptz) FROM counted ORDER BY 1, 2, 3
        ON CONFLICT (tenant, measurement, segment) DO UPDATE SET at = EXCLUDED.at
    )
    SELECT tenant, id FROM kept WHERE :tell AND old_score IS NULL
"""


async def keep_and_count(
    uow: UnitOfWork, answers: Sequence[Counted], *, tell: bool = False
) -> set[tuple[str, UUID]]:
    """Keep those that are newer than what we have, change the counts by what that changes, and mark the
    segments whose counts change: one round trip. With ``tell``, those that counted as nothing before.
    """
    said = [answer.event.data for answer in answers]
    rows = await uow.execute(
        _KEEP_AND_COUNT,
        {
            "between": BETWEEN,
            "company": WHOLE_COMPANY,
            "now": uow.now,
            "tell": tell,
            "tenants": [answer.event.tenant for answer in answers],
            "ids": [answer.id for answer in said],
            "versions": [answer.version for answer in said],
            "scores": [answer.score for answer in answers],
            "measurements": [answer.measurement for answer in said],
            "days": [answer.day for answer in said],
            "segments": [BETWEEN.join(answer.segments) for answer in answers],
            "touchpoints": [answer.touchpoint for answer in said],
            "customers": [answer.customer_id for answer in said],
            "comments": [answer.comment for answer in said],
            "languages": [answer.language for answer in said],
            "origins": [answer.origin for answer in said],
            "answered": [answer.answered_at for answer in said],
            "changed": [answer.changed_at for answer in said],
        },
    )
    return {(row.tenant, row.id) for row in rows}


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
    """Count the answers anew and return where a day or a week that is kept differs: nowhere, at any time."""
    scores = ", ".join(f"count(*) FILTER (WHERE score = {s}) AS c{s}" for s in range(SCORES))
    same = " AND ".join(f"coalesce(k.c{s}, 0) = coalesce(r.c{s}, 0)" for s in range(SCORES))
    rows = await uow.execute(
        f"""
        WITH r AS (
            SELECT measurement, s.segment COLLATE "C" AS segment, day, {scores}
            FROM answer CROSS JOIN LATERAL (SELECT '' UNION ALL SELECT unnest(segments)) AS s(segment)
            WHERE tenant = :tenant AND score IS NOT NULL GROUP BY 1, 2, 3
        ), k AS (SELECT * FROM day_count WHERE tenant = :tenant
        ), w AS (
            SELECT measurement, segment, CAST(date_trunc('week', day) AS date) AS day,
                   sum(c0 + c1 + c2 + c3 + c4 + c5 + c6) AS detractors, sum(c7 + c8) AS passives,
                   sum(c9 + c10) AS promoters
            FROM r GROUP BY 1, 2, 3
        ), v AS (
            SELECT measurement, segment, week AS day, detractors, passives, promoters FROM week_count
            WHERE tenant = :tenant AND (detractors, passives, promoters) <> (0, 0, 0)
        )
        SELECT measurement, segment, day FROM k FULL JOIN r USING (measurement, segment, day)
        WHERE NOT ({same})
        UNION
        SELECT measurement, segment, day FROM v FULL JOIN w USING (measurement, segment, day)
        WHERE (v.detractors, v.passives, v.promoters)
              IS DISTINCT FROM (w.detractors, w.passives, w.promoters)
        ORDER BY 1, 2, 3
        """,
        {"tenant": tenant},
    )
    return [Cell(tenant, row.measurement, row.segment, row.day) for row in rows]
