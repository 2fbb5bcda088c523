"""Adds what triggers have noted of invitations to the counts, in one statement: a page that reads both sees
each invitation once, before and after.
"""

from services.scorer.asked.repository import NOTED_NUMBERS, NUMBER_COLUMNS, NUMBER_SUMS, NUMBERS
from shared.db.database import UnitOfWork

# Of several workers one counts: none waits for a row of another.
TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('noted counts', 0))"


async def try_lock(uow: UnitOfWork) -> bool:
    """Lock what is noted, unless another transaction has it."""
    return bool((await uow.execute(TRY_LOCK)).scalar_one())


COUNT_NOTED = "SELECT (SELECT count(*) FROM asked_change) + (SELECT count(*) FROM theme_change)"


async def count_noted(uow: UnitOfWork) -> int:
    """How many changes are noted and not counted yet, of all tenants."""
    return int((await uow.execute(COUNT_NOTED)).scalar_one())


_ADDED = ", ".join(f"{number} = t.{number} + EXCLUDED.{number}" for number in NUMBERS)
_ANY = f"({NUMBER_COLUMNS}) <> ({', '.join('0' for _ in NUMBERS)})"

COUNT_NOTED_ASKED = f"""
    WITH taken AS (
        DELETE FROM asked_change
        WHERE (tenant, id) IN (SELECT tenant, id FROM asked_change ORDER BY tenant, id LIMIT :limit)
        RETURNING tenant, measurement, CAST(hour AS date) AS day,
            CAST(extract(hour FROM hour) AS smallint) AS hour, segments, channel,
            CASE WHEN endless THEN n ELSE 0 END AS endless, ends, {NOTED_NUMBERS}
    ), hours AS (
        SELECT tenant, measurement, day, hour, {NUMBER_SUMS} FROM taken GROUP BY 1, 2, 3, 4
    ), counts AS (
        SELECT tenant, measurement, s.segment COLLATE "C" AS segment, day, channel, {NUMBER_SUMS},
            sum(endless) AS endless, max(ends) AS ends
        FROM taken, unnest(array_prepend('', segments)) AS s(segment)
        GROUP BY 1, 2, 3, 4, 5
    ), added AS (
        INSERT INTO asked_hour AS t (tenant, measurement, day, hour, {NUMBER_COLUMNS})
        SELECT * FROM hours WHERE {_ANY} ORDER BY 1, 2, 3, 4
        ON CONFLICT (tenant, measurement, day, hour) DO UPDATE SET {_ADDED}
    ), counted AS (
        INSERT INTO asked_count AS t (
            tenant, measurement, segment, day, channel, {NUMBER_COLUMNS}, endless, ends
        )
        SELECT * FROM counts WHERE {_ANY} OR endless <> 0 OR ends IS NOT NULL ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (tenant, measurement, segment, day, channel) DO UPDATE
        SET {_ADDED}, endless = t.endless + EXCLUDED.endless, ends = greatest(t.ends, EXCLUDED.ends)
    )
    SELECT count(*) FROM taken
"""


async def count_noted_asked(uow: UnitOfWork, limit: int) -> int:
    """Add so many of the changes that were noted to the counts, the first ones first; returns how many."""
    return int((await uow.execute(COUNT_NOTED_ASKED, {"limit": limit})).scalar_one())


# Their company was not known when they came, or a version kept them that knew of no days.
FILL_DAYS = """
    UPDATE invitation i
    SET sent_local = i.sent_at AT TIME ZONE n.zone
    FROM (
        SELECT j.tenant, j.id, coalesce(z.name, 'UTC') AS zone
        FROM invitation j
        JOIN tenant t ON t.id = j.tenant
        LEFT JOIN pg_timezone_names z ON z.name = convert_from(t.body, 'UTF8')::jsonb ->> 'time_zone'
        WHERE j.sent_local IS NULL AND j.sent_at IS NOT NULL
        ORDER BY j.tenant, j.id
        LIMIT :limit
        FOR NO KEY UPDATE OF j SKIP LOCKED
    ) AS n
    WHERE i.tenant = n.tenant AND i.id = n.id
"""


async def fill_days(uow: UnitOfWork, limit: int) -> int:
    """Say of so many invitations without a day when they were sent by their company's clocks; how many."""
    return (await uow.execute(FILL_DAYS, {"limit": limit})).rowcount
