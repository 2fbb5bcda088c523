"""By the clock: deliveries whose sender has not come back become ``unknown``, and are never sent again."""

import asyncio

from services.dispatcher import invitations
from services.dispatcher.repository.invitations import forsaken
from shared.db import Database
from shared.errors import is_retryable
from shared.plight import in_words
from shared.runtime import Health, pause
from shared.telemetry import metrics

EVERY = 5.0
AT_ONCE = 200
NAME = "leases"


async def end_leases(database: Database) -> int:
    """Mark the forsaken; how many there were."""
    async with database.transaction() as uow:
        found = await forsaken(uow, AT_ONCE)
        for row in found:
            reason = "the sender did not come back to say what became of it"
            await invitations.move(uow, row.tenant, invitations.of_row(row), "unknown", reason=reason)
    metrics.MAILS.labels("dispatcher", "unknown").inc(len(found))
    return len(found)


async def watch_leases(database: Database, health: Health, stopping: asyncio.Event) -> None:
    """Look again and again."""
    while not stopping.is_set():
        health.tick(NAME)
        try:
            more = await end_leases(database) == AT_ONCE
            health.found(NAME)
        except Exception as error:
            if not is_retryable(error):
                raise
            health.missing(NAME, in_words(error))
            more = False
        if not more:
            await pause(stopping, EVERY)
    health.forget(NAME)
