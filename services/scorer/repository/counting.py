"""Counting: answers are kept by version, counts are changed by the difference that a version makes."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row

from services.scorer.models import answer
from services.scorer.pair_names import NO_PAIR
from services.scorer.replies import stored_replies
from services.scorer.repository.count_columns import (
    ANSWERS_PER_SCORE,
    COLUMNS,
    DETRACTORS,
    PASSIVES,
    PROMOTERS,
)
from shared.db.bulk import keep_newest_sql, row_values
from shared.db.database import UnitOfWork
from shared.events import WHOLE_COMPANY, Answer, Event
from shared.events.answers import EarlierScore
from shared.events.nps import SCALE


class CountedAnswer(NamedTuple):
    """An answer as it is to be counted: ``score`` is None for one that never counts."""

    event: Event[Answer]
    score: int | None
    segments: tuple[str, ...]
    """The segments that it counts in, beside the company."""
    themes: tuple[str, ...] | None = None
    """The ids of the themes that its comment names; None: it has none, or was not matched."""
    theme_version: int = 0
    """Of the themes by which it was matched; 0: it was not."""
    model_waits: bool = False
    """Whether its comment is to be sent to the model."""

    @property
    def earlier(self) -> tuple[EarlierScore, ...] | None:
        """The scores that it had; None for one that never counts or was never amended."""
        return self.event.data.earlier_scores or None if self.score is not None else None

    @property
    def identity(self) -> tuple[str, UUID]:
        """Tenant and id."""
        return self.event.tenant, self.event.data.id


class CountKey(NamedTuple):
    """What the answers are counted by."""

    tenant: str
    measurement: str
    segment: str
    day: date


_PREVIOUS_SCORE = "was = CASE WHEN t.score IS DISTINCT FROM EXCLUDED.score THEN t.score ELSE t.was END"
_KEPT = """
    new.tenant, new.id, new.measurement, new.day, new.segments, new.score,
    old.measurement AS old_measurement, old.day AS old_day, old.segments AS old_segments,
    old.score AS old_score
"""
_ZEROS = ", ".join("0" for _ in SCALE)
_DIFFERENCES = ", ".join(f"coalesce(sum(n) FILTER (WHERE score = {s}), 0) AS c{s}" for s in SCALE)
_ADDED = ", ".join(f"c{score} = t.c{score} + EXCLUDED.c{score}" for score in SCALE)
# What an answer counted as is subtracted, what it counts as now is added; differences of zero are left out.
# Triggers of ``day_count`` add the same differences to ``week_count`` (migration 0002).
# The contended rows come last: every batch changes its company's row, and locks it until the commit.
KEEP_AND_COUNT = f"""
    WITH kept AS ({{keep_answers}}), signed AS (
        SELECT tenant, measurement, day, segments, score, 1 AS n FROM kept
        UNION ALL
        SELECT tenant, old_measurement, old_day, old_segments, old_score, -1 FROM kept
    ), differences AS (
        SELECT tenant, measurement, segment COLLATE "C" AS segment, day, {_DIFFERENCES}
        FROM signed, unnest(array_prepend(CAST(:company AS text), segments)) AS s(segment)
        WHERE score IS NOT NULL
        GROUP BY 1, 2, 3, 4
    ), counted AS (
        INSERT INTO day_count AS t (tenant, measurement, segment, day, {COLUMNS})
        SELECT tenant, measurement, segment, day, {COLUMNS}
        FROM differences
        WHERE ({COLUMNS}) <> ({_ZEROS})
        ORDER BY 1, 2, 3, 4
        ON CONFLICT (tenant, measurement, segment, day) DO UPDATE SET {_ADDED}
        RETURNING tenant, measurement, segment
    ), marked AS (
        INSERT INTO changed AS t (tenant, measurement, segment, at)
        SELECT DISTINCT tenant, measurement, segment, CAST(:now AS timestamptz)
        FROM counted
        WHERE segment {NO_PAIR}
        ORDER BY 1, 2, 3
        ON CONFLICT (tenant, measurement, segment) DO UPDATE SET at = EXCLUDED.at
    )
    SELECT tenant, id FROM kept WHERE :return_new AND old_score IS NULL
