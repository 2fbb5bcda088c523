"""Reads what changed a moment ago, for open pages."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from shared.db.database import UnitOfWork


class RecentChange(NamedTuple):
    """A version of an answer or a case, with the segments that it lies in."""

    tenant: str
    id: str
    version: int
    segments: list[str]


LIST_RECENT_CHANGES = """
    SELECT t.tenant, c.id, c.version, c.segments
    FROM unnest(CAST(:tenants AS text[])) AS t(tenant), LATERAL (
        (SELECT 'answer-' || id AS id, version, segments
         FROM answer
         WHERE tenant = t.tenant AND heard_at > :since
         ORDER BY origin = 'import', heard_at DESC
         LIMIT :most)
        UNION ALL
        (SELECT 'case-' || id, version, segments
         FROM case_copy
         WHERE tenant = t.tenant AND heard_at > :since
         ORDER BY heard_at DESC
         LIMIT :most)
    ) AS c
"""


async def list_recent_changes(
    uow: UnitOfWork, tenants: Collection[str], since: datetime, most: int
) -> list[RecentChange]:
    """Of each of these companies the newest ``most`` of its answers and of its cases. Imported answers come
    last: they are many, and nobody waits for them.
    """
    rows = await uow.execute(LIST_RECENT_CHANGES, {"tenants": list(tenants), "since": since, "most": most})
    return [RecentChange._make(row) for row in rows]
