"""Locks counts in the order of whoever counts, and sets them to what the answers say."""

from collections.abc import Iterable, Sequence

from services.scorer.pair_names import NO_PAIR
from services.scorer.repository.count_columns import (
    ANSWERS_PER_SCORE,
    COLUMNS,
    DETRACTORS,
    PASSIVES,
    PROMOTERS,
)
from services.scorer.repository.counting import CountKey
from shared.db.database import UnitOfWork
from shared.events.nps import SCALE

_ZEROS = ", ".join("0" for _ in SCALE)
_SET = ", ".join(f"c{score} = coalesce(n.c{score}, 0)" for score in SCALE)
_KEYS = """
    unnest(
        CAST(:measurements AS text[]), CAST(:segments AS text[]), CAST(:days AS date[])
    ) AS k (measurement, segment, day)
"""
# In the order in which whoever counts locks them; a row that is not there is made, so that it can be locked.
LOCK_DAYS = f"""
    INSERT INTO day_count AS t (tenant, measurement, segment, day, {COLUMNS})
    SELECT CAST(:tenant AS text), measurement, segment COLLATE "C", day, {_ZEROS} FROM {_KEYS}
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (tenant, measurement, segment, day) DO UPDATE SET c0 = t.c0
"""
# The answers of the days are read once, however many counts of them differ.
MEND_DAYS = f"""
    WITH n AS (
        SELECT measurement, s.segment COLLATE "C" AS segment, day, {ANSWERS_PER_SCORE}
        FROM answer, unnest(array_prepend('', segments)) AS s(segment)
        WHERE tenant = :tenant AND score IS NOT NULL AND day = ANY(CAST(:days AS date[]))
        GROUP BY 1, 2, 3
    )
    UPDATE day_count AS t SET {_SET}
    FROM {_KEYS}
    LEFT JOIN n ON (n.measurement, n.segment, n.day) = (k.measurement, k.segment COLLATE "C", k.day)
    WHERE t.tenant = :tenant AND (t.measurement, t.segment, t.day) = (k.measurement, k.segment, k.day)
"""
LOCK_WEEKS = f"""
    INSERT INTO week_count AS t (tenant, measurement, week, segment, detractors, passives, promoters)
    SELECT CAST(:tenant AS text), measurement, day, segment COLLATE "C", 0, 0, 0 FROM {_KEYS}
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (tenant, measurement, week, segment) DO UPDATE SET detractors = t.detractors
"""
MEND_WEEKS = f"""
    UPDATE week_count AS t
    SET detractors = n.detractors, passives = n.passives, promoters = n.promoters
    FROM (
        SELECT k.measurement, k.segment, k.day,
            coalesce(sum({DETRACTORS}), 0) AS detractors,
            coalesce(sum({PASSIVES}), 0) AS passives,
            coalesce(sum({PROMOTERS}), 0) AS promoters
        FROM {_KEYS}
        LEFT JOIN day_count AS d ON d.tenant = :tenant AND d.measurement = k.measurement
            AND d.segment = k.segment AND d.day BETWEEN k.day AND k.day + 6
        GROUP BY 1, 2, 3
    ) AS n
    WHERE t.tenant = :tenant AND (t.measurement, t.segment, t.week) = (n.measurement, n.segment, n.day)
"""
MARK_CHANGED = f"""
    INSERT INTO changed AS t (tenant, measurement, segment, at)
    SELECT DISTINCT CAST(:tenant AS text), measurement, segment COLLATE "C" AS segment,
        CAST(:now AS timestamptz)
    FROM {_KEYS}
    WHERE segment {NO_PAIR}
    ORDER BY 1, 2, 3
    ON CONFLICT (tenant, measurement, segment) DO UPDATE SET at = EXCLUDED.at
"""


async def lock_counts(
    uow: UnitOfWork, tenant: str, days: Sequence[CountKey], weeks: Sequence[CountKey]
) -> None:
    """Lock counts of days and of weeks until the transaction ends, and mark their segments as changed.

    In the order of ``counting.KEEP_AND_COUNT``: days, marks, and the weeks last, which its trigger writes.
    """
    await uow.execute(LOCK_DAYS, _keys(tenant, days))
    await uow.execute(MARK_CHANGED, {**_keys(tenant, [*days, *weeks]), "now": uow.now})
    await uow.execute(LOCK_WEEKS, _keys(tenant, weeks))


async def set_counts(
    uow: UnitOfWork, tenant: str, days: Sequence[CountKey], weeks: Sequence[CountKey]
) -> None:
    """Set counts that are locked: of days to the answers, and of weeks to their days."""
    await uow.execute(MEND_DAYS, _keys(tenant, days))
    await uow.execute(MEND_WEEKS, _keys(tenant, weeks))


def _keys(tenant: str, keys: Iterable[CountKey]) -> dict[str, object]:
    found = sorted(set(keys))
    return {
        "tenant": tenant,
        "measurements": [key.measurement for key in found],
        "segments": [key.segment for key in found],
        "days": [key.day for key in found],
    }