"""


async def keep_and_count(
    uow: UnitOfWork, answers: Sequence[CountedAnswer], *, return_new: bool = False
) -> set[tuple[str, UUID]]:
    """Keep the answers that are newer than what we have, change the counts by the differences, and mark the
    segments whose counts change: one round trip. With ``return_new``, return the identities of those that
    counted as nothing before.
    """
    # The other columns of ``answer`` are written from the attributes of ``Answer`` that have their names.
    names, values = row_values(
        answer,
        [each.event.data for each in answers],
        {
            "tenant": [each.event.tenant for each in answers],
            "score": [each.score for each in answers],
            "segments": [each.segments for each in answers],
            "earlier_scores": [each.earlier and [one.score for one in each.earlier] for each in answers],
            "earlier_until": [each.earlier and [one.until for one in each.earlier] for each in answers],
            "themes": [each.themes for each in answers],
            "theme_version": [each.theme_version for each in answers],
            # What a model found in the comment of an older version says nothing of this one.
            "model_themes": None,
            "model_waits": [each.model_waits for each in answers],
            "replies": [stored_replies(each.event.data) for each in answers],
            "heard_at": uow.now,
        },
    )
    keep_answers = keep_newest_sql(answer, names, assignments=(_PREVIOUS_SCORE,), returning=_KEPT)
    rows = await uow.execute(
        KEEP_AND_COUNT.format(keep_answers=keep_answers),
        {**values, "company": WHOLE_COMPANY, "now": uow.now, "return_new": return_new},
    )
    return {(row.tenant, row.id) for row in rows}


FIND_UNKNOWN_SEGMENTS = """
    SELECT tenant, segment
    FROM unnest(CAST(:tenants AS text[]), CAST(:segments AS text[])) AS n(tenant, segment)
    EXCEPT
    SELECT tenant, segment
    FROM segment
    WHERE tenant = ANY(CAST(:tenants AS text[])) AND segment = ANY(CAST(:segments AS text[]))
"""


async def unknown_segments(uow: UnitOfWork, segments: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those (tenant, segment) in which no answer was counted yet, sorted."""
    rows = await uow.execute(
        FIND_UNKNOWN_SEGMENTS,
        {"tenants": [tenant for tenant, _ in segments], "segments": [segment for _, segment in segments]},
    )
    return sorted((row.tenant, row.segment) for row in rows)


FIND_WITHOUT_ROOM = """
    SELECT n.tenant, n.segment
    FROM unnest(CAST(:tenants AS text[]), CAST(:segments AS text[])) AS n(tenant, segment)
    JOIN dimension AS d ON d.tenant = n.tenant AND d.dimension = split_part(n.segment, ':', 1)
    WHERE d.size >= :most
      AND NOT EXISTS (SELECT FROM segment AS s WHERE s.tenant = n.tenant AND s.segment = n.segment)
"""


async def segments_without_room(
    uow: UnitOfWork, segments: Collection[tuple[str, str]], most: int
) -> set[tuple[str, str]]:
    """Those (tenant, segment) in which no answer counts, of dimensions that have so many values."""
    rows = await uow.execute(
        FIND_WITHOUT_ROOM,
        {
            "tenants": [tenant for tenant, _ in segments],
            "segments": [segment for _, segment in segments],
            "most": most,
        },
    )
    return {(row.tenant, row.segment) for row in rows}


LOCK_DIMENSION = """
    INSERT INTO dimension AS t (tenant, dimension, size)
    VALUES (:tenant, :dimension, 0)
    ON CONFLICT (tenant, dimension) DO UPDATE SET size = t.size
    RETURNING size
"""


async def lock_dimension(uow: UnitOfWork, tenant: str, dimension: str) -> int:
    """How many values the dimension has; no other transaction can add one until this one commits."""
    row = await uow.execute(LOCK_DIMENSION, {"tenant": tenant, "dimension": dimension})
    return int(row.scalar_one())


ADD_SEGMENTS = """
    WITH added AS (
        INSERT INTO segment (tenant, segment, dimension)
        SELECT :tenant, segment, :dimension
        FROM unnest(CAST(:segments AS text[])) AS n(segment)
        ORDER BY segment
        ON CONFLICT (tenant, segment) DO NOTHING
        RETURNING segment
    )
    UPDATE dimension
    SET size = size + (SELECT count(*) FROM added)
    WHERE tenant = :tenant AND dimension = :dimension
"""


