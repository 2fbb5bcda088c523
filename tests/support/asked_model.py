"""Who was asked, read from the invitations and their answers one by one: as pages did before counts were kept."""

from datetime import datetime

from services.scorer.asked.domain import AskedCounts
from services.scorer.asked.recount_repository import recount_asked
from services.scorer.domain import Groups
from services.scorer.repository.counting import CountKey, recount
from services.scorer.repository.selection import Selection
from services.scorer.themes.count_repository import recount_themes
from services.scorer.windows import Window
from shared.db.database import Database, UnitOfWork

FROM_ROWS = """
    SELECT {key} AS key, count(*) AS asked,
        count(*) FILTER (
            WHERE i.state IS DISTINCT FROM 'bounced' AND i.report IS DISTINCT FROM 'undeliverable'
        ) AS delivered,
        count(a.id) AS opened, count(a.score) AS answered,
        count(*) FILTER (WHERE a.score <= 6) AS detractors,
        count(*) FILTER (WHERE a.score IN (7, 8)) AS passives,
        count(*) FILTER (WHERE a.score >= 9) AS promoters,
        max(coalesce(i.expires_at, i.sent_at + interval '365 days')) AS ends
    FROM invitation AS i LEFT JOIN answer AS a ON a.tenant = i.tenant AND a.id = i.id {more}
    WHERE i.tenant = :tenant AND i.measurement = 'transactional' AND NOT i.test AND NOT i.anonymous
      AND NOT i.beyond_draw AND i.channel IS DISTINCT FROM 'link'
      AND i.segments @> CAST(:selection AS text[]) AND i.sent_at >= :first AND i.sent_at < :until
    GROUP BY 1
"""
UNNESTED = "CROSS JOIN LATERAL unnest(i.segments) AS s(segment)"


NOTED_AND_COUNTED = (
    "invitation, answer, day_count, week_count, asked_count, asked_hour, asked_change, theme_count, "
    "theme_change, segment, dimension, changed"
)


async def from_rows(
    uow: UnitOfWork, selection: Selection, window: Window, zone: str, key: str = "0", more: str = ""
) -> tuple[dict[object, AskedCounts], datetime | None]:
    """The counts by a key in SQL, and when the last link ends."""
    first, until = window.bounds(zone)
    rows = (
        await uow.execute(
            FROM_ROWS.format(key=key, more=more), selection.values() | {"first": first, "until": until}
        )
    ).all()
    counts = {
        row.key: AskedCounts(
            row.asked,
            row.delivered,
            row.opened,
            row.answered,
            Groups(row.detractors, row.passives, row.promoters),
        )
        for row in rows
    }
    return counts, max((row.ends for row in rows), default=None)


async def differing_counts(uow: UnitOfWork, tenant: str) -> list[CountKey]:
    """Where anything that is kept differs from what is counted anew."""
    counted = await recount(uow, tenant)
    return [*counted, *await recount_asked(uow, tenant), *await recount_themes(uow, tenant)]


async def forget_counts(database: Database) -> None:
    """Empty all that is counted, and what it is counted from."""
    async with database.transaction() as uow:
        await uow.execute(f"TRUNCATE {NOTED_AND_COUNTED}")
