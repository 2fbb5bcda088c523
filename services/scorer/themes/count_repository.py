"""``theme_count``: how many answers of a day name each theme; read, added to, and counted anew.

What is counted and what triggers of ``answer`` have noted (``theme_change``) are read in one statement: their
sum is true at any time.
"""

from datetime import date

from services.scorer.domain import NO_GROUPS, Groups, groups_of
from services.scorer.repository.count_columns import HAS_WRITTEN, IS_DETRACTOR, IS_PASSIVE, IS_PROMOTER
from services.scorer.repository.counting import CountKey
from services.scorer.repository.counts import window_counts
from services.scorer.repository.selection import Selection
from services.scorer.themes.impact import MatchedAnswers, ThemeSums
from services.scorer.windows import Window
from shared.db.database import UnitOfWork

WROTE, NAMED = "#wrote", "#named"
"""Beside the ids of themes: the answers with a comment, and those whose comment names a theme."""

_GROUPS = ("detractors", "passives", "promoters")
_COLUMNS = ", ".join(_GROUPS)
_SUMS = ", ".join(f"sum({group}) AS {group}" for group in _GROUPS)
_NOTED_GROUPS = f"""
    CASE WHEN {IS_DETRACTOR} THEN n ELSE 0 END AS detractors,
    CASE WHEN {IS_PASSIVE} THEN n ELSE 0 END AS passives,
    CASE WHEN {IS_PROMOTER} THEN n ELSE 0 END AS promoters
"""
NAMED_THEMES = f"""
    unnest(
        {{themes}} || CASE
            WHEN cardinality({{themes}}) > 0 THEN '{{{{{WROTE},{NAMED}}}}}' ELSE '{{{{{WROTE}}}}}'::text[]
        END
    ) AS t(theme)
"""
"""What each answer is counted as: each theme that its comment names, and the two names above."""
_NAMED_THEMES = NAMED_THEMES.format(themes="themes")
SUM_THEMES = f"""
    SELECT theme, {_SUMS}
    FROM (
        SELECT theme, {_COLUMNS}
        FROM theme_count
        WHERE tenant = :tenant AND measurement = :measurement AND segment = :segment
          AND day BETWEEN :first AND :last
        UNION ALL
        SELECT t.theme COLLATE "C", {_NOTED_GROUPS}
        FROM theme_change, {_NAMED_THEMES}
        WHERE tenant = :tenant AND measurement = :measurement AND day BETWEEN :first AND :last
          AND segments @> CAST(:selection AS text[])
    ) AS c
    GROUP BY theme
"""
# While comments are matched again, what they named by the themes of before. The first look into the index by
# which a loop finds them tells that there are none, which PostgreSQL does not guess.
COUNT_WAITING = f"""
    SELECT coalesce(themes, '{{}}') AS themes, count(*) FILTER (WHERE {IS_DETRACTOR}) AS detractors,
        count(*) FILTER (WHERE {IS_PASSIVE}) AS passives, count(*) FILTER (WHERE {IS_PROMOTER}) AS promoters
    FROM answer
    WHERE tenant = :tenant AND comment IS NOT NULL AND theme_version < :version
      AND (SELECT min(theme_version) FROM answer WHERE tenant = :tenant AND comment IS NOT NULL) < :version
      AND comment <> '' AND score IS NOT NULL AND measurement = :measurement AND day BETWEEN :first AND :last
      AND segments @> CAST(:selection AS text[])
    GROUP BY 1
"""


async def sum_themes(
    uow: UnitOfWork, selection: Selection, measurement: str, window: Window, version: int
) -> ThemeSums:
    """The answers of a company or one segment by the themes that their comments name.

    :param version: of the present themes.
    """
    values = selection.kept_values() | {
        "measurement": measurement,
        "first": window.first,
        "last": window.last,
    }
    rows = await uow.execute(SUM_THEMES, values)
    sums = {row.theme: Groups(row.detractors, row.passives, row.promoters) for row in rows}
    waiting = await uow.execute(COUNT_WAITING, values | {"version": version})
    counts = await window_counts(uow, selection.tenant, measurement, str(values["segment"]), window)
    return ThemeSums(
        answers=groups_of(counts),
        wrote=sums.get(WROTE, NO_GROUPS),
        named=sums.get(NAMED, NO_GROUPS),
        by_theme=sums,
        waiting=[
            MatchedAnswers(
                tuple(row.themes), True, False, Groups(row.detractors, row.passives, row.promoters)
            )
            for row in waiting
        ],
    )


