"""Counts the invitations anew."""

from datetime import date

from services.scorer.asked.repository import COUNTED, NOTED_NUMBERS, NUMBER_COLUMNS, NUMBER_SUMS, NUMBERS
from services.scorer.repository.counting import CountKey
from shared.db.database import UnitOfWork

_SAME = " AND ".join(f"coalesce(k.{number}, 0) = coalesce(r.{number}, 0)" for number in NUMBERS)
COUNTS = """
    i.tenant = :tenant AND i.version > 0 AND NOT i.test AND NOT i.anonymous AND NOT i.beyond_draw
    AND i.channel IS DISTINCT FROM 'link' AND CAST(i.sent_local AS date) BETWEEN :first AND :last
    -- By whatever clocks the days are: an index finds these.
    AND i.sent_at BETWEEN CAST(:first AS date) - interval '1 day' AND CAST(:last AS date) + interval '2 days'
"""
OF_DAYS = "day BETWEEN :first AND :last"
NOTED_OF_DAYS = "CAST(hour AS date) BETWEEN :first AND :last"
# From the answers, not from what their triggers have written into the invitations.
_ANSWERED = """
    SELECT i.tenant, i.measurement, i.segments, i.sent_local, i.channel, i.state, i.report, i.expires_at,
        a.id IS NOT NULL AS opened, a.score
    FROM invitation AS i LEFT JOIN answer AS a ON a.tenant = i.tenant AND a.id = i.id AND a.origin = 'survey'
"""
RECOUNT_ASKED = f"""
    WITH i AS (
        {_ANSWERED} WHERE {COUNTS}
    ), recounted AS (
        SELECT measurement, s.segment COLLATE "C" AS segment, CAST(sent_local AS date) AS day,
            coalesce(channel, '') AS channel, {COUNTED}, count(*) FILTER (WHERE expires_at IS NULL) AS endless
        FROM i, unnest(array_prepend('', segments)) AS s(segment)
        GROUP BY 1, 2, 3, 4
    ), kept AS (
        SELECT measurement, segment, day, channel, {NUMBER_SUMS}, sum(endless) AS endless
        FROM (
            SELECT measurement, segment, day, channel, {NUMBER_COLUMNS}, endless
            FROM asked_count WHERE tenant = :tenant AND {OF_DAYS}
            UNION ALL
            SELECT measurement, s.segment COLLATE "C", CAST(hour AS date), channel, {NOTED_NUMBERS},
                CASE WHEN endless THEN n ELSE 0 END
            FROM asked_change, unnest(array_prepend('', segments)) AS s(segment)
            WHERE tenant = :tenant AND {NOTED_OF_DAYS}
        ) AS c
        GROUP BY 1, 2, 3, 4
    ), recounted_hours AS (
        SELECT measurement, CAST(sent_local AS date) AS day,
            CAST(extract(hour FROM sent_local) AS smallint) AS hour, {COUNTED}
        FROM i
        GROUP BY 1, 2, 3
    ), kept_hours AS (
        SELECT measurement, day, hour, {NUMBER_SUMS}
        FROM (
            SELECT measurement, day, hour, {NUMBER_COLUMNS}
            FROM asked_hour WHERE tenant = :tenant AND {OF_DAYS}
            UNION ALL
            SELECT measurement, CAST(hour AS date), CAST(extract(hour FROM hour) AS smallint), {NOTED_NUMBERS}
            FROM asked_change WHERE tenant = :tenant AND {NOTED_OF_DAYS}
        ) AS c
        GROUP BY 1, 2, 3
    )
    SELECT measurement, segment, day
    FROM kept AS k FULL JOIN recounted AS r USING (measurement, segment, day, channel)
    WHERE NOT ({_SAME} AND coalesce(k.endless, 0) = coalesce(r.endless, 0))
    UNION
    SELECT measurement, '', day
    FROM kept_hours AS k FULL JOIN recounted_hours AS r USING (measurement, day, hour)
    WHERE NOT ({_SAME})
    ORDER BY 1, 2, 3
"""


async def recount_asked(
    uow: UnitOfWork, tenant: str, first: date = date.min, last: date = date.max
) -> list[CountKey]:
    """Count the invitations of some days and their answers anew; return where a day differs, or an hour of
    the company's: nowhere, at any time. Those whose company is not known yet are in neither.
    """
    values = {"tenant": tenant, "first": first, "last": last}
    rows = await uow.execute(RECOUNT_ASKED, values)
    return [CountKey(tenant, row.measurement, row.segment, row.day) for row in rows]
