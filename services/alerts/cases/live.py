"""The live feed of cases: open pages get the id of each case that changes."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import timedelta

from services.alerts.cases.repository.overview import recently_changed_cases
from shared.db.database import Database
from shared.db.notifications import ChangeListener
from shared.http.live import MAX_CHANGES, LiveChange, LiveFeed

RECENT_CHANGES = timedelta(seconds=10)
"""A look reads the changes of this time, so that a transaction that commits late is not missed."""
MICROSECONDS_PER_SECOND = 1_000_000


def live_feed(database: Database, stopping: asyncio.Event, changes: ChangeListener) -> LiveFeed:
    """The feed of this process."""

    async def read(tenants: Collection[str]) -> Sequence[LiveChange]:
        async with database.reading() as uow:
            rows = await recently_changed_cases(uow, tenants, RECENT_CHANGES, MAX_CHANGES)
        return [
            LiveChange(
                row.tenant,
                str(row.id),
                int(row.changed_at.timestamp() * MICROSECONDS_PER_SECOND),
                row.belongs,
            )
            for row in rows
        ]

    return LiveFeed(read, stopping, changes)