_ADDED = ", ".join(f"{group} = t.{group} + EXCLUDED.{group}" for group in _GROUPS)
COUNT_NOTED_THEMES = f"""
    WITH taken AS (
        DELETE FROM theme_change
        WHERE (tenant, id) IN (SELECT tenant, id FROM theme_change ORDER BY tenant, id LIMIT :limit)
        RETURNING tenant, measurement, day, segments, themes, {_NOTED_GROUPS}
    ), counts AS (
        SELECT tenant, measurement, s.segment COLLATE "C" AS segment, day,
            t.theme COLLATE "C" AS theme, {_SUMS}
        FROM taken, unnest(array_prepend('', segments)) AS s(segment), {_NAMED_THEMES}
        GROUP BY 1, 2, 3, 4, 5
    ), added AS (
        INSERT INTO theme_count AS t (tenant, measurement, segment, day, theme, {_COLUMNS})
        SELECT * FROM counts WHERE ({_COLUMNS}) <> (0, 0, 0) ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (tenant, measurement, segment, day, theme) DO UPDATE SET {_ADDED}
    )
    SELECT count(*) FROM taken
"""


async def count_noted_themes(uow: UnitOfWork, limit: int) -> int:
    """Add so many of the changes that were noted to the counts, the first ones first; returns how many."""
    return int((await uow.execute(COUNT_NOTED_THEMES, {"limit": limit})).scalar_one())


RECOUNT_THEMES = f"""
    WITH recounted AS (
        SELECT measurement, s.segment COLLATE "C" AS segment, day, t.theme COLLATE "C" AS theme,
            count(*) FILTER (WHERE {IS_DETRACTOR}) AS detractors,
            count(*) FILTER (WHERE {IS_PASSIVE}) AS passives,
            count(*) FILTER (WHERE {IS_PROMOTER}) AS promoters
        FROM (
                SELECT *, coalesce(themes, '{{}}') AS named
                FROM answer WHERE tenant = :tenant AND day BETWEEN :first AND :last
            ) AS a,
            unnest(array_prepend('', segments)) AS s(segment), {NAMED_THEMES.format(themes="named")}
        WHERE score IS NOT NULL AND {HAS_WRITTEN}
        GROUP BY 1, 2, 3, 4
    ), kept AS (
        SELECT measurement, segment, day, theme, {_SUMS}
        FROM (
            SELECT measurement, segment, day, theme, {_COLUMNS} FROM theme_count
            WHERE tenant = :tenant AND day BETWEEN :first AND :last
            UNION ALL
            SELECT measurement, s.segment COLLATE "C", day, t.theme COLLATE "C", {_NOTED_GROUPS}
            FROM theme_change, unnest(array_prepend('', segments)) AS s(segment), {_NAMED_THEMES}
            WHERE tenant = :tenant AND day BETWEEN :first AND :last
        ) AS c
        GROUP BY 1, 2, 3, 4
    )
    SELECT DISTINCT measurement, segment, day
    FROM (SELECT * FROM kept WHERE ({_COLUMNS}) <> (0, 0, 0)) AS k
    FULL JOIN recounted AS r USING (measurement, segment, day, theme)
    WHERE (k.detractors, k.passives, k.promoters) IS DISTINCT FROM (r.detractors, r.passives, r.promoters)
    ORDER BY 1, 2, 3
"""


async def recount_themes(
    uow: UnitOfWork, tenant: str, first: date = date.min, last: date = date.max
) -> list[CountKey]:
    """Count anew what the comments of the answers of some days name; return where a day differs: nowhere, at
    any time.
    """
    rows = await uow.execute(RECOUNT_THEMES, {"tenant": tenant, "first": first, "last": last})
    return [CountKey(tenant, row.measurement, row.segment, row.day) for row in rows]