async def add_segments(uow: UnitOfWork, tenant: str, dimension: str, segments: Sequence[str]) -> None:
    """Keep these values of a dimension that is locked."""
    await uow.execute(ADD_SEGMENTS, {"tenant": tenant, "dimension": dimension, "segments": segments})


ADD_LEFT_OUT = """
    UPDATE dimension
    SET left_out = left_out + :left_out, left_out_at = :now
    WHERE tenant = :tenant AND dimension = :dimension
"""


async def add_left_out(uow: UnitOfWork, tenant: str, dimension: str, left_out: int) -> None:
    """Note that a dimension is full and so many answers do not count in it."""
    await uow.execute(
        ADD_LEFT_OUT, {"tenant": tenant, "dimension": dimension, "left_out": left_out, "now": uow.now}
    )


_SAME_COUNTS = " AND ".join(
    f"coalesce(kept.c{score}, 0) = coalesce(recounted.c{score}, 0)" for score in SCALE
)
RECOUNT = f"""
    WITH recounted AS (
        SELECT measurement, s.segment COLLATE "C" AS segment, day, {ANSWERS_PER_SCORE}
        FROM answer CROSS JOIN LATERAL (SELECT '' UNION ALL SELECT unnest(segments)) AS s(segment)
        WHERE tenant = :tenant AND score IS NOT NULL AND {{days}}
        GROUP BY 1, 2, 3
    ), kept AS (
        SELECT * FROM day_count WHERE tenant = :tenant AND {{days}}
    ), recounted_weeks AS (
        SELECT measurement, segment, CAST(date_trunc('week', day) AS date) AS day,
               sum({DETRACTORS}) AS detractors, sum({PASSIVES}) AS passives, sum({PROMOTERS}) AS promoters
        FROM recounted
        GROUP BY 1, 2, 3
    ), kept_weeks AS (
        SELECT measurement, segment, week AS day, detractors, passives, promoters
        FROM week_count
        WHERE tenant = :tenant AND (detractors, passives, promoters) <> (0, 0, 0) AND {{weeks}}
    )
    SELECT measurement, segment, day, false AS is_week
    FROM kept FULL JOIN recounted USING (measurement, segment, day)
    WHERE NOT ({_SAME_COUNTS})
    UNION
    SELECT measurement, segment, day, true
    FROM kept_weeks FULL JOIN recounted_weeks USING (measurement, segment, day)
    WHERE (kept_weeks.detractors, kept_weeks.passives, kept_weeks.promoters)
          IS DISTINCT FROM
          (recounted_weeks.detractors, recounted_weeks.passives, recounted_weeks.promoters)
    ORDER BY 4, 1, 2, 3
"""
RECOUNT_ALL = RECOUNT.format(days="true", weeks="true")
RECOUNT_WEEKS = RECOUNT.format(
    days="day BETWEEN CAST(:first AS date) AND CAST(:last AS date) + 6",
    weeks="week BETWEEN CAST(:first AS date) AND CAST(:last AS date)",
)


class DifferingCounts(NamedTuple):
    """Where what is kept differs from the answers; the day of a week is its Monday."""

    days: list[CountKey]
    weeks: list[CountKey]


async def recount(uow: UnitOfWork, tenant: str) -> list[CountKey]:
    """Count the answers anew; return where a day or a week that is kept differs: nowhere, at any time."""
    found = _differing(tenant, await uow.execute(RECOUNT_ALL, {"tenant": tenant}))
    return sorted({*found.days, *found.weeks})


async def recount_weeks(uow: UnitOfWork, tenant: str, first: date, last: date) -> DifferingCounts:
    """The same of the weeks from one Monday to another, both included."""
    rows = await uow.execute(RECOUNT_WEEKS, {"tenant": tenant, "first": first, "last": last})
    return _differing(tenant, rows)


def _differing(tenant: str, rows: Iterable[Row[Any]]) -> DifferingCounts:
    found = DifferingCounts([], [])
    for row in rows:
        into = found.weeks if row.is_week else found.days
        into.append(CountKey(tenant, row.measurement, row.segment, row.day))
    return found
