"""What the pages read of many cases at once: counts, touchpoints, segments, and what has just changed."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.alerts.cases.repository.conditions import BELONGS, READABLE, TOUCHPOINT, VISIBLE
from services.alerts.cases.repository.lists import MAX_COUNTED
from shared.db.database import UnitOfWork
from shared.events.segments import decoded

MAX_TOUCHPOINTS = 200
RECENT_CASES = 5_000
"""The newest cases, whose touchpoints a list offers."""
RECENT_CASES_OF_SEGMENTS = 2_000
"""The newest cases, whose segments the settings page offers."""

COUNT_OPEN_CASES = f"""
    SELECT
        count(*) AS open,
        count(*) FILTER (WHERE owner_id = :person) AS mine,
        count(*) FILTER (WHERE owner_id IS NULL) AS nobody,
        count(*) FILTER (WHERE due_at < :now) AS late,
        count(*) FILTER (WHERE team_id = ANY(CAST(:teams AS uuid[]))) AS team,
        count(*) FILTER (WHERE waiting_since IS NOT NULL) AS paused
    FROM (
        SELECT c.owner_id, c.due_at, c.team_id, c.waiting_since FROM cases c
        WHERE c.tenant = :tenant AND c.state <> 'closed' AND {VISIBLE}
        LIMIT :limit
    ) counted
"""


async def count_open_cases(
    uow: UnitOfWork,
    tenant: str,
    segments: Sequence[str],
    person: UUID | None,
    teams: Collection[UUID] = (),
) -> Any:
    """How many open cases each view of the inbox has: open, mine, nobody, late, of these teams, paused.

    No closed case is read.
    """
    found = await uow.execute(
        COUNT_OPEN_CASES,
        {
            "tenant": tenant,
            "segments": list(segments),
            "person": person,
            "teams": list(teams),
            "now": uow.now,
            "limit": MAX_COUNTED,
        },
    )
    return found.one()


_RECENT = """(
        SELECT tenant, id, belongs FROM cases WHERE tenant = :tenant ORDER BY opened_at DESC, id LIMIT :recent
    ) c"""
# A case has the segments of all its answers, so for who may read all of them none is looked up.
FIND_TOUCHPOINTS = f"""
    SELECT DISTINCT b.segment
    FROM {_RECENT} CROSS JOIN unnest(c.belongs) b (segment)
    WHERE starts_with(b.segment, :prefix)
    ORDER BY 1
    LIMIT :limit
"""
FIND_READABLE_TOUCHPOINTS = f"""
    SELECT DISTINCT b.segment
    FROM {_RECENT}
    JOIN case_answer ca ON ca.tenant = c.tenant AND ca.case_id = c.id
    CROSS JOIN unnest({BELONGS}) b (segment)
    WHERE {READABLE} AND starts_with(b.segment, :prefix)
    ORDER BY 1
    LIMIT :limit
"""


async def touchpoints(uow: UnitOfWork, tenant: str, segments: Sequence[str]) -> list[str]:
    """The touchpoints of the newest cases, as far as this reader may see them."""
    values = {
        "tenant": tenant,
        "prefix": TOUCHPOINT,
        "recent": RECENT_CASES,
        "limit": MAX_TOUCHPOINTS,
    }
    if segments:
        rows = await uow.execute(FIND_READABLE_TOUCHPOINTS, values | {"segments": list(segments)})
    else:
        rows = await uow.execute(FIND_TOUCHPOINTS, values)
    return [decoded(row.segment.removeprefix(TOUCHPOINT)) for row in rows]


FIND_SEGMENTS = """
    SELECT DISTINCT unnest(c.belongs) AS segment
    FROM (
        SELECT belongs FROM cases
        WHERE tenant = :tenant
        ORDER BY opened_at DESC
        LIMIT :recent
    ) c
    ORDER BY 1
    LIMIT :limit
"""


async def segments_of_cases(uow: UnitOfWork, tenant: str, limit: int = 500) -> list[str]:
    """The segments of the newest cases."""
    rows = await uow.execute(
        FIND_SEGMENTS, {"tenant": tenant, "recent": RECENT_CASES_OF_SEGMENTS, "limit": limit}
    )
    return [segment for segment in rows.scalars() if segment]


FIND_SEGMENTS_WITHOUT_CASES = """
    SELECT n.segment
    FROM unnest(CAST(:segments AS text[])) WITH ORDINALITY AS n (segment, place)
    WHERE NOT EXISTS (
        SELECT 1 FROM cases c WHERE c.tenant = :tenant AND c.belongs @> ARRAY[n.segment]
    )
    ORDER BY n.place
"""


async def segments_without_cases(uow: UnitOfWork, tenant: str, segments: Sequence[str]) -> list[str]:
    """Those of the segments of which there is no case."""
    rows = await uow.execute(FIND_SEGMENTS_WITHOUT_CASES, {"tenant": tenant, "segments": list(segments)})
    return list(rows.scalars())


FIND_CHANGED_CASES = """
    SELECT t.id AS tenant, c.*
    FROM
        unnest(CAST(:tenants AS text[])) AS t (id),
        LATERAL (
            SELECT id, changed_at, belongs FROM cases
            WHERE tenant = t.id AND changed_at > :since
            ORDER BY changed_at DESC
            LIMIT :limit
        ) AS c
"""


async def recently_changed_cases(
    uow: UnitOfWork, tenants: Collection[str], within: timedelta, limit: int
) -> list[Any]:
    """The cases of each of these companies that changed last, for open pages."""
    rows = await uow.execute(
        FIND_CHANGED_CASES, {"tenants": list(tenants), "since": uow.now - within, "limit": limit}
    )
    return list(rows)
