"""Counts days of invitations and of themes anew, in place of what is kept and noted of them."""

from datetime import date

from services.scorer.asked.recount_repository import COUNTS
from services.scorer.asked.repository import COUNTED
from services.scorer.repository.count_columns import HAS_WRITTEN, IS_DETRACTOR, IS_PASSIVE, IS_PROMOTER
from services.scorer.themes.count_repository import NAMED_THEMES
from shared.db.database import UnitOfWork

LOCK_WRITERS = "LOCK TABLE answer, invitation, asked_change, theme_change IN SHARE ROW EXCLUSIVE MODE"


async def lock_writers(uow: UnitOfWork) -> None:
    """Let whoever writes answers or invitations, or counts what is noted, wait until the transaction ends."""
    await uow.execute(LOCK_WRITERS)


# What the triggers of ``answer`` should have written; whatever is noted of it is removed below.
SET_ANSWERED = f"""
    UPDATE invitation AS t
    SET opened = n.opened, score = n.score
    FROM (
        SELECT i.id, a.id IS NOT NULL AS opened, a.score
        FROM invitation AS i
        LEFT JOIN answer AS a ON a.tenant = i.tenant AND a.id = i.id AND a.origin = 'survey'
        WHERE {COUNTS}
    ) AS n
    WHERE t.tenant = :tenant AND t.id = n.id AND (t.opened, t.score) IS DISTINCT FROM (n.opened, n.score)
"""
_OF_DAY = "tenant = :tenant AND {} = :day"
REMOVE_ASKED = (
    f"DELETE FROM asked_change WHERE {_OF_DAY.format('CAST(hour AS date)')}",
    f"DELETE FROM asked_count WHERE {_OF_DAY.format('day')}",
    f"DELETE FROM asked_hour WHERE {_OF_DAY.format('day')}",
)
_COLUMNS = "asked, delivered, opened, answered, detractors, passives, promoters"
COUNT_ASKED_ANEW = (
    f"""
    INSERT INTO asked_count (tenant, measurement, segment, day, channel, {_COLUMNS}, endless, ends)
    SELECT i.tenant, i.measurement, s.segment COLLATE "C", CAST(i.sent_local AS date),
        coalesce(i.channel, ''), {COUNTED}, count(*) FILTER (WHERE i.expires_at IS NULL), max(i.expires_at)
    FROM invitation AS i, unnest(array_prepend('', i.segments)) AS s(segment)
    WHERE {COUNTS} AND CAST(i.sent_local AS date) = :day
    GROUP BY 1, 2, 3, 4, 5
    ORDER BY 1, 2, 3, 4, 5
    """,
    f"""
    INSERT INTO asked_hour (tenant, measurement, day, hour, {_COLUMNS})
    SELECT i.tenant, i.measurement, CAST(i.sent_local AS date),
        CAST(extract(hour FROM i.sent_local) AS smallint), {COUNTED}
    FROM invitation AS i
    WHERE {COUNTS} AND CAST(i.sent_local AS date) = :day
    GROUP BY 1, 2, 3, 4
    ORDER BY 1, 2, 3, 4
    """,
)


async def set_asked(uow: UnitOfWork, tenant: str, day: date) -> None:
    """Count the invitations of this day anew."""
    values = {"tenant": tenant, "day": day, "first": day, "last": day}
    for sql in (SET_ANSWERED, *REMOVE_ASKED, *COUNT_ASKED_ANEW):
        await uow.execute(sql, values)


REMOVE_THEMES = (
    f"DELETE FROM theme_change WHERE {_OF_DAY.format('day')}",
    f"DELETE FROM theme_count WHERE {_OF_DAY.format('day')}",
)
COUNT_THEMES_ANEW = f"""
    INSERT INTO theme_count (tenant, measurement, segment, day, theme, detractors, passives, promoters)
    SELECT tenant, measurement, s.segment COLLATE "C", day, t.theme COLLATE "C",
        count(*) FILTER (WHERE {IS_DETRACTOR}), count(*) FILTER (WHERE {IS_PASSIVE}),
        count(*) FILTER (WHERE {IS_PROMOTER})
    FROM (SELECT *, coalesce(themes, '{{}}') AS named FROM answer) AS a,
        unnest(array_prepend('', segments)) AS s(segment), {NAMED_THEMES.format(themes="named")}
    WHERE {_OF_DAY.format("day")} AND score IS NOT NULL AND {HAS_WRITTEN}
    GROUP BY 1, 2, 3, 4, 5
    ORDER BY 1, 2, 3, 4, 5
"""


async def set_themes(uow: UnitOfWork, tenant: str, day: date) -> None:
    """Count what the comments of the answers of this day name anew."""
    for sql in (*REMOVE_THEMES, COUNT_THEMES_ANEW):
        await uow.execute(sql, {"tenant": tenant, "day": day})
