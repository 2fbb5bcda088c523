"""Which segments changed and are still to be said."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from shared.db.database import UnitOfWork
from shared.events.nps import SCALE

_SUMS = ", ".join(f"coalesce(sum(c{score}), 0)::bigint AS c{score}" for score in SCALE)


async def take_turn(uow: UnitOfWork, every: timedelta) -> bool:
    """Whether it is time again; of several workers only one is told so."""
    row = await uow.execute(
        "INSERT INTO pace AS t (name, at) VALUES ('scores', :now) "
        "ON CONFLICT (name) DO UPDATE SET at = EXCLUDED.at WHERE t.at <= :latest RETURNING 1",
        {"now": uow.now, "latest": uow.now - every},
    )
    return row.one_or_none() is not None


async def tenants_stand(uow: UnitOfWork) -> tuple[int, int]:
    """Differs whenever a company was heard of, or has changed."""
    row = (
        await uow.execute("SELECT count(*) AS n, coalesce(sum(version), 0)::bigint AS versions FROM tenant")
    ).one()
    return int(row.n), int(row.versions)


async def begin_days(uow: UnitOfWork, days: Mapping[str, date], most: int) -> bool:
    """Mark the segments of those companies for whom it has become another day, so many of each at a time;
    whether all of them are marked.
    """
    values = {"tenants": list(days), "days": list(days.values()), "now": uow.now, "most": most}
    await uow.execute(
        "INSERT INTO published_day AS t (tenant, day, marking, marked) "
        "SELECT tenant, day, day, NULL FROM unnest(CAST(:tenants AS text[]), CAST(:days AS date[])) "
        "AS n(tenant, day) ORDER BY 1 ON CONFLICT (tenant) DO UPDATE SET marking = EXCLUDED.marking, "
        "marked = NULL WHERE t.day < EXCLUDED.day AND t.marking IS DISTINCT FROM EXCLUDED.marking",
        values,
    )
    # A portion: the segments after the last that was marked; the company itself, named nothing, is the first.
    row = await uow.execute(
        "WITH portion AS (SELECT b.tenant, s.segment, s.place FROM published_day AS b, LATERAL ("
        "SELECT segment, row_number() OVER (ORDER BY segment) AS place FROM ("
        "SELECT CAST('' AS text) COLLATE \"C\" AS segment WHERE b.marked IS NULL UNION ALL "
        "(SELECT segment FROM segment WHERE tenant = b.tenant AND segment > coalesce(b.marked, '') "
        "ORDER BY segment LIMIT :most)) AS own ORDER BY segment LIMIT :most) AS s "
        "WHERE b.marking IS NOT NULL AND b.tenant = ANY(CAST(:tenants AS text[]))"
        "), told AS (INSERT INTO changed AS t (tenant, measurement, segment, at) "
        "SELECT p.tenant, m, p.segment, CAST(:now AS timestamptz) FROM portion AS p, "
        "unnest(ARRAY['relational', 'transactional']) AS m "
        "WHERE EXISTS (SELECT FROM day_count AS d WHERE d.tenant = p.tenant AND d.measurement = m "
        "AND d.segment = p.segment) ORDER BY 1, 2, 3 "
        "ON CONFLICT (tenant, measurement, segment) DO UPDATE SET at = EXCLUDED.at"
        "), stood AS (SELECT tenant, max(segment) AS marked, count(*) < :most AS over FROM portion "
        "GROUP BY tenant), gone AS (UPDATE published_day AS t SET "
        "day = CASE WHEN coalesce(s.over, true) THEN t.marking ELSE t.day END, "
        "marking = CASE WHEN coalesce(s.over, true) THEN NULL ELSE t.marking END, marked = s.marked "
        "FROM published_day AS o LEFT JOIN stood AS s ON s.tenant = o.tenant "
        "WHERE t.tenant = o.tenant AND t.marking IS NOT NULL AND t.tenant = ANY(CAST(:tenants AS text[])) "
        "RETURNING t.marking) SELECT coalesce(bool_and(marking IS NULL), true) FROM gone",
        values,
    )
    return bool(row.scalar_one())


async def take_changed(uow: UnitOfWork, limit: int) -> list[tuple[str, str, str]]:
    """Take marked segments off the list; those that are being counted just now stay for the next time."""
    rows = await uow.execute(
        "DELETE FROM changed AS t USING (SELECT tenant, measurement, segment FROM changed ORDER BY at "
        "LIMIT :limit FOR UPDATE SKIP LOCKED) AS s WHERE (t.tenant, t.measurement, t.segment) = "
        "(s.tenant, s.measurement, s.segment) RETURNING t.tenant, t.measurement, t.segment",
        {"limit": limit},
    )
    return [(row.tenant, row.measurement, row.segment) for row in rows]


async def counts_of(
    uow: UnitOfWork, taken: Sequence[tuple[str, str, str]], until: Mapping[str, date], window_days: int
) -> Sequence[Any]:
    """The window's counts of each segment that was taken; a statement of its own, so that it sees every
    count whose mark was taken.
    """
    rows = await uow.execute(
        f"SELECT n.tenant, n.measurement, n.segment, n.until, c.* FROM unnest(CAST(:tenants AS text[]), "
        "CAST(:measurements AS text[]), CAST(:segments AS text[]), CAST(:untils AS date[])) "
        f"AS n(tenant, measurement, segment, until), LATERAL (SELECT {_SUMS} FROM day_count AS d "
        "WHERE d.tenant = n.tenant AND d.measurement = n.measurement AND d.segment = n.segment "
        "AND d.day BETWEEN n.until - CAST(:back AS integer) AND n.until) AS c",
        {
            "tenants": [tenant for tenant, _, _ in taken],
            "measurements": [measurement for _, measurement, _ in taken],
            "segments": [segment for _, _, segment in taken],
            "untils": [until[tenant] for tenant, _, _ in taken],
            "back": window_days - 1,
        },
    )
    return rows.all()


def version_at(now: datetime) -> int:
    """A later score has a higher version."""
    return int(now.timestamp() * 1_000_000)
