"""Counting: the answers by version, the counts by what really changed."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.scorer.models import answer
from shared.db.bulk import keep_newest_sql, row_values
from shared.db.database import UnitOfWork
from shared.events import WHOLE_COMPANY, Answer, Event
from shared.events.nps import SCALE


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


_COLUMNS = ", ".join(f"c{score}" for score in SCALE)
_ZEROS = ", ".join("0" for _ in SCALE)
_SUMS = ", ".join(f"coalesce(sum(n) FILTER (WHERE score = {s}), 0) AS c{s}" for s in SCALE)
_ADDED = ", ".join(f"c{score} = t.c{score} + EXCLUDED.c{score}" for score in SCALE)
_WAS = "was = CASE WHEN t.score IS DISTINCT FROM EXCLUDED.score THEN t.score ELSE t.was END"
_KEPT = (
    "new.tenant, new.id, new.measurement, new.day, new.segments, new.score, "
    "old.measurement AS old_measurement, old.day AS old_day, old.segments AS old_segments, "
    "old.score AS old_score"
)
# What an answer counted as is taken back, what it says now is added; what cancels out is left out.
# The hot rows come last. The company's row is everybody's: its lock lasts until the commit.
_KEEP_AND_COUNT = f"""
    WITH kept AS ({{keep_answers}}), changes AS (
        SELECT tenant, measurement, day, segments, score, 1 AS n FROM kept
        UNION ALL
        SELECT tenant, old_measurement, old_day, old_segments, old_score, -1 FROM kept
    ), differences AS (
        SELECT tenant, measurement, segment COLLATE "C" AS segment, day, {_SUMS}
        FROM changes, unnest(array_prepend(CAST(:company AS text), segments)) AS s(segment)
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
    names, values = row_values(
        answer,
        [each.event.data for each in answers],
        {
            "tenant": [each.event.tenant for each in answers],
            "score": [each.score for each in answers],
            "segments": [each.segments for each in answers],
            "heard_at": uow.now,
        },
    )
    keep_answers = keep_newest_sql(answer, names, changes=(_WAS,), returning=_KEPT)
    rows = await uow.execute(
        _KEEP_AND_COUNT.format(keep_answers=keep_answers),
        {**values, "company": WHOLE_COMPANY, "now": uow.now, "tell": tell},
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
    scores = ", ".join(f"count(*) FILTER (WHERE score = {s}) AS c{s}" for s in SCALE)
    same = " AND ".join(f"coalesce(k.c{s}, 0) = coalesce(r.c{s}, 0)" for s in SCALE)
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
